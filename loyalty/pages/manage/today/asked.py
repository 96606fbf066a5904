"""Which days the page is about, and with which it compares them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from flask import request
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from loyalty.pages import formats
from loyalty.purchases.figures import Period

CHOICES: Mapping[int, Any] = {1: _l("Today"), 7: _l("7 days"), 30: _l("30 days")}
_A_WEEK = 7


@dataclass(frozen=True, kw_only=True)
class Asked:
    """`days` is one of `CHOICES`."""

    days: int
    now: datetime

    @cached_property
    def period(self) -> Period:
        return Period.of_days(self.days, now=self.now)

    @cached_property
    def before(self) -> Period:
        """A day is compared with the same day of the week before; longer with what went before."""
        return self.period.earlier(days=max(self.days, _A_WEEK))

    @property
    def title(self) -> str:
        last = formats.full_date(self.period.last)
        if self.days == 1:
            return f"{formats.begun(formats.weekday(self.period.last))}, {last}"
        return f"{formats.day_and_month(self.period.first)}–{last}"

    @property
    def compared_with(self) -> str:
        """As the end of `+12% …`."""
        if self.days == 1:
            return gettext("on last %(weekday)s", weekday=formats.weekday(self.before.last))
        return gettext("on the %(count)s days before", count=formats.count(self.days))

    @property
    def not_compared(self) -> str:
        if self.days == 1:
            return gettext("No sales last %(weekday)s", weekday=formats.weekday(self.before.last))
        return gettext("No sales in the %(count)s days before", count=formats.count(self.days))

    @property
    def table_title(self) -> str:
        if self.days == 1:
            return gettext("Stores and cashiers today")
        return gettext("Stores and cashiers, %(count)s days", count=formats.count(self.days))


def asked(now: datetime) -> Asked:
    """From the address; today where it says nothing."""
    text = request.args.get("days", "")
    known = {str(days): days for days in CHOICES}
    return Asked(days=known.get(text, 1), now=now)
