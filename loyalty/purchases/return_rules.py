"""What a return must be, when two are the same, and which goods of which purchases it takes back.
No database here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import orjson

from loyalty.core.access import Role
from loyalty.core.codes import fingerprint
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import POINTS
from loyalty.programme.rules import Programme, StoreView
from loyalty.purchases.left import BackLine, Sold, TooMuch
from loyalty.purchases.rules import AHEAD, CASHIER_LOOKS_BACK, Surroundings

ReturnKey = tuple[int, str, str, str]
"""(store id, register, period, return number): unique among returns."""


class GivenLine(NamedTuple):
    """`amount` None: its share of what was paid."""

    sku: str
    quantity: int
    amount: int | None


@dataclass(frozen=True, kw_only=True)
class Goods:
    """What came back: an `amount`, or lines; beside lines it is what they must add up to."""

    amount: int | None = None
    lines: Sequence[GivenLine] = ()

    @property
    def lines_hash(self) -> str | None:
        """Of the goods in any order; amounts are compared as a sum."""
        named = sorted([line.sku, line.quantity] for line in self.lines)
        return fingerprint(orjson.dumps(named)) if named else None

    @property
    def stated_amount(self) -> int | None:
        """The whole amount where the return says it, itself or line by line."""
        if self.amount is not None:
            return self.amount
        amounts = [line.amount for line in self.lines if line.amount is not None]
        return sum(amounts) if len(amounts) == len(self.lines) else None


@dataclass(frozen=True, kw_only=True)
class Slip(Goods):
    """A return that may be recorded: everything about it is checked but whether so much is
    left."""

    store: StoreView
    register: str
    period: str
    return_no: str
    returned_at: datetime
    local_date: date

    @property
    def key(self) -> ReturnKey:
        return (self.store.id, self.register, self.period, self.return_no)


def check(given: Mapping[str, Any], around: Surroundings, *, store: StoreView | None) -> Slip:
    """The slip of a loaded `ReturnSchema`; `store` is where they came back unless it is said.
    Raises `Problem` with the field."""
    if given.get("store") is not None:
        store = around.programme.stores.get(given["store"])
    if store is None:
        raise Problem(Code.UNKNOWN_STORE, field="store")
    if not around.actor.may_use_store(store.id):
        raise Problem(Code.FORBIDDEN)
    returned_at = given.get("returned_at") or around.now
    _check_time(returned_at, around)
    local_date = returned_at.astimezone(around.zone).date()
    return Slip(
        **goods_of(given),
        store=store,
        register=given.get("register") or "",
        period=store.period_of(local_date),
        return_no=given["return_no"],
        returned_at=returned_at,
        local_date=local_date,
    )


def goods_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `Goods` of what a schema loaded."""
    lines = given.get("lines") or ()
    named = [GivenLine(line["sku"], line["quantity"], line.get("amount")) for line in lines]
    return {"amount": given.get("amount"), "lines": named}


def _check_time(returned_at: datetime, around: Surroundings) -> None:
    if returned_at > around.now + AHEAD:
        raise Problem(Code.IN_THE_FUTURE, field="returned_at")
    types_it_in = around.actor.kind == "person" and around.actor.role is Role.CASHIER
    if types_it_in and around.now - returned_at > CASHIER_LOOKS_BACK:
        raise Problem(Code.TOO_OLD, field="returned_at")


def is_replay(recorded: Mapping[str, Any], given: Goods) -> bool:
    """Whether `given` is the recorded return again, as far as it says what came back: the goods
    are compared where both name them, the amount where it is said."""
    stated, named = given.stated_amount, given.lines_hash
    both = recorded["lines_hash"] is not None and named is not None
    same_goods = recorded["lines_hash"] == named if both else stated is not None
    return same_goods and stated in (None, recorded["amount"])


# -- what comes back -----------------------------------------------------------


def take_from(sold: Sold, goods: Goods) -> list[BackLine]:
    """What comes back of the purchase that the return names; `sold` knows of it afterwards.
    Raises `return_exceeds_purchase` with what was left, and `lines_do_not_add_up`."""
    left = sold.left()
    try:
        return _take(sold, goods)
    except TooMuch as why:
        raise Problem(
            Code.RETURN_EXCEEDS_PURCHASE, field=str(why), extra={"left": left.as_document()}
        ) from None


def _take(sold: Sold, goods: Goods) -> list[BackLine]:
    if sold.is_of_nothing():
        # A void takes it back; after a return it could not.
        raise TooMuch("amount")
    if not goods.lines:
        return [sold.take(BackLine(sold.id, None, None, 0, goods.amount or 0))]
    lines = [_take_line(sold, line, place) for place, line in enumerate(goods.lines)]
    _check_sum(lines, goods)
    return lines


def _take_line(sold: Sold, line: GivenLine, place: int) -> BackLine:
    if line.amount is None and not sold.lines:
        raise _amount_missing(place)
    amount = sold.share(line.sku, line.quantity) if line.amount is None else line.amount
    category = next((each.category for each in sold.of_sku(line.sku)), None)
    return sold.take(BackLine(sold.id, line.sku, category, line.quantity, amount))


def take_from_any(bought: Sequence[Sold], goods: Goods) -> list[BackLine]:
    """What comes back where no purchase is named: each line of the first of the purchases that
    has so many of the SKU left, else of none. They know of it afterwards. What is paid back
    beyond what the goods cost there is of none either."""
    if not goods.lines:
        return [BackLine(None, None, None, 0, goods.amount or 0)]
    lines = [
        found for place, line in enumerate(goods.lines) for found in _find(bought, line, place)
    ]
    _check_sum(lines, goods)
    return lines


def _find(bought: Sequence[Sold], line: GivenLine, place: int) -> Iterator[BackLine]:
    fitting = (sold for sold in bought if _has_enough(sold, line))
    sold, amount = next(fitting, None), line.amount
    if sold is not None:
        cost = sold.left_of(line.sku).amount
        at_most = line if amount is None else line._replace(amount=min(amount, cost))
        yield _take_line(sold, at_most, place)
        if amount is not None and amount > cost:
            yield BackLine(None, line.sku, None, 0, amount - cost)
    elif amount is None:
        raise _amount_missing(place)
    else:
        yield BackLine(None, line.sku, None, line.quantity, amount)


def _has_enough(sold: Sold, line: GivenLine) -> bool:
    return bool(sold.of_sku(line.sku)) and sold.left_of(line.sku).quantity >= line.quantity


def _check_sum(lines: Sequence[BackLine], goods: Goods) -> None:
    if goods.amount is not None and goods.amount != sum(line.amount for line in lines):
        raise Problem(Code.LINES_DO_NOT_ADD_UP, field="lines")


def _amount_missing(place: int) -> Problem:
    errors = {"lines": {place: {"amount": ["Missing data for required field."]}}}
    return Problem(Code.INVALID_REQUEST, errors=errors)


def at_base_rate(
    programme: Programme, slip: Slip, lines: Sequence[BackLine], *, before: int
) -> int:
    """The points to take back for what is of no purchase that is known, after the amount that the
    member brought back so `before`: any split ends where one return ends. Never more than a sale
    can bring."""
    rule = programme.rule_at(slip.returned_at)
    due = rule.points_for(before + of_none(lines)) - rule.points_for(before)
    return min(due, POINTS)


def of_none(lines: Sequence[BackLine]) -> int:
    """The amount that is of no purchase that is known."""
    return sum(line.amount for line in lines if line.purchase_id is None)
