"""A gift as the list shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l

from loyalty.pages import formats
from loyalty.rewards.models import RewardKind
from loyalty.rewards.rules import RewardView

KINDS = {
    RewardKind.GIFT: (_l("Gift"), _l("Goods that customers take with them.")),
    RewardKind.VOUCHER: (_l("Voucher"), _l("Money off a later purchase.")),
}
_OFFERED = (_l("Offered"), "")
_COMING = (_l("To come"), "quiet")
_GONE = (_l("Out of stock"), "warn")
_ENDED = (_l("Ended"), "quiet")


@dataclass(frozen=True, kw_only=True)
class ShownGift:
    """`given`: how often in the year that the list is about."""

    view: RewardView
    given: int
    tag: str
    now: datetime

    @property
    def kind(self) -> Any:
        return KINDS[self.view.kind][0]

    @property
    def cost(self) -> str:
        return formats.count(self.view.cost)

    @property
    def worth(self) -> str:
        return formats.money(self.view.worth)

    @property
    def stock(self) -> str:
        return "–" if self.view.stock is None else formats.count(self.view.stock)

    @property
    def days(self) -> str:
        """Empty where it is offered always."""
        first, end = self.view.starts_at, self.view.ends_at
        begins = formats.full_date(formats.local(first).date()) if first else ""
        last = formats.full_date(formats.last_day(end)) if end else ""
        if begins and last:
            return f"{begins}–{last}"
        if begins:
            return gettext("from %(day)s", day=begins)
        return gettext("until %(day)s", day=last) if last else ""

    @property
    def for_whom(self) -> str:
        return formats.joined(list(self._limits()))

    def _limits(self) -> Iterator[str]:
        view = self.view
        if view.tier:
            yield gettext("from tier %(name)s", name=view.tier.name)
        elif view.tier_id is not None:
            yield gettext("of a tier that ended: nobody's")
        if self.tag:
            yield gettext("tag %(name)s", name=self.tag)
        if view.per_member is not None:
            yield ngettext(
                "once a customer",
                "%(count)s times a customer",
                view.per_member,
                count=formats.count(view.per_member),
            )
        if view.voucher_days is not None:
            yield ngettext(
                "good for a day",
                "good for %(count)s days",
                view.voucher_days,
                count=formats.count(view.voucher_days),
            )

    @property
    def state(self) -> tuple[Any, str]:
        """Its word, and the badge behind it."""
        if not self.stands:
            return _ENDED
        if not self.view.is_offered(self.now):
            return _COMING
        return _GONE if self.view.stock == 0 else _OFFERED

    @property
    def stands(self) -> bool:
        """Now, or on a day to come."""
        is_over = self.view.ends_at is not None and self.view.ends_at <= self.now
        return self.view.active and not is_over
