"""One page of two lists, and a decision on a receipt."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import wraps
from http import HTTPStatus

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from loyalty.core import clock
from loyalty.core.access import Door, requires, takes_query
from loyalty.core.errors import Problem
from loyalty.pages import formats
from loyalty.pages.manage.blueprint import blueprint
from loyalty.pages.manage.flags.shown import Cashier, Waiting
from loyalty.pages.manage.forms import sentences_of
from loyalty.pages.manage.lists import after_asked
from loyalty.purchases import trust_cashiers, trust_review
from loyalty.purchases.models import Decision
from loyalty.purchases.rules import FLAGS

DAYS = (7, 30, 90)
_USUAL = 30

_LOOKS = requires(FLAGS, door=Door.LOGIN)

View = Callable[..., ResponseReturnValue]


@blueprint.get("/flags")
@_LOOKS
@takes_query
def flags() -> ResponseReturnValue:
    """How many days the list of cashiers goes back, and the page of receipts, stand in the
    address."""
    now = clock.now()
    today, days = formats.local(now).date(), _days_asked()
    page = trust_review.open_flags(before=after_asked())
    return render_template(
        "pages/manage/flags/page.html",
        waiting=[Waiting(flag=flag, now=now) for flag in page["items"]],
        older=url_for("manage.flags", after=page["next"], days=days) if page["next"] else None,
        is_first="after" not in request.args,
        days=days,
        choices=DAYS,
        cashiers=_cashiers(today, days),
    )


def _days_asked() -> int:
    return {str(days): days for days in DAYS}.get(request.args.get("days", ""), _USUAL)


def _cashiers(today: date, days: int) -> list[Cashier]:
    found = trust_cashiers.of_cashiers(today - timedelta(days=days - 1), today)
    return [Cashier(found=each) for each in found]


def _or_say_so(view: View) -> View:
    """A refusal stands above the list one comes back to. Outside `requires`: rolled back."""

    @wraps(view)
    def tried(flag_id: int) -> ResponseReturnValue:
        try:
            return view(flag_id)
        except Problem as problem:
            if problem.status != HTTPStatus.CONFLICT:
                raise
            [sentence, *_] = sentences_of(problem).values()
            flash(str(sentence), "danger")
            return redirect(url_for("manage.flags"))

    return tried


@blueprint.post("/flags/<int:flag_id>/approve")
@_or_say_so
@_LOOKS
def approve_flag(flag_id: int) -> ResponseReturnValue:
    return _decide(flag_id, Decision.APPROVED)


@blueprint.post("/flags/<int:flag_id>/refuse")
@_or_say_so
@_LOOKS
def refuse_flag(flag_id: int) -> ResponseReturnValue:
    return _decide(flag_id, Decision.REFUSED)


def _decide(flag_id: int, decision: Decision) -> ResponseReturnValue:
    decided = trust_review.decide(flag_id, approves=decision is Decision.APPROVED)
    points = formats.points(decided.points)
    said = {
        Decision.APPROVED: gettext("Let count: %(points)s are the customer's now.", points=points),
        Decision.REFUSED: gettext(
            "Refused: the receipt stays, %(points)s will not count.", points=points
        ),
    }
    flash(said[decision])
    return redirect(url_for("manage.flags"))
