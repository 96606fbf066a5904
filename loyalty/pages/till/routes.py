"""The till's page, and what it looks up while a cashier types."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from loyalty.core.access import Door, current_actor, requires, takes_query
from loyalty.core.codes import read_code
from loyalty.core.errors import Code, Problem
from loyalty.core.phone import PhoneNumber
from loyalty.members import phones
from loyalty.members import service as members
from loyalty.members.rules import FIND as FIND_MEMBER
from loyalty.pages import formats, sessions
from loyalty.pages.countries import countries
from loyalty.pages.language import language
from loyalty.pages.own_stores import chosen_store, own_stores
from loyalty.pages.till import cards, payments, previews, receipts, redeeming, spent, typed
from loyalty.pages.till.answers import SETTLED, Place, answer, place, text
from loyalty.pages.till.blueprint import blueprint
from loyalty.pages.till.tags import tags_of
from loyalty.pages.till.typed import GENDERS, OFFERED_CHANNELS
from loyalty.purchases.rules import RECORD
from loyalty.rewards import service as rewards
from loyalty.tags import service as tags
from loyalty.tags.rules import MARK

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
    sessions.choose_store(typed.store(request.form).code)
    return redirect(url_for("till.page"))


# -- looking ---------------------------------------------------------------------


@blueprint.post("/member")
@requires(FIND_MEMBER, door=Door.LOGIN, writes=False)
def look_up() -> ResponseReturnValue:
    """Whose phone it is, with gifts and receipts beside it. A POST: addresses are logged."""
    today = receipts.of_today(current_actor(), typed.store(request.form))
    if typed.is_blank(request.form, "phone"):
        return _nobody(place("member", "member_waiting"), today)
    try:
        if read_code(request.form["phone"]) is not None:
            return _by_voucher(request.form["phone"])
        phone = typed.phone(request.form)
    except Problem as problem:
        return _refused_phone(problem, today)
    member = members.find_by_phone(phone)
    if member is None:
        return _nobody(_new_member(phone), today)
    return _known(member, phone, typed.redemptions(request.form))


def _nobody(card: Place, today: receipts.Receipts, *, status: int = 200) -> ResponseReturnValue:
    return answer(card, _list(today), *redeeming.nothing_beside(), status=status)


def _known(member: dict[str, Any], phone: PhoneNumber, chosen: list[int]) -> ResponseReturnValue:
    member_id = member["id"]
    return answer(
        place("member", "member_known", card=cards.card_of(member, phone)),
        _list(receipts.of_member(member_id)),
        *redeeming.beside(member_id, payments.of(member_id, chosen)),
    )


def _new_member(phone: PhoneNumber) -> Place:
    before = phones.formerly(phone)
    return place(
        "member",
        "member_new",
        phone=phone,
        formerly=bool(before),
        genders=GENDERS,
        channels=OFFERED_CHANNELS,
    )


def _by_voucher(code: str) -> ResponseReturnValue:
    """A scanner types a voucher's code where the caret stands: it finds its customer."""
    voucher = spent.usable(rewards.find_by_code(code), field="phone")
    member = members.get(voucher["member_id"])
    if member["phone"] is None:
        raise Problem(Code.NO_PHONE)
    return _known(member, PhoneNumber(member["phone"]), [voucher["id"]])


def _refused_phone(problem: Problem, today: receipts.Receipts) -> ResponseReturnValue:
    """Whoever is still typing has made no mistake yet."""
    if problem.code in _WHILE_TYPING and request.form.get("typing"):
        return _nobody(place("member", "member_waiting"), today)
    refused = place("member", "member_refused", sentence=problem.detail)
    return _nobody(refused, today, status=int(problem.status))


@blueprint.get("/preview")
@_LOOKS
@takes_query
def preview() -> ResponseReturnValue:
    """`150.000 ₫ → 15 điểm`: the points as the server will count them."""
    paying = payments.of_form(request.args)
    shown = previews.preview_of(
        typed.amount(request.args),
        request.args.get("member", ""),
        typed.store(request.args),
        paying=paying,
    )
    is_behind = paying is not None and paying.ids != typed.redemptions(request.args)
    return answer(
        *(place("preview", "preview", preview=shown), text("submit-label", shown.button)),
        event="till-changed" if is_behind else "",
    )


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
