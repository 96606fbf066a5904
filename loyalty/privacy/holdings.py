"""Everything held about one person, accounts that were merged into the member's included."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, cast, or_, select

from loyalty.audit.models import AuditEvent
from loyalty.core.db import Base, connection, table_of
from loyalty.core.errors import Code, Problem
from loyalty.core.phone import PhoneNumber
from loyalty.exports.models import Export, ExportChunk
from loyalty.groups.rules import place_of, unpack
from loyalty.imports.models import ImportedMember
from loyalty.members import attributes, consents, do_not_call, merging
from loyalty.members import service as members
from loyalty.members.models import Member, MemberPhone
from loyalty.points import reading
from loyalty.points.models import (
    BonusGiven,
    LotAllocation,
    PendingPoints,
    PointEntry,
    PointLot,
)
from loyalty.privacy.models import RightsRequest
from loyalty.programme import service as programme
from loyalty.programme.rules import TierView
from loyalty.purchases.models import (
    PromotionUse,
    Purchase,
    PurchaseFlag,
    PurchaseLine,
    Return,
    ReturnLine,
    TierChange,
)
from loyalty.rewards.models import Redemption, Reward
from loyalty.tags.of_member import of_member

Row = dict[str, Any]


def held(member_id: int) -> dict[str, Any]:
    """EVERYTHING held about one person, JSON-ready: times as RFC 3339, dates as ISO, of staff
    only what kind of actor it was.

    profile {id, phone, name, ...}, merged [{id, name, ...}] of accounts that this one carries
    on, attributes {name: value}, phones [{e164, kind, active_from, active_until, is_alias}],
    consents (ten pairs), consent_history [...], do_not_call: bool, purchases [{..., lines,
    flags}], newest first, returns [{..., lines}], points {balance, held, available, debt,
    expiring, lots, entries, pending, bonuses, promotions}, redemptions [{..., reward}], tiers
    [{from, tier, cause, measured, changed_at}], tags [{slug, name, kind, link, since, why}],
    exports [{format, reach, purpose, as_of, ...}] that the member was in, imports [{import_id,
    created, before, given}], requests [...], log [{at, action, actor, reason}]. A list is empty,
    never left out. Raises `unknown_member`, `member_erased`.
    """
    if members.is_erased(member_id):
        raise Problem(Code.MEMBER_ERASED)
    members.get(member_id)
    return {section: _plain(show(member_id)) for section, show in _SECTIONS.items()}


# -- sections --------------------------------------------------------------------


_NOT_OF_THE_PROFILE = (
    *("name_folded", "tier_id", "merged_into"),
    *("points", "debt", "held", "tier_spend"),
)


def _profile(member_id: int) -> Row:
    member = members.get(member_id)
    [row] = _rows(Member, Member.id == member_id, without=_NOT_OF_THE_PROFILE)
    return {"phone": member["phone"], "tier": member["tier"], **row}


def _merged(member_id: int) -> list[Row]:
    return _rows(Member, Member.merged_into == member_id, without=_NOT_OF_THE_PROFILE)


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
    its_own = select(Purchase.id).where(Purchase.member_id == member_id)
    lines = _by("purchase_id", _rows(PurchaseLine, PurchaseLine.purchase_id.in_(its_own)))
    flags = _flags(its_own)
    return [
        {
            "store": stores.get(row["store_id"]),
            **{name: value for name, value in row.items() if name not in hidden},
            "lines": lines.get(row["id"], []),
            "flags": flags.get(row["id"], []),
        }
        for row in _rows(Purchase, Purchase.member_id == member_id, newest_first=True)
    ]


def _flags(purchase_ids: Select[Any]) -> dict[int, list[Row]]:
    its_own = PurchaseFlag.purchase_id.in_(purchase_ids)
    rows = _rows(PurchaseFlag, its_own, without=("id", "store_id"))
    return _by("purchase_id", sorted(rows, key=itemgetter("purchase_id")))


def _returns(member_id: int) -> list[Row]:
    hidden = ("store_id", "period", "member_id", "lines_hash", "local_date")
    stores = programme.store_codes()
    its_own = select(Return.id).where(Return.member_id == member_id)
    lines = _by("return_id", _rows(ReturnLine, ReturnLine.return_id.in_(its_own)))
    return [
        {
            "store": stores.get(row["store_id"]),
            **{name: value for name, value in row.items() if name not in hidden},
            "lines": lines.get(row["id"], []),
        }
        for row in _rows(Return, Return.member_id == member_id, newest_first=True)
    ]


def _points(member_id: int) -> Row:
    its_own = PointEntry.member_id.in_(merging.accounts_of(member_id))
    mine = select(PointEntry.id).where(its_own)
    taken = _by("entry_id", _rows(LotAllocation, LotAllocation.entry_id.in_(mine)))
    entries = _rows(PointEntry, its_own, without=("member_id",), newest_first=True)
    return {
        **reading.standing(member_id),
        "lots": _its_rows(PointLot, member_id),
        "entries": [{**entry, "taken_from": taken.get(entry["id"], [])} for entry in entries],
        "pending": _its_rows(PendingPoints, member_id),
        "bonuses": _its_rows(BonusGiven, member_id),
        "promotions": _its_rows(PromotionUse, member_id),
    }


def _redemptions(member_id: int) -> list[Row]:
    names = {row.id: row.name for row in connection().execute(select(Reward.id, Reward.name))}
    stores = programme.store_codes()
    return [
        {"reward": names.get(row.pop("reward_id")), "store": stores.get(row.pop("store_id")), **row}
        for row in _its_rows(Redemption, member_id, newest_first=True)
    ]


def _tiers(member_id: int) -> list[Row]:
    """Of accounts that were merged too."""
    tier = programme.snapshot().tier
    rows = _its_rows(TierChange, *merging.accounts_of(member_id), newest_first=True)
    return [
        {
            "from": _slug(tier(row.pop("from_tier_id"))),
            "tier": _slug(tier(row.pop("tier_id"))),
            **row,
        }
        for row in rows
    ]


def _slug(tier: TierView | None) -> str | None:
    return None if tier is None else tier.slug


def _tags(member_id: int) -> list[Row]:
    """`why` says the rule; who set a tag by hand is one of the staff."""
    shown = ("slug", "name", "kind", "link", "since")
    return [
        {name: tag[name] for name in shown} | {"why": tag["why"] if tag["kind"] == "rule" else None}
        for tag in of_member(member_id)
    ]


def _exports(member_id: int) -> list[Row]:
    """Which files the member was in, and what for."""
    theirs: list[int] = []
    for chunk, position in map(place_of, merging.accounts_of(member_id)):
        query = select(ExportChunk.export_id, ExportChunk.bitmap).where(ExportChunk.chunk == chunk)
        rows = connection().execute(query)
        theirs += [row.export_id for row in rows if position in unpack(row.bitmap)]
    hidden = ("audience_id", "job_id", "options", "manifest")
    return _rows(Export, Export.id.in_(theirs), without=hidden, newest_first=True)


def _imports(member_id: int) -> list[Row]:
    """What files made or changed, and what stood there before: kept while it can be undone."""
    return _its_rows(ImportedMember, *merging.accounts_of(member_id))


def _requests(member_id: int) -> list[Row]:
    return _its_rows(RightsRequest, member_id, newest_first=True)


def _log(member_id: int) -> list[Row]:
    """About the member, and the member's receipts, returns and redemptions."""
    accounts = map(str, merging.accounts_of(member_id))
    about = or_(
        and_(AuditEvent.object_kind == "member", AuditEvent.object_id.in_(accounts)),
        *(_is_logged(kind, model, member_id) for kind, model in _LOGGED.items()),
    )
    hidden = ("id", "object_kind", "object_id", "address", "store_id", "details")
    return _rows(AuditEvent, about, without=hidden, newest_first=True)


