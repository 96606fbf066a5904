"""Rows of redemptions: found, locked with their member, changed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, literal_column, select, update

from loyalty.core.bulk import insert_many
from loyalty.core.db import LostRace, connection, table_of
from loyalty.core.errors import Code, Problem
from loyalty.members import service as members
from loyalty.members.models import Member
from loyalty.members.service import LockedMember
from loyalty.rewards.models import Redemption, Reward, State

_redemptions = table_of(Redemption)
_rewards = table_of(Reward)
_members = table_of(Member)

IS_HELD = _redemptions.c.state == literal_column("'held'")
"""Written as a constant: a parameter would hide from PostgreSQL that the partial index fits."""

WITH_REWARD: Select[Any] = select(
    _redemptions,
    _rewards.c.name.label("reward_name"),
    _rewards.c.kind.label("reward_kind"),
    _rewards.c.voucher_days,
).select_from(_redemptions.outerjoin(_rewards, _rewards.c.id == _redemptions.c.reward_id))
_ONE = WITH_REWARD.where(_redemptions.c.id == bindparam("redemption_id"))


def add(row: dict[str, Any]) -> int:
    """Returns its id."""
    return insert_many(_redemptions, [row])[0]


def look(redemption_id: int) -> Row[Any]:
    """A row of `WITH_REWARD`; raises `unknown_redemption`."""
    found = connection().execute(_ONE, {"redemption_id": redemption_id}).first()
    if found is None:
        raise Problem(Code.UNKNOWN_REDEMPTION)
    return found


def lock(redemption_id: int) -> tuple[LockedMember, Row[Any]]:
    """A redemption, and its member, locked: whoever changes a redemption holds its member.
    Raises `unknown_redemption` and `member_erased`."""
    row = connection().execute(_LOCK, {"redemption_id": redemption_id}).first()
    if row is not None:
        return LockedMember(*row[-len(_STANDING) :]), row
    if members.is_erased(look(redemption_id).member_id):
        raise Problem(Code.MEMBER_ERASED)
    # Merged in the meantime: the redemption is the survivor's.
    raise LostRace


_STANDING = ("id", "name", "points", "debt", "held", "tier_id", "tier_spend")
_LOCK = (
    _ONE.add_columns(*(_members.c[name].label(f"its_{name}") for name in _STANDING))
    .join(_members, _members.c.id == _redemptions.c.member_id)
    .where(_members.c.closed_at.is_(None))
    .with_for_update(key_share=True, of=_members)
)


def change(seen: Row[Any], **values: Any) -> dict[str, Any]:
    """The row with these values; begins again (`LostRace`) where it is no more as it was seen:
    while this transaction waited for the member, another one changed it."""
    as_seen = {f"seen_{name}": getattr(seen, name) for name in _SEEN}
    if not connection().execute(_CHANGE, {**as_seen, **values}).rowcount:
        raise LostRace
    return {**seen._mapping, **values}


_SEEN = ("id", "member_id", "state", "restored")
_CHANGE = update(_redemptions).where(
    *(_redemptions.c[name] == bindparam(f"seen_{name}") for name in _SEEN)
)


def named(member_id: int, ids: Collection[int]) -> dict[int, Row[Any]]:
    """Those of a locked member's redemptions, by id."""
    its = _redemptions.c.member_id == member_id
    return {row.id: row for row in _rows(its, _redemptions.c.id.in_(ids))}


def held(member_id: int) -> Sequence[Row[Any]]:
    """What a locked member has on hold."""
    return _rows(_redemptions.c.member_id == member_id, IS_HELD)


def lapsed(member_ids: Collection[int], *, now: datetime) -> Sequence[Row[Any]]:
    """Holds of locked members whose time is over."""
    theirs = _redemptions.c.member_id.in_(member_ids)
    return _rows(theirs, IS_HELD, _redemptions.c.expires_at <= now)


def used_by(purchase_id: int) -> Sequence[Row[Any]]:
    """What a receipt spent and has not got back whole."""
    its = _redemptions.c.purchase_id == purchase_id
    return _rows(its, _redemptions.c.state == State.CAPTURED)


def _rows(*where: ColumnElement[bool]) -> Sequence[Row[Any]]:
    """By ascending id."""
    return connection().execute(WITH_REWARD.where(*where).order_by(_redemptions.c.id)).all()
