"""A refusal at the till stands beside the field it is about; what was typed stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from loyalty.core.db import db
from loyalty.core.errors import Code, Problem
from loyalty.pages.problems import is_fragment, problem_page
from loyalty.pages.till import pins, sentences, typed
from loyalty.pages.till.answers import FIELDS, SETTLED, Place, answer, error, place
from loyalty.purchases import service as purchases
from loyalty.purchases.models import Purchase

_STANDS_AT = {"return_no": "receipt_no", "lines": "back", "back_amount": "back"}
"""A return has the number of the slip that is printed with it; its goods have one place."""
_GO_ELSEWHERE = {Code.UNAUTHENTICATED, Code.INVALID_CSRF, Code.PASSWORD_CHANGE_REQUIRED}


def refuse(problem: Problem) -> ResponseReturnValue:
    """Runs after the request's transaction was rolled back."""
    if not is_fragment() or problem.code in _GO_ELSEWHERE:
        return problem_page(problem)
    status = int(problem.status)
    if problem.code in pins.ASK_FOR_ONE:
        return answer(pins.ask(problem), event="till-asks", when=SETTLED, status=status)
    if problem.code is Code.RECEIPT_CONFLICT and "recorded" in problem.extra:
        return answer(_conflict(problem), event="till-asks", status=status)
    # What was to pay does no more: the page is behind.
    event = "till-changed" if "redemptions" in (problem.errors or ()) else ""
    return answer(*_places(problem), event=event, status=status)


def _places(problem: Problem) -> list[Place]:
    errors: Mapping[str, Any] = problem.errors or {}
    errors = {_STANDS_AT.get(field, field): said for field, said in errors.items()}
    places = [error(field, _first(errors[field])) for field in FIELDS if field in errors]
    if "phone" in errors:
        places.append(place("member", "member_refused", sentence=_first(errors["phone"])))
    if not places:
        sentence = problem.detail
        places.append(place("outcome", "line", tone="danger", mark="alert", sentence=sentence))
    return places


def _first(said: Any) -> Any:
    return said[0] if isinstance(said, list) else said


def _conflict(problem: Problem) -> Place:
    recorded_id = problem.extra["recorded"]["id"]
    purchase = db.session.scalars(select(Purchase).filter_by(id=recorded_id)).one()
    conflict = sentences.conflict(
        purchase,
        phone=typed.phone(request.form),
        amount=typed.amount(request.form),
        may_change=purchases.may_change(purchase),
    )
    return place("ask", "conflict", conflict=conflict)
