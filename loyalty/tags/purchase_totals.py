"""What members bought, as derived tables: one row per member, one pass over the purchases for
all that is asked of the same purchases."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Date,
    Double,
    FromClause,
    Integer,
    Select,
    case,
    cast,
    distinct,
    extract,
    func,
    select,
    true,
    type_coerce,
)

from loyalty.core.db import is_postgresql, table_of
from loyalty.core.errors import Code, Problem
from loyalty.purchases.models import Purchase, PurchaseLine
from loyalty.tags import came_back
from loyalty.tags.comparing import Column, Only, Test, compare
from loyalty.tags.fields import CONDITION_FIELDS, Kind
from loyalty.tags.language import (
    Agg,
    Condition,
    FieldTest,
    Last,
    Of,
    Period,
    PurchaseTest,
    Unit,
    Value,
)
from loyalty.tags.rfm import WINDOW_DAYS
from loyalty.tags.surroundings import Surroundings
from loyalty.tags.windows import day_before, ends_of

purchases = table_of(Purchase)
_lines = table_of(PurchaseLine)


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which purchases count."""

    within: Last | Period | None = None
    where: tuple[Condition, ...] = ()

    @property
    def looks_at_lines(self) -> bool:
        return any(condition.field in ("category", "sku") for condition in self.where)


EVER = Which()
RFM_YEAR = Which(within=Last(n=WINDOW_DAYS, unit=Unit.DAY))
SPEND, COUNT = "sum_amount", "count_receipt"
FIRST, LAST = "first_purchased_at", "last_purchased_at"
RECENCY, FREQUENCY, MONETARY = "rfm_recency", "rfm_frequency", "rfm_monetary"
ZERO_FOR_NOBODY = {COUNT, SPEND, "sum_quantity", "distinct_month", "distinct_store"}
"""What is 0, not missing, of who bought nothing."""

TOTALS_OF_FIELDS: Mapping[str, tuple[Which, tuple[str, ...]]] = {
    "lifetime_spend": (EVER, (SPEND,)),
    "purchase_count": (EVER, (COUNT,)),
    "first_purchase": (EVER, (FIRST,)),
    "last_purchase": (EVER, (LAST,)),
    "rfm_recency": (RFM_YEAR, (RECENCY,)),
    "rfm_frequency": (RFM_YEAR, (FREQUENCY,)),
    "rfm_monetary": (RFM_YEAR, (MONETARY,)),
    "rfm_segment": (RFM_YEAR, (RECENCY, FREQUENCY)),
}


def totals_of(leaf: FieldTest | PurchaseTest) -> tuple[Which, tuple[str, ...]]:
    """The totals that a leaf looks at, by name, and of which purchases."""
    if isinstance(leaf, PurchaseTest):
        return Which(within=leaf.within, where=leaf.where), (f"{leaf.agg}_{leaf.of}",)
    return TOTALS_OF_FIELDS.get(leaf.field, (EVER, ()))


def totals_wanted(leaves: Iterable[FieldTest | PurchaseTest]) -> dict[Which, dict[str, None]]:
    """All that a rule looks at, each total once."""
    wanted: dict[Which, dict[str, None]] = {}
    for leaf in leaves:
        which, names = totals_of(leaf)
        if names:
            wanted.setdefault(which, {}).update(dict.fromkeys(names))
    return wanted


def bought_by(only: Only) -> CTE:
    """The purchases of a few members, read once for all that is asked of them."""
    return select(*(purchases.c[name] for name in _ASKED)).where(only(purchases.c.member_id)).cte()


_ASKED = (
    *("id", "member_id", "store_id", "channel", "amount", "amount_returned", "quantity"),
    *("purchased_at", "local_date", "local_hour", "local_weekday", "voided_at"),
)


