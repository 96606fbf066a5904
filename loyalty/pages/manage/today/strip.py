"""The strip of five figures, each with what it is to be compared with."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext

from loyalty.pages import formats
from loyalty.pages.manage.today.asked import Asked
from loyalty.pages.manage.today.sums import Sums, worth


@dataclass(frozen=True, kw_only=True)
class Figure:
    """`strong` begins the second line: a gain or a loss, with its sign."""

    label: str
    value: str
    line: str
    strong: str = ""
    gains: bool = False


def strip(asked: Asked, sums: Sums) -> list[Figure]:
    sold = sums.in_all
    return [
        _sales(asked, sums),
        Figure(
            label=gettext("Receipts with a number"),
            value=formats.count(sold.purchases),
            line=_average(sold.amount, sold.purchases),
        ),
        Figure(
            label=gettext("New customers"),
            value=formats.count(sold.new_members),
            line=gettext(
                "%(share)s of the receipts", share=_share(sold.new_members, sold.purchases)
            ),
        ),
        _points(gettext("Points earned"), sold.points),
        _points(gettext("Points used"), sums.spent_in_all),
    ]


def _sales(asked: Asked, sums: Sums) -> Figure:
    label, value = gettext("Sales with a number"), formats.money(sums.in_all.amount)
    if sums.change is None:
        return Figure(label=label, value=value, line=asked.not_compared)
    # Without a minus before what is shown as 0.
    change = round(sums.change, 3) + 0.0
    sign = "+" if change > 0 else ""
    return Figure(
        label=label,
        value=value,
        strong=f"{sign}{formats.percent(change)}",
        line=asked.compared_with,
        gains=change > 0,
    )


def _average(amount: int, purchases: int) -> str:
    if not purchases:
        return gettext("None yet")
    return gettext("%(amount)s on average", amount=formats.money(round(amount / purchases)))


def _share(part: int, whole: int) -> str:
    return formats.percent(part / whole if whole else 0)


def _points(label: str, points: int) -> Figure:
    line = gettext("worth %(amount)s", amount=formats.money(worth(points)))
    return Figure(label=label, value=formats.count(points), line=line)
