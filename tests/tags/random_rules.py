"""Random tag rules over what `random_shop` fills a shop with: every field, operator and
aggregate, with values that stand on its boundaries."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from dateutil.relativedelta import relativedelta
from hypothesis import strategies as st

from loyalty.tags.fields import (
    AGGREGATES,
    CONDITION_FIELDS,
    CONDITION_OPS,
    FIELDS,
    KIND_OF_ATTRIBUTE,
    Field,
    Kind,
    kind_of_aggregate,
    ops_of_aggregate,
)
from loyalty.tags.language import (
    THIS_MONTH,
    Agg,
    Ago,
    AllOf,
    AnyOf,
    Condition,
    FieldTest,
    Last,
    NotRule,
    Op,
    Period,
    PurchaseTest,
    Rule,
    Unit,
)
from tests.tags import random_shop as shop

MOST_LEAVES = 8
ODD_TEXTS = ("%", "_", "'", "\\", "nobody", "O", "ả")
_TODAY = shop.AS_OF.date()

_VALUES: dict[str, tuple[Any, ...]] = {
    "name": (*shop.NAMES, "le", "hang", "THU", "ắn", *ODD_TEXTS),
    "email": (*shop.EMAILS, "n_b", "shop", "%", "_", "nobody"),
    "country": ("VN", "TH", "vn"),
    "province": ("vn34:01", "vn63:01", "vn63:79", "th77:01"),
    "source": shop.SOURCES,
    "tier": ("gold",),
    "age": (*shop.AGES, 19, 47),
    "family_size": (1, 2, 3, 6),
    "rfm_recency": (1, 2, 3, 4, 5),
    "rfm_frequency": (1, 2, 3, 4, 5),
    "rfm_monetary": (1, 2, 3, 4, 5),
    "store": shop.STORES,
    "category": shop.CATEGORIES,
    "sku": shop.SKUS,
    "hour": (0, 8, 9, 10, 23),
    "weekday": (1, 2, 5, 6, 7),
    "attributes.distance_km": (*shop.NUMBERS, 0.1),
}
_TEXTS = (*shop.TEXTS, "oct", *ODD_TEXTS)
_AMOUNTS = (*shop.AMOUNTS, 50_000, 33_333, 1_000_000, 2_600_000)
_COUNTS = (0, 1, 2, 3, 5, 10)
_POINTS = (0, 1, 5, 10, 11, 30, 100)
_UNITS = st.sampled_from(list(Unit))


def random_rules() -> st.SearchStrategy[Rule]:
    return st.recursive(
        st.one_of(field_tests(), purchase_tests()), _put_together, max_leaves=MOST_LEAVES
    )


def _put_together(parts: st.SearchStrategy[Rule]) -> st.SearchStrategy[Rule]:
    several = st.lists(parts, min_size=2, max_size=4).map(tuple)
    return st.one_of(
        several.map(lambda some: AllOf(parts=some)),
        several.map(lambda some: AnyOf(parts=some)),
        parts.map(lambda part: NotRule(part=part)),
    )


ALL_FIELDS = [
    *FIELDS.values(),
    *(
        Field(
            name=f"attributes.{name}",
            label=name,
            kind=KIND_OF_ATTRIBUTE[kind],
            choices={choice: choice for choice in choices} if choices else None,
            whole=False,
        )
        for name, (kind, choices) in shop.DECLARED.items()
    ),
]


@st.composite
def field_tests(draw: st.DrawFn) -> FieldTest:
    field = draw(st.sampled_from(ALL_FIELDS))
    op = draw(st.sampled_from(field.ops))
    return FieldTest(field=field.name, op=op, value=draw(_value(op, _scalars(field))))


@st.composite
def purchase_tests(draw: st.DrawFn) -> PurchaseTest:
    agg = draw(st.sampled_from(list(Agg)))
    of = draw(st.sampled_from(AGGREGATES[agg]))
    op = draw(st.sampled_from(ops_of_aggregate(agg)))
    scalars = _BY_KIND[kind_of_aggregate(agg, of)]
    return PurchaseTest(
        agg=agg,
        of=of,
        op=op,
        value=draw(_value(op, scalars)),
        within=draw(_WINDOWS),
        where=draw(_WHERE),
    )


@st.composite
def _conditions(draw: st.DrawFn) -> Condition:
    field = draw(st.sampled_from(list(CONDITION_FIELDS.values())))
    op = draw(st.sampled_from(CONDITION_OPS[field.kind]))
    return Condition(field=field.name, op=op, value=draw(_value(op, _scalars(field))))


_WHERE = st.one_of(st.just(()), st.lists(_conditions(), max_size=2).map(tuple))


# -- values ----------------------------------------------------------------------


@lru_cache
def _value(op: Op, scalars: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    match op:
        case Op.MISSING:
            return st.none()
        case Op.IN:
            return st.lists(scalars, min_size=1, max_size=3, unique=True).map(tuple)
        case Op.BETWEEN:
            return st.tuples(scalars, scalars).map(lambda two: tuple(sorted(two, key=_when)))
        case Op.BIRTHDAY_WITHIN:
            return st.sampled_from((*shop.DAYS_AHEAD, 366, THIS_MONTH))
        case _:
            return scalars


def _scalars(field: Field) -> st.SearchStrategy[Any]:
    values = tuple(field.choices or _VALUES.get(field.name, ()))
    return _sampled(values) if values else _BY_KIND[field.kind]


@lru_cache
def _sampled(values: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


def _when(value: Any) -> Any:
    """Days, moments and what is so long ago in one order."""
    match value:
        case Ago(n=n, unit=unit):
            ago = shop.AS_OF.replace(tzinfo=None) - relativedelta(**{f"{unit}s": n})
            return ago.replace(tzinfo=shop.ZONE)
        case datetime():
            return value
        case date():
            return datetime.combine(value, time(), shop.ZONE)
        case _:
            return value


def _moments() -> st.SearchStrategy[Any]:
    """On the same boundaries as what was bought and when members joined."""
    return st.sampled_from(shop.BACK).map(
        lambda back: _when(Ago(n=back[0], unit=Unit(back[1].removesuffix("s"))))
    )


_ago = st.builds(Ago, n=st.sampled_from((0, 1, 3, 12, 18)), unit=_UNITS)
_days = st.one_of(
    _moments().map(lambda moment: moment.date()),
    st.sampled_from(shop.AGES).map(lambda years: _TODAY - relativedelta(years=years)),
    st.sampled_from((date(2026, 1, 1), date(2000, 2, 29), _TODAY, _TODAY + timedelta(days=1))),
)
_BY_KIND: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.TEXT: st.sampled_from(_TEXTS),
    Kind.NUMBER: st.sampled_from(_COUNTS),
    Kind.MONEY: st.sampled_from(_AMOUNTS),
    Kind.POINTS: st.sampled_from(_POINTS),
    Kind.BOOL: st.booleans(),
    Kind.DATE: st.one_of(_days, _ago),
    Kind.TIME: st.one_of(_days, _ago, _moments()),
}


_ends = st.one_of(_days, _moments())
_two_ends = st.tuples(_ends, _ends).filter(lambda two: _when(two[0]) < _when(two[1]))
_WINDOWS = st.one_of(
    st.none(),
    st.builds(Last, n=st.sampled_from((1, 3, 12)), unit=_UNITS),
    _two_ends.map(lambda two: Period(since=two[0], until=two[1])),
    _ends.map(lambda since: Period(since=since, until=None)),
    _ends.map(lambda until: Period(since=None, until=until)),
)