def totals_table(
    which: Which, names: Collection[str], around: Surroundings, bought: FromClause
) -> Select[Any]:
    """`member_id` and the totals of that name; who bought nothing has no row. `bought` is
    where to look: `purchases`, or what is `bought_by` a few."""
    rows = _rows(which, bought)
    totals = (_total(name, which, rows, around).label(name) for name in names)
    return (
        select(bought.c.member_id, *totals)
        .select_from(rows.source)
        .where(
            *_that_count(which, rows, around),
            *(_fits(condition, bought, around) for condition in which.where),
        )
        .group_by(_each_member(bought))
    )


def _each_member(bought: FromClause) -> Column:
    """A term on SQLite, which would else follow the index from member to member, and read the
    whole table in that order: four times as long."""
    return bought.c.member_id if is_postgresql() else bought.c.member_id + 0


# -- rows ------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _Rows:
    """What is added up, net of returns: purchases, or their lines, those of which anything is
    `kept`."""

    source: FromClause
    bought: FromClause
    amount: Column
    quantity: Column
    receipts: Column
    kept: Test


def _rows(which: Which, bought: FromClause) -> _Rows:
    return _line_rows(bought) if which.looks_at_lines else _purchase_rows(bought)


def _purchase_rows(bought: FromClause) -> _Rows:
    return _Rows(
        source=bought,
        bought=bought,
        amount=bought.c.amount - bought.c.amount_returned,
        quantity=came_back.articles_kept(bought),
        receipts=func.count(),
        kept=true(),
    )


def _line_rows(bought: FromClause) -> _Rows:
    gone = came_back.of_lines(bought)
    its_own = (gone.c.purchase_id == _lines.c.purchase_id) & (gone.c.position == _lines.c.position)
    shared = came_back.shared_by_lines(bought, gone)
    its_share = (shared.c.purchase_id == _lines.c.purchase_id) & (
        shared.c.position == _lines.c.position
    )
    of_bought = bought.join(_lines, _lines.c.purchase_id == bought.c.id)
    quantity = _lines.c.quantity - func.coalesce(gone.c.quantity, 0)
    named, unnamed = (func.coalesce(back.c.amount, 0) for back in (gone, shared))
    amount = _lines.c.amount - named - unnamed
    return _Rows(
        source=of_bought.outerjoin(gone, its_own).outerjoin(shared, its_share),
        bought=bought,
        amount=amount,
        quantity=quantity,
        receipts=func.count(distinct(bought.c.id)),
        kept=gone.c.position.is_(None) | (quantity > 0) | (amount > 0),
    )


def _that_count(which: Which, rows: _Rows, around: Surroundings) -> list[Test]:
    """Neither void nor wholly returned, within the window, and none from after `as_of`."""
    since, before = _window(which, around)
    purchased_at = rows.bought.c.purchased_at
    kept = [
        rows.bought.c.voided_at.is_(None),
        (rows.bought.c.amount == 0) | (rows.bought.c.amount_returned < rows.bought.c.amount),
        rows.kept,
        purchased_at < before,
    ]
    return kept if since is None else [*kept, purchased_at >= since]


def _window(which: Which, around: Surroundings) -> tuple[datetime | None, datetime]:
    """(from, before), never after `as_of`."""
    since, until = ends_of(which.within, around.as_of, around.zone)
    return since, min(until or around.as_of, around.as_of)


def _fits(condition: Condition, bought: FromClause, around: Surroundings) -> Test:
    column, value = _CONDITIONS[condition.field](bought), condition.value
    if condition.field == "store":
        return compare(column, Kind.NUMBER, condition.op, _store_ids(value, around), around)
    kind = CONDITION_FIELDS[condition.field].kind
    return compare(column, kind, condition.op, value, around)


_CONDITIONS: Mapping[str, Callable[[FromClause], Column]] = {
    # A term, not the bare column: SQLite would read a whole store by the index of receipts
    # rather than the members it is asked about.
    "store": lambda bought: bought.c.store_id + 0,
    "channel": lambda bought: bought.c.channel,
    "category": lambda _: _lines.c.category,
    "sku": lambda _: _lines.c.sku,
    "hour": lambda bought: bought.c.local_hour,
    "weekday": lambda bought: bought.c.local_weekday,
}


