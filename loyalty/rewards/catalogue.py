"""The gifts and vouchers on offer: made, changed, looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext
from sqlalchemy import Row, bindparam, func, select

from loyalty.audit import service as audit
from loyalty.core import clock
from loyalty.core.access import current_actor
from loyalty.core.db import connection, db, table_of
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import REWARDS
from loyalty.programme import service as programme
from loyalty.programme.rules import TierView
from loyalty.rewards.models import Reward, RewardKind
from loyalty.rewards.rules import MANAGE, RewardView
from loyalty.tags import finding

_rewards = table_of(Reward)
_ONE = select(_rewards).where(_rewards.c.id == bindparam("reward_id"))


def look(reward_id: int) -> RewardView:
    """Raises `unknown_reward`."""
    row = connection().execute(_ONE, {"reward_id": reward_id}).first()
    if row is None:
        raise Problem(Code.UNKNOWN_REWARD, field="reward")
    return _view(row)


def every() -> list[RewardView]:
    """Offered or not, the cheapest first."""
    return _views(connection().execute(_IN_ORDER).all())


def active() -> list[RewardView]:
    """Those that nobody ended, whatever their dates; the cheapest first."""
    return _views(connection().execute(_IN_ORDER.where(_rewards.c.active)).all())


_IN_ORDER = select(_rewards).order_by(_rewards.c.cost, _rewards.c.id)


def create(given: Mapping[str, Any]) -> RewardView:
    """`given` as `NewRewardSchema` loads it. Raises `unknown_tier`, `unknown_tag`, and
    `invalid_request` where there are too many or the dates do not follow each other."""
    _refuse_too_many()
    row = Reward(**_columns(given), created_by=current_actor().label, created_at=clock.now())
    _check(row)
    db.session.add(row)
    # Flush: the audit event names the reward by id.
    db.session.flush()
    audit.record(MANAGE.name, "reward", row.id)
    return look(row.id)


def change(reward_id: int, given: Mapping[str, Any]) -> RewardView:
    """Set the given fields, None lifts a limit. What members hold or got already stays as it
    was. Raises `unknown_reward` and what `create` does."""
    row = db.session.get(Reward, reward_id, populate_existing=True, with_for_update=True)
    if row is None:
        raise Problem(Code.UNKNOWN_REWARD)
    wanted = _columns(given)
    changed = sorted(name for name, value in wanted.items() if getattr(row, name) != value)
    for name in changed:
        setattr(row, name, wanted[name])
    _check(row)
    if changed:
        audit.record(MANAGE.name, "reward", reward_id, fields=changed)
    # Flush: the answer is read back in plain SQL.
    db.session.flush()
    return look(reward_id)


def needs_tier(tier_id: int) -> bool:
    """Whether a reward that is still offered is for that tier and above."""
    needing = _rewards.c.active & (_rewards.c.tier_id == tier_id)
    return connection().scalar(select(_rewards.c.id).where(needing).limit(1)) is not None


def _columns(given: Mapping[str, Any]) -> dict[str, Any]:
    """The API's words as columns: a tier is named by its slug."""
    columns = dict(given)
    if "tier" in columns:
        slug = columns.pop("tier")
        columns["tier_id"] = None if slug is None else _tier(slug).id
    if columns.get("tag") is not None:
        # Kept, so that nobody deletes it in the meantime.
        finding.keep(columns["tag"])
    return columns


def _tier(slug: str) -> TierView:
    found = next((tier for tier in programme.snapshot().tiers if tier.slug == slug), None)
    if found is None:
        raise Problem(Code.UNKNOWN_TIER, field="tier")
    return found


def _check(row: Reward) -> None:
    if row.starts_at is not None and row.ends_at is not None and row.starts_at >= row.ends_at:
        raise Problem(Code.INVALID_TIME, field="ends_at")
    if row.voucher_days is not None and row.kind != RewardKind.VOUCHER:
        raise Problem(
            Code.INVALID_REQUEST, errors={"voucher_days": [gettext("Only vouchers have days.")]}
        )


def _refuse_too_many() -> None:
    if (connection().scalar(select(func.count()).select_from(_rewards)) or 0) >= REWARDS:
        said = gettext("There are %(most)s gifts already.", most=REWARDS)
        raise Problem(Code.INVALID_REQUEST, errors={"name": [said]})


def _views(rows: Any) -> list[RewardView]:
    return [_view(row) for row in rows]


def _view(row: Row[Any]) -> RewardView:
    columns = {name: value for name, value in row._mapping.items() if name in _SHOWN}
    tier = programme.snapshot().tier(row.tier_id)
    return RewardView(**{**columns, "kind": RewardKind(row.kind)}, tier=tier)


_SHOWN = (
    *("id", "name", "kind", "cost", "worth", "stock", "per_member", "starts_at", "ends_at"),
    *("tier_id", "tag", "voucher_days", "active", "created_at"),
)
