"""B8 and B9: counting an audience of ten tags among a million members, and what tags weigh."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from functools import partial
from statistics import median
from typing import Any

import psycopg
import sqlalchemy as sa
from flask import Flask
from pyroaring import BitMap

from loyalty.audiences import counting
from loyalty.audiences.language import from_document
from loyalty.core import clock
from loyalty.core.db import connection, db, in_transaction, is_postgresql, read
from loyalty.groups import service as groups
from loyalty.groups.models import Cause
from loyalty.groups.service import Build
from loyalty.tags import service as tags
from loyalty.tags.models import Tag
from tests.benchmarks import lookups
from tests.benchmarks.installation import DATABASES, Installation, installed, postgres
from tests.benchmarks.load import TEN_TAGS, how_of, load
from tests.benchmarks.row import Options, Row, in_turns
from tests.databases import running_app
from tests.live import LiveServer

MEMBERS = lookups.MEMBERS
SHARES = (0.6, 0.1, 0.25, 0.02, 0.4, 0.3, 0.05, 0.15, 0.5, 0.01)
"""Of the members, that each tag of the expression has."""
CONNECTIONS = 2
P95_BOUND_MS = 15.0
TIMES_BOUND = 100.0
TAGS_WEIGHED = 50
WEIGHT_BOUND_MB = 10.0
TURNS = 20

_ROWS = """
    SELECT count(*) FROM (
        SELECT member_id FROM benchmark_rows GROUP BY member_id
        HAVING bool_or(tag = 0) AND bool_or(tag IN (1, 2, 3)) AND bool_or(tag IN (4, 5))
            AND NOT bool_or(tag IN (6, 7)) AND bool_or(tag IN (8, 9))
    ) AS found
"""
_ROWS_JOINED = """
    SELECT count(*) FROM benchmark_rows AS first
    WHERE tag = 0
        AND EXISTS (SELECT 1 FROM benchmark_rows WHERE member_id = first.member_id
            AND tag IN (1, 2, 3))
        AND EXISTS (SELECT 1 FROM benchmark_rows WHERE member_id = first.member_id
            AND tag IN (4, 5))
        AND NOT EXISTS (SELECT 1 FROM benchmark_rows WHERE member_id = first.member_id
            AND tag IN (6, 7))
        AND EXISTS (SELECT 1 FROM benchmark_rows WHERE member_id = first.member_id
            AND tag IN (8, 9))
