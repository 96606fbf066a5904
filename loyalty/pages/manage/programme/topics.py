"""What can be set of the programme, a few settings on each page: what a point is worth, when points
count and expire, bonuses, using points, tiers, points by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l

from loyalty.core.limits import POINTS
from loyalty.pages.manage import quantities
from loyalty.pages.manage.forms import one_of
from loyalty.programme.policy import ExpiryMode, TierBasis
from loyalty.programme.schemas import BONUS_POINTS, MONTHS

MONTHS_OF_A_YEAR = range(1, 13)
_OFF = _l("In points; 0 for none.")
_BY_MONTHS = (ExpiryMode.MONTHS, ExpiryMode.AFTER_PURCHASE)


class Kind(StrEnum):
    COUNT = "count"
    MONEY = "money"
    CHOICE = "choice"
    MONTH = "month"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One field. `group` is its part of the document, empty for what stands at its top; `choices`
    of one that is chosen; `only`: the modes of expiry that ask for it."""

    name: str
    group: str = ""
    label: Any
    hint: Any = ""
    kind: Kind = Kind.COUNT
    least: int = 0
    most: int = POINTS
    choices: Mapping[str, Any] | None = None
    only: Sequence[str] = ()

    def value(self, document: Mapping[str, Any]) -> Any:
        return (document[self.group] if self.group else document)[self.name]

    @property
    def offered(self) -> list[tuple[str, Any, None]]:
        return [(str(code), word, None) for code, word in (self.choices or {}).items()]

    def shown(self, document: Mapping[str, Any]) -> str:
        value = self.value(document)
        if self.kind is Kind.COUNT:
            return quantities.shown(value)
        return quantities.shown_money(value) if self.kind is Kind.MONEY else str(value)

    def read(self) -> Any:
        """Raises `invalid_request` beside its field."""
        if self.choices is not None:
            return one_of(self.name, self.choices)
        if self.kind is Kind.MONTH:
            return int(one_of(self.name, [str(month) for month in MONTHS_OF_A_YEAR]))
        if self.kind is Kind.MONEY:
            return quantities.required(quantities.money, self.name, least=self.least)
        return quantities.required(quantities.whole, self.name, least=self.least, most=self.most)


@dataclass(frozen=True, kw_only=True)
class Topic:
    title: Any
    settings: Sequence[Setting]
    line: Any = ""


TOPICS: Mapping[str, Topic] = {
    "value": Topic(
        title=_l("What a point is worth"),
        line=_l("When customers pay with points, and in the figures of what you owe them."),
        settings=[
            Setting(name="point_value", label=_l("Worth of a point"), kind=Kind.MONEY, least=1)
        ],
    ),
    "expiry": Topic(
        title=_l("When points count and expire"),
        line=_l("For points of purchases from now on: those that customers have stay as they are."),
        settings=[
            Setting(
                name="pending_days",
                label=_l("Days until points count"),
                hint=_l("0: at once. Longer where goods often come back."),
                most=365,
            ),
            Setting(
                name="mode",
                group="expiry",
                label=_l("Points expire"),
                kind=Kind.CHOICE,
                choices={
                    ExpiryMode.MONTHS: _l("Some months after they were earned"),
                    ExpiryMode.AFTER_PURCHASE: _l("Some months after the last purchase"),
                    ExpiryMode.YEARLY: _l("On one day each year"),
                    ExpiryMode.NEVER: _l("They never expire"),
                },
            ),
            Setting(
                name="months",
                group="expiry",
                label=_l("Months"),
                least=1,
                most=MONTHS,
                only=_BY_MONTHS,
            ),
            Setting(
                name="day",
                group="expiry",
                label=_l("Day"),
                least=1,
                most=31,
                only=[ExpiryMode.YEARLY],
            ),
            Setting(
                name="month",
                group="expiry",
                label=_l("Month"),
                kind=Kind.MONTH,
                only=[ExpiryMode.YEARLY],
            ),
        ],
    ),
    "bonuses": Topic(
        title=_l("Bonuses"),
        line=_l("Points beside those of purchases, each given once."),
        settings=[
            Setting(name=name, group="bonuses", label=label, hint=hint, most=BONUS_POINTS)
            for name, label, hint in (
                ("sign_up", _l("For joining"), _OFF),
                ("first_purchase", _l("For the first purchase"), _OFF),
                ("birthday", _l("For the birthday"), _l("In points, once a year; 0 for none.")),
            )
        ],
    ),
    "redeeming": Topic(
        title=_l("Using points"),
        settings=[
            Setting(
                name="min_points",
                group="redeeming",
                label=_l("From how many points on"),
                hint=_l("So many must a customer have; 0 for no limit."),
            ),
            Setting(
                name="min_purchases",
                group="redeeming",
                label=_l("From how many purchases on"),
                hint=_l("0 for no limit."),
                most=1_000,
            ),
            Setting(
                name="spoken_phone_points",
                group="redeeming",
                label=_l("Points a day on a spoken number"),
                hint=_l("Above it a manager types a PIN: anybody can say a number aloud."),
            ),
            Setting(
                name="hold_minutes",
                group="redeeming",
                label=_l("Minutes that points are kept for a payment"),
                hint=_l("Then they are the customer's again, where nobody paid."),
                least=1,
                most=24 * 60,
            ),
        ],
    ),
    "tiering": Topic(
        title=_l("How tiers are reached"),
        line=_l("Every customer's tier is looked at again when this changes."),
        settings=[
            Setting(
                name="basis",
                group="tiering",
                label=_l("What counts"),
                hint=_l("The thresholds keep their numbers: change them too."),
                kind=Kind.CHOICE,
                choices={
                    TierBasis.SPEND: _l("What customers spend"),
                    TierBasis.POINTS: _l("The points that they earn"),
                },
            ),
            Setting(
                name="window_months",
                group="tiering",
                label=_l("Within how many months"),
                least=1,
                most=MONTHS,
            ),
        ],
    ),
    "care": Topic(
        title=_l("Points by hand, and questions"),
        line=_l("You yourself have no limit."),
        settings=[
            Setting(
                name="cashier",
                group="adjustments",
                label=_l("Most points a cashier may add or take for one customer in a day"),
                hint=_l("0: none."),
            ),
            Setting(
                name="manager",
                group="adjustments",
                label=_l("Most points a manager may add or take for one customer in a day"),
                hint=_l("0: none."),
            ),
            Setting(
                name="receipts_a_day",
                label=_l("Receipts a day of one customer in a store"),
                hint=_l("Typed by hand; the points of any more wait until a manager looked."),
                least=1,
                most=1_000,
            ),
        ],
    ),
}