def _store_ids(value: Value, around: Surroundings) -> Value:
    if isinstance(value, tuple):
        return tuple(_store_id(code, around) for code in value)
    return _store_id(value, around)


def _store_id(code: object, around: Surroundings) -> int:
    found = around.stores.get(str(code))
    if found is None:
        raise Problem(Code.UNKNOWN_STORE, extra={"about": str(code)})
    return found


# -- totals ----------------------------------------------------------------------


def _total(name: str, which: Which, rows: _Rows, around: Surroundings) -> Column:
    if name in _SCORES:
        return _SCORES[name](rows, around)
    if name == SPEND and not which.where:
        return _spend(which, rows, around)
    agg, _, of = name.partition("_")
    return _AGGREGATES[Agg(agg)](_OF[Of(of)](rows), rows)


def _spend(which: Which, rows: _Rows, around: Surroundings) -> Column:
    """Less what came back of no purchase that is known, as it counts for tiers: of what store or
    goods that was a condition could not tell."""
    since, before = _window(which, around)
    of_none = came_back.of_no_purchase(rows.bought, since=since, before=before)
    return came_back.at_least_0(func.sum(rows.amount) - of_none)


_OF: Mapping[Of, Callable[[_Rows], Column]] = {
    Of.AMOUNT: lambda rows: rows.amount,
    Of.QUANTITY: lambda rows: rows.quantity,
    Of.RECEIPT: lambda rows: rows.bought.c.id,
    Of.PURCHASED_AT: lambda rows: rows.bought.c.purchased_at,
    Of.STORE: lambda rows: rows.bought.c.store_id,
    Of.MONTH: lambda rows: _month(rows.bought.c.local_date),
}
_AGGREGATES: Mapping[Agg, Callable[[Column, _Rows], Column]] = {
    Agg.COUNT: lambda _, rows: rows.receipts,
    Agg.SUM: lambda column, _: func.sum(column),
    Agg.AVG: lambda column, _: _average(column),
    Agg.MIN: lambda column, _: func.min(column),
    Agg.MAX: lambda column, _: func.max(column),
    Agg.FIRST: lambda column, _: func.min(column),
    Agg.LAST: lambda column, _: func.max(column),
    Agg.DISTINCT: lambda column, _: func.count(distinct(column)),
}


def _average(column: Column) -> Column:
    """Divided as doubles, so that both databases come to the same last digit."""
    return cast(func.sum(column), Double) / cast(func.count(column), Double)


def _month(day: Column) -> Column:
    """Months counted through."""
    return cast(extract("year", day), Integer) * 12 + cast(extract("month", day), Integer)


def _recency(rows: _Rows, around: Surroundings) -> Column:
    """Fewer days than a cut point is: later than the day so long ago."""
    last_day = type_coerce(func.max(rows.bought.c.local_date), Date)
    days = [day_before(around.today, cut, Unit.DAY) for cut in around.cuts.recency]
    return _score([last_day > day for day in days])


def _frequency(rows: _Rows, around: Surroundings) -> Column:
    return _score([rows.receipts > cut for cut in around.cuts.frequency])


def _monetary(rows: _Rows, around: Surroundings) -> Column:
    return _score([func.sum(rows.amount) > cut for cut in around.cuts.monetary])


def _score(better: Iterable[ColumnElement[bool]]) -> Column:
    """1, and one more for every cut point that is passed (`rfm.score_of`)."""
    score: Column = type_coerce(1, Integer)
    for passed in better:
        score = score + case((passed, 1), else_=0)
    return score


_SCORES: Mapping[str, Callable[[_Rows, Surroundings], Column]] = {
    RECENCY: _recency,
    FREQUENCY: _frequency,
    MONETARY: _monetary,
}
