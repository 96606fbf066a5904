from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from loyalty.core.access import Door, current_actor, requires, takes_query
from loyalty.core.errors import Code, Problem
from loyalty.core.phone import PhoneNumber
from loyalty.members import consents
from loyalty.members import service as members
from loyalty.members.consent_rules import MARKETING
from loyalty.members.rules import FIND as FIND_MEMBER
from loyalty.pages import formats, sessions
from loyalty.pages.countries import countries
from loyalty.pages.language import language
from loyalty.pages.own_stores import chosen_store, own_stores
from loyalty.pages.till import cards, previews, questions, receipts, sentences, typed
from loyalty.pages.till.answers import SETTLED, Place, answer, empty, place, text
from loyalty.pages.till.refusals import refuse
from loyalty.pages.till.tags import tags_of
from loyalty.pages.till.typed import GENDERS, OFFERED_CHANNELS
from loyalty.programme.rules import StoreView
from loyalty.purchases import service as purchases
from loyalty.purchases.rules import REASSIGN, RECORD, VOID
from loyalty.purchases.service import Result
from loyalty.tags import service as tags
from loyalty.tags.rules import MARK

blueprint = Blueprint("till", __name__, url_prefix="/till")
blueprint.register_error_handler(Problem, refuse)

_WHILE_TYPING = {Code.TOO_SHORT, Code.NO_NUMBER}
_AT_THE_TILL = requires(RECORD, door=Door.LOGIN)
_LOOKS = requires(RECORD, door=Door.LOGIN, writes=False)


# -- the page and its store ----------------------------------------------------


@blueprint.get("")
@_AT_THE_TILL
def page() -> ResponseReturnValue:
    store = chosen_store()
    if store is None:
        return redirect(url_for("till.stores"))
    return render_template(
        "pages/till/page.html",
        store=store,
        zone=str(formats.settings().time_zone),
        figures=formats.figures(),
        countries=countries(language(), formats.settings().default_region),
        receipts=receipts.of_today(current_actor(), store),
        earning_hint=previews.earning_hint(),
    )


@blueprint.get("/stores")
@_AT_THE_TILL
def stores() -> ResponseReturnValue:
    """Which store's till this browser is; asked only where there is a choice."""
    return render_template("pages/till/stores.html", stores=own_stores())


@blueprint.post("/stores")
@_LOOKS
def choose_store() -> ResponseReturnValue:
    sessions.choose_store(_posted_store().code)
    return redirect(url_for("till.page"))


def _posted_store() -> StoreView:
    """The store that the page was made for: another tab may have chosen another since."""
    code = request.form.get("store", "")
    store = next((store for store in own_stores() if store.code == code), None)
    if store is None:
        raise Problem(Code.UNKNOWN_STORE, field="store")
    return store


# -- looking ---------------------------------------------------------------------


@blueprint.post("/member")
@requires(FIND_MEMBER, door=Door.LOGIN, writes=False)
def look_up() -> ResponseReturnValue:
    """Whose phone it is, with the receipts beside it. A POST: addresses are logged."""
    store = _posted_store()
    today = receipts.of_today(current_actor(), store)
    if not request.form.get("phone", "").strip():
        return answer(place("member", "member_waiting"), _list(today))
    try:
        phone = typed.phone(request.form)
    except Problem as problem:
        return _refused_phone(problem, today)
    member = members.find_by_phone(phone)
    if member is None:
        return answer(_new_member(phone), _list(today))
    card = place("member", "member_known", card=cards.card_of(member, phone))
    return answer(card, _list(receipts.of_member(member["id"])))


def _new_member(phone: PhoneNumber) -> Place:
    return place("member", "member_new", phone=phone, genders=GENDERS, channels=OFFERED_CHANNELS)


def _refused_phone(problem: Problem, today: receipts.Receipts) -> ResponseReturnValue:
    """Whoever is still typing has made no mistake yet."""
    if problem.code in _WHILE_TYPING and request.form.get("typing"):
        return answer(place("member", "member_waiting"), _list(today))
    refused = place("member", "member_refused", sentence=problem.detail)
    return answer(refused, _list(today), status=int(problem.status))


@blueprint.get("/preview")
@_LOOKS
@takes_query
def preview() -> ResponseReturnValue:
    """`150.000 ₫ → 15 điểm`: the points as the server will count them."""
    shown = previews.preview_of(typed.amount(request.args), request.args.get("member", ""))
    return answer(place("preview", "preview", preview=shown), text("submit-label", shown.button))


def _list(shown: receipts.Receipts) -> Place:
    return place("receipts", "receipts", receipts=shown)


# -- tags ----------------------------------------------------------------------------


@blueprint.post("/members/<int32:member_id>/tags/<slug:slug>")
@requires(MARK, door=Door.LOGIN)
def give_tag(member_id: int, slug: str) -> ResponseReturnValue:
    return _marked(member_id, slug, on=True)


@blueprint.post("/members/<int32:member_id>/tags/<slug:slug>/off")
@requires(MARK, door=Door.LOGIN)
def take_tag(member_id: int, slug: str) -> ResponseReturnValue:
    return _marked(member_id, slug, on=False)


def _marked(member_id: int, slug: str, *, on: bool) -> ResponseReturnValue:
    tags.mark(member_id, slug, on=on)
    shown = place(f"tags-of-{member_id}", "tags", tags=tags_of(member_id))
    return answer(shown, event="till-tagged", when=SETTLED)


# -- recording --------------------------------------------------------------------


@blueprint.post("/purchases")
@_AT_THE_TILL
def record() -> ResponseReturnValue:
    store = _posted_store()
    purchase = _typed_purchase(store)
    question = _question(purchase, store)
    if question is not None:
        return answer(place("ask", "question", question=question), event="till-asks")
    result = purchases.record(purchase, source="till")
    if not result.replayed:
        # A receipt pressed twice must not bring back what was withdrawn in between.
        _keep_agreed(result.member["id"])
    return _done(_outcome(result), store, event="till-recorded")


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
    form = request.form
    return {
        "phone": typed.phone(form),
        "store": store.code,
        "receipt_no": typed.receipt_no(form),
        "amount": typed.amount(form),
        "member": typed.profile(form),
    }


def _question(purchase: dict[str, Any], store: StoreView) -> sentences.Question | None:
    """What has to be asked before this purchase is recorded, if anything is."""
    asked = questions.answered(request.form.get("confirmed", ""))
    amount = purchase["amount"]
    if questions.AMOUNT not in asked and questions.is_unusual(amount, formats.settings().currency):
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
    return _changed(line)


@blueprint.post("/purchases/<int:purchase_id>/reassign")
@requires(REASSIGN, door=Door.LOGIN)
def reassign(purchase_id: int) -> ResponseReturnValue:
    """The phone was a mistake: the recorded purchase moves to the one typed now."""
    store = _posted_store()
    phone = typed.phone(request.form)
    result = purchases.reassign(purchase_id, phone, reason=sentences.REASSIGN_REASON)
    line = place("outcome", "line", tone="accent", mark="done", sentence=sentences.moved(result))
    return _done(line, store, event="till-recorded")


def _done(outcome: Place, store: StoreView, *, event: str) -> ResponseReturnValue:
    """The purchase is settled: ready for the next customer."""
    today = receipts.of_today(current_actor(), store)
    return answer(
        outcome, empty("ask"), place("member", "member_waiting"), _list(today), event=event
    )


def _changed(outcome: Place) -> ResponseReturnValue:
    """Something recorded changed: what is being typed stays, the card is looked up again."""
    return answer(outcome, event="till-changed")
