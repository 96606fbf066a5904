"""The stores of the shop: added and renamed here. A store's code stays for good, since receipts,
files and programs name it by that."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from loyalty.core.access import Door, requires
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import CODE_LENGTH, NAME_LENGTH
from loyalty.pages.manage.blueprint import blueprint
from loyalty.pages.manage.forms import Sentences, line, one_of, refusals_shown_by, together
from loyalty.pages.own_stores import own_stores
from loyalty.programme import service as programme
from loyalty.programme.models import ReceiptPeriod, Receipts
from loyalty.programme.rules import STORES, StoreView
from loyalty.staff import service as staff

_CHANGES = requires(STORES, door=Door.LOGIN)
_NO_NAME = _l("Enter the name.")
_NO_CODE = _l("Enter a code, such as S02.")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

PERIODS: Mapping[str, Any] = {
    ReceiptPeriod.FOREVER: _l("They never do"),
    ReceiptPeriod.YEAR: _l("Each year"),
    ReceiptPeriod.MONTH: _l("Each month"),
    ReceiptPeriod.DAY: _l("Each day"),
}
NUMBERS: Mapping[str, tuple[Any, Any]] = {
    Receipts.REQUIRED: (_l("Printed on every receipt"), _l("The cashier types or scans them.")),
    Receipts.NONE: (_l("There are none"), _l("The till makes its own, as at a market stall.")),
}


def named(codes: Iterable[str]) -> str:
    """`Lê Văn Sỹ, Nguyễn Trãi`; no code means every store."""
    stores = programme.snapshot().stores
    names = sorted(stores[code].name if code in stores else code for code in codes)
    return ", ".join(names) if names else gettext("Every store")


# -- the list ----------------------------------------------------------------------


@blueprint.get("/stores")
@_CHANGES
def stores() -> ResponseReturnValue:
    people: Counter[str] = Counter()
    for person in staff.list_staff():
        people.update(person.store_codes if person.active else ())
    return render_template(
        "pages/manage/stores/list.html", stores=own_stores(), people=people, numbering=_numbering
    )


def _numbering(store: StoreView) -> str:
    """How its receipts are numbered, in a word or two."""
    if not store.prints_receipts:
        return gettext("No receipt numbers")
    if store.receipt_period is ReceiptPeriod.FOREVER:
        return gettext("Numbers never start again")
    return {
        ReceiptPeriod.YEAR: gettext("Numbers start again each year"),
        ReceiptPeriod.MONTH: gettext("Numbers start again each month"),
        ReceiptPeriod.DAY: gettext("Numbers start again each day"),
    }[store.receipt_period]


# -- a new store ---------------------------------------------------------------------


def _new_form(*, errors: Sentences) -> str:
    return render_template(
        "pages/manage/stores/new.html",
        errors=errors,
        given=request.form,
        periods=[(code, name, None) for code, name in PERIODS.items()],
        numbers=[(code, *words) for code, words in NUMBERS.items()],
    )


@blueprint.get("/stores/new")
@_CHANGES
def new_store() -> ResponseReturnValue:
    return _new_form(errors={})


@blueprint.post("/stores/new")
@refusals_shown_by(_new_form)
@_CHANGES
def add_store() -> ResponseReturnValue:
    typed = together(
        name=_name,
        code=_code,
        receipts=lambda: one_of("receipts", NUMBERS),
        receipt_period=lambda: one_of("receipt_period", PERIODS),
    )
    added = programme.create_store(**typed)
    flash(gettext("%(name)s is added: its till is open.", name=added.name))
    return redirect(url_for("manage.stores"))


# -- one store -----------------------------------------------------------------------


def _store_form(store_id: int, *, errors: Sentences) -> str:
    store = _store(store_id)
    return render_template(
        "pages/manage/stores/store.html",
        store=store,
        errors=errors,
        name=request.form.get("name", store.name),
        numbering=_numbering(store),
    )


@blueprint.get("/stores/<int32:store_id>")
@_CHANGES
def one_store(store_id: int) -> ResponseReturnValue:
    return _store_form(store_id, errors={})


@blueprint.post("/stores/<int32:store_id>")
@refusals_shown_by(_store_form)
@_CHANGES
def rename_store(store_id: int) -> ResponseReturnValue:
    programme.rename_store(_store(store_id).code, _name())
    flash(gettext("Saved."))
    return redirect(url_for("manage.stores"))


# -- what these share -----------------------------------------------------------------


def _store(store_id: int) -> StoreView:
    for store in programme.snapshot().stores.values():
        if store.id == store_id:
            return store
    raise Problem(Code.NOT_FOUND)


def _name() -> str:
    return line("name", NAME_LENGTH, missing=_NO_NAME)


def _code() -> str:
    """Raises `invalid_request` for what would not stand in a file or an address as it is."""
    code = line("code", CODE_LENGTH, missing=_NO_CODE)
    if _CODE.fullmatch(code) is None:
        sentence = gettext("Letters a to z, digits, dots, dashes and underscores.")
        raise Problem(Code.INVALID_REQUEST, errors={"code": [sentence]})
    return code
