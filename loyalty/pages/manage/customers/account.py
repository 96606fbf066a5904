"""What a customer has, in words: points, tier, and what was got for points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Any

from flask_babel import gettext

from loyalty.core import clock
from loyalty.pages import formats
from loyalty.pages.manage.customers import words
from loyalty.points import adjusting, reading
from loyalty.programme import service as programme
from loyalty.programme.policy import TierBasis
from loyalty.purchases import tiers
from loyalty.rewards import service as rewards

_EXPIRIES = 3
_REDEMPTIONS = 10


@dataclass(frozen=True, kw_only=True)
class Redeemed:
    """A gift, a voucher or a payment: what, how many points, what became of it, when."""

    what: str
    points: str
    state: Any
    when: str


@dataclass(frozen=True, kw_only=True)
class Account:
    """In words. `facts` say more of the points, as label and value; `limit` is the most that who
    looks may add and take in a day, empty where that is any number; `once` marks the form, so that
    it counts once."""

    balance: str
    facts: Sequence[tuple[str, str]]
    tier: str
    next_tier: str
    redeemed: Sequence[Redeemed]
    limit: str
    once: str
    since: str
    until: str


def of(member_id: int) -> Account:
    now = clock.now()
    standing = reading.standing(member_id)
    progress = tiers.progress(member_id, now=now)
    found = rewards.of_member(member_id)["items"][:_REDEMPTIONS]
    limit = adjusting.limit_of_actor()
    today = formats.local(now).date()
    return Account(
        balance=formats.points(standing["balance"]),
        facts=tuple(_facts(standing)),
        tier=progress.tier.name if progress.tier else "",
        next_tier=_next(progress),
        redeemed=[_redeemed(each) for each in found],
        limit="" if limit is None else formats.points(limit),
        once=token_urlsafe(16),
        since=formats.full_date(today.replace(month=1, day=1)),
        until=formats.full_date(today),
    )


def _facts(standing: Mapping[str, Any]) -> list[tuple[str, str]]:
    facts = [
        (gettext("To spend"), standing["available"], standing["available"] != standing["balance"]),
        (gettext("On hold"), standing["held"], standing["held"]),
        (gettext("Do not count yet"), standing["pending"], standing["pending"]),
        (gettext("Points to make up"), standing["debt"], standing["debt"]),
    ]
    said = [(label, formats.count(points)) for label, points, is_told in facts if is_told]
    return said + [
        (
            gettext("Until %(day)s", day=formats.full_date(formats.last_day(each["expires_at"]))),
            formats.count(each["points"]),
        )
        for each in standing["expiring"][:_EXPIRIES]
    ]


def _next(progress: tiers.Progress) -> str:
    if progress.next is None:
        return ""
    is_spend = programme.snapshot().policy.tiering.basis is TierBasis.SPEND
    missing = formats.money(progress.missing) if is_spend else formats.points(progress.missing)
    return gettext("%(missing)s to %(tier)s", missing=missing, tier=progress.next.name)


def _redeemed(row: Mapping[str, Any]) -> Redeemed:
    reward = row["reward"]
    spent = row["captured"] or row["points"]
    return Redeemed(
        what=reward["name"] if reward else gettext("Paid with points"),
        points=formats.count(spent),
        state=words.word(words.REDEMPTION_STATES, row["state"]),
        when=formats.date_and_time(row["created_at"]),
    )
