"""What members agree to, per channel and purpose: kept, withdrawn, and counted.

A change holds the member's row first, so that it never comes after an erasure.
Source: semantics, Consent and law.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from flask import current_app
from sqlalchemy import Row, Select, and_, delete, insert, or_, select, update

from loyalty.audit import service as audit
from loyalty.core import clock
from loyalty.core.access import current_actor
from loyalty.core.db import connection, table_of
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import PAGE_ROWS
from loyalty.members import consent_rules as rules
from loyalty.members.consent_rules import ADS, MARKETING, PAIRS, SILENCE, Person, Word
from loyalty.members.consent_texts import CONSENT_TEXT_VERSION
from loyalty.members.models import Consent, ConsentChange, Member
from loyalty.members.rules import CONSENT

CHANNELS = rules.CHANNELS
PURPOSES = rules.PURPOSES

_consents = table_of(Consent)
_changes = table_of(ConsentChange)
_members = table_of(Member)
_HISTORY = select(_changes).order_by(_changes.c.id.desc())
_PERSON = select(_members.c.restricted_at, _members.c.objected_at, _members.c.birth_date).where(
    _members.c.closed_at.is_(None)
)


# -- looking -----------------------------------------------------------------


def current(member_id: int) -> list[dict[str, Any]]:
    """All ten pairs: channel, purpose, granted, confirmed, counts, guarded, text_version,
    changed_at (both None where nothing was ever said). Raises `unknown_member`."""
    person = _person(member_id)
    words = _words(member_id)
    today = _local_day(clock.now())
    return [_view(pair, words.get(pair, SILENCE), person, today) for pair in PAIRS]


def _view(pair: tuple[str, str], word: Word, person: Person, today: date) -> dict[str, Any]:
    channel, purpose = pair
    return {
        "channel": channel,
        "purpose": purpose,
        "granted": word.granted,
        "confirmed": word.confirmed,
        "counts": rules.counts(word, person, today, channel=channel, purpose=purpose),
        "guarded": word.guarded,
        "text_version": word.text_version or None,
        "changed_at": word.changed_at,
    }


def history(member_id: int) -> list[dict[str, Any]]:
    """Every change, newest first: channel, purpose, granted, confirmed, text_version, via,
    actor, at, proof, guardian."""
    rows = connection().execute(_HISTORY.where(_changes.c.member_id == member_id))
    return [_change_view(row) for row in rows]


def history_page(member_id: int, *, before: int | None) -> tuple[list[dict[str, Any]], str | None]:
    """A page of the same, and the cursor of the next one; `before` is that of the last page."""
    query = _HISTORY.where(_changes.c.member_id == member_id)
    if before is not None:
        query = query.where(_changes.c.id < before)
    rows = connection().execute(query.limit(PAGE_ROWS + 1)).all()
    page = rows[:PAGE_ROWS]
    return [_change_view(row) for row in page], str(page[-1].id) if len(rows) > PAGE_ROWS else None


def _change_view(row: Row[Any]) -> dict[str, Any]:
    return {name: value for name, value in row._mapping.items() if name not in ("id", "member_id")}


def said_anything(member_id: int) -> bool:
    """Whether this member ever agreed to anything."""
    query = select(_changes.c.id).where(_changes.c.member_id == member_id).limit(1)
    return connection().scalar(query) is not None


def counting(channel: str, purpose: str, *, now: datetime) -> Select[tuple[int]]:
    """The ids of the members whose consent counts at `now`: `consent_rules.counts` in SQL."""
    of_age = or_(
        _members.c.birth_date.is_(None),
        _members.c.birth_date <= rules.of_age_if_born_by(_local_day(now)),
    )
    counts = [
        _consents.c.channel == channel,
        _consents.c.purpose == purpose,
        _consents.c.granted,
        _members.c.closed_at.is_(None),
        _members.c.erased_at.is_(None),
        _members.c.restricted_at.is_(None),
    ]
    if channel == ADS:
        counts.append(of_age)
    if purpose == MARKETING:
        since = _members.c.objected_at
        counts += [
            _consents.c.confirmed,
            or_(since.is_(None), _consents.c.changed_at > since),
            or_(_consents.c.guarded, of_age),
        ]
    its_member = _members.c.id == _consents.c.member_id
    return select(_members.c.id).join(_consents, its_member).where(and_(*counts))


# -- changing ----------------------------------------------------------------


def change(
    member_id: int,
    *,
    channel: str,
    purpose: str,
    granted: bool,
    via: str,
    proof: str | None = None,
    guardian: str | None = None,
    text_version: str | None = None,
) -> None:
    """Keep what a member said; the same again changes nothing.

    `proof` and `guardian` say where the member's and the guardian's word is kept; `via` is
    the door. Raises `unknown_member`, and for a yes of someone under 16 `guardian_required`
    or `too_young`.
    """
    now = clock.now()
    person = _person(member_id, lock=True)
    present = _words(member_id).get((channel, purpose), SILENCE)
    said = rules.said(
        granted=granted,
        via=via,
        proof=proof,
        guardian=guardian,
        text_version=text_version or CONSENT_TEXT_VERSION,
    )
    word = rules.after(present, said, person=person, purpose=purpose)
    if granted and rules.is_under_age(person, _local_day(now)):
        rules.refuse_under_age(word, channel=channel, purpose=purpose)
    renewed = granted and rules.is_objected(present, person=person, purpose=purpose)
    if word == present and not renewed:
        return
    pair = {"channel": channel, "purpose": purpose}
    _keep(member_id, pair, replace(word, changed_at=now))
    _remember(member_id, pair, word, via=via, proof=proof, guardian=guardian, now=now)


def change_all(member_id: int, said: Sequence[Mapping[str, Any]], *, via: str) -> None:
    """Several at once, each as `change` takes it; a refusal names the place in the list."""
    for place, one in enumerate(said):
        try:
            change(member_id, via=via, **one)
        except Problem as why:
            raise Problem(why.code, errors={"consents": {place: why.errors}}) from None


def withdraw_marketing(member_id: int, *, via: str) -> None:
    """A no to marketing on every channel; raises `unknown_member`."""
    for channel in CHANNELS:
        change(member_id, channel=channel, purpose=MARKETING, granted=False, via=via)


def take_over(source_id: int, into_id: int, *, via: str, now: datetime) -> None:
    """Of two accounts of one person, both held: what both agreed to stands, and the history of
    the one goes on in that of the other."""
    present, others = _words(into_id), _words(source_id)
    connection().execute(
        update(_changes).where(_changes.c.member_id == source_id).values(member_id=into_id)
    )
    connection().execute(delete(_consents).where(_consents.c.member_id == source_id))
    for pair, before in present.items():
        word = rules.of_both(before, others.get(pair, SILENCE))
        named = dict(zip(("channel", "purpose"), pair, strict=True))
        if word != before:
            _remember(into_id, named, word, via=via, proof=None, guardian=None, now=now)
        _keep(into_id, named, replace(word, changed_at=word.changed_at or now))


def forget(member_id: int) -> None:
    """For an erasure: nothing is left of what was said, and of how it was proved."""
    for table in (_consents, _changes):
        connection().execute(delete(table).where(table.c.member_id == member_id))


def _keep(member_id: int, pair: dict[str, str], word: Word) -> None:
    values = {
        "granted": word.granted,
        "confirmed": word.confirmed,
        "guarded": word.guarded,
        "text_version": word.text_version,
        "changed_at": word.changed_at,
    }
    key = {"member_id": member_id, **pair}
    here = and_(*(_consents.c[name] == value for name, value in key.items()))
    # The member's row is held: nobody else inserts between the two.
    if connection().execute(update(_consents).where(here).values(values)).rowcount == 0:
        connection().execute(insert(_consents).values(**key, **values))


def _remember(
    member_id: int,
    pair: dict[str, str],
    word: Word,
    *,
    via: str,
    proof: str | None,
    guardian: str | None,
    now: datetime,
) -> None:
    """The proof may hold personal words: it stands in the history, which an erasure
    deletes, and never in the audit log."""
    state = {"granted": word.granted, "confirmed": word.confirmed}
    connection().execute(
        insert(_changes).values(
            member_id=member_id,
            **pair,
            **state,
            text_version=word.text_version,
            via=via,
            actor=current_actor().label,
            at=now,
            proof=proof,
            guardian=guardian,
        )
    )
    details: dict[str, Any] = {**pair, **state}
    audit.record(CONSENT.name, "member", member_id, **details)


def _person(member_id: int, *, lock: bool = False) -> Person:
    query = _PERSON.where(_members.c.id == member_id)
    if lock:
        query = query.with_for_update(key_share=True)
    row = connection().execute(query).first()
    if row is None:
        raise Problem(Code.UNKNOWN_MEMBER)
    return Person(
        restricted=row.restricted_at is not None,
        objected_at=row.objected_at,
        birth_date=row.birth_date,
    )


def _words(member_id: int) -> dict[tuple[str, str], Word]:
    rows = connection().execute(select(_consents).where(_consents.c.member_id == member_id))
    return {
        (row.channel, row.purpose): Word(
            granted=row.granted,
            confirmed=row.confirmed,
            guarded=row.guarded,
            text_version=row.text_version,
            changed_at=row.changed_at,
        )
        for row in rows
    }


def _local_day(now: datetime) -> date:
    """The day it is in the shop's zone."""
    zone = current_app.extensions["settings"].time_zone
    return now.astimezone(zone).date()
