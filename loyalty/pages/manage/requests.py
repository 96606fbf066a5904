"""Requests about people's own data: what is due, by when, and what was done about it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import select

from loyalty.core.access import Door, View, requires
from loyalty.core.db import db
from loyalty.core.errors import Problem
from loyalty.core.phone import PhoneNumber
from loyalty.members.models import IS_MAIN, Member, MemberPhone
from loyalty.pages.manage import request_lines
from loyalty.pages.manage.blueprint import blueprint
from loyalty.pages.manage.customers.forms import reason
from loyalty.pages.manage.forms import sentences_of
from loyalty.pages.manage.request_lines import Line
from loyalty.privacy import service as privacy
from loyalty.privacy.rules import REQUESTS


@dataclass(frozen=True, kw_only=True)
class Asker:
    """Who asked: a name and a masked number; empty once erased, and no page leads there."""

    name: str
    masked: str
    is_there: bool


@dataclass(frozen=True, kw_only=True)
class Row:
    line: Line
    asker: Asker


# -- looking ---------------------------------------------------------------------


@blueprint.get("/requests")
@requires(REQUESTS, door=Door.LOGIN)
def requests() -> ResponseReturnValue:
    """What is open, the soonest due first."""
    return _list(privacy.open_requests(), ended=False)


@blueprint.get("/requests/ended")
@requires(REQUESTS, door=Door.LOGIN)
def ended_requests() -> ResponseReturnValue:
    return _list(privacy.ended_requests(), ended=True)


def _list(found: list[dict[str, Any]], *, ended: bool) -> str:
    lines = request_lines.lines_of(found)
    askers = _askers({line.member_id for line in lines})
    return render_template(
        "pages/manage/requests/list.html",
        rows=[Row(line=line, asker=askers[line.member_id]) for line in lines],
        ended=ended,
    )


def _askers(member_ids: Collection[int]) -> Mapping[int, Asker]:
    own = (MemberPhone.member_id == Member.id) & IS_MAIN
    rows = db.session.execute(
        select(Member.id, Member.name, Member.closed_at, MemberPhone.e164)
        .outerjoin(MemberPhone, own)
        .where(Member.id.in_(member_ids))
    )
    return {row.id: _asker(row.name, row.e164, is_there=row.closed_at is None) for row in rows}


def _asker(name: str | None, e164: str | None, *, is_there: bool) -> Asker:
    if not is_there:
        return Asker(name=gettext("Erased customer"), masked="", is_there=False)
    return Asker(
        name=name or gettext("No name yet"),
        masked=PhoneNumber(e164).masked if e164 else "",
        is_there=True,
    )


# -- acting ----------------------------------------------------------------------


def _or_say_so(view: View) -> View:
    """A refusal stands above the list one comes back to. Outside `requires`: rolled back."""

    @wraps(view)
    def tried(request_id: int) -> ResponseReturnValue:
        try:
            return view(request_id)
        except Problem as problem:
            if problem.status not in (HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY):
                raise
            [sentence, *_] = sentences_of(problem).values()
            flash(str(sentence), "danger")
            return redirect(url_for("manage.requests"))

    return tried


def _act(request_id: int, act: Callable[[int], dict[str, Any]], said: str) -> ResponseReturnValue:
    member_id = act(request_id)["member_id"]
    flash(said)
    if request.form.get("back") == "customer":
        return redirect(url_for("manage.customer", member_id=member_id, _anchor="requests"))
    return redirect(url_for("manage.requests"))


@blueprint.post("/requests/<int:request_id>/answer")
@_or_say_so
@requires(REQUESTS, door=Door.LOGIN)
def answer_request(request_id: int) -> ResponseReturnValue:
    return _act(request_id, privacy.answer, gettext("Marked as answered."))


@blueprint.post("/requests/<int:request_id>/finish")
@_or_say_so
@requires(REQUESTS, door=Door.LOGIN)
def finish_request(request_id: int) -> ResponseReturnValue:
    return _act(request_id, privacy.finish, gettext("Marked as carried out."))


@blueprint.post("/requests/<int:request_id>/refuse")
@_or_say_so
@requires(REQUESTS, door=Door.LOGIN)
def refuse_request(request_id: int) -> ResponseReturnValue:
    why = reason()
    return _act(
        request_id,
        lambda its_id: privacy.refuse(its_id, reason=why),
        gettext("Marked as refused; the reason is in the log."),
    )
