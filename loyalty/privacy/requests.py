"""What members ask about their own data, tracked with both dates of the law."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import func, or_, select, update

from loyalty.audit import service as audit
from loyalty.core import clock
from loyalty.core.access import current_actor
from loyalty.core.db import connection, db, table_of
from loyalty.core.errors import Code, Problem
from loyalty.core.limits import PAGE_ROWS
from loyalty.core.phone import PhoneNumber
from loyalty.members import service as members
from loyalty.members.models import IS_MAIN, Member, MemberPhone
from loyalty.members.reasons import impersonal
from loyalty.privacy.models import RightsRequest
from loyalty.privacy.rules import KINDS, ONGOING, REQUESTS, State, deadlines, law_for

SHOWN = 1_000
_AHEAD = timedelta(minutes=5)


def receive(
    member_id: int,
    *,
    kind: str,
    via: str,
    note: str | None = None,
    received_at: datetime | None = None,
) -> dict[str, Any]:
    """Track what a member asks; the request as `_view` shows it. `via` is one of `rules.VIAS`;
    `received_at` is when it arrived, where it is written down later.

    The same kind asked again while it is open is the request that is there: its dates run.
    Raises `unknown_member`, `invalid_request` for an unknown kind, `in_the_future`.
    """
    now = clock.now()
    if kind not in KINDS:
        raise Problem(Code.INVALID_REQUEST, errors={"kind": [f"One of {', '.join(KINDS)}."]})
    if received_at is not None and received_at > now + _AHEAD:
        raise Problem(Code.IN_THE_FUTURE, field="received_at")
    hold(member_id)
    request = _ongoing(member_id, [kind]) or [
        _add(member_id, kind=kind, via=via, note=note, received_at=received_at or now)
    ]
    return _view(request[0], now)


def _add(
    member_id: int, *, kind: str, via: str, note: str | None, received_at: datetime
) -> RightsRequest:
    settings = current_app.extensions["settings"]
    law = law_for(phone_country=_phone_country(member_id), shop_region=settings.default_region)
    due = deadlines(kind, law=law, received_at=received_at, zone=settings.time_zone)
    request = RightsRequest(
        member_id=member_id,
        kind=kind,
        state=State.OPEN,
        law=law,
        received_via=via,
        received_at=received_at,
        answer_due=due.answer_due,
        done_due=due.done_due,
        note=note,
        created_by=current_actor().label,
    )
    db.session.add(request)
    # Flush: the answer and the log name the request by its id.
    db.session.flush()
    _log(request, "received")
    return request


def _phone_country(member_id: int) -> str | None:
    """Of the main phone, else of the last one."""
    e164 = db.session.scalar(
        select(MemberPhone.e164)
        .where(MemberPhone.member_id == member_id)
        .order_by(IS_MAIN.desc(), MemberPhone.id.desc())
        .limit(1)
    )
    return PhoneNumber(e164).country if e164 else None


# -- looking -------------------------------------------------------------------


def open_requests() -> list[dict[str, Any]]:
    """What is neither done nor refused, the soonest due first; at most 1,000."""
    now = clock.now()
    rows = db.session.scalars(
        select(RightsRequest)
        .where(RightsRequest.state.in_(ONGOING))
        .order_by(RightsRequest.done_due, RightsRequest.id)
        .limit(SHOWN)
    )
    return sorted((_view(row, now) for row in rows), key=_next_due)


def ended_requests() -> list[dict[str, Any]]:
    """What was carried out or refused, the newest first; at most 100."""
    now = clock.now()
    rows = db.session.scalars(
        select(RightsRequest)
        .where(RightsRequest.state.not_in(ONGOING))
        .order_by(RightsRequest.ended_at.desc(), RightsRequest.id.desc())
        .limit(PAGE_ROWS)
    )
    return [_view(row, now) for row in rows]


def count_due() -> int:
    """How many want an answer, or to be carried out, today or since earlier."""
    zone = current_app.extensions["settings"].time_zone
    tonight = clock.end_of_day(clock.now().astimezone(zone).date(), zone)
    unanswered = (RightsRequest.state == State.OPEN) & (RightsRequest.answer_due <= tonight)
    query = select(func.count()).where(
        RightsRequest.state.in_(ONGOING), or_(RightsRequest.done_due <= tonight, unanswered)
    )
    return db.session.scalar(query) or 0


def requests_of(member_id: int) -> list[dict[str, Any]]:
    """All requests of a member, newest first; of an erased one too. Raises `unknown_member`."""
    if db.session.get(Member, member_id) is None:
        raise Problem(Code.UNKNOWN_MEMBER)
    now = clock.now()
    rows = db.session.scalars(
        select(RightsRequest)
        .where(RightsRequest.member_id == member_id)
        .order_by(RightsRequest.id.desc())
        .limit(SHOWN)
    )
    return [_view(row, now) for row in rows]


def get_request(request_id: int) -> dict[str, Any]:
    """Raises `unknown_rights_request`."""
    found = db.session.get(RightsRequest, request_id)
    if found is None:
        raise Problem(Code.UNKNOWN_RIGHTS_REQUEST)
    return _view(found, clock.now())


def _view(request: RightsRequest, now: datetime) -> dict[str, Any]:
    answer_overdue = request.state == State.OPEN and request.answer_due <= now
    done_overdue = request.state in ONGOING and request.done_due <= now
    return {
        "id": request.id,
        "member_id": request.member_id,
        "kind": request.kind,
        "state": str(request.state),
        "law": request.law,
        "received_via": request.received_via,
        "received_at": request.received_at,
        "answer_due": request.answer_due,
        "done_due": request.done_due,
        "answered_at": request.answered_at,
        "ended_at": request.ended_at,
        "note": request.note,
        "answer_overdue": answer_overdue,
        "done_overdue": done_overdue,
        "overdue": answer_overdue or done_overdue,
    }


def _next_due(view: dict[str, Any]) -> tuple[datetime, int]:
    waits_for_answer = view["state"] == State.OPEN
    return view["answer_due" if waits_for_answer else "done_due"], view["id"]


# -- going on ------------------------------------------------------------------


def answer(request_id: int) -> dict[str, Any]:
    """The member was told how it goes on: open -> answered. Twice is once; what has ended
    raises `rights_request_ended`."""
    request = _hold_request(request_id)
    now = clock.now()
    if request.state == State.OPEN:
        request.state = State.ANSWERED
        request.answered_at = now
        _log(request, "answered")
    elif request.state != State.ANSWERED:
        raise Problem(Code.RIGHTS_REQUEST_ENDED)
    return _view(request, now)


def finish(request_id: int) -> dict[str, Any]:
    """It was carried out: -> done. Twice is once; a refused one raises `rights_request_ended`."""
    return _end(request_id, State.DONE)


def refuse(request_id: int, *, reason: str) -> dict[str, Any]:
    """It is not carried out: -> refused. Twice is once; a done one raises
    `rights_request_ended`, an empty reason `reason_required`."""
    return _end(request_id, State.REFUSED, reason=required(reason))


def finish_kinds(member_id: int, kinds: Collection[str]) -> None:
    """An act carried these out. The caller holds the member's lock."""
    now = clock.now()
    for request in _ongoing(member_id, kinds):
        _close(request, State.DONE, now)


