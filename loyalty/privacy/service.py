"""Use cases of a member's rights: ask, see everything, restrict, object, be erased.

Restricting, objecting and erasing end the requests that asked for it. Copies, corrections
and withdrawals are ended by hand (`finish`): to have looked at a copy is not to have handed
it over, and which consents were meant only the member knows.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from loyalty.audit import service as audit
from loyalty.core import clock
from loyalty.core.db import db
from loyalty.core.errors import Code, Problem
from loyalty.members import consents
from loyalty.members.models import Member
from loyalty.members.reasons import impersonal
from loyalty.privacy.erasure import erase
from loyalty.privacy.holdings import held
from loyalty.privacy.requests import (
    answer,
    count_due,
    ended_requests,
    finish,
    finish_kinds,
    get_request,
    hold,
    open_requests,
    receive,
    refuse,
    requests_of,
    required,
)
from loyalty.privacy.rules import KINDS, OBJECT, RESTRICT, VIAS

__all__ = [
    "KINDS",
    "VIAS",
    "answer",
    "count_due",
    "ended_requests",
    "erase",
    "finish",
    "get_request",
    "held",
    "lift_restriction",
    "object_to_marketing",
    "open_requests",
    "receive",
    "refuse",
    "requests_of",
    "restrict",
    "status",
]


def status(member_id: int) -> dict[str, Any]:
    """{restricted_at, objected_at, erased_at}: datetimes or None, of an erased member too.
    Raises `unknown_member`."""
    row = db.session.execute(
        select(Member.restricted_at, Member.objected_at, Member.erased_at).filter_by(id=member_id)
    ).first()
    if row is None:
        raise Problem(Code.UNKNOWN_MEMBER)
    return dict(row._mapping)


def restrict(member_id: int, *, reason: str) -> None:
    """In no file and no campaign from now on. Raises `unknown_member`, `member_erased`,
    `reason_required`."""
    _set_restriction(member_id, clock.now(), reason=required(reason))
    finish_kinds(member_id, ["restrict"])


def lift_restriction(member_id: int, *, reason: str) -> None:
    """Raises as `restrict` does."""
    _set_restriction(member_id, None, reason=required(reason))


def _set_restriction(member_id: int, since: datetime | None, *, reason: str) -> None:
    hold(member_id)
    if (status(member_id)["restricted_at"] is None) == (since is None):
        return
    db.session.execute(update(Member).filter_by(id=member_id).values(restricted_at=since))
    audit.record(
        RESTRICT.name,
        "member",
        member_id,
        reason=impersonal(reason, about=[member_id]),
        restricted=since is not None,
    )


def object_to_marketing(member_id: int, *, via: str) -> None:
    """No marketing on any channel from now on; a yes that the member gives later counts
    again. Raises `unknown_member`, `member_erased`."""
    hold(member_id)
    if status(member_id)["objected_at"] is None or _agreed_to_marketing(member_id):
        consents.withdraw_marketing(member_id, via=via)
        db.session.execute(update(Member).filter_by(id=member_id).values(objected_at=clock.now()))
        audit.record(OBJECT.name, "member", member_id, via=via)
    finish_kinds(member_id, ["object"])


def _agreed_to_marketing(member_id: int) -> bool:
    words = consents.current(member_id)
    return any(word["granted"] for word in words if word["purpose"] == "marketing")
