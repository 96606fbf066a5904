"""Starter tags: the groups that shops ask for by name, ready to use and to change."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

from flask import current_app
from flask_babel import force_locale, gettext
from sqlalchemy import select

from loyalty.core.db import connection, table_of
from loyalty.members import attributes
from loyalty.members.models import AttributeKind
from loyalty.members.rules import provinces_today
from loyalty.tags import cut_points
from loyalty.tags import service as tags
from loyalty.tags.models import Tag
from loyalty.tags.reading import read_rule
from loyalty.tags.starters_by_value import starters_by_value
from loyalty.tags.starters_fixed import Starter, fixed_starters, regions, vehicle_owner

VEHICLE = "vehicle"
REGIONS_EVERYWHERE = ("North", "Central", "South")
PATIENCE_SECONDS = 3
"""So long tags are built at once; of a large shop the rest is left to jobs."""

_tags = table_of(Tag)


def install(*, patience_seconds: float = PATIENCE_SECONDS) -> dict[str, int]:
    """Make every starter tag that is not there, by its slug: `{"made": n, "there": n}`. One
    that the shop changed stays as it is; new provinces and such become new tags next time.
    Names are in the shop's language."""
    with force_locale(current_app.extensions["settings"].language):
        declare_vehicle()
        wanted = starters()
        there = set(connection().scalars(select(_tags.c.slug)))
        missing = [starter for starter in wanted if starter.slug not in there]
        _make(missing, patience_seconds)
    return {"made": len(missing), "there": len(wanted) - len(missing)}


def _make(missing: Sequence[Starter], patience_seconds: float) -> None:
    patience_ends = monotonic() + patience_seconds
    for starter in missing:
        tags.create(
            name=str(starter.name),
            slug=starter.slug,
            rule=read_rule(starter.document),
            at_once=monotonic() < patience_ends,
        )


def starters() -> list[Starter]:
    """Those of every shop, and those of the values that its members have today."""
    region: str = current_app.extensions["settings"].default_region
    its_regions = {province.region for province in provinces_today(region)}
    vehicle = attributes.declared()[VEHICLE]
    return [
        *fixed_starters(high_spend=cut_points.settings().monetary[-1]),
        *regions([*REGIONS_EVERYWHERE, *sorted(its_regions.difference(REGIONS_EVERYWHERE))]),
        vehicle_owner(is_yes_or_no=vehicle.kind is AttributeKind.BOOL),
        *starters_by_value(),
    ]


def declare_vehicle() -> None:
    """As far as the shop does not know it yet."""
    if VEHICLE not in attributes.declared():
        attributes.declare(
            name=VEHICLE,
            label=gettext("Vehicle"),
            kind=AttributeKind.CHOICES,
            choices=[gettext("car"), gettext("motorbike"), gettext("bicycle")],
        )
