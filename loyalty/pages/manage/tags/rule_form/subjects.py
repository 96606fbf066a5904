"""What a condition can be about: a field of the profile, what the shop keeps beside it, and
what a customer bought."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from loyalty.members import attributes
from loyalty.members.rules import fold, provinces_today
from loyalty.pages import formats
from loyalty.pages.manage.customers.profile import country_choices, named_provinces
from loyalty.pages.manage.tags.rule_form import ways
from loyalty.pages.manage.tags.rule_form.ways import Way
from loyalty.programme import service as programme
from loyalty.tags.fields import CHANNEL_LABELS, FIELDS, REGIONS, Field, Kind, kind_of_aggregate
from loyalty.tags.language import Agg, Of
from loyalty.tags.names import field_of

_LEFT_OUT = ("phone_type", "rfm_recency", "rfm_frequency", "rfm_monetary")
"""Of no use to whoever fills in a form; the API takes them."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """`choices` are (value, word), none where anything of the kind can be typed; `aggregate`
    is what is counted of purchases, None of a field."""

    name: str
    label: Any
    kind: Kind
    ways: tuple[Way, ...]
    choices: tuple[tuple[str, Any], ...] = ()
    aggregate: tuple[Agg, Of] | None = None

    def way(self, name: str) -> Way:
        """The first one where none has this name."""
        return next((way for way in self.ways if way.name == name), self.ways[0])


PURCHASES = (
    ("purchases.count", _l("number of purchases"), Agg.COUNT, Of.RECEIPT),
    ("purchases.sum", _l("amount spent"), Agg.SUM, Of.AMOUNT),
    ("purchases.quantity", _l("number of items bought"), Agg.SUM, Of.QUANTITY),
)

Subjects = Mapping[str, Subject]


def subjects() -> dict[str, Subject]:
    """By name, in the order of the form: purchases first, they are asked for most."""
    left_out = _LEFT_OUT if programme.snapshot().tiers else (*_LEFT_OUT, "tier")
    of_profile = (field for field in FIELDS.values() if field.name not in left_out)
    of_shop = map(field_of, attributes.declared().values())
    every = [*_of_purchases(), *map(_of_field, of_profile), *map(_of_field, of_shop)]
    return {subject.name: subject for subject in every}


def groups_of(every: Subjects) -> list[tuple[Any, list[Subject]]]:
    """With a heading each; without those that have none."""
    found: dict[Any, list[Subject]] = {_BOUGHT: [], _PROFILE: [], _SHOP: []}
    for subject in every.values():
        found[_heading(subject)].append(subject)
    return [(heading, group) for heading, group in found.items() if group]


_BOUGHT, _PROFILE, _SHOP = _l("What they bought"), _l("Who they are"), _l("What the shop noted")


def _heading(subject: Subject) -> Any:
    if subject.aggregate:
        return _BOUGHT
    return _PROFILE if subject.name in FIELDS else _SHOP


def _of_purchases() -> list[Subject]:
    return [
        Subject(
            name=name,
            label=label,
            kind=kind_of_aggregate(agg, of),
            ways=ways.OF_PURCHASES,
            aggregate=(agg, of),
        )
        for name, label, agg, of in PURCHASES
    ]


def _of_field(field: Field) -> Subject:
    choices = _choices(field)
    kind = Kind.CHOICE if choices and field.kind is Kind.TEXT else field.kind
    is_birth = field.name == "birth_date"
    return Subject(
        name=field.name,
        label=field.label,
        kind=kind,
        ways=ways.OF_BIRTH_DATE if is_birth else ways.WAYS[kind],
        choices=tuple(choices.items()),
    )


def _choices(field: Field) -> Mapping[str, Any]:
    """Places are those of the shop's own country."""
    home = formats.settings().default_region
    match field.name:
        case "country":
            return country_choices("")
        case "province":
            return dict(sorted(named_provinces(home).items(), key=lambda each: fold(each[1])))
        case "tier":
            return {tier.slug: tier.name for tier in programme.snapshot().tiers}
        case "region":
            here = {province.region for province in provinces_today(home)}
            return {name: label for name, label in REGIONS.items() if name in here or not here}
        case _:
            return field.choices or {}


# -- which purchases count -----------------------------------------------------------


def stores() -> list[tuple[str, str]]:
    return [(store.code, store.name) for store in programme.snapshot().stores.values()]


def channels() -> list[tuple[str, Any]]:
    return list(CHANNEL_LABELS.items())
