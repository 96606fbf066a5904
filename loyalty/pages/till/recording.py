"""Recording a purchase at the till, and its ways back: undo, and another phone."""

from __future__ import annotations

from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from loyalty.core.access import Door, current_actor, requires
from loyalty.core.errors import Code, Problem
from loyalty.members import consents
from loyalty.members.consent_rules import MARKETING
from loyalty.pages import formats
from loyalty.pages.till import payments, questions, receipts, redeeming, sentences, typed
from loyalty.pages.till.answers import Place, answer, empty, place
from loyalty.pages.till.blueprint import blueprint
from loyalty.programme.rules import StoreView
from loyalty.purchases import service as purchases
from loyalty.purchases.rules import REASSIGN, RECORD, VOID
from loyalty.purchases.service import Result


@blueprint.post("/purchases")
@requires(RECORD, door=Door.LOGIN)
def record() -> ResponseReturnValue:
    store = typed.store(request.form)
    purchase = _typed_purchase(store)
    question = question_about(purchase, store)
    if question is not None:
        return answer(place("ask", "question", question=question), event="till-asks")
    result = purchases.record(purchase, source="till")
    if not result.replayed:
        # A receipt pressed twice must not bring back what was withdrawn in between.
        _keep_agreed(result.member["id"])
    return done(_outcome(result), receipts.of_today(current_actor(), store))


def _keep_agreed(member_id: int) -> None:
    """What the customer said yes to: it counts once the customer confirms it."""
    for channel in typed.agreed(request.form):
        try:
            consents.change(member_id, channel=channel, purpose=MARKETING, granted=True, via="till")
        except Problem as why:
            if why.code is Code.GUARDIAN_REQUIRED:
                raise Problem(why.code, field="agreed", detail=sentences.needs_guardian()) from None
            raise


def _typed_purchase(store: StoreView) -> dict[str, Any]:
    """What is recorded is what is paid in money; the rest is what the page chose to pay by."""
    form = request.form
    paying = payments.named(form)
    return {
        "phone": typed.phone(form),
        "store": store.code,
        "receipt_no": typed.receipt_no(form),
        "amount": payments.to_pay(typed.amount(form), paying),
        "redemptions": paying.ids if paying else [],
        "member": typed.profile(form),
    }


def question_about(purchase: dict[str, Any], store: StoreView) -> sentences.Question | None:
    """What has to be asked before this purchase is recorded, if anything is."""
    asked = questions.answered(request.form.get("confirmed", ""))
    amount = purchase["amount"]
    by_points = bool(purchase.get("redemptions"))
    is_odd = not by_points and questions.is_unusual(amount, formats.settings().currency)
    if questions.AMOUNT not in asked and is_odd:
        return sentences.unusual_amount(amount)
    if store.prints_receipts or questions.AGAIN in asked:
        return None
    same = receipts.same_just_now(purchase["phone"], amount, store, but_not=purchase["receipt_no"])
    return sentences.once_more(same) if same is not None else None


def _outcome(result: Result) -> Place:
    if result.replayed:
        return place(
            "outcome", "line", tone="warn", mark="alert", sentence=sentences.replayed(result)
        )
    return place(
        "outcome",
        "recorded",
        sentence=sentences.recorded(result),
        brief=sentences.recorded_briefly(result),
        undo=sentences.undo_of(result),
    )


@blueprint.post("/purchases/<int:purchase_id>/void")
@requires(VOID, door=Door.LOGIN)
def void(purchase_id: int) -> ResponseReturnValue:
    """The undo: the receipt was a mistake."""
    result = purchases.void(purchase_id, reason=sentences.UNDO_REASON)
    line = place("outcome", "line", tone="accent", mark="undo", sentence=sentences.undone(result))
    # What is being typed stays, the card is looked up again.
    return answer(line, event="till-changed")


@blueprint.post("/purchases/<int:purchase_id>/reassign")
@requires(REASSIGN, door=Door.LOGIN)
def reassign(purchase_id: int) -> ResponseReturnValue:
    """The phone was a mistake: the recorded purchase moves to the one typed now."""
    store = typed.store(request.form)
    phone = typed.phone(request.form)
    result = purchases.reassign(purchase_id, phone, reason=sentences.REASSIGN_REASON)
    line = place("outcome", "line", tone="accent", mark="done", sentence=sentences.moved(result))
    return done(line, receipts.of_today(current_actor(), store))


def done(outcome: Place, today: receipts.Receipts) -> ResponseReturnValue:
    """What was typed is settled: ready for the next customer."""
    return answer(
        outcome,
        empty("ask"),
        empty("return"),
        place("member", "member_waiting"),
        place("receipts", "receipts", receipts=today),
        *redeeming.nothing_beside(),
        event="till-recorded",
    )
