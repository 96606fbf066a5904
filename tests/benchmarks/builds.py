"""B10, B11 and B12: building tags whole, for the members that changed, and by one click."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from functools import partial
from statistics import median

import sqlalchemy as sa

from loyalty.core import clock
from loyalty.core.db import connection, in_transaction, read
from loyalty.members import dirty
from loyalty.tags import building, rounds, starters
from loyalty.tags import service as tags
from loyalty.tags.compiling import members_where
from loyalty.tags.documents import from_document
from loyalty.tags.models import Tag
from loyalty.tags.surroundings import surroundings
from tests.benchmarks.command import run_command
from tests.benchmarks.crowd import PURCHASES_EACH, fill
from tests.benchmarks.installation import DATABASES, Installation, installed, postgres
from tests.benchmarks.row import Options, Row
from tests.databases import running_app

MEMBERS = 1_000_000
FEWER_MEMBERS = 100_000
BUILD_BOUND = 1.5
MEMORY_BOUND_MB = 500.0
DIRTY = 1_000
DIRTY_BOUND_SECONDS = 2.0
GROWTH_BOUND = 1.5
RULES = 50
CLICKS = 300
CLICK_BOUND_MS = 5.0
STREAMED = 50_000
TURNS = 3


def builds(options: Options) -> Iterator[Row]:
    """B10, B11 and B12, on the same crowds."""
    del options  # they take as long as they take
    with postgres() as server:
        for database in DATABASES:
            with installed(database, server) as small:
                fewer = _dirty_seconds(small, FEWER_MEMBERS)
            with installed(database, server) as shop:
                fill(shop, members=MEMBERS)
                if database == "postgresql":
                    yield from _whole(shop)
                with running_app(shop.environ) as app, app.app_context():
                    yield from _dirty_rows(shop, fewer)
                    yield _click(shop)


def _whole(shop: Installation) -> Iterator[Row]:
    with running_app(shop.environ) as app, app.app_context():
        in_transaction(starters.install)
        count, reference = _bare_sql_seconds()
    ran = run_command(shop.environ, "tags", "refresh")
    how = f"{count} rules, {MEMBERS:,} members, {MEMBERS * PURCHASES_EACH:,} purchases"
    yield Row(
        name="B10",
        database=shop.database,
        what="build of all starter tags",
        measured=ran.seconds,
        reference=reference,
        unit=" s",
        reference_is="the bare SQL of the rules, ids streamed",
        bound=f"<= {BUILD_BOUND:.2f}",
        holds=ran.seconds <= BUILD_BOUND * reference,
        how=f"flask tags refresh as a whole; {how}",
    )
    yield Row(
        name="B10",
        database=shop.database,
        what="memory of the build",
        measured=ran.peak_mb,
        reference=MEMORY_BOUND_MB,
        unit=" MB",
        reference_is="what is allowed",
        bound="<= 1.00",
        holds=ran.peak_mb <= MEMORY_BOUND_MB,
        how=f"greatest resident size of the command; {how}",
    )


def _bare_sql_seconds() -> tuple[int, float]:
    """How many rules there are, and how long their selects take one after the other."""
    began = time.monotonic()
    with read():
        around = surroundings(clock.now())
        rules = connection().scalars(sa.select(Tag.rule).where(Tag.rule.is_not(None))).all()
        for rule in rules:
            query = members_where(from_document(rule), around)
            for ids in connection().execute(query).scalars().partitions(STREAMED):
                del ids
    return len(rules), time.monotonic() - began


def _dirty_seconds(shop: Installation, members: int) -> float:
    fill(shop, members=members)
    with running_app(shop.environ) as app, app.app_context():
        return _drained_in(members)


def _dirty_rows(shop: Installation, fewer: float) -> Iterator[Row]:
    measured = _drained_in(MEMBERS)
    how = f"median of 3 times, {PURCHASES_EACH} purchases a member"
    yield Row(
        name="B11",
        database=shop.database,
        what=f"{DIRTY:,} dirty members, {RULES} rules",
        measured=measured,
        reference=DIRTY_BOUND_SECONDS,
        unit=" s",
        reference_is="what is allowed",
        bound="<= 1.00",
        holds=measured <= DIRTY_BOUND_SECONDS,
        how=f"{MEMBERS:,} members; {how}",
    )
    yield Row(
        name="B11",
        database=shop.database,
        what=f"the same among {FEWER_MEMBERS:,} members",
        measured=measured,
        reference=fewer,
        unit=" s",
        reference_is=f"the same among {FEWER_MEMBERS:,}",
        bound=f"<= {GROWTH_BOUND:.2f}",
        holds=measured <= GROWTH_BOUND * fewer,
        how=how,
    )


def _drained_in(members: int) -> float:
    """Seconds to work through 1,000 marked members with 50 rules: the median of three times."""
    in_transaction(starters.install)
    in_transaction(_keep_fifty_rules)
    building.build_all(as_of=clock.now())
    took = []
    for turn in range(TURNS):
        chosen = random.Random(turn).sample(range(1, members + 1), DIRTY)
        in_transaction(partial(dirty.mark, chosen))
        began = time.monotonic()
        rounds.drain()
        took.append(time.monotonic() - began)
    return median(took)


def _keep_fifty_rules() -> None:
    """Fewer, or copies of those there are."""
    there = tags.all_tags()
    for tag in there[RULES:]:
        tags.delete(tag["slug"])
    for number in range(RULES - len(there)):
        rule = from_document(there[number]["rule"])
        tags.create(name=f"again {number}", rule=rule)


def _click(shop: Installation) -> Row:
    """One member given a tag by hand, or relieved of it, in a transaction of its own."""
    in_transaction(lambda: tags.create(name="by hand", slug="by-hand"))
    chance = random.Random(0)
    took = []
    for number in range(CLICKS):
        member_id = chance.randint(1, MEMBERS)
        began = time.perf_counter()
        in_transaction(partial(tags.mark, member_id, "by-hand", on=number % 4 > 0))
        took.append((time.perf_counter() - began) * 1000)
    typical = median(took)
    return Row(
        name="B12",
        database=shop.database,
        what="one click on one member",
        measured=typical,
        reference=CLICK_BOUND_MS,
        unit=" ms",
        reference_is="what is allowed",
        bound="<= 1.00",
        holds=typical <= CLICK_BOUND_MS,
        how=f"{MEMBERS:,} members; median of {CLICKS}, each a transaction; p95 "
        f"{sorted(took)[int(CLICKS * 0.95)]:.1f} ms",
    )