def end_with_erasure(member_id: int) -> None:
    """Of somebody who is erased nothing is processed, so what asked for that is done; what
    asked for the data itself can no longer be carried out. No note stays."""
    now = clock.now()
    for request in _ongoing(member_id, KINDS):
        impossible = request.kind in ("copy", "correct")
        _close(request, State.REFUSED if impossible else State.DONE, now)
    # Flush: the session's own change of a row comes before the statement's.
    db.session.flush()
    db.session.execute(
        update(RightsRequest).where(RightsRequest.member_id == member_id).values(note=None)
    )


def follow_merge(source_id: int, into_id: int) -> None:
    """What an account asked that was merged, the one that carries it on asks."""
    connection().execute(
        update(table_of(RightsRequest)).filter_by(member_id=source_id).values(member_id=into_id)
    )


def _end(request_id: int, state: State, *, reason: str | None = None) -> dict[str, Any]:
    request = _hold_request(request_id)
    now = clock.now()
    if request.state in ONGOING:
        _close(request, state, now, reason=impersonal(reason, about=[request.member_id]))
    elif request.state != state:
        raise Problem(Code.RIGHTS_REQUEST_ENDED)
    return _view(request, now)


def _close(
    request: RightsRequest, state: State, now: datetime, *, reason: str | None = None
) -> None:
    request.state = state
    # Carrying it out is an answer too.
    request.answered_at = request.answered_at or now
    request.ended_at = now
    request.ended_by = current_actor().label
    _log(request, str(state), reason=reason)


def _ongoing(member_id: int, kinds: Collection[str]) -> list[RightsRequest]:
    return list(
        db.session.scalars(
            select(RightsRequest)
            .where(
                RightsRequest.member_id == member_id,
                RightsRequest.kind.in_(kinds),
                RightsRequest.state.in_(ONGOING),
            )
            .order_by(RightsRequest.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )


def _hold_request(request_id: int) -> RightsRequest:
    found = db.session.get(RightsRequest, request_id, populate_existing=True, with_for_update=True)
    if found is None:
        raise Problem(Code.UNKNOWN_RIGHTS_REQUEST)
    return found


def _log(request: RightsRequest, step: str, *, reason: str | None = None) -> None:
    audit.record(
        REQUESTS.name,
        "member",
        request.member_id,
        reason=reason,
        request=request.id,
        kind=request.kind,
        step=step,
    )


# -- shared with the acts --------------------------------------------------------


def hold(member_id: int) -> None:
    """Lock a member; raises `unknown_member`, `member_erased`."""
    if member_id in members.lock([member_id]):
        return
    raise Problem(Code.MEMBER_ERASED if members.is_erased(member_id) else Code.UNKNOWN_MEMBER)


def required(reason: str | None) -> str:
    """Raises `reason_required`."""
    if not (reason and reason.strip()):
        raise Problem(Code.REASON_REQUIRED, field="reason")
    return reason.strip()
