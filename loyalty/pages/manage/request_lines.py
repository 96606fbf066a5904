"""A request about one's own data as a line: what, by when, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import url_for
from flask_babel import gettext, ngettext

from loyalty.core import clock
from loyalty.core.access import Action, current_actor
from loyalty.pages import formats
from loyalty.pages.manage.customers import words
from loyalty.privacy.rules import ERASE, OBJECT, RESTRICT


@dataclass(frozen=True, kw_only=True)
class Deadline:
    """A day the law sets, and how far it is. `tone` is empty while there is time."""

    day: str
    words: str = ""
    tone: str = ""


@dataclass(frozen=True, kw_only=True)
class Line:
    id: int
    member_id: int
    kind: Any
    state: Any
    is_open: bool
    is_answered: bool
    answer: Deadline
    carry_out: Deadline
    received: str
    way: Any
    note: str
    ended: str
    ends_by_hand: bool
    act: str
    """The address where it is carried out, for what ends by its act; empty for who may not."""


def lines_of(requests: Sequence[Mapping[str, Any]]) -> tuple[Line, ...]:
    """`requests` as `privacy.service` gives them."""
    now = clock.now()
    return tuple(_line(request, now) for request in requests)


def _line(request: Mapping[str, Any], now: datetime) -> Line:
    is_open = request["state"] in ("open", "answered")
    answered = request["answered_at"]
    return Line(
        id=request["id"],
        member_id=request["member_id"],
        kind=words.word(words.KINDS, request["kind"]),
        state=words.word(words.STATES, request["state"]),
        is_open=is_open,
        is_answered=answered is not None,
        answer=_answer(request, now, is_open=is_open),
        carry_out=deadline(request["done_due"], now, runs=is_open),
        received=_day(request["received_at"]),
        way=words.word(words.WAYS, request["received_via"]),
        note=request["note"] or "",
        ended=_day(request["ended_at"]) if request["ended_at"] else "",
        ends_by_hand=request["kind"] not in _ACTS,
        act=_act(request) if is_open else "",
    )


_ACTS: Mapping[str, tuple[Action, str]] = {
    "restrict": (RESTRICT, "manage.customer"),
    "object": (OBJECT, "manage.customer"),
    "erase": (ERASE, "manage.erasure"),
}
"""What ends by itself once it is done, and where it is done."""


def _act(request: Mapping[str, Any]) -> str:
    action, endpoint = _ACTS.get(request["kind"], (None, ""))
    if action is None or not action.allows(current_actor()):
        return ""
    part = "rights" if endpoint == "manage.customer" else None
    return url_for(endpoint, member_id=request["member_id"], _anchor=part)


def _answer(request: Mapping[str, Any], now: datetime, *, is_open: bool) -> Deadline:
    answered = request["answered_at"]
    if answered is None:
        return deadline(request["answer_due"], now, runs=is_open)
    day = formats.day_and_month(_local_day(answered))
    return Deadline(
        day=formats.full_date(formats.last_day(request["answer_due"])),
        words=gettext("done %(day)s", day=day),
    )


def deadline(due: datetime, now: datetime, *, runs: bool) -> Deadline:
    last = formats.last_day(due)
    day = formats.full_date(last)
    if not runs:
        return Deadline(day=day)
    left = (last - formats.local(now).date()).days
    if now > due:
        late = max(1, -left)
        said = ngettext("%(num)s day late", "%(num)s days late", late)
        return Deadline(day=day, words=said, tone="danger")
    if left == 0:
        return Deadline(day=day, words=gettext("today"), tone="warn")
    return Deadline(
        day=day,
        words=ngettext("in %(num)s day", "in %(num)s days", left),
        tone="warn" if left == 1 else "quiet",
    )


def _day(moment: datetime) -> str:
    return formats.full_date(_local_day(moment))


def _local_day(moment: datetime) -> date:
    return formats.local(moment).date()
