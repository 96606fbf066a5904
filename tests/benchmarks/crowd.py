"""A crowd of members with a past: profiles, phones, consents, purchases and their lines,
straight into the tables, alike in every run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import sqlalchemy as sa

from tests.benchmarks.installation import Installation
from tests.benchmarks.load import KNOWN_FROM

PURCHASES_EACH = 10
DAYS = 730
"""How far back the purchases reach."""

_NUMBERS = {
    "postgresql": "SELECT n FROM generate_series(1, :count) AS given(n)",
    "sqlite": """
        WITH RECURSIVE numbers(n) AS (
            SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :count
        ) SELECT n FROM numbers
    """,
}
_SECONDS_AGO = {
    "postgresql": "CAST(:now AS timestamptz) - ({seconds}) * INTERVAL '1 second'",
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f', :now, '-' || ({seconds}) || ' seconds') || '000'",
}
_DAY = {
    "postgresql": "CAST(({moment}) AT TIME ZONE 'Asia/Ho_Chi_Minh' AS date)",
    "sqlite": "date({moment}, '+7 hours')",
}
_DAYS_AGO = {
    "postgresql": "CAST(:now AS date) - CAST({days} AS integer)",
    "sqlite": "date(:now, '-' || ({days}) || ' days')",
}


def _chance(number: str, salt: int) -> str:
    """A whole number that looks random, of `number`, as SQL both databases know."""
    return f"((({number}) * 2654435761 + {salt} * 40503) % 4294967296 / 64)"


def fill(shop: Installation, *, members: int, purchases_each: int = PURCHASES_EACH) -> None:
    """`members` members with `purchases_each` purchases on average, until now."""
    engine = sa.create_engine(shop.environ["LOYALTY_DATABASE_URL"])
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
    now += "+00:00" if shop.database == "postgresql" else ""
    with engine.begin() as connection, _nobody_watching(connection, shop.database):
        for statement, count in _statements(shop.database, members, members * purchases_each):
            connection.execute(sa.text(statement), {"count": count, "now": now})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("ANALYZE"))
    engine.dispose()


def _statements(database: str, members: int, purchases: int) -> Iterator[tuple[str, int]]:
    numbers = _NUMBERS[database]
    yield _members(database, numbers), members
    yield (
        "INSERT INTO member_phones (member_id, e164, kind, active_from) "
        f"SELECT n, '+84' || ({KNOWN_FROM} + n - 1), 'mobile', CURRENT_TIMESTAMP "
        f"FROM ({numbers}) AS given",
        members,
    )
    for channel, remainder in (("sms", 3), ("zalo", 5), ("email", 2)):
        yield (
            "INSERT INTO consents (member_id, channel, purpose, granted, confirmed, guarded,"
            f" text_version, changed_at) SELECT n, '{channel}', 'marketing', true, true, false,"
            f" '1', CURRENT_TIMESTAMP FROM ({numbers}) AS given WHERE n % {remainder} <> 0",
            members,
        )
    yield _purchases(database, numbers, members), purchases
    yield (
        "INSERT INTO purchase_lines (purchase_id, position, sku, category, quantity, amount) "
        f"SELECT n, 1, 'SKU-' || n % 50, 'Category ' || n % 5, 1, 10000 "
        f"FROM ({numbers}) AS given WHERE n % 10 = 0",
        purchases,
    )


def _members(database: str, numbers: str) -> str:
    born = _DAYS_AGO[database].format(days=f"6000 + {_chance('n', 1)} % 20000")
    joined = _SECONDS_AGO[database].format(seconds=f"{_chance('n', 2)} % {DAYS * 86400}")
    called = f"{_chance('n', 14)} % 7919"
    return f"""
        INSERT INTO members (id, points, debt, source, joined_at, name, name_folded, email,
            birth_date, gender, income_band, occupation, education, family_size, country,
            province_list, province, urban)
        SELECT n, 0, 0, 'benchmark', {joined},
            'Nguyễn Văn ' || ({called}), 'nguyen van ' || ({called}),
            CASE WHEN n % 2 = 0 THEN 'm' || n || '@example.com' END,
            CASE WHEN n % 3 <> 0 THEN {born} END,
            CASE {_chance("n", 3)} % 3 WHEN 0 THEN 'male' WHEN 1 THEN 'female' END,
            CASE {_chance("n", 4)} % 4 WHEN 0 THEN 'low' WHEN 1 THEN 'middle' WHEN 2 THEN 'high'
            END,
            'Occupation ' || {_chance("n", 5)} % 10, 'Education ' || {_chance("n", 6)} % 5,
            1 + {_chance("n", 7)} % 7, 'VN', 'vn34',
            CASE {_chance("n", 8)} % 4 WHEN 0 THEN '01' WHEN 1 THEN '79' WHEN 2 THEN '48' ELSE '04'
            END,
            {_chance("n", 9)} % 2 = 0
        FROM ({numbers}) AS given
    """


def _purchases(database: str, numbers: str, members: int) -> str:
    """A product of two chances picks the member: few buy often, many once or never."""
    rank = f"({_chance('n', 10)} % 30011) * ({_chance('n', 11)} % 30011) * {members} / 900660121"
    member = f"1 + ({rank}) * 7919 % {members}"
    moment = _SECONDS_AGO[database].format(seconds=f"60 + {_chance('n', 12)} % {DAYS * 86400}")
    return f"""
        INSERT INTO purchases (id, store_id, register, period, receipt_no, member_id, amount,
            quantity, channel, purchased_at, recorded_at, local_date, local_hour, local_weekday,
            late, points_earned, recorded_by)
        SELECT n, 1, '', '', 'C' || n, member_id, amount, 1 + n % 5,
            CASE n % 7 WHEN 0 THEN 'online' WHEN 1 THEN 'self_service' ELSE 'store' END,
            moment, moment, {_DAY[database].format(moment="moment")}, n % 24, 1 + n % 7,
            false, 0, 'benchmark'
        FROM (
            SELECT n, {member} AS member_id, (20 + {_chance("n", 13)} % 2000) * 1000 AS amount,
                {moment} AS moment
            FROM ({numbers}) AS given
        ) AS made
    """


@contextmanager
def _nobody_watching(connection: sa.Connection, database: str) -> Iterator[None]:
    """Without the triggers: ten million marks and checked keys are not what is measured."""
    if database == "postgresql":
        connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
        yield
        for table in ("members", "purchases"):
            newest = f"SELECT max(id) FROM {table}"
            connection.execute(sa.text(f"SELECT setval('{table}_id_seq', ({newest}))"))
        return
    triggers = connection.execute(
        sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    ).all()
    for name, _ in triggers:
        connection.execute(sa.text(f"DROP TRIGGER {name}"))
    yield
    for _, statement in triggers:
        connection.exec_driver_sql(statement)
