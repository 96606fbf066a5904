"""B6 and B7: expiring a million lots, and what a long history costs at the till."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from statistics import median
from typing import Any

import sqlalchemy as sa
from flask import Flask

from loyalty.core import clock
from loyalty.core.db import in_transaction, read
from loyalty.core.phone import PhoneNumber
from loyalty.members import service as members
from loyalty.points.invariants import broken
from loyalty.purchases import service as purchases
from loyalty.rewards import service as rewards
from tests.benchmarks.command import run_command
from tests.benchmarks.installation import DATABASES, Installation, installed, postgres
from tests.benchmarks.row import Options, Row
from tests.databases import running_app

LOTS = 1_000_000
FEWER_LOTS = 100_000
LOTS_EACH = 4
LOTS_A_SECOND = 20_000
GROWTH_BOUND = 1.1
ENTRIES, FEW_ENTRIES = 10_000, 10
FLAT_BOUND = 1.2
CALLS = 400
WARM_UP = 20

_NUMBERS = {
    "postgresql": "SELECT generate_series(1, {count}) AS n",
    "sqlite": """
        WITH RECURSIVE numbers(n) AS (
            SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count}
        ) SELECT n FROM numbers
    """,
}
_MEMBERS = """
    INSERT INTO members (id, points, debt, source, joined_at)
    SELECT n, {each} * 10, 0, 'benchmark', CURRENT_TIMESTAMP FROM ({members}) AS given
"""
_ENTRIES = """
    INSERT INTO point_entries (id, member_id, kind, points, actor, occurred_at, recorded_at)
    SELECT n, 1 + (n - 1) / {each}, 'adjust', 10, 'system:0', :earned, :earned
    FROM ({lots}) AS given
"""
_LOTS = """
    INSERT INTO point_lots (entry_id, member_id, points, remaining, expires_at)
    SELECT n, 1 + (n - 1) / {each}, 10, 10, :lapsed FROM ({lots}) AS given
"""
_NEXT_ID = "SELECT setval('{table}_id_seq', (SELECT MAX(id) FROM {table}))"


def expiry(options: Options) -> Iterator[Row]:
    """B6, on a million lots and on a tenth of them."""
    del options  # it takes as long as it takes
    with postgres() as server:
        for database in DATABASES:
            with installed(database, server) as shop:
                _fill(shop, FEWER_LOTS)
                fewer = run_command(shop.environ, "points", "expire")
            with installed(database, server) as shop:
                _fill(shop, LOTS)
                ran = run_command(shop.environ, "points", "expire")
                _check(shop)
            how = f"flask points expire as a whole; {LOTS:,} lots of {LOTS // LOTS_EACH:,} members"
            yield Row(
                name="B6",
                database=database,
                what="lots expired",
                measured=LOTS / ran.seconds,
                reference=LOTS_A_SECOND,
                unit="/s",
                reference_is="what is asked for on PostgreSQL",
                bound=f">= {LOTS_A_SECOND:,}/s" if database == "postgresql" else "none",
                holds=database != "postgresql" or ran.seconds <= LOTS / LOTS_A_SECOND,
                how=how,
            )
            yield Row(
                name="B6",
                database=database,
                what="memory of it",
                measured=ran.peak_mb,
                reference=fewer.peak_mb,
                unit=" MB",
                reference_is=f"the same on {FEWER_LOTS:,} lots",
                bound=f"<= {GROWTH_BOUND:.2f}",
                holds=ran.peak_mb <= GROWTH_BOUND * fewer.peak_mb,
                how=how,
            )


def _fill(shop: Installation, lots: int) -> None:
    """Lots that are past their expiry, straight into the tables."""
    numbers = _NUMBERS[shop.database]
    given = {
        "each": LOTS_EACH,
        "lots": numbers.format(count=lots),
        "members": numbers.format(count=lots // LOTS_EACH),
    }
    times = {"earned": "2024-01-01 00:00:00.000000", "lapsed": "2025-01-01 17:00:00.000000"}
    engine = sa.create_engine(shop.environ["LOYALTY_DATABASE_URL"])
    with engine.begin() as connection:
        for statement in (_MEMBERS, _ENTRIES, _LOTS):
            text = statement.format(**given)
            named = {name: at for name, at in times.items() if f":{name}" in text}
            connection.execute(sa.text(text), named)
        connection.execute(sa.text("DELETE FROM dirty"))
        if shop.database == "postgresql":
            for table in ("members", "point_entries"):
                connection.execute(sa.text(_NEXT_ID.format(table=table)))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("ANALYZE"))
    engine.dispose()


def _check(shop: Installation) -> None:
    with running_app(shop.environ) as app, app.app_context(), read():
        if found := broken():
            raise SystemExit(f"not right after it: {found}")


# -- B7 ----------------------------------------------------------------------------


def long_histories(options: Options) -> Iterator[Row]:
    """B7: earning, and holding and spending, by a member with 10,000 entries and as many open
    lots, beside one with 10, call by call in turns."""
    del options
    with postgres() as server:
        for database in DATABASES:
            with installed(database, server) as shop, running_app(shop.environ) as app:
                old, new = _members(app, shop)
                for what, act in (("earning", _earn), ("hold and capture", _spend)):
                    measured, reference = _in_turns(app, shop, act, old, new)
                    yield _flat(shop, what, measured, reference)


def _flat(shop: Installation, what: str, measured: float, reference: float) -> Row:
    return Row(
        name="B7",
        database=shop.database,
        what=f"{what}, {ENTRIES:,} entries",
        measured=measured,
        reference=reference,
        unit=" ms",
        reference_is=f"the same with {FEW_ENTRIES} entries",
        bound=f"<= {FLAT_BOUND:.2f}",
        holds=measured <= FLAT_BOUND * reference,
        how=f"the use case in a transaction, median of {CALLS} in turns",
    )


Phones = tuple[int, str]
"""A member's id and number."""


