"""Birthday bonuses: once a calendar year, on the local day; who was born on 29 February has it on
the 28th in other years. None for a birth date that was entered less than 30 days before."""

from __future__ import annotations

from calendar import isleap
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import partial

from flask import current_app
from sqlalchemy import ColumnElement, extract, or_, select

from loyalty.core import clock
from loyalty.core.db import connection, in_transaction, read, table_of
from loyalty.core.limits import BATCH_ROWS
from loyalty.members import service as members
from loyalty.members.models import Member
from loyalty.points.bonuses import Award, Bonus, give_all
from loyalty.programme import service as programme

KNOWN_FOR = timedelta(days=30)
LOOKS_BACK = 7
"""Days, today included: a shop's computer may be off on one."""

_members = table_of(Member)
_LEAP_DAY = (2, 29)


def give_birthday_bonuses(now: datetime) -> int:
    """To everybody whose birthday is today, or was in the last days and was missed; returns how
    many. Opens a transaction for each step; safe to repeat, and to break off."""
    with read():
        points = programme.snapshot().policy.bonuses.birthday
    if not points:
        return 0
    today = now.astimezone(current_app.extensions["settings"].time_zone).date()
    days = [today - timedelta(days=back) for back in range(LOOKS_BACK)]
    return sum(_give_on(day, points, now=now) for day in reversed(days))


def _give_on(day: date, points: int, *, now: datetime) -> int:
    given, after = 0, 0
    while True:
        step = partial(_give_step, day, points, after=after, now=now)
        more, last = in_transaction(step)
        if last is None:
            return given
        given, after = given + more, last


def _give_step(day: date, points: int, *, after: int, now: datetime) -> tuple[int, int | None]:
    """How many got it, and the last member who was looked at."""
    zone = current_app.extensions["settings"].time_zone
    ids = _born_on(day, after=after, known_by=clock.start_of_day(day, zone) - KNOWN_FOR)
    if not ids:
        return 0, None
    award = Award(
        kind=Bonus.BIRTHDAY,
        points=points,
        year=day.year,
        expires_at=programme.snapshot().expires_at(day, zone),
    )
    locked = members.lock(ids)
    return len(give_all(list(locked.values()), award, now=now)), ids[-1]


def _born_on(day: date, *, after: int, known_by: datetime) -> list[int]:
    birth_date = _members.c.birth_date
    return list(
        connection().scalars(
            select(_members.c.id)
            .where(
                _members.c.id > after,
                _members.c.closed_at.is_(None),
                _members.c.restricted_at.is_(None),
                _members.c.birth_date_since <= known_by,
                or_(*_on(birth_date, _kept_on(day))),
            )
            .order_by(_members.c.id)
            .limit(BATCH_ROWS)
        )
    )


def _kept_on(day: date) -> Iterator[tuple[int, int]]:
    """The months and days of birth that are kept on this day."""
    yield day.month, day.day
    if (day.month, day.day) == (2, 28) and not isleap(day.year):
        yield _LEAP_DAY


def _on(
    birth_date: ColumnElement[date | None], days: Iterator[tuple[int, int]]
) -> Iterator[ColumnElement[bool]]:
    for month, day in days:
        yield (extract("month", birth_date) == month) & (extract("day", birth_date) == day)
