"""On which members of an import something was built since, so that it cannot be undone.

Somebody whom the import made is built upon by whatever else happened: a purchase, points, a
word of consent, a corrected profile, another phone, a tag given by hand. Somebody who was known
before is where what the import changed was changed again, and where points that it brought were
spent; to buy something builds on nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pyroaring import BitMap
from sqlalchemy import Integer, Row, Select, Table, or_, select

from loyalty.core.bulk import values_table
from loyalty.core.db import connection, table_of
from loyalty.imports.models import ImportedMember
from loyalty.members.models import ConsentChange, Member, MemberPhone
from loyalty.points import opening
from loyalty.points.models import EntryKind, PointEntry
from loyalty.purchases.models import Purchase
from loyalty.tags import in_file

_imported = table_of(ImportedMember)
_members = table_of(Member)
_phones = table_of(MemberPhone)
_words = table_of(ConsentChange)
_entries = table_of(PointEntry)
_purchases = table_of(Purchase)


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did to a member, from `since` to `at`: see `ImportedMember`."""

    member_id: int
    created: bool
    at: datetime
    since: datetime
    before: Mapping[str, Any]
    tags: Sequence[int] = ()
    consents: Mapping[str, Any] = field(default_factory=dict)
    entry: int | None = None
    spoilt: bool = False


def imported(row: Row[Any]) -> Imported:
    """Of a row of `imported_members`."""
    given = dict(row.given)
    at = given.pop("at")
    return Imported(
        member_id=row.member_id,
        created=row.created,
        at=datetime.fromisoformat(at),
        since=datetime.fromisoformat(given.pop("since", at)),
        before=row.before or {},
        **given,
    )


def built_upon(import_id: int, rows: Sequence[Imported]) -> set[int]:
    """The ids of those members, of an import's, on whom something was built."""
    by_id = {row.member_id: row for row in rows}
    made = {member_id: row for member_id, row in by_id.items() if row.created}
    known = {member_id: row for member_id, row in by_id.items() if not row.created}
    return {
        *(row.member_id for row in rows if row.spoilt),
        *_imported_again(import_id, by_id),
        *_said_since(by_id),
        *_bought(made),
        *_with_other_points(made),
        *_changed_since(by_id),
        *_with_another_phone(made),
        *_tagged_by_hand(made),
        *_with_points_spent(known),
    }


def _imported_again(import_id: int, by_id: Mapping[int, Imported]) -> Iterator[int]:
    others = _about(by_id, _imported, _imported.c.created, _imported.c.before, _imported.c.given)
    for row in connection().execute(others.where(_imported.c.import_id != import_id)):
        if imported(row).at > by_id[row.member_id].at:
            yield row.member_id


def _said_since(by_id: Mapping[int, Imported]) -> Iterator[int]:
    """Of somebody who was known before, on a channel that the import changed."""
    for row in connection().execute(_about(by_id, _words, _words.c.channel, _words.c.at)):
        mine = by_id[row.member_id]
        if row.at > mine.at and (mine.created or row.channel in mine.consents):
            yield row.member_id


def _changed_since(by_id: Mapping[int, Imported]) -> Iterator[int]:
    columns = [_members.c[name] for name in ("updated_at", "restricted_at", "objected_at")]
    given = _ids(by_id)
    query = select(_members.c.id, *columns).join(given, given.c.id == _members.c.id)
    for row in connection().execute(query.where(or_(*(each.is_not(None) for each in columns)))):
        mine = by_id[row.id]
        asked_for_rights = row.restricted_at or row.objected_at
        changed = row.updated_at is not None and row.updated_at > mine.at
        if (mine.created and asked_for_rights) or (changed and (mine.created or mine.before)):
            yield row.id


def _bought(made: Collection[int]) -> Iterator[int]:
    yield from connection().scalars(_about(made, _purchases))


def _with_other_points(made: Mapping[int, Imported]) -> Iterator[int]:
    """An opening balance of another import that was taken back is none."""
    is_other = _entries.c.kind != EntryKind.OPENING
    yield from connection().scalars(_about(made, _entries).where(is_other))
    yield from (each for each in opening.balances_of(made) if made[each].entry is None)


def _with_another_phone(made: Mapping[int, Imported]) -> Iterator[int]:
    columns = (_phones.c.active_from, _phones.c.active_until)
    for row in connection().execute(_about(made, _phones, *columns)):
        if row.active_until is not None or row.active_from > made[row.member_id].at:
            yield row.member_id


def _tagged_by_hand(made: Mapping[int, Imported]) -> Iterator[int]:
    ids = BitMap(made)
    for group_id, members in in_file.by_hand().items() if ids else ():
        yield from (each for each in members & ids if group_id not in made[each].tags)


def _with_points_spent(known: Mapping[int, Imported]) -> Iterator[int]:
    """Of somebody made by the import every other entry counts."""
    entries = {row.entry: member_id for member_id, row in known.items() if row.entry is not None}
    whole = opening.whole_among(entries)
    yield from (member_id for entry, member_id in entries.items() if entry not in whole)


def _about(member_ids: Collection[int], table: Table, *columns: Any) -> Select[Any]:
    """Of the table's rows about these members the member and these columns."""
    given = _ids(member_ids)
    query = select(table.c.member_id, *columns)
    return query.join(given, given.c.id == table.c.member_id)


def _ids(member_ids: Collection[int]) -> Any:
    return values_table("given", {"id": Integer()}, [[each] for each in sorted(member_ids)])
