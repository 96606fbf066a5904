"""Rate limits that hold across processes: how often something may be tried in a while."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from flask import current_app
from sqlalchemy import String, case, delete, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from loyalty.core import clock
from loyalty.core.codes import fingerprint
from loyalty.core.db import Base, UtcDateTime, db, in_transaction, is_postgresql, table_of
from loyalty.core.errors import Code, Problem

_IPV6_HOUSEHOLD = 64
"""A household has so long a prefix, and every address below it."""


class RateWindow(Base):
    """How often one subject was counted in its present window; the subject only as SHA-256."""

    __tablename__ = "rate_windows"

    subject: Mapped[str] = mapped_column(String(64), primary_key=True)
    hits: Mapped[int]
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


@dataclass(frozen=True, kw_only=True)
class Limit:
    """At most `hits` in windows of `seconds`, for each subject of its own."""

    name: str
    hits: int
    seconds: int


def spend(limit: Limit, subject: str) -> int:
    """Count one try, in a transaction of its own: not to be called within one. Returns how
    many are left: of all tries in a window, one hears 0.

    Raises `too_many_requests` with Retry-After once the window is full.
    """
    if not current_app.extensions["settings"].rate_limits:
        return limit.hits
    now = clock.now()
    hits, ends_at = in_transaction(lambda: count(limit, subject, now))
    if hits > limit.hits:
        raise too_many(ends_at, now)
    return limit.hits - hits


def forgive(limit: Limit, subject: str) -> None:
    """Begin again for a subject that has shown who it is. Not to be called within a
    transaction."""
    if not current_app.extensions["settings"].rate_limits:
        return
    in_transaction(
        lambda: db.session.execute(
            delete(RateWindow).where(RateWindow.subject == _key(limit, subject))
        )
    )


def give_back(limit: Limit, subject: str) -> None:
    """Take one try back that was counted. Not to be called within a transaction."""
    if not current_app.extensions["settings"].rate_limits:
        return
    windows = (
        RateWindow.subject == _key(limit, subject),
        RateWindow.hits > 0,
        RateWindow.ends_at > clock.now(),
    )
    taken = update(RateWindow).where(*windows).values(hits=RateWindow.hits - 1)
    in_transaction(lambda: db.session.execute(taken))


def neighbourhood(address: str | None) -> str:
    """Whose address this is: with IPv6 one caller has 2**64 of them."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return "unknown"
    if parsed.version == 4:
        return str(parsed)
    return str(ip_network((parsed, _IPV6_HOUSEHOLD), strict=False))


def too_many(ends_at: datetime, now: datetime) -> Problem:
    seconds = max(1, math.ceil((ends_at - now).total_seconds()))
    return Problem(Code.TOO_MANY_REQUESTS, headers={"Retry-After": str(seconds)})


def forget_old(now: datetime) -> int:
    """Delete windows that are over; returns how many."""
    result = db.session.execute(delete(RateWindow).where(RateWindow.ends_at <= now))
    return result.rowcount  # type: ignore[attr-defined]


def _key(limit: Limit, subject: str) -> str:
    return fingerprint(f"{limit.name} {subject}")


def count(limit: Limit, subject: str, now: datetime, *, times: int = 1) -> tuple[int, datetime]:
    """Add to a subject's window, a new one where the last is over; returns its sum and end."""
    windows = table_of(RateWindow)
    insert = (postgresql if is_postgresql() else sqlite).insert(windows)
    ends_at = now + timedelta(seconds=limit.seconds)
    over = windows.c.ends_at <= now
    row = db.session.execute(
        insert.values(subject=_key(limit, subject), hits=times, ends_at=ends_at)
        .on_conflict_do_update(
            index_elements=[windows.c.subject],
            set_={
                "hits": case((over, times), else_=windows.c.hits + times),
                "ends_at": case((over, ends_at), else_=windows.c.ends_at),
            },
        )
        .returning(windows.c.hits, windows.c.ends_at)
    ).one()
    return row.hits, row.ends_at
