"""How many customers a group comes to, zone by zone, and whom of them each channel reaches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from babel.numbers import format_percent
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from loyalty.audiences import service as audiences
from loyalty.audiences.language import Expression, Leaf, to_document, walk
from loyalty.exports.advice import advice_for_reach
from loyalty.pages import formats
from loyalty.pages.language import language
from loyalty.pages.manage.customers.words import CHANNELS
from loyalty.pages.manage.groups.zones import NAMES, Zones, steps_of

_OTHERS: Mapping[str, Any] = {
    "sms": _l("%(count)s did not agree, have no mobile phone or are on the do-not-call list"),
    "zalo": _l("%(count)s did not agree, have no mobile phone or are on the do-not-call list"),
    "email": _l("%(count)s did not agree, have no e-mail or are on the do-not-call list"),
    "call": _l("%(count)s did not agree, have no phone or are on the do-not-call list"),
    "ads": _l("%(count)s did not agree, are under 16 or are on the do-not-call list"),
}
"""Why the others cannot be reached, in the order in which the channels are shown."""


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Of one channel; `others` says why not everybody, or of nobody what to do."""

    channel: str
    label: Any
    count: int
    of: int
    others: str

    @property
    def share(self) -> str:
        return share(self.count, self.of)


@dataclass(frozen=True, kw_only=True)
class Figures:
    """`left` and `taken`: of each zone how many remain after it, and how many it took out.
    `count` is None of a group without any parts."""

    count: int | None = None
    active: int = 0
    left: Mapping[str, int] = field(default_factory=dict)
    taken: Mapping[str, int] = field(default_factory=dict)
    of_group: Mapping[Leaf, int] = field(default_factory=dict)
    reach: list[Reach] = field(default_factory=list)

    @property
    def share(self) -> str:
        return share(self.count or 0, self.active)


def of_zones(zones: Zones) -> Figures:
    """Raises `unknown_group`, and `invalid_request` of more than a group can be made of."""
    steps = steps_of(zones)
    if not steps:
        return Figures()
    whole = list(steps.values())[-1]
    seen = audiences.preview(to_document(whole))
    sizes = {
        node: each["count"] for (_, node), each in zip(walk(whole), seen["nodes"], strict=True)
    }
    left, before = {}, seen["active"]
    taken = {}
    for name in NAMES:
        left[name] = sizes[steps[name]] if name in steps else before
        taken[name] = before - left[name]
        before = left[name]
    return Figures(
        count=seen["count"],
        active=seen["active"],
        left=left,
        taken=taken,
        of_group={leaf: sizes[leaf] for leaf in zones.leaves},
        reach=_reach(seen),
    )


def of_expression(expression: Expression) -> Figures:
    seen = audiences.preview(to_document(expression))
    return Figures(count=seen["count"], active=seen["active"], reach=_reach(seen))


def _reach(seen: Mapping[str, Any]) -> list[Reach]:
    return [
        Reach(
            channel=channel,
            label=CHANNELS[channel],
            count=seen["reachable"][channel],
            of=seen["count"],
            others=_others(channel, seen["reachable"][channel], seen["count"]),
        )
        for channel in _OTHERS
    ]


def _others(channel: str, reached: int, of: int) -> str:
    if reached == of:
        return gettext("everybody in the group") if of else ""
    if not reached:
        return advice_for_reach(channel, of)
    return str(_OTHERS[channel]) % {"count": formats.count(of - reached)}


def share(part: int, whole: int) -> str:
    """`79,2%`; something is never shown as nothing."""
    portion = part / whole if whole else 0
    pattern = "#,##0.0%" if 0 < portion < 1 else "#,##0%"
    return format_percent(portion, pattern, locale=language())
