"""What the points of the programme come to: outstanding, and month by month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from flask_babel import gettext

from loyalty.pages import formats
from loyalty.pages.manage.today import charts
from loyalty.pages.manage.today.charts import Bar, Line, Stroke, Tick
from loyalty.pages.manage.today.sums import worth
from loyalty.points import figures
from loyalty.points.figures import Figures, Month, share

MONTHS = 12
_EVERY = 3
"""Month's name where there is little room."""


@dataclass(frozen=True, kw_only=True)
class MonthRow:
    """As the table has it, in words and signs."""

    name: str
    earned: str
    spent: str
    expired: str
    outstanding: str
    worth: str
    spent_share: str


@dataclass(frozen=True, kw_only=True)
class Points:
    found: Figures

    @property
    def outstanding(self) -> int:
        return self.found.outstanding

    @property
    def worth(self) -> str:
        return gettext("worth %(amount)s", amount=formats.money(worth(self.outstanding)))

    @property
    def lines(self) -> list[tuple[str, str]]:
        """What stands below, by its name."""
        found = self.found
        lines = [
            (
                gettext("Expires in %(days)s days", days=figures.EXPIRING_DAYS),
                formats.count(found.expiring),
            ),
            (gettext("Points on hold"), formats.count(found.held)),
            (gettext("Used, 12 months"), _percent(found.spent, found.earned)),
            (gettext("Expired unused, 12 months"), _percent(found.expired, found.earned)),
        ]
        if found.debt:
            lines.append((gettext("Points to make up"), formats.count(found.debt)))
        return lines

    @cached_property
    def rows(self) -> list[MonthRow]:
        """The newest first."""
        return [
            _row(month, name) for month, name in zip(self.found.months, self._names, strict=True)
        ][::-1]

    @cached_property
    def _names(self) -> list[str]:
        *whole, running = self.found.months
        today = formats.local(self.found.as_of).date()
        so_far = gettext("to %(day)s", day=formats.day_and_month(today))
        return [*(_month_name(month.month) for month in whole), so_far]

    # -- the chart of what was earned and used --

    @property
    def bars(self) -> list[Bar]:
        return charts.bars(self._pairs, self._top)

    @property
    def bar_axis(self) -> list[Line]:
        return charts.axis(self._top)

    @property
    def bar_ticks(self) -> list[Tick]:
        room, last = 100 / len(self._names), len(self._names) - 1
        return [
            Tick(
                x=round(room * (place + 0.5), 2),
                label=name,
                # The last one needs the room of its neighbours.
                is_minor=place % _EVERY != 0 or last - place < _EVERY,
                is_last=place == last,
            )
            for place, name in enumerate(self._names)
        ]

    @property
    def bars_in_words(self) -> str:
        return gettext(
            "Points earned and used in the last 12 months: %(earned)s and %(spent)s.",
            earned=formats.count(self.found.earned),
            spent=formats.count(self.found.spent),
        )

    @cached_property
    def _pairs(self) -> list[tuple[int, int]]:
        return [(month.earned, month.spent) for month in self.found.months]

    @cached_property
    def _top(self) -> int:
        return charts.top_of([value for pair in self._pairs for value in pair])

    # -- the line of what was outstanding --

    @property
    def strokes(self) -> list[Stroke]:
        return charts.strokes(self._levels, self._line_top)

    @property
    def line_axis(self) -> list[Line]:
        return charts.axis(self._line_top)

    @property
    def line_ticks(self) -> list[Tick]:
        room = 100 / (len(self._names) - 1)
        shown = range(0, len(self._names) - 1, _EVERY)
        return [
            Tick(x=round(room * place, 2), label=self._names[place], is_minor=False)
            for place in shown
        ]

    @property
    def line_in_words(self) -> str:
        return gettext(
            "Points outstanding, 12 months: from %(first)s to %(last)s.",
            first=formats.count(self._levels[0]),
            last=formats.count(self._levels[-1]),
        )

    @cached_property
    def _levels(self) -> list[int]:
        return [month.outstanding for month in self.found.months]

    @cached_property
    def _line_top(self) -> int:
        return charts.top_of(self._levels)


def points(now: datetime) -> Points:
    return Points(found=figures.by_month(MONTHS, now=now))


def _row(month: Month, name: str) -> MonthRow:
    return MonthRow(
        name=name,
        earned=formats.count(month.earned),
        spent=formats.count(month.spent),
        expired=formats.count(month.expired),
        outstanding=formats.count(month.outstanding),
        worth=formats.money(worth(month.outstanding)),
        spent_share=_percent(month.spent, month.earned),
    )


def _percent(part: int, whole: int) -> str:
    portion = share(part, whole)
    return "–" if portion is None else formats.percent(portion)


def _month_name(month: date) -> str:
    return month.strftime("%m/%y")
