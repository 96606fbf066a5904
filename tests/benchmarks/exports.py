"""B13 and B14: files of many members, in time and in memory."""

from __future__ import annotations

import csv
import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
import sqlalchemy as sa
from xlsxwriter import Workbook

from loyalty.audiences import service as audiences
from loyalty.core import clock
from loyalty.core.db import connection, db, in_transaction
from loyalty.core.limits import BATCH_ROWS
from loyalty.exports.columns import DEFAULT
from loyalty.members.consent_rules import CHANNELS
from loyalty.tags import building
from loyalty.tags import service as tags
from tests.benchmarks.command import Ran, run_command
from tests.benchmarks.crowd import fill
from tests.benchmarks.installation import Installation, installed, postgres
from tests.benchmarks.row import TURNS, Options, Row, in_turns
from tests.databases import running_app

MEMBERS = 1_000_000
FEWER_MEMBERS = 100_000
XLSX_MEMBERS = 300_000
HASHED = ("meta", "google", "tiktok")
PLAIN = ("zalo", "sms")
LISTED = 50_000
"""Numbers on the do-not-call list, none of them a member's: each phone is looked for in it."""
CSV_BOUND = 2.0
XLSX_BOUND = 1.3
FORMAT_BOUND = 1.5
MEMORY_BOUND_MB = 60.0
SLUG = "everybody"

_LAPSED = """
    SELECT member_id, sum(remaining) AS points FROM point_lots
    WHERE remaining > 0 AND expires_at <= now() GROUP BY member_id
"""
_ROWS = f"""
    SELECT p.e164, m.name, m.email, m.birth_date, m.gender, m.income_band, m.occupation,
        m.education, m.family_size, m.country, m.province_list || ':' || m.province, m.district,
        m.joined_at, greatest(m.points + m.debt - coalesce(lapsed.points, 0), 0),
        {", ".join(f"{channel}.member_id IS NOT NULL" for channel in CHANNELS)}, ''
    FROM members m
    LEFT JOIN member_phones p ON p.member_id = m.id AND p.active_until IS NULL
    LEFT JOIN ({_LAPSED}) lapsed ON lapsed.member_id = m.id
    {
    " ".join(
        f"LEFT JOIN consents {channel} ON {channel}.member_id = m.id AND {channel}.channel ="
        f" '{channel}' AND {channel}.purpose = 'marketing' AND {channel}.granted AND"
        f" {channel}.confirmed"
        for channel in CHANNELS
    )
}
    WHERE m.closed_at IS NULL ORDER BY m.id
"""  # nosec B608  # names of our own
"""The rows of a CSV for people, of members of age who never objected, in one statement."""


def files(options: Options) -> Iterator[Row]:
    """B13 and B14, on the same crowd."""
    del options  # they take as long as they take
    with postgres() as server:
        with installed("postgresql", server) as small:
            _prepare(small, FEWER_MEMBERS)
            fewer = _exported(small, "csv", rows=FEWER_MEMBERS).peak_mb
        with installed("postgresql", server) as shop:
            _prepare(shop, MEMBERS)
            seconds: list[float] = []
            yield from _csv(shop, fewer, seconds)
            for name in (*HASHED, *PLAIN):
                yield _beside_csv(shop, name, median(seconds))
            yield _xlsx(shop)


def _prepare(shop: Installation, members: int) -> None:
    """Everybody agreed to everything, and is in one customer group."""
    fill(shop, members=members, purchases_each=0)
    with running_app(shop.environ) as app, app.app_context():
        in_transaction(_agree_to_everything)
        in_transaction(_list_others)
        building.build_all(as_of=clock.now())
        in_transaction(_group_everybody)
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as quiet:
            quiet.execute(sa.text("VACUUM ANALYZE"))


def _agree_to_everything() -> None:
    everything = """
        INSERT INTO consents (member_id, channel, purpose, granted, confirmed, guarded,
            text_version, changed_at)
        SELECT id, :channel, 'marketing', true, true, false, '1', CURRENT_TIMESTAMP FROM members
        ON CONFLICT DO NOTHING
    """
    connection().execute(sa.text("SET LOCAL session_replication_role = replica"))
    for channel in CHANNELS:
        connection().execute(sa.text(everything), {"channel": channel})


def _list_others() -> None:
    connection().execute(
        sa.text(
            "INSERT INTO do_not_call (phone_hash, source, added_by, added_at)"
            " SELECT encode(sha256(convert_to('x' || n, 'UTF8')), 'hex'), 'benchmark',"
            " 'benchmark', CURRENT_TIMESTAMP FROM generate_series(1, :count) AS given(n)"
        ),
        {"count": LISTED},
    )


def _group_everybody() -> None:
    tags.create(name="nobody", slug="nobody")
    audiences.create(name=SLUG, slug=SLUG, expression={"not": {"tag": "nobody"}})


