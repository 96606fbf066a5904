"""The starter tags that every shop gets: who members are, how they buy, RFM segments.
Thresholds stand in the rules, and are the shop's from then on. No database here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from loyalty.tags.documents import Document
from loyalty.tags.fields import REGIONS, SEGMENT_LABELS


@dataclass(frozen=True, kw_only=True)
class Starter:
    """A tag as it is installed. `name` may be lazy: it is said in the shop's language."""

    slug: str
    name: Any
    document: Document


def fixed_starters(*, high_spend: int) -> Iterator[Starter]:
    """`high_spend`: from how much money (minor units) in a year a member is of high value."""
    yield from PEOPLE
    yield from BUYERS
    yield _starter(
        "high-value", _l("High-value"), bought("ge", high_spend, agg="sum", last=(12, "month"))
    )
    for segment, label in SEGMENT_LABELS.items():
        name = _l("RFM: %(segment)s", segment=label)
        slug = f"rfm-{segment.replace('_', '-')}"
        yield _starter(slug, name, field("rfm_segment", "eq", segment))


def regions(names: Iterator[str] | list[str]) -> Iterator[Starter]:
    for name in names:
        said = _l("Region: %(region)s", region=REGIONS[name])
        yield _starter(f"region-{name.lower()}", said, field("region", "eq", name))


def vehicle_owner(*, is_yes_or_no: bool) -> Starter:
    """The shop may keep of a vehicle whether there is one, or which."""
    has_one = field("attributes.vehicle", "eq", True)
    known = {"not": field("attributes.vehicle", "missing")}
    return _starter("vehicle-owner", _l("Vehicle owner"), has_one if is_yes_or_no else known)


# -- documents of rules ------------------------------------------------------------


def field(name: str, op: str, value: Any = None) -> Document:
    return {"field": name, "op": op} | ({} if value is None else {"value": value})


def bought(
    op: str,
    value: Any,
    *,
    agg: str = "count",
    of: str | None = None,
    last: tuple[int, str] | None = None,
    where: Document | None = None,
) -> Document:
    """A test of purchases; by itself of how many there are."""
    test: Document = {"agg": agg, "op": op, "value": value}
    if of:
        test["of"] = of
    if last:
        test["within"] = {"last": last[0], "unit": last[1]}
    if where:
        test["where"] = [where]
    return {"purchases": test}


def ago(n: int, unit: str) -> Document:
    return {"ago": n, "unit": unit}


def _starter(slug: str, name: Any, document: Document) -> Starter:
    return Starter(slug=slug, name=name, document=document)


# -- who members are ---------------------------------------------------------------

PEOPLE = (
    _starter("under-18", _l("Under 18"), field("age", "lt", 18)),
    _starter("age-18-25", _l("18 to 25 years old"), field("age", "between", [18, 25])),
    _starter("age-26-45", _l("26 to 45 years old"), field("age", "between", [26, 45])),
    _starter("over-45", _l("Over 45"), field("age", "gt", 45)),
    _starter("women", _l("Women"), field("gender", "eq", "female")),
    _starter("men", _l("Men"), field("gender", "eq", "male")),
    _starter("other-gender", _l("Other gender"), field("gender", "eq", "other")),
    _starter("low-income", _l("Low income"), field("income_band", "eq", "low")),
    _starter("middle-income", _l("Middle income"), field("income_band", "eq", "middle")),
    _starter("high-income", _l("High income"), field("income_band", "eq", "high")),
    _starter("family-of-1", _l("Family of one"), field("family_size", "eq", 1)),
    _starter("family-of-2-3", _l("Family of 2 or 3"), field("family_size", "between", [2, 3])),
    _starter("family-of-4-5", _l("Family of 4 or 5"), field("family_size", "between", [4, 5])),
    _starter("family-of-6", _l("Family of 6 or more"), field("family_size", "ge", 6)),
    _starter("urban", _l("Lives in town"), field("urban", "eq", True)),
    _starter("rural", _l("Lives in the country"), field("urban", "eq", False)),
    _starter(
        "birthday-this-month",
        _l("Birthday this month"),
        field("birth_date", "birthday_within", "this_month"),
    ),
    _starter("points-expiring", _l("Points expire soon"), field("points_expiring", "gt", 0)),
)

# -- how they buy ------------------------------------------------------------------

_MONTHS_BOUGHT: dict[str, Any] = {"agg": "distinct", "of": "month", "last": (12, "month")}
"""In how many different months of the last twelve a member bought."""
LOYAL = bought("ge", 6, **_MONTHS_BOUGHT)
REGULAR = bought("between", [3, 5], **_MONTHS_BOUGHT)
RARE = bought("between", [1, 2], **_MONTHS_BOUGHT)
KNOWN_FOR_A_YEAR: Document = {
    # History that was imported is older than the account.
    "any": [
        field("joined_at", "lt", ago(1, "year")),
        field("first_purchase", "lt", ago(1, "year")),
    ]
}
SERVES_ITSELF = field("channel", "in", ["online", "self_service"])

BUYERS = (
    _starter(
        "bought-in-3-months", _l("Bought in the last 3 months"), bought("ge", 1, last=(3, "month"))
    ),
    _starter("loyal", _l("Loyal"), LOYAL),
    _starter(
        "loyal-since-last-year",
        _l("Member since last year and loyal"),
        {"all": [KNOWN_FOR_A_YEAR, LOYAL]},
    ),
    _starter("regular", _l("Regular"), REGULAR),
    _starter(
        # Comes back year after year, in one season of it.
        "seasonal",
        _l("Seasonal"),
        {"all": [field("first_purchase", "lt", ago(1, "year")), RARE]},
    ),
    _starter("one-off", _l("Bought once"), field("purchase_count", "eq", 1)),
    _starter("potential", _l("Potential: never bought"), field("purchase_count", "eq", 0)),
    _starter(
        "self-service",
        _l("Self-service: online or app"),
        bought("ge", 1, last=(12, "month"), where=SERVES_ITSELF),
    ),
    _starter(
        "lapsing",
        _l("Lapsing"),
        {
            "all": [
                field("last_purchase", "lt", ago(3, "month")),
                field("last_purchase", "ge", ago(12, "month")),
            ]
        },
    ),
    _starter("lost", _l("Lost"), field("last_purchase", "lt", ago(12, "month"))),
)
