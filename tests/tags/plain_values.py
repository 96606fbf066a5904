"""What a rule may ask of a member, in plain Python over rows of the tables: part of `plain`."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from fractions import Fraction
from statistics import fmean
from types import SimpleNamespace
from typing import Any

from flask import Flask
from sqlalchemy import select

from loyalty.core.db import connection, read, table_of
from loyalty.members.consent_rules import Person, Word, counts
from loyalty.members.models import Consent, Member, MemberAttribute, MemberPhone
from loyalty.members.rules import every_province
from loyalty.points.models import PointLot
from loyalty.points.rules import balance_shown
from loyalty.purchases.models import Purchase, PurchaseLine, Return, ReturnLine
from loyalty.tags import rfm
from loyalty.tags.language import Agg, Condition, Last, Of, Op, PurchaseTest
from loyalty.tags.surroundings import Surroundings
from tests.tags.plain_comparing import before, compares

Rows = dict[int, list[Any]]
REGION_OF = {f"{one.list}:{one.code}": one.region for one in every_province()}


@dataclass(frozen=True, kw_only=True)
class Shop:
    """All that rules may ask: the active members, and the rest by member."""

    members: Sequence[Any]
    phones: Rows
    consents: Rows
    attributes: Rows
    lots: Rows
    purchases: Rows
    lines: Rows
    back: Rows
    """What was bought, and what of it came back, by purchase."""
    back_of_none: Rows
    """What came back of no purchase, by member: lines with the time of their return."""


def read_shop(app: Flask) -> Shop:
    """The shop as it stands in the database."""
    with app.app_context(), read():
        members = table_of(Member)
        active = select(members).where(members.c.closed_at.is_(None))
        return Shop(
            members=connection().execute(active).all(),
            phones=_by(MemberPhone, "member_id"),
            consents=_by(Consent, "member_id"),
            attributes=_by(MemberAttribute, "member_id"),
            lots=_by(PointLot, "member_id"),
            purchases=_by(Purchase, "member_id"),
            lines=_by(PurchaseLine, "purchase_id"),
            back=_by(ReturnLine, "purchase_id"),
            back_of_none=_of_no_purchase(),
        )


def _by(model: Any, key: str) -> Rows:
    found: Rows = defaultdict(list)
    for row in connection().execute(select(table_of(model))):
        found[getattr(row, key)].append(row)
    return found


def _of_no_purchase() -> Rows:
    lines, returns = table_of(ReturnLine), table_of(Return)
    found: Rows = defaultdict(list)
    joined = lines.join(returns, returns.c.id == lines.c.return_id)
    asked = select(returns.c.member_id, returns.c.returned_at, lines.c.amount).select_from(joined)
    for row in connection().execute(asked.where(lines.c.purchase_id.is_(None))):
        found[row.member_id].append(row)
    return found


@dataclass(frozen=True)
class Case:
    around: Surroundings
    shop: Shop
    member: Any


# -- fields of the member ----------------------------------------------------------


def value_of(field: str, case: Case) -> Any:
    if field.startswith("attributes."):
        return _attribute(field.removeprefix("attributes."), case)
    if field.startswith("consent_"):
        return _agreed(field.removeprefix("consent_"), case)
    if field in _DERIVED:
        return _DERIVED[field](case)
    return getattr(case.member, field)


def _attribute(name: str, case: Case) -> Any:
    view = case.around.attributes[name]
    rows = [row for row in case.shop.attributes[case.member.id] if row.attribute_id == view.id]
    if view.kind == "choices":
        return [row.text for row in rows]
    if not rows:
        return None
    [row] = rows
    if view.kind == "bool":
        return bool(row.number)
    return {"number": row.number, "date": row.day}.get(view.kind, row.text)


def _agreed(channel: str, case: Case) -> bool:
    member = case.member
    person = Person(
        restricted=member.restricted_at is not None,
        objected_at=member.objected_at,
        birth_date=member.birth_date,
    )
    return any(
        counts(_word(row), person, case.around.today, channel=channel, purpose="marketing")
        for row in case.shop.consents[member.id]
        if (row.channel, row.purpose) == (channel, "marketing")
    )


def _word(row: Any) -> Word:
    kept = row._asdict()
    names = ("granted", "confirmed", "guarded", "text_version", "changed_at")
    return Word(**{name: kept[name] for name in names})


def _phone_type(case: Case) -> str | None:
    active = [row for row in case.shop.phones[case.member.id] if row.active_until is None]
    return active[0].kind if active else None


def _age(case: Case) -> int | None:
    born, today = case.member.birth_date, case.around.today
    if born is None:
        return None
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _province(case: Case) -> str | None:
    member = case.member
    return None if member.province is None else f"{member.province_list}:{member.province}"


def _region(case: Case) -> str | None:
    return REGION_OF.get(_province(case) or "")


def _points(case: Case) -> int:
    lots = case.shop.lots[case.member.id]
    expired = sum(lot.remaining for lot in lots if _ends_within(lot, case, timedelta()))
    return balance_shown(case.member.points, case.member.debt, expired)


def _points_expiring(case: Case) -> int:
    lots = case.shop.lots[case.member.id]
    soon = sum(lot.remaining for lot in lots if _ends_within(lot, case, timedelta(days=30)))
    return soon - sum(lot.remaining for lot in lots if _ends_within(lot, case, timedelta()))


def _ends_within(lot: Any, case: Case, ahead: timedelta) -> bool:
    return lot.expires_at is not None and lot.expires_at <= case.around.as_of + ahead


# -- what was bought -----------------------------------------------------------------


def _receipts(case: Case) -> list[Any]:
    """Neither void nor wholly returned, and none from after `as_of`."""
    return [
        row
        for row in case.shop.purchases[case.member.id]
        if row.voided_at is None
        and not (row.amount > 0 and row.amount == row.amount_returned)
        and row.purchased_at < case.around.as_of
    ]


def total_of(test: PurchaseTest, case: Case) -> Any:
    rows = [
        (receipt, line)
        for receipt in _receipts(case)
        if _is_within(receipt.purchased_at, test.within, case.around)
        for line in _lines(receipt, test, case)
        if all(_meets(receipt, line, each, case.around) for each in test.where)
    ]
    total = _AGGREGATES[test.agg](_of(test.of, rows, case.shop))
    if (test.agg, test.of, test.where) == (Agg.SUM, Of.AMOUNT, ()):
        return max(0, total - _back_of_none(test, case))
    return total


def _back_of_none(test: PurchaseTest, case: Case) -> int:
    return sum(
        row.amount
        for row in case.shop.back_of_none[case.member.id]
        if row.returned_at < case.around.as_of
        and _is_within(row.returned_at, test.within, case.around)
    )


def _lines(receipt: Any, test: PurchaseTest, case: Case) -> Sequence[Any]:
    asked = {condition.field for condition in test.where}
    return _kept(receipt, case.shop) if asked & {"category", "sku"} else [None]


def _kept(receipt: Any, shop: Shop) -> list[Any]:
    """Its lines net of what came back, the first of a SKU first, but for those that are gone."""
    gone = {line.sku: [line.quantity, line.amount] for line in shop.back[receipt.id]}
    kept = []
    for line in sorted(shop.lines[receipt.id], key=lambda each: each.position):
        of_sku = gone.get(line.sku, [0, 0])
        back = (min(line.quantity, of_sku[0]), min(line.amount, of_sku[1]))
        of_sku[0] -= back[0]
        of_sku[1] -= back[1]
        left = (line.quantity - back[0], line.amount - back[1])
        if any(left) or line.sku not in gone:
            kept.append(
                SimpleNamespace(**line._asdict() | {"quantity": left[0], "amount": left[1]})
            )
    _share_out(kept, sum(line.amount for line in shop.back[receipt.id] if line.sku is None))
    return kept


def _share_out(lines: Sequence[SimpleNamespace], back: int) -> None:
    """Taken off what is left of them, in its measure, rounded half up as it is counted through."""
    whole, through, taken = sum(line.amount for line in lines), 0, 0
    for line in lines if whole else ():
        through += line.amount
        share = math.floor(Fraction(min(back, whole) * through, whole) + Fraction(1, 2)) - taken
        taken += share
        line.amount -= share


def _articles(receipt: Any, shop: Shop) -> int | None:
    back = sum(line.quantity for line in shop.back[receipt.id])
    return None if receipt.quantity is None else max(0, receipt.quantity - back)


def _is_within(at: datetime, within: Any, around: Surroundings) -> bool:
    if within is None:
        return True
    if isinstance(within, Last):
        return at >= before(around, within.n, within.unit)
    since, until = (_midnight(end, around) for end in (within.since, within.until))
    return (since is None or at >= since) and (until is None or at < until)


def _midnight(end: Any, around: Surroundings) -> datetime | None:
    if end is None or isinstance(end, datetime):
        return end
    return datetime.combine(end, time(), around.zone)


def _meets(receipt: Any, line: Any, condition: Condition, around: Surroundings) -> bool:
    codes = {store_id: code for code, store_id in around.stores.items()}
    have = {
        "store": codes[receipt.store_id],
        "channel": receipt.channel,
        "category": line and line.category,
        "sku": line and line.sku,
        "hour": receipt.purchased_at.astimezone(around.zone).hour,
        "weekday": receipt.purchased_at.astimezone(around.zone).isoweekday(),
    }
    return compares(have[condition.field], condition.op, condition.value, around)


def _of(of: Of, rows: Sequence[tuple[Any, Any]], shop: Shop) -> list[Any]:
    values = {
        Of.AMOUNT: lambda receipt, line: (
            line.amount if line else receipt.amount - receipt.amount_returned
        ),
        Of.QUANTITY: lambda receipt, line: line.quantity if line else _articles(receipt, shop),
        Of.RECEIPT: lambda receipt, _: receipt.id,
        Of.MONTH: lambda receipt, _: receipt.local_date.strftime("%Y-%m"),
        Of.STORE: lambda receipt, _: receipt.store_id,
        Of.PURCHASED_AT: lambda receipt, _: receipt.purchased_at,
    }
    found = [values[of](*row) for row in rows]
    return [value for value in found if value is not None]


_AGGREGATES: dict[Agg, Callable[[list[Any]], Any]] = {
    Agg.COUNT: lambda values: len(set(values)),
    Agg.DISTINCT: lambda values: len(set(values)),
    Agg.SUM: sum,
    Agg.AVG: lambda values: fmean(values) if values else None,
    Agg.MIN: lambda values: min(values, default=None),
    Agg.MAX: lambda values: max(values, default=None),
    Agg.FIRST: lambda values: min(values, default=None),
    Agg.LAST: lambda values: max(values, default=None),
}


def _ever(agg: Agg, of: Of) -> Callable[[Case], Any]:
    test = PurchaseTest(agg=agg, of=of, op=Op.EQ, value=0)
    return lambda case: total_of(test, case)


def _scores(case: Case) -> tuple[int, int, int] | None:
    """Of who bought within 365 days: recency, frequency, money."""
    since = before(case.around, 365, "day")
    bought = [row for row in _receipts(case) if row.purchased_at >= since]
    if not bought:
        return None
    days = (case.around.today - max(row.local_date for row in bought)).days
    spent = sum(row.amount - row.amount_returned for row in bought)
    cuts = case.around.cuts
    return (
        rfm.score_of_days(days, cuts.recency),
        rfm.score_of(len(bought), cuts.frequency),
        rfm.score_of(spent, cuts.monetary),
    )


def _score(place: int) -> Callable[[Case], int | None]:
    return lambda case: scores[place] if (scores := _scores(case)) else None


def _segment(case: Case) -> str | None:
    scores = _scores(case)
    return None if scores is None else rfm.segment_of(scores[0], scores[1])


_DERIVED: dict[str, Callable[[Case], Any]] = {
    "phone_type": _phone_type,
    "age": _age,
    "province": _province,
    "region": _region,
    "tier": lambda _: None,
    "points": _points,
    "points_expiring": _points_expiring,
    "lifetime_spend": _ever(Agg.SUM, Of.AMOUNT),
    "purchase_count": _ever(Agg.COUNT, Of.RECEIPT),
    "first_purchase": _ever(Agg.FIRST, Of.PURCHASED_AT),
    "last_purchase": _ever(Agg.LAST, Of.PURCHASED_AT),
    "rfm_recency": _score(0),
    "rfm_frequency": _score(1),
    "rfm_monetary": _score(2),
    "rfm_segment": _segment,
}
