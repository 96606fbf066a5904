"""Everything held about one person, and what an erasure makes of each table.

`REGISTER` is the one place that says both. A table that tells of a member and is not in it
fails a test, so that no later feature forgets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, or_, select

from loyalty.audit.models import AuditEvent
from loyalty.core.db import Base, connection, table_of
from loyalty.core.errors import Code, Problem
from loyalty.core.phone import PhoneNumber
from loyalty.exports.models import Export, ExportChunk
from loyalty.groups.rules import place_of, unpack
from loyalty.imports.models import ImportedMember
from loyalty.members import attributes, consents, do_not_call
from loyalty.members import service as members
from loyalty.members.models import Member, MemberPhone
from loyalty.points import reading
from loyalty.points.models import LotAllocation, PointEntry, PointLot
from loyalty.privacy.models import RightsRequest
from loyalty.programme import service as programme
from loyalty.purchases.models import Purchase, PurchaseLine
from loyalty.tags.of_member import of_member

Row = dict[str, Any]


class AtErasure(StrEnum):
    DELETED = "deleted"
    EMPTIED = "emptied"
    """The rows stay, and of each column that tells of the person nothing."""
    SCRUBBED = "scrubbed"
    """Found by the person's values, which are taken out."""
    STAYS = "stays"
    """Holds no personal value: sums, codes and ids that lead to nobody."""


@dataclass(frozen=True, kw_only=True)
class Holding:
    """Under which section a table is shown (None: never, and why), and what becomes of it."""

    section: str | None
    at_erasure: AtErasure
    emptied: tuple[str, ...] = ()
    because: str = ""


def _holding(
    section: str | None, at_erasure: AtErasure, *emptied: str, because: str = ""
) -> Holding:
    return Holding(section=section, at_erasure=at_erasure, emptied=emptied, because=because)


_DELETED, _EMPTIED = AtErasure.DELETED, AtErasure.EMPTIED
_SCRUBBED, _STAYS = AtErasure.SCRUBBED, AtErasure.STAYS

REGISTER: Mapping[str, Holding] = {
    "members": _holding(
        *("profile", _EMPTIED),
        *(*members.PROFILE_FIELDS, *members.DERIVED_FIELDS, "restricted_at", "objected_at"),
    ),
    "member_attributes": _holding("attributes", _DELETED),
    "member_phones": _holding("phones", _DELETED),
    "consents": _holding("consents", _DELETED),
    "consent_changes": _holding("consent_history", _DELETED),
    "do_not_call": _holding(
        "do_not_call",
        _STAYS,
        because="A SHA-256 of the number and no member: who asked not to be called is not "
        "called after an erasure either.",
    ),
    "purchases": _holding("purchases", _EMPTIED, "phone", "reassigned_to", "void_reason"),
    "purchase_lines": _holding("purchases", _STAYS, because="Goods and sums of a receipt."),
    "point_entries": _holding(
        "points", _STAYS, because="The ledger is insert-only; its reasons name nobody."
    ),
    "point_lots": _holding("points", _STAYS, because="Sums."),
    "lot_allocations": _holding("points", _STAYS, because="Sums."),
    "group_chunks": _holding("tags", _SCRUBBED),
    "group_changes": _holding("tags", _SCRUBBED),
    "dirty": _holding(
        None,
        _STAYS,
        because="A member's number for the seconds until tags are worked out again: nothing "
        "is told of whoever it is.",
    ),
    "exports": _holding(
        "exports", _STAYS, because="What files were made of and for: they are deleted."
    ),
    "export_chunks": _holding("exports", _SCRUBBED),
    "member_imports": _holding(
        None, _STAYS, because="Counts and choices: the files themselves are deleted."
    ),
    "imported_members": _holding("imports", _DELETED),
    "rights_requests": _holding("requests", _EMPTIED, "note"),
    "audit_events": _holding(
        "log", _STAYS, because="The log is insert-only; it names changed fields, no values."
    ),
    "idempotency_keys": _holding(
        None,
        _SCRUBBED,
        because="Answers once given to programs, for 30 days: copies of what is shown here.",
    ),
}


def held(member_id: int) -> dict[str, Any]:
    """EVERYTHING held about one person, JSON-ready: times as RFC 3339, dates as ISO, of staff
    only what kind of actor it was.

    profile {id, phone, name, ...}, attributes {name: value}, phones [{e164, kind, active_from,
    active_until}], consents (ten pairs), consent_history [...], do_not_call: bool, purchases
    [{..., lines: [...]}], newest first, points {balance, held, available, debt, expiring, lots,
    entries}, tags [{slug, name, kind, link, since, why}], exports [{format, reach, purpose,
    as_of, ...}] that the member was in, imports [{import_id, created, before, given}], requests
    [...], log [{at, action, actor, reason}]. A list is empty, never left out. Raises
    `unknown_member`, `member_erased`.
    """
    if members.is_erased(member_id):
        raise Problem(Code.MEMBER_ERASED)
    members.get(member_id)
    return {section: _plain(show(member_id)) for section, show in _SECTIONS.items()}


# -- sections --------------------------------------------------------------------


def _profile(member_id: int) -> Row:
    shown_elsewhere = ("points", "debt")
    [row] = _rows(Member, Member.id == member_id, without=("name_folded", *shown_elsewhere))
    return {"phone": members.get(member_id)["phone"], **row}


