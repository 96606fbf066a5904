"""What a rule is worked out in: a moment, the shop's clock and money, and what the shop
declared and decided by then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import current_app

from loyalty.members import attributes
from loyalty.members.attributes import AttributeView
from loyalty.programme import service as programme
from loyalty.tags import cut_points
from loyalty.tags.rfm import Cuts


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """`attributes` by name; `stores` are ids by code; `cuts` are those of the RFM scores."""

    as_of: datetime
    zone: ZoneInfo
    currency: str
    cuts: Cuts
    attributes: Mapping[str, AttributeView]
    stores: Mapping[str, int]

    @property
    def today(self) -> date:
        """The day it is in the shop's zone."""
        return self.as_of.astimezone(self.zone).date()


def surroundings(as_of: datetime) -> Surroundings:
    settings = current_app.extensions["settings"]
    return Surroundings(
        as_of=as_of,
        zone=settings.time_zone,
        currency=settings.currency,
        cuts=cut_points.current(as_of),
        attributes=attributes.declared(),
        stores={store.code: store.id for store in programme.snapshot().stores.values()},
    )
