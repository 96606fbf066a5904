"""One step of an import of members: some rows of a file, read, and written in a transaction
of the caller. How it is decided what is written: `member_decisions`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from flask import current_app
from pyroaring import BitMap

from loyalty.core.errors import Code, Problem
from loyalty.imports import undo_rows
from loyalty.imports.member_decisions import Decided, ReadRow, Seen
from loyalty.imports.member_rows import MemberReader, MemberRow
from loyalty.imports.member_settings import ImportSettings
from loyalty.imports.member_tally import Tally
from loyalty.imports.undo_rows import Done
from loyalty.members import attributes_in_bulk, consents_in_file, joining
from loyalty.members.attribute_rules import AttributeView
from loyalty.members.consents_in_file import Given
from loyalty.members.joining_rules import Account
from loyalty.points import opening
from loyalty.points.opening import Opening
from loyalty.programme import service as programme
from loyalty.tags import finding, in_file

Row = tuple[int, Sequence[str]]
SOURCE = "import"
"""Of the members that it makes, and why in the ledger."""


def read_rows(reader: MemberReader, step: Sequence[Row]) -> list[ReadRow]:
    return [ReadRow(line, cells, _read(reader, line, cells)) for line, cells in step]


def _read(reader: MemberReader, line: int, cells: Sequence[str]) -> MemberRow | Problem:
    try:
        return reader.load(line, cells)
    except Problem as why:
        return why


def write(
    decided: Decided,
    *,
    import_id: int,
    settings: ImportSettings,
    attributes: Mapping[str, AttributeView],
    tally: Tally,
    now: datetime,
) -> None:
    """All of it, and what an undo needs. Raises `unknown_attribute` where one was changed since
    the file was looked at, and `LostRace`."""
    if not attributes_in_bulk.keep(attributes.values()):
        raise Problem(Code.UNKNOWN_ATTRIBUTE)
    spoilt = undo_rows.look_for_spoilt(import_id, decided.crowd)
    everybody = decided.everybody(settings.on_duplicate)
    made = joining.save(decided.crowd, attributes=attributes, source=SOURCE, now=now)
    done = Done(
        made=made,
        tags=_give_tags(decided, everybody, settings),
        consents=_keep_consents(decided, everybody, settings, now=now),
        entries=_open_balances(decided, now=now),
    )
    undo_rows.remember(import_id, decided.crowd, done, spoilt=spoilt, now=now)
    tally.tagged += sum(map(len, done.tags.values()))
    tally.consents += done.consents.counts
    tally.opened += len(done.entries)
    tally.points += sum(
        points
        for e164, points in decided.points.items()
        if decided.crowd.accounts[e164].id in done.entries
    )


def foresee(decided: Decided, *, settings: ImportSettings, seen: Seen, tally: Tally) -> None:
    """Counts what `write` would be asked for: it may find that some of it is so already. `seen`
    are the rows of the steps before."""
    new = [each for each in decided.everybody(settings.on_duplicate) if each.phone not in seen]
    said = [yes for words in decided.said.values() for yes in words.values()]
    channels = settings.consent.channels if settings.consent else ()
    agreed = sum(
        len(set(channels).difference(decided.said.get(each.phone.e164, ()))) for each in new
    )
    tally.tagged += len(settings.tags) * len(new) + sum(map(len, decided.tags.values()))
    tally.consents += Counter(granted=agreed + sum(said), withdrawn=len(said) - sum(said))
    tally.opened += len(decided.points)
    tally.points += sum(decided.points.values())


def _give_tags(
    decided: Decided, whole_file: Sequence[Account], settings: ImportSettings
) -> dict[int, BitMap]:
    """Group id -> whom that put in."""
    accounts = decided.crowd.accounts
    slugs = in_file.make({name for names in decided.tags.values() for name in names})
    everybody = BitMap(account.id for account in whole_file)
    members = {slug: everybody.copy() for slug in settings.tags if everybody}
    for e164, names in decided.tags.items():
        for name in names:
            members.setdefault(slugs[name], BitMap()).add(accounts[e164].id)
    added = in_file.put_in(members)
    return {finding.look(slug).group_id: each for slug, each in added.items() if each}


def _keep_consents(
    decided: Decided, whole_file: Sequence[Account], settings: ImportSettings, *, now: datetime
) -> Given:
    """What somebody said in the columns goes before what is said of the whole file."""
    accounts = decided.crowd.accounts
    result = Given()
    if settings.consent is not None:
        asked = settings.consent
        everybody = {
            each.id: dict.fromkeys(
                set(asked.channels).difference(decided.said.get(each.phone.e164, ())), True
            )
            for each in whole_file
        }
        result = consents_in_file.grant_many(
            everybody, given_on=asked.given_on, proof=asked.proof, now=now
        )
    if settings.column_consent is not None:
        asked_each = settings.column_consent
        said = {accounts[e164].id: words for e164, words in decided.said.items()}
        by_column = consents_in_file.grant_many(
            said, given_on=asked_each.given_on, proof=asked_each.proof, now=now
        )
        result = result.then(by_column)
    return result


def _open_balances(decided: Decided, *, now: datetime) -> dict[int, int]:
    """Member id -> the entry that opened the balance."""
    if not decided.points:
        return {}
    zone = current_app.extensions["settings"].time_zone
    expires_at = opening.default_expiry(programme.snapshot(), now=now, zone=zone)
    crowd = decided.crowd
    openings = [
        Opening(member=crowd.held[crowd.accounts[e164].id], points=points, expires_at=expires_at)
        for e164, points in decided.points.items()
    ]
    return opening.open_balances(openings, now=now, reason=SOURCE)
