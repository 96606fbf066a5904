"""Goods that come back at the till: by their receipt, alone or in exchange for others, both
recorded in one press."""

from __future__ import annotations

from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from loyalty.core.access import Door, current_actor, requires
from loyalty.core.errors import Code, Problem
from loyalty.core.phone import PhoneNumber
from loyalty.members import service as members
from loyalty.pages.till import exchanges, goods_back, previews, receipts, recording, typed
from loyalty.pages.till.answers import SETTLED, Place, answer, empty, place, text
from loyalty.pages.till.blueprint import blueprint
from loyalty.programme.rules import StoreView
from loyalty.purchases import service as purchases
from loyalty.purchases.return_views import ReturnResult
from loyalty.purchases.rules import RETURN
from loyalty.purchases.service import Result

_LOOKS = requires(RETURN, door=Door.LOGIN, writes=False)

_TRIED = "tried"
"""The number under which a return is worked out that has none yet."""


# -- which receipt ---------------------------------------------------------------


@blueprint.post("/returns/begin")
@_LOOKS
def begin_return() -> ResponseReturnValue:
    """By the number on the slip, or one of the customer's receipts."""
    return answer(_ask_which(_of_customer()), empty("ask"), event="till-returns", when=SETTLED)


@blueprint.post("/returns/find")
@_LOOKS
def find_receipt() -> ResponseReturnValue:
    number = typed.receipt_no(request.form, "find_no") or ""
    found = goods_back.with_number(number)
    if len(found) == 1:
        return _show(found[0].purchase_id)
    if found:
        return answer(_ask_which(found, number=number), event="till-returns", when=SETTLED)
    said = exchanges.none_found() if number else gettext("Enter the receipt number.")
    return answer(
        _ask_which(_of_customer(), number=number, error=said), event="till-returns", when=SETTLED
    )


@blueprint.post("/returns/<int:purchase_id>/goods")
@_LOOKS
def show_goods(purchase_id: int) -> ResponseReturnValue:
    return _show(purchase_id)


def _of_customer() -> list[goods_back.Found]:
    member_id = typed.member_id(request.form)
    return [] if member_id is None else goods_back.of_member(member_id)


def _ask_which(found: list[goods_back.Found], *, number: str = "", error: str = "") -> Place:
    return place("return", "return_find", found=found, number=number, error=error)


def _show(purchase_id: int) -> ResponseReturnValue:
    opened = goods_back.opened(purchase_id)
    return answer(
        place("return", "return_goods", opened=opened, reckoned=None),
        empty("ask"),
        text("submit-label", exchanges.button(None, None)),
        event="till-returns",
        when=SETTLED,
    )


# -- what it does ------------------------------------------------------------------


@blueprint.post("/returns/<int:purchase_id>/reckon")
@_LOOKS
def reckon(purchase_id: int) -> ResponseReturnValue:
    """What comes back, the points that go with it, and what is paid for the goods in exchange."""
    store = typed.store(request.form)
    given = goods_back.typed_return(return_no=_TRIED, store=store)
    back = goods_back.reckon(purchase_id, given) if given else None
    amount, new = _typed_amount(), None
    if amount is not None:
        points = back.points - back.restored if back else 0
        member = request.form.get("member", "")
        new = previews.preview_of(amount, member, store, taken_back=points)
    return answer(
        place("return-sum", "return_sum", reckoned=back),
        empty("back-error"),
        place("preview", "preview" if new else "preview_exchange", preview=new),
        text("submit-label", exchanges.button(back, amount)),
    )


def _typed_amount() -> int | None:
    """Of what is taken in exchange; None where nothing is."""
    return None if typed.is_blank(request.form, "amount") else typed.amount(request.form)


@blueprint.post("/returns/<int:purchase_id>")
@requires(RETURN, door=Door.LOGIN)
def take_back(purchase_id: int) -> ResponseReturnValue:
    """The return, and the purchase of what is taken in exchange: both or none."""
    store = typed.store(request.form)
    given = goods_back.typed_return(return_no=_number(store), store=store)
    if given is None:
        raise Problem(Code.INVALID_REQUEST, errors={"back": [goods_back.nothing_chosen()]})
    new = _in_exchange(purchase_id, store) if _typed_amount() is not None else None
    question = recording.question_about(new, store) if new else None
    if question is not None:
        return answer(place("ask", "question", question=question), event="till-asks")
    try:
        back = goods_back.take(purchase_id, given)
        bought = purchases.record(new, source="till") if new else None
    except Problem as problem:
        if problem.code is Code.RECEIPT_CONFLICT:
            raise Problem(problem.code, field="receipt_no", detail=exchanges.taken()) from None
        raise
    return _done(back, bought, store)


def _number(store: StoreView) -> str:
    """Of the slip that is printed now, for what comes back and what is bought."""
    number = typed.receipt_no(request.form)
    if number is None:
        raise Problem(Code.RECEIPT_NO_REQUIRED, field="receipt_no")
    return number


def _in_exchange(purchase_id: int, store: StoreView) -> dict[str, Any]:
    """A purchase of whoever had the receipt; raises `no_phone`."""
    member = members.get(goods_back.opened(purchase_id).member_id)
    if member["phone"] is None:
        raise Problem(Code.NO_PHONE)
    return {
        "phone": PhoneNumber(member["phone"]),
        "store": store.code,
        "receipt_no": _number(store),
        "amount": typed.amount(request.form),
    }


def _done(back: ReturnResult, bought: Result | None, store: StoreView) -> ResponseReturnValue:
    said = exchanges.recorded(back, bought)
    outcome = place("outcome", "recorded", sentence=said, brief=said, undo=None)
    today = receipts.of_today(current_actor(), store)
    return recording.done(outcome, today)
