"""The panel of gifts: the customer's vouchers, gifts within reach, and those out of reach with
what is missing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from loyalty.core import clock
from loyalty.core.access import current_actor
from loyalty.core.db import db
from loyalty.core.errors import Code
from loyalty.pages import formats
from loyalty.pages.till import questions
from loyalty.rewards import service as rewards
from loyalty.rewards.models import Redemption, State
from loyalty.rewards.service import Offer

SHOWN = 50

_WHY_NOT = {
    Code.OUT_OF_STOCK: _l("none left"),
    Code.REWARD_TAKEN: _l("had already"),
    Code.NOT_FOR_THIS_MEMBER: _l("for other tiers"),
    Code.NOT_YET_REDEEMING: _l("not enough bought yet"),
    Code.REWARD_ENDED: _l("not today"),
}


@dataclass(frozen=True, kw_only=True)
class Gift:
    """A line of the panel; `why_not` it is out of reach, in words."""

    reward_id: int
    name: str
    cost: str
    within_reach: bool
    just_given: bool
    why_not: str


@dataclass(frozen=True, kw_only=True)
class Voucher:
    id: int
    name: str
    note: str
    in_use: bool


@dataclass(frozen=True, kw_only=True)
class Gifts:
    member_id: int
    vouchers: tuple[Voucher, ...]
    gifts: tuple[Gift, ...]
    note: str
    brief: str

    def __bool__(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.vouchers or self.gifts)


def of_member(
    member_id: int, *, in_use: Collection[int] = (), just_given: int | None = None
) -> Gifts:
    """`in_use`: vouchers that pay for the receipt being typed; `just_given`: the reward of the
    last press, which a second press must not give again."""
    offers = rewards.within_reach(member_id)[:SHOWN]
    gifts = tuple(_gift(offer, just_given) for offer in offers)
    vouchers = tuple(_voucher(view, in_use) for view in rewards.vouchers_of(member_id))
    counts = _counts(gifts, vouchers)
    return Gifts(
        member_id=member_id,
        vouchers=vouchers,
        gifts=gifts,
        note=", ".join(counts),
        brief=counts[0] if counts else gettext("Gifts"),
    )


def _gift(offer: Offer, just_given: int | None) -> Gift:
    reward = offer.reward
    return Gift(
        reward_id=reward.id,
        name=reward.name,
        cost=formats.points(reward.cost),
        within_reach=offer.is_within_reach,
        just_given=reward.id == just_given,
        why_not=_why_not(offer),
    )


def _why_not(offer: Offer) -> str:
    if offer.why_not is not None:
        return str(_WHY_NOT.get(offer.why_not, _l("not now")))
    if offer.missing_points:
        return gettext("%(points)s missing", points=formats.points(offer.missing_points))
    return ""


def _voucher(view: dict[str, Any], in_use: Collection[int]) -> Voucher:
    note = gettext("the customer's")
    if view["voucher_until"] is not None:
        today = formats.local(clock.now()).date()
        day = formats.in_lists(formats.last_day(view["voucher_until"]), today)
        note = gettext("the customer's, until %(day)s", day=day)
    return Voucher(
        id=view["id"], name=view["reward"]["name"], note=note, in_use=view["id"] in in_use
    )


def _counts(gifts: Sequence[Gift], vouchers: Sequence[Voucher]) -> list[str]:
    """`3 quà đủ điểm`, `1 phiếu`: those that there are."""
    reach = sum(gift.within_reach for gift in gifts)
    said = []
    if reach:
        said.append(ngettext("%(num)s gift", "%(num)s gifts", reach))
    if vouchers:
        said.append(ngettext("%(num)s voucher", "%(num)s vouchers", len(vouchers)))
    return said


class GivenJustNow(Exception):
    """A second press, or a second gift? `redemption_id` is the first."""

    def __init__(self, redemption_id: int) -> None:
        super().__init__(redemption_id)
        self.redemption_id = redemption_id


def check_is_meant(member_id: int, reward_id: int, *, confirmed: str) -> None:
    """Raises `GivenJustNow` unless the form says yes to one more after that one."""
    same = _given_just_now(member_id, reward_id)
    if same is not None and questions.again_after(same) not in confirmed.split():
        raise GivenJustNow(same)


def _given_just_now(member_id: int, reward_id: int) -> int | None:
    """The same gift that this person gave the member in the last minutes, if any."""
    return db.session.scalar(
        select(Redemption.id)
        .where(
            Redemption.member_id == member_id,
            Redemption.reward_id == reward_id,
            Redemption.state == State.CAPTURED,
            Redemption.captured_by == current_actor().label,
            Redemption.captured_at > clock.now() - questions.SAME_AGAIN,
        )
        .order_by(Redemption.id.desc())
        .limit(1)
    )