def _members(app: Flask, shop: Installation) -> tuple[Phones, Phones]:
    made = []
    for phone, count in (("+84912000001", ENTRIES), ("+84912000002", FEW_ENTRIES)):
        rows = [_receipt(shop, phone, f"{phone}-{n}", n) for n in range(count)]
        with app.app_context():
            for start in range(0, count, 5_000):
                part = rows[start : start + 5_000]
                in_transaction(partial(purchases.record_many, part))
            with read():
                found = members.find_by_phone(PhoneNumber(phone))
        assert found is not None
        made.append((found["id"], phone))
    engine = sa.create_engine(shop.environ["LOYALTY_DATABASE_URL"])
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("ANALYZE"))
    engine.dispose()
    old, new = made
    return old, new


def _receipt(shop: Installation, phone: str, number: str, spread: int) -> dict[str, Any]:
    """Over the days of half a year, so that lots lapse on many."""
    return {
        "phone": PhoneNumber(phone),
        "store": shop.store,
        "receipt_no": number,
        "amount": 1_000_000,
        "purchased_at": clock.now() - timedelta(days=spread % 180),
    }


def _in_turns(
    app: Flask, shop: Installation, act: Callable[..., None], old: Phones, new: Phones
) -> tuple[float, float]:
    taken: dict[Phones, list[float]] = {old: [], new: []}
    for call in range(CALLS + WARM_UP):
        for whose in (old, new) if call % 2 else (new, old):
            with app.app_context():
                began = time.perf_counter()
                act(shop, whose, call)
                taken[whose].append((time.perf_counter() - began) * 1000)
    return median(taken[old][WARM_UP:]), median(taken[new][WARM_UP:])


def _earn(shop: Installation, whose: Phones, call: int) -> None:
    _, phone = whose
    given = _receipt(shop, phone, f"call-{phone}-{call}", 0)
    in_transaction(lambda: purchases.record(given))


def _spend(shop: Installation, whose: Phones, call: int) -> None:
    del shop, call
    member_id, _ = whose
    held = in_transaction(lambda: rewards.hold(member_id, points=1))
    in_transaction(lambda: rewards.capture(held["id"]))
