"""Reading the form of a gift. What stands there as it was shown is left out, so that nobody's
change of the meantime is undone: stock goes down while the form is open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l

from loyalty.core.limits import NAME_LENGTH, POINTS
from loyalty.pages.manage import quantities
from loyalty.pages.manage.forms import line, together
from loyalty.rewards.models import RewardKind
from loyalty.rewards.rules import RewardView
from loyalty.rewards.schemas import PIECES, VOUCHER_DAYS

ENDED = "-"
"""In the place of a tier that ended: nobody's, as long as no other is chosen."""
_NO_NAME = _l("Enter the name of the gift.")

Reader = Callable[[], Any]


def as_it_is(reward: RewardView) -> dict[str, str]:
    """What stands in the fields."""
    return {
        "name": reward.name,
        "cost": quantities.shown(reward.cost),
        "worth": quantities.shown_money(reward.worth),
        "stock": quantities.shown(reward.stock),
        "per_member": quantities.shown(reward.per_member),
        "starts_at": quantities.shown_day(reward.starts_at),
        "ends_at": quantities.shown_last_day(reward.ends_at),
        "tier": ENDED if _is_nobodys(reward) else reward.tier.slug if reward.tier else "",
        "tag": reward.tag or "",
        "voucher_days": quantities.shown(reward.voucher_days),
    }


def new(kind: str) -> dict[str, Any]:
    """As `NewRewardSchema` loads it."""
    typed = together(**_readers(is_voucher=kind == RewardKind.VOUCHER))
    return {"kind": kind, **{name: value for name, value in typed.items() if value is not None}}


def changes(reward: RewardView) -> dict[str, Any]:
    """As `RewardChangesSchema` loads them: what is another than the form showed."""
    shown = {name: quantities.text_of(f"{name}_shown") for name in _AS_SHOWN}
    readers = _readers(is_voucher=reward.kind is RewardKind.VOUCHER)
    return together(
        **{
            name: reader
            for name, reader in readers.items()
            if name not in shown or quantities.text_of(name) != shown[name]
        }
    )


_AS_SHOWN = ("stock", "starts_at", "ends_at", "tier", "tag")
"""Their fields say less than is kept, or change by themselves."""


def _readers(*, is_voucher: bool) -> Mapping[str, Reader]:
    def whole(name: str, least: int, most: int) -> Reader:
        return lambda: quantities.whole(name, least=least, most=most)

    readers: dict[str, Reader] = {
        "name": lambda: line("name", NAME_LENGTH, missing=_NO_NAME),
        "cost": lambda: quantities.required(quantities.whole, "cost", least=1, most=POINTS),
        "worth": lambda: quantities.required(quantities.money, "worth", least=int(is_voucher)),
        "stock": whole("stock", 0, PIECES),
        "per_member": whole("per_member", 1, PIECES),
        "starts_at": _first_day,
        "ends_at": _last_day,
        "tier": lambda: quantities.text_of("tier") or None,
        "tag": lambda: quantities.text_of("tag") or None,
    }
    if is_voucher:
        readers["voucher_days"] = whole("voucher_days", 0, VOUCHER_DAYS)
    return readers


def _first_day() -> datetime | None:
    found = quantities.day("starts_at")
    return quantities.day_begins(found) if found else None


def _last_day() -> datetime | None:
    found = quantities.day_to_come("ends_at")
    return quantities.day_is_over(found) if found else None


def _is_nobodys(reward: RewardView) -> bool:
    return reward.tier_id is not None and reward.tier is None