def _exported(shop: Installation, name: str, *more: str, rows: int) -> Ran:
    """`flask audiences export` as a whole; raises where there are not so many rows."""
    folder = Path(tempfile.mkdtemp(prefix="loyalty-benchmark-"))
    try:
        asked = (SLUG, "--format", name, "--out", str(folder), "--json", *more)
        ran = run_command(shop.environ, "audiences", "export", *asked)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    found = json.loads(ran.said.splitlines()[-1])["rows"]
    if found != rows:
        raise RuntimeError(f"{found} rows in {name}")
    return ran


# -- B13 ---------------------------------------------------------------------------


def _csv(shop: Installation, fewer_mb: float, seconds: list[float]) -> Iterator[Row]:
    """`seconds` takes how long each turn was."""
    peaks: list[float] = []

    def measure(_: int) -> float:
        ran = _exported(shop, "csv", rows=MEMBERS)
        peaks.append(ran.peak_mb)
        seconds.append(ran.seconds)
        return ran.seconds

    measured, reference = in_turns(measure, lambda: _seconds_of_csv_alone(shop))
    yield Row(
        name="B13",
        database=shop.database,
        what=f"CSV of {MEMBERS:,} members",
        measured=measured,
        reference=reference,
        unit=" s",
        reference_is="Python's csv from one server-side cursor, the same rows",
        bound=f"<= {CSV_BOUND:.2f}",
        holds=measured <= CSV_BOUND * reference,
        how=f"flask audiences export as a whole; {len(DEFAULT)} columns",
    )
    idle = run_command(shop.environ, "audiences", "--help").peak_mb
    for members, peak in ((FEWER_MEMBERS, fewer_mb), (MEMBERS, max(peaks))):
        yield Row(
            name="B13",
            database=shop.database,
            what=f"memory for {members:,} members",
            measured=peak - idle,
            reference=MEMORY_BOUND_MB,
            unit=" MB",
            reference_is="what is allowed",
            bound="<= 1.00",
            holds=peak - idle <= MEMORY_BOUND_MB,
            how=f"greatest resident size of the command over {idle:.0f} MB of an idle one",
        )


def _seconds_of_csv_alone(shop: Installation) -> float:
    began = time.monotonic()
    with tempfile.TemporaryFile("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        for rows in _fetched(shop):
            writer.writerows(rows)
    return time.monotonic() - began


def _fetched(shop: Installation) -> Iterator[list[tuple[Any, ...]]]:
    address = shop.environ["LOYALTY_DATABASE_URL"].replace("postgresql+psycopg:", "postgresql:")
    with (
        closing(psycopg.connect(address)) as reader,
        reader.cursor(name="rows") as cursor,
    ):
        # All rows are wanted soon, not the first ones at once.
        reader.execute("SET cursor_tuple_fraction = 1")
        cursor.execute(_ROWS)
        while rows := cursor.fetchmany(BATCH_ROWS):
            yield rows


def _xlsx(shop: Installation) -> Row:
    rows, most = _some_rows(shop), ("--limit", str(XLSX_MEMBERS))
    measured, reference = in_turns(
        lambda _: _exported(shop, "xlsx", *most, rows=XLSX_MEMBERS).seconds,
        lambda: _seconds_of_xlsx_alone(rows),
    )
    return Row(
        name="B13",
        database=shop.database,
        what=f"XLSX of {XLSX_MEMBERS:,} members",
        measured=measured,
        reference=reference,
        unit=" s",
        reference_is="XlsxWriter alone, constant_memory, the same rows",
        bound=f"<= {XLSX_BOUND:.2f}",
        holds=measured <= XLSX_BOUND * reference,
        how=f"flask audiences export as a whole; {len(DEFAULT)} columns",
    )


def _some_rows(shop: Installation) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    for rows in _fetched(shop):
        found += [_for_a_sheet(row) for row in rows]
        if len(found) >= XLSX_MEMBERS:
            break
    return found[:XLSX_MEMBERS]


def _for_a_sheet(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A sheet's times have no zone."""
    return tuple(cell.replace(tzinfo=None) if hasattr(cell, "tzinfo") else cell for cell in row)


def _seconds_of_xlsx_alone(rows: list[tuple[Any, ...]]) -> float:
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        how = {"constant_memory": True, "default_date_format": "yyyy-mm-dd", "tmpdir": folder}
        with Workbook(Path(folder) / "alone.xlsx", how) as book:
            sheet = book.add_worksheet()
            for line, row in enumerate(rows):
                sheet.write_row(line, 0, row)
    return time.monotonic() - began


# -- B14 ---------------------------------------------------------------------------


def _beside_csv(shop: Installation, name: str, reference: float) -> Row:
    measured = median(_exported(shop, name, rows=MEMBERS).seconds for _ in range(TURNS))
    return Row(
        name="B14",
        database=shop.database,
        what=f"{name} of {MEMBERS:,} members",
        measured=measured,
        reference=reference,
        unit=" s",
        reference_is="the CSV of B13",
        bound=f"<= {FORMAT_BOUND:.2f}",
        holds=measured <= FORMAT_BOUND * reference,
        how="flask audiences export as a whole, everybody agreed and is looked for on the list",
    )