def _phones(member_id: int) -> list[Row]:
    return _rows(MemberPhone, MemberPhone.member_id == member_id, without=("id", "member_id"))


def _consent_history(member_id: int) -> list[Row]:
    return [_without_names(row) for row in consents.history(member_id)]


def _is_on_do_not_call_list(member_id: int) -> bool:
    """Under any number that was ever the member's."""
    return any(do_not_call.holds(PhoneNumber(row["e164"])) for row in _phones(member_id))


def _purchases(member_id: int) -> list[Row]:
    hidden = (
        *("store_id", "period", "member_id", "lines_hash"),
        *("local_date", "local_hour", "local_weekday"),  # the time of purchase once more
    )
    stores = programme.store_codes()
    lines = _lines(member_id)
    its_own = Purchase.member_id == member_id
    rows = _rows(Purchase, its_own, newest_first=True)
    return [
        {
            "store": stores.get(row["store_id"]),
            **{name: value for name, value in row.items() if name not in hidden},
            "lines": lines.get(row["id"], []),
        }
        for row in rows
    ]


def _lines(member_id: int) -> dict[int, list[Row]]:
    its_own = select(Purchase.id).where(Purchase.member_id == member_id)
    rows = _rows(PurchaseLine, PurchaseLine.purchase_id.in_(its_own))
    return _by("purchase_id", rows)


def _points(member_id: int) -> Row:
    mine = select(PointEntry.id).where(PointEntry.member_id == member_id)
    taken = _by("entry_id", _rows(LotAllocation, LotAllocation.entry_id.in_(mine)))
    entries = _rows(
        PointEntry, PointEntry.member_id == member_id, without=("member_id",), newest_first=True
    )
    return {
        **reading.standing(member_id),
        "lots": _rows(PointLot, PointLot.member_id == member_id, without=("member_id",)),
        "entries": [{**entry, "taken_from": taken.get(entry["id"], [])} for entry in entries],
    }


def _tags(member_id: int) -> list[Row]:
    """`why` says the rule; who set a tag by hand is one of the staff."""
    shown = ("slug", "name", "kind", "link", "since")
    return [
        {name: tag[name] for name in shown} | {"why": tag["why"] if tag["kind"] == "rule" else None}
        for tag in of_member(member_id)
    ]


def _exports(member_id: int) -> list[Row]:
    """Which files the member was in, and what for."""
    chunk, position = place_of(member_id)
    query = select(ExportChunk.export_id, ExportChunk.bitmap).where(ExportChunk.chunk == chunk)
    theirs = [
        row.export_id for row in connection().execute(query) if position in unpack(row.bitmap)
    ]
    hidden = ("audience_id", "job_id", "options", "manifest")
    return _rows(Export, Export.id.in_(theirs), without=hidden, newest_first=True)


def _imports(member_id: int) -> list[Row]:
    """What files made or changed, and what stood there before: kept while it can be undone."""
    return _rows(ImportedMember, ImportedMember.member_id == member_id, without=("member_id",))


def _requests(member_id: int) -> list[Row]:
    mine = RightsRequest.member_id == member_id
    return _rows(RightsRequest, mine, without=("member_id",), newest_first=True)


def _log(member_id: int) -> list[Row]:
    """About the member and the member's receipts."""
    receipts = select(cast(Purchase.id, String)).where(Purchase.member_id == member_id)
    about = or_(
        and_(AuditEvent.object_kind == "member", AuditEvent.object_id == str(member_id)),
        and_(AuditEvent.object_kind == "purchase", AuditEvent.object_id.in_(receipts)),
    )
    hidden = ("id", "object_kind", "object_id", "address", "store_id", "details")
    return _rows(AuditEvent, about, without=hidden, newest_first=True)


_SECTIONS: Mapping[str, Callable[[int], Any]] = {
    "profile": _profile,
    "attributes": attributes.values_of,
    "phones": _phones,
    "consents": consents.current,
    "consent_history": _consent_history,
    "do_not_call": _is_on_do_not_call_list,
    "purchases": _purchases,
    "points": _points,
    "tags": _tags,
    "exports": _exports,
    "imports": _imports,
    "requests": _requests,
    "log": _log,
}


# -- rows as people may have them --------------------------------------------------


def _rows(
    model: type[Base],
    which: ColumnElement[bool],
    *,
    without: tuple[str, ...] = (),
    newest_first: bool = False,
) -> list[Row]:
    """Every column but those named: one that is added later shows without being asked."""
    table = table_of(model)
    key = list(table.primary_key.columns)
    order = [column.desc() for column in key] if newest_first else key
    rows = connection().execute(select(table).where(which).order_by(*order))
    shown = [column.name for column in table.columns if column.name not in without]
    return [_without_names({name: row[name] for name in shown}) for row in rows.mappings()]


_ACTORS = ("actor", "recorded_by", "created_by", "ended_by")


def _without_names(row: Mapping[str, Any]) -> Row:
    """Of who acted only the kind: person, key or system."""
    return {
        name: value.partition(":")[0] if name in _ACTORS and value else value
        for name, value in row.items()
    }


def _by(key: str, rows: Iterable[Row]) -> dict[Any, list[Row]]:
    """Rows that stand in the order of `key`, by it and without it."""
    return {
        value: [{name: cell for name, cell in row.items() if name != key} for row in group]
        for value, group in groupby(rows, key=itemgetter(key))
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value
