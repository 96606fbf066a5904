"""Consents to marketing that a file brings in, for many members at once: each as
`consents.change` would keep it, but for when it was said. The file says on which day; what a
member said later stands, and of one day the no.

Source: semantics, Consent and law.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from flask import current_app
from sqlalchemy import Integer, String, delete, select, tuple_

from loyalty.audit import service as audit
from loyalty.core.access import current_actor
from loyalty.core.bulk import append_many, values_table
from loyalty.core.db import connection, table_of
from loyalty.members.consent_file_rules import VIA, FileWords
from loyalty.members.consent_rules import MARKETING, SILENCE, Person, Word
from loyalty.members.models import Consent, ConsentChange, Member
from loyalty.members.rules import CONSENT

Pair = tuple[int, str]
"""(member id, channel)"""

_consents = table_of(Consent)
_changes = table_of(ConsentChange)
_members = table_of(Member)
_KEPT = ("granted", "confirmed", "guarded", "text_version", "changed_at")


@dataclass(kw_only=True)
class Given:
    """What came of it. `counts`: granted, withdrawn (a first no too), unchanged, older
    (something said later stands), and refused ones by their code: too_young,
    guardian_required. `before`: of each consent that was changed what stood there, JSON-ready:
    None where nothing was ever said."""

    counts: Counter[str] = field(default_factory=Counter)
    before: dict[int, dict[str, Any]] = field(default_factory=dict)

    def then(self, later: Given) -> Given:
        """Both as one: what stood before the first."""
        return Given(
            counts=self.counts + later.counts,
            before={
                member_id: later.before.get(member_id, {}) | self.before.get(member_id, {})
                for member_id in self.before.keys() | later.before.keys()
            },
        )


def grant_many(
    given: Mapping[int, Mapping[str, bool]], *, given_on: date, proof: str, now: datetime
) -> Given:
    """Keep what members (by id) said of channels: yes or no. `proof` says where it is kept, so
    that a yes counts. The members are locked by the caller."""
    result = Given()
    if not given:
        return result
    zone = current_app.extensions["settings"].time_zone
    file = FileWords.of(given_on=given_on, proof=proof, now=now, zone=zone)
    people = _people(given)
    words = _words(given)
    refused_since = _refused_since(_unconfirmed(given, words), file)
    changed: dict[Pair, Word] = {}
    for pair, granted in _pairs(given):
        outcome, word = file.outcome(
            words.get(pair, SILENCE),
            granted,
            person=people[pair[0]],
            channel=pair[1],
            refused_since=pair in refused_since,
        )
        result.counts[outcome] += 1
        if word is not None:
            changed[pair] = word
            result.before.setdefault(pair[0], {})[pair[1]] = _document(words.get(pair))
    _delete(_consents, [pair for pair in changed if pair in words])
    _insert(changed)
    _remember(changed, file)
    return result


# -- undoing ---------------------------------------------------------------------


def take_back(
    before: Mapping[int, Mapping[str, Any]], *, said_since: Mapping[int, datetime]
) -> None:
    """Undo what `grant_many` kept: what stood `before` stands again, and of the file's words,
    kept of each member `said_since`, nothing is left. The members are locked by the caller."""
    pairs = [(member_id, channel) for member_id, each in before.items() for channel in each]
    _delete(_consents, pairs)
    by_moment: dict[datetime, list[Pair]] = {}
    for pair in pairs:
        by_moment.setdefault(said_since[pair[0]], []).append(pair)
    for since, those in by_moment.items():
        _delete(_changes, those, _changes.c.via == VIA, _changes.c.at >= since)
    words = {(member_id, channel): before[member_id][channel] for member_id, channel in pairs}
    _insert({pair: _word(document) for pair, document in words.items() if document})


def _document(word: Word | None) -> dict[str, Any] | None:
    """JSON-ready; None where nothing was ever said."""
    if word is None:
        return None
    assert word.changed_at is not None  # noqa: S101  # nosec B101  # for the types
    kept = {name: getattr(word, name) for name in _KEPT}
    return {**kept, "changed_at": word.changed_at.isoformat()}


def _word(document: Mapping[str, Any]) -> Word:
    return Word(**{**document, "changed_at": datetime.fromisoformat(document["changed_at"])})


# -- the database ------------------------------------------------------------------


def _people(member_ids: Collection[int]) -> dict[int, Person]:
    asked = values_table("asked", {"id": Integer()}, [[each] for each in member_ids])
    rows = connection().execute(
        select(
            _members.c.id, _members.c.restricted_at, _members.c.objected_at, _members.c.birth_date
        ).join(asked, asked.c.id == _members.c.id)
    )
    return {
        row.id: Person(
            restricted=row.restricted_at is not None,
            objected_at=row.objected_at,
            birth_date=row.birth_date,
        )
        for row in rows
    }


def _words(member_ids: Collection[int]) -> dict[Pair, Word]:
    asked = values_table("asked", {"id": Integer()}, [[each] for each in member_ids])
    rows = connection().execute(
        select(_consents)
        .join(asked, asked.c.id == _consents.c.member_id)
        .where(_consents.c.purpose == MARKETING)
    )
    return {
        (row.member_id, row.channel): Word(**{name: getattr(row, name) for name in _KEPT})
        for row in rows
    }


def _unconfirmed(given: Mapping[int, Mapping[str, bool]], words: Mapping[Pair, Word]) -> list[Pair]:
    """Those whose yes waits for the proof that the file brings."""
    return [
        pair
        for pair, granted in _pairs(given)
        if granted and pair in words and words[pair].granted and not words[pair].confirmed
    ]


def _refused_since(pairs: Sequence[Pair], file: FileWords) -> set[Pair]:
    """Where a no came between the file's yes and the present one: its proof is of a word that
    was taken back."""
    if not pairs:
        return set()
    asked = _pairs_table(pairs)
    rows = connection().execute(
        select(_changes.c.member_id, _changes.c.channel)
        .join(
            asked,
            (asked.c.member_id == _changes.c.member_id) & (asked.c.channel == _changes.c.channel),
        )
        .where(
            _changes.c.purpose == MARKETING,
            ~_changes.c.granted,
            _changes.c.at >= file.yes.changed_at,
        )
    )
    return {(row.member_id, row.channel) for row in rows}


def _insert(words: Mapping[Pair, Word]) -> None:
    append_many(
        _consents,
        [
            {
                "member_id": member_id,
                "channel": channel,
                "purpose": MARKETING,
                **{name: getattr(word, name) for name in _KEPT},
            }
            for (member_id, channel), word in words.items()
        ],
    )


def _remember(changed: Mapping[Pair, Word], file: FileWords) -> None:
    """In the history of each; in the log once, with how many."""
    if not changed:
        return
    actor = current_actor().label
    append_many(
        _changes,
        [
            {
                "member_id": member_id,
                "channel": channel,
                "purpose": MARKETING,
                "granted": word.granted,
                "confirmed": word.confirmed,
                "text_version": word.text_version,
                "via": VIA,
                "actor": actor,
                "at": file.now,
                "proof": file.proof,
            }
            for (member_id, channel), word in changed.items()
        ],
    )
    granted = sum(word.granted for word in changed.values())
    counts: dict[str, Any] = {"granted": granted, "withdrawn": len(changed) - granted}
    audit.record(CONSENT.name, "file", VIA, purpose=MARKETING, **counts)


def _delete(table: Any, pairs: Sequence[Pair], *which: Any) -> None:
    if not pairs:
        return
    asked = _pairs_table(pairs)
    here = tuple_(table.c.member_id, table.c.channel).in_(
        select(asked.c.member_id, asked.c.channel)
    )
    connection().execute(delete(table).where(here, table.c.purpose == MARKETING, *which))


def _pairs(given: Mapping[int, Mapping[str, bool]]) -> list[tuple[Pair, bool]]:
    return [
        ((member_id, channel), granted)
        for member_id, said in given.items()
        for channel, granted in said.items()
    ]


def _pairs_table(pairs: Sequence[Pair]) -> Any:
    return values_table("asked", {"member_id": Integer(), "channel": String(8)}, pairs)
