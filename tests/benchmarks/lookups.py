"""B4: finding one member by phone among a million."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from tests.benchmarks.installation import DATABASES, Installation, installed, postgres
from tests.benchmarks.load import HOW, KNOWN_FROM, load
from tests.benchmarks.row import Options, Row, in_turns
from tests.live import LiveServer

MEMBERS = 1_000_000
BOUND_MS = 10.0

_NUMBERS = {
    "postgresql": "SELECT generate_series(1, :members) AS n",
    "sqlite": """
        WITH RECURSIVE numbers(n) AS (
            SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :members
        ) SELECT n FROM numbers
    """,
}
_MEMBERS = """
    INSERT INTO members (id, points, debt, source, joined_at)
    SELECT n, 0, 0, 'benchmark', CURRENT_TIMESTAMP FROM ({numbers}) AS given
"""
_PHONES = """
    INSERT INTO member_phones (member_id, e164, kind, active_from)
    SELECT n, '+84' || ({first} + n - 1), 'mobile', CURRENT_TIMESTAMP FROM ({numbers}) AS given
"""


def by_phone(options: Options) -> Iterator[Row]:
    """B4: the 95th percentile of GET /members?phone= on 8 connections, beside that of a
    call to /healthz, which does nothing, on the same server."""
    with postgres() as server:
        for database in DATABASES:
            with installed(database, server) as shop:
                fill(shop)
                with shop.serving() as live:
                    measured, reference = in_turns(
                        lambda turn: _p95(live, shop, "members", turn, options),
                        lambda: _p95(live, shop, "nothing", 0, options),
                    )
            yield Row(
                name="B4",
                database=database,
                what="GET /members?phone=, p95",
                measured=measured,
                reference=reference,
                unit=" ms",
                reference_is="p95 of /healthz",
                bound=f"<= {BOUND_MS:.0f} ms",
                holds=measured <= BOUND_MS,
                how=f"{shop.how}; {HOW}; {MEMBERS:,} members inserted by SQL",
            )


def fill(shop: Installation) -> None:
    """A million members with a phone each, straight into the tables."""
    engine = sa.create_engine(shop.environ["LOYALTY_DATABASE_URL"])
    numbers = _NUMBERS[shop.database]
    with engine.begin() as connection:
        for statement in (_MEMBERS, _PHONES):
            text = statement.format(numbers=numbers, first=KNOWN_FROM)
            connection.execute(sa.text(text), {"members": MEMBERS})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("ANALYZE"))
    engine.dispose()


def _p95(live: LiveServer, shop: Installation, script: str, turn: int, options: Options) -> float:
    return load(live, shop, script, turn=turn, known=MEMBERS, seconds=options.seconds).p95_ms
