"""Points added or taken by hand: with a reason, up to what the actor's role may in a day, and
not by whoever has the account."""

from __future__ import annotations

from datetime import datetime

from flask import current_app
from sqlalchemy import func, select

from loyalty.audit import service as audit
from loyalty.core import clock
from loyalty.core.access import current_actor
from loyalty.core.db import connection, table_of
from loyalty.core.errors import Code, Problem
from loyalty.members import service as members
from loyalty.members.merging import accounts_of
from loyalty.members.of_staff import is_of
from loyalty.members.reasons import impersonal
from loyalty.members.service import LockedMember
from loyalty.points.crediting import credit
from loyalty.points.earning import Earning
from loyalty.points.entries import added_up, allocate, write_entry
from loyalty.points.handed_in import release_what_is_over
from loyalty.points.lots import take_live
from loyalty.points.models import EntryKind, PointEntry
from loyalty.points.rules import ADJUST
from loyalty.points.spending import insufficient
from loyalty.points.standing import Changes
from loyalty.programme import service as programme
from loyalty.staff import people

_entries = table_of(PointEntry)


def adjust(member_id: int, points: int, *, reason: str | None, now: datetime) -> int:
    """Add `points` to a member, or take them (below 0); returns the entry's id.

    Raises `unknown_member`, `reason_required`, `not_for_yourself`, `over_your_limit` with the
    `limit`, and `insufficient_points` with what is `available`: a debt is not made by hand.
    """
    if not (reason or "").strip():
        raise Problem(Code.REASON_REQUIRED, field="reason")
    member = members.lock([member_id]).get(member_id)
    if member is None:
        raise Problem(Code.UNKNOWN_MEMBER)
    _check_not_own(member_id)
    _check_limit(member_id, points, now)
    reason = impersonal(reason, about=[member_id])
    act = _add if points > 0 else _take
    entry_id = act(member, points, reason, now)
    audit.record(ADJUST.name, "member", member_id, reason=reason, points=points, entry=entry_id)
    return entry_id


def limit_of_actor() -> int | None:
    """The most points that who acts now may add to and take from one member in a local day, both
    together; None: any number."""
    actor = current_actor()
    if actor.kind == "system" or people.is_owner(actor):
        return None
    return programme.snapshot().policy.adjustments.of(actor.role)


def _check_not_own(member_id: int) -> None:
    actor = current_actor()
    if is_of(actor, member_id=member_id) and not people.is_owner(actor):
        raise Problem(Code.NOT_FOR_YOURSELF)


def _check_limit(member_id: int, points: int, now: datetime) -> None:
    """The member is locked: no other adjustment comes in between."""
    limit = limit_of_actor()
    if limit is not None and abs(points) + _adjusted_today(member_id, now) > limit:
        raise Problem(Code.OVER_YOUR_LIMIT, field="points", extra={"limit": limit})


def _adjusted_today(member_id: int, now: datetime) -> int:
    """What who acts now added to and took from the member, or an account that is the member's
    by now."""
    zone = current_app.extensions["settings"].time_zone
    today = clock.start_of_day(now.astimezone(zone).date(), zone)
    query = select(func.sum(func.abs(_entries.c.points))).where(
        _entries.c.member_id.in_(accounts_of(member_id)),
        _entries.c.kind == EntryKind.ADJUST,
        _entries.c.actor == current_actor().label,
        _entries.c.recorded_at >= today,
    )
    return int(connection().scalar(query) or 0)


def _add(member: LockedMember, points: int, reason: str | None, now: datetime) -> int:
    """They lapse as what is earned today does."""
    zone = current_app.extensions["settings"].time_zone
    brought = Earning(
        member=member,
        points=points,
        occurred_at=now,
        expires_at=programme.snapshot().expires_at(now.astimezone(zone).date(), zone),
    )
    entry_id = write_entry(member.id, EntryKind.ADJUST, points, now=now, reason=reason)
    credit([entry_id], [brought], now=now)
    return entry_id


def _take(member: LockedMember, points: int, reason: str | None, now: datetime) -> int:
    release_what_is_over(member, now=now)
    taken, missing = take_live(member.id, -points, now=now)
    if missing:
        raise insufficient(-points - missing)
    entry_id = write_entry(member.id, EntryKind.ADJUST, points, now=now, reason=reason)
    allocate(entry_id, added_up(taken))
    changes = Changes()
    changes.add(member, points=points)
    changes.write(now=now)
    return entry_id