"""


def previews(options: Options) -> Iterator[Row]:
    """B8: the exact count of an expression over ten tags, through HTTP and without it; B9: the
    size of fifty tags."""
    with postgres() as server:
        for database in DATABASES:
            with installed(database, server) as shop:
                lookups.fill(shop)
                with running_app(shop.environ) as app, app.app_context():
                    members = _tag_them()
                    yield from _beside_rows(shop, members)
                with shop.serving() as live:
                    yield _over_http(live, shop, options)
                with running_app(shop.environ) as app:
                    yield _weight(app, shop)


def _tag_them() -> dict[int, BitMap]:
    """Ten tags by chance; by their numbers, who is in."""
    found = {}
    in_transaction(lambda: _fill(groups.ACTIVE, BitMap(range(1, MEMBERS + 1))))
    for number, share in enumerate(SHARES):
        chance = random.Random(number)
        found[number] = BitMap(chance.sample(range(1, MEMBERS + 1), int(share * MEMBERS)))
        _make_tag(f"b{number}", found[number])
    for channel, group_id in groups.REACH.items():
        reached = BitMap(random.Random(channel).sample(range(1, MEMBERS + 1), MEMBERS // 2))
        in_transaction(partial(_fill, group_id, reached))
    _forget_marks()
    return found


def _make_tag(slug: str, members: BitMap) -> None:
    def make() -> None:
        tags.create(name=slug, slug=slug)
        group_id = connection().scalar(sa.select(Tag.group_id).filter_by(slug=slug))
        assert group_id is not None
        _fill(group_id, members)

    in_transaction(make)


def _fill(group_id: int, members: BitMap) -> None:
    groups.replace(group_id, members, Build(cause=Cause.FIRST, as_of=clock.now()))


def _forget_marks() -> None:
    """What inserting a million members marked is drained in an installation in use, and
    PostgreSQL has swept what that left."""
    in_transaction(lambda: connection().execute(sa.text("DELETE FROM dirty")))
    if is_postgresql():
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as sweeper:
            sweeper.execute(sa.text("VACUUM ANALYZE dirty, group_chunks"))


def _beside_rows(shop: Installation, members: dict[int, BitMap]) -> Iterator[Row]:
    """Without HTTP, the chunks read from the database included."""
    expression = from_document(TEN_TAGS)
    expected, took = 0, []
    for _ in range(TURNS):
        began = time.perf_counter()
        with read():
            [expected] = counting.counts([expression])
        took.append((time.perf_counter() - began) * 1000)
    if shop.database == "sqlite":
        return  # The bound speaks of rows in PostgreSQL.
    reference = _rows_ms(shop, members, expected)
    yield Row(
        name="B8",
        database=shop.database,
        what="count over 10 tags, no HTTP",
        measured=median(took),
        reference=reference,
        unit=" ms",
        reference_is="SQL over a row per member and tag, the faster of two ways",
        bound=f"<= {1 / TIMES_BOUND:.2f}",
        holds=median(took) * TIMES_BOUND <= reference,
        how=f"{MEMBERS:,} members, tags looked up and chunks read each time",
    )


def _rows_ms(shop: Installation, members: dict[int, BitMap], expected: int) -> float:
    url = shop.environ["LOYALTY_DATABASE_URL"].replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as raw:
        raw.execute("CREATE TABLE benchmark_rows (tag smallint, member_id integer)")
        with raw.cursor().copy("COPY benchmark_rows FROM STDIN") as copy:
            for tag, who in members.items():
                for member_id in who:
                    copy.write_row((tag, member_id))
        raw.execute("ALTER TABLE benchmark_rows ADD PRIMARY KEY (tag, member_id)")
        raw.execute("CREATE INDEX ON benchmark_rows (member_id, tag)")
        raw.execute("VACUUM ANALYZE benchmark_rows")
        fastest = min(_query_ms(raw, way, expected) for way in (_ROWS, _ROWS_JOINED))
        raw.execute("DROP TABLE benchmark_rows")
    return fastest


def _query_ms(raw: psycopg.Connection[Any], query: Any, expected: int) -> float:
    took = []
    for _ in range(3):
        began = time.perf_counter()
        [[count]] = raw.execute(query).fetchall()
        took.append((time.perf_counter() - began) * 1000)
        if count != expected:
            raise RuntimeError(f"rows say {count}, chunks {expected}")
    return median(took)


def _over_http(live: LiveServer, shop: Installation, options: Options) -> Row:
    def p95(script: str) -> float:
        done = load(
            live,
            shop,
            script,
            turn=0,
            known=MEMBERS,
            seconds=options.seconds,
            connections=CONNECTIONS,
        )
        return done.p95_ms

    measured, reference = in_turns(lambda _: p95("previews"), lambda: p95("nothing"))
    return Row(
        name="B8",
        database=shop.database,
        what="POST /audiences/preview, p95",
        measured=measured,
        reference=reference,
        unit=" ms",
        reference_is="p95 of /healthz",
        bound=f"<= {P95_BOUND_MS:.0f} ms",
        holds=measured <= P95_BOUND_MS,
        how=f"{shop.how}; {how_of(CONNECTIONS)}; {MEMBERS:,} members, 10 tags",
    )


def _weight(app: Flask, shop: Installation) -> Row:
    """Forty more tags of every size between one in a thousand and half of the members."""
    with app.app_context():
        for number in range(len(SHARES), TAGS_WEIGHED):
            chance = random.Random(number)
            size = int(MEMBERS * 0.001 * 500 ** chance.random())
            _make_tag(f"b{number}", BitMap(chance.sample(range(1, MEMBERS + 1), size)))
        megabytes = _size_mb(shop.database)
    return Row(
        name="B9",
        database=shop.database,
        what=f"{TAGS_WEIGHED} tags on {MEMBERS:,} members",
        measured=megabytes,
        reference=WEIGHT_BOUND_MB,
        unit=" MB",
        reference_is="what is allowed",
        bound="<= 1.00",
        holds=megabytes <= WEIGHT_BOUND_MB,
        how="group_chunks with its index; 56 groups, the standing ones included",
    )


def _size_mb(database: str) -> float:
    """Of the chunks on disk."""
    with read() as session:
        if database == "postgresql":
            size = "SELECT pg_total_relation_size('group_chunks')"
        else:
            size = (
                "SELECT sum(pgsize) FROM dbstat WHERE name IN"
                " ('group_chunks', 'sqlite_autoindex_group_chunks_1')"
            )
        return float(session.scalar(sa.text(size)) or 0) / 1024 / 1024