_LOGGED: Mapping[str, type[Base]] = {
    "purchase": Purchase,
    "return": Return,
    "redemption": Redemption,
}


def _is_logged(kind: str, model: type[Base], member_id: int) -> ColumnElement[bool]:
    table = table_of(model)
    its_own = select(cast(table.c.id, String)).where(table.c.member_id == member_id)
    return and_(AuditEvent.object_kind == kind, AuditEvent.object_id.in_(its_own))


_SECTIONS: Mapping[str, Callable[[int], Any]] = {
    "profile": _profile,
    "merged": _merged,
    "attributes": attributes.values_of,
    "phones": _phones,
    "consents": consents.current,
    "consent_history": _consent_history,
    "do_not_call": _is_on_do_not_call_list,
    "purchases": _purchases,
    "returns": _returns,
    "points": _points,
    "redemptions": _redemptions,
    "tiers": _tiers,
    "tags": _tags,
    "exports": _exports,
    "imports": _imports,
    "requests": _requests,
    "log": _log,
}


# -- rows as people may have them --------------------------------------------------


def _its_rows(model: type[Base], *member_ids: int, newest_first: bool = False) -> list[Row]:
    its_own = table_of(model).c.member_id.in_(member_ids)
    return _rows(model, its_own, without=("member_id",), newest_first=newest_first)


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


_ACTORS = (*("actor", "recorded_by", "created_by", "captured_by", "ended_by", "decided_by"),)


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
