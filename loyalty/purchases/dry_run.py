"""Past purchases under another earning rule: what would differ, without writing anything.

Each is worked out as it was sold, goods that came back since included: with the tier that it
earned by where its entry tells, else the one the member has now, with today's tags, and with the
promotions that it had.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from flask import current_app
from sqlalchemy import Row, Select, func, select, true

from loyalty.core.db import connection, table_of
from loyalty.core.errors import Code, Problem
from loyalty.members.models import Member
from loyalty.points.models import EntryKind, PendingPoints, PointEntry
from loyalty.programme import service as programme
from loyalty.programme.earning import Buyer, Line, Sale, work_out
from loyalty.programme.naming import check_names
from loyalty.programme.rules import EarningRuleView, Programme, TierView
from loyalty.purchases.handed_in import in_tag
from loyalty.purchases.models import Purchase, PurchaseLine

_purchases = table_of(Purchase)
_lines = table_of(PurchaseLine)
_entries = table_of(PointEntry)
_pending = table_of(PendingPoints)
_members = table_of(Member)

STEP_MEMBERS = 500
"""Members whose purchases are in memory at once."""
BIGGEST = 10

Inputs = Mapping[str, Any]


@dataclass(slots=True)
class Points:
    """Of some purchases: as they earned, and as they would."""

    before: int = 0
    after: int = 0

    def add(self, before: int, after: int) -> None:
        self.before += before
        self.after += after


@dataclass(slots=True)
class DryRun:
    """What would differ. `by_tier`: by slug, '' for no tier; `biggest`: the members (ids) whose
    points differ most, with the difference."""

    purchases: int = 0
    total: Points = field(default_factory=Points)
    by_store: dict[str, Points] = field(default_factory=dict)
    by_tier: dict[str, Points] = field(default_factory=dict)
    members_gain: int = 0
    members_lose: int = 0
    biggest: list[tuple[int, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Past:
    """A purchase that earned by a rule, as it was sold."""

    row: Row[Any]
    sale: Sale
    buyer: Buyer
    inputs: Inputs | None

    @property
    def promotions(self) -> Sequence[Mapping[str, Any]]:
        used: Sequence[Mapping[str, Any]] = (self.inputs or {}).get("promotions", ())
        return used


def dry_run(
    rule: Mapping[str, Any],
    *,
    since: date | None = None,
    until: date | None = None,
    most_seconds: float | None = None,
    report: Callable[[int], None] | None = None,
) -> DryRun:
    """Replay the purchases of these local days, both included, under `rule` as `RuleSchema` loads
    it. Void ones are left out, and history that was recorded without points. Raises
    `invalid_rule`, and `took_too_long` after `most_seconds`."""
    current = programme.snapshot()
    check_names(rule, current)
    changed = replace(current.rules[-1], **{"special": None, **rule})
    run, ends = DryRun(), time.monotonic() + (most_seconds or float("inf"))
    for past in _steps(current, changed, since or date.min, until or date.max):
        _compare(past, current, changed, run)
        if report is not None:
            report(run.purchases)
        if time.monotonic() > ends:
            raise Problem(Code.TOOK_TOO_LONG)
    run.biggest.sort(key=lambda each: -abs(each[1]))
    return run


# -- reading -------------------------------------------------------------------


def _steps(
    current: Programme, changed: EarningRuleView, since: date, until: date
) -> Iterator[list[_Past]]:
    """Purchases of one member are in one step."""
    last = connection().scalar(select(func.max(_members.c.id))) or 0
    for first in range(1, last + 1, STEP_MEMBERS):
        which = (
            _purchases.c.member_id.between(first, first + STEP_MEMBERS - 1),
            _purchases.c.local_date.between(since, until),
            _purchases.c.voided_at.is_(None),
        )
        rows = connection().execute(
            select(_purchases, _members.c.tier_id)
            .join(_members, _members.c.id == _purchases.c.member_id)
            .where(*which)
            .order_by(_purchases.c.id)
        )
        if found := rows.all():
            yield _pasts(found, select(_purchases.c.id).where(*which), current, changed)


def _pasts(
    rows: Sequence[Row[Any]], ids: Select[int], current: Programme, changed: EarningRuleView
) -> list[_Past]:
    """`ids` selects those of the rows."""
    inputs, lines = _inputs_of(ids), _lines_of(ids)
    in_tags = _tags_of({row.member_id for row in rows}, current, changed)
    zone = current_app.extensions["settings"].time_zone
    stores = {store.id: store.code for store in current.stores.values()}
    return [
        _Past(
            row=row,
            sale=Sale(
                amount=row.amount,
                lines=lines.get(row.id, ()),
                store=stores[row.store_id],
                channel=row.channel,
                local=row.purchased_at.astimezone(zone),
            ),
            buyer=Buyer(
                tier=_tier(row, inputs.get(row.id), current),
                tags=frozenset(slug for slug, who in in_tags.items() if row.member_id in who),
            ),
            inputs=inputs.get(row.id),
        )
        for row in rows
    ]


def _inputs_of(ids: Select[int]) -> dict[int, Inputs]:
    """Of the newest entry that brought each purchase's points, or of what is pending of it."""
    found: dict[int, Inputs] = {}
    brought = _entries.c.kind.in_([EntryKind.EARN, EntryKind.ACTIVATE])
    for table, which in ((_pending, true()), (_entries, brought)):
        rows = connection().execute(
            select(table.c.purchase_id, table.c.inputs)
            .where(table.c.purchase_id.in_(ids), which)
            .order_by(table.c.id)
        )
        found.update({row.purchase_id: row.inputs or {} for row in rows})
    return found


def _lines_of(ids: Select[int]) -> dict[int, list[Line]]:
    rows = connection().execute(
        select(_lines).where(_lines.c.purchase_id.in_(ids)).order_by(_lines.c.position)
    )
    lines: dict[int, list[Line]] = {}
    for row in rows:
        line = Line(row.sku, row.category, row.quantity, row.amount)
        lines.setdefault(row.purchase_id, []).append(line)
    return lines


def _tags_of(
    member_ids: set[int], current: Programme, changed: EarningRuleView
) -> dict[str, set[int]]:
    specials = (*changed.beside.rules, *(s for rule in current.rules for s in rule.beside.rules))
    promotions = (promotion.read.when.tag for promotion in current.promotions)
    slugs = {special.when.tag for special in specials} | set(promotions)
    return {slug: in_tag(slug, member_ids) for slug in slugs if slug}


def _tier(row: Row[Any], inputs: Inputs | None, current: Programme) -> TierView | None:
    """With the multiplier that its entry tells of."""
    tier = current.tier(row.tier_id)
    if inputs is None:
        return tier
    then = inputs.get("tier", {"slug": tier.slug if tier else "", "percent": 100})
    return TierView(
        id=0, slug=then["slug"], name="", threshold=0, multiplier_percent=then["percent"]
    )


# -- comparing -----------------------------------------------------------------


def _compare(
    pasts: Sequence[_Past], current: Programme, changed: EarningRuleView, run: DryRun
) -> None:
    by_member: dict[int, int] = {}
    for past in pasts:
        if not _earned_by_a_rule(past, current):
            continue
        before, after = past.row.points_earned, _points(past, current, changed)
        run.purchases += 1
        run.total.add(before, after)
        run.by_store.setdefault(past.sale.store, Points()).add(before, after)
        tier = past.buyer.tier.slug if past.buyer.tier else ""
        run.by_tier.setdefault(tier, Points()).add(before, after)
        by_member[past.row.member_id] = by_member.get(past.row.member_id, 0) + after - before
    run.members_gain += sum(more > 0 for more in by_member.values())
    run.members_lose += sum(more < 0 for more in by_member.values())
    run.biggest = heapq.nlargest(
        BIGGEST,
        (*run.biggest, *(each for each in by_member.items() if each[1])),
        key=lambda each: abs(each[1]),
    )


def _earned_by_a_rule(past: _Past, current: Programme) -> bool:
    """History without points earned nothing where the rule of its time gives something."""
    if past.row.points_earned:
        return True
    anybodys = replace(past, buyer=Buyer())
    return not _points(anybodys, current, current.rule_at(past.row.purchased_at))


def _points(past: _Past, current: Programme, rule: EarningRuleView) -> int:
    """With the promotions that it had, each as far as it went."""
    used = {each["id"]: each.get("limit") for each in past.promotions}
    if used or current.promotions:
        promotions = tuple(each for each in current.promotions if each.id in used)
        current = replace(current, promotions=promotions)
    room = {id_: limit for id_, limit in used.items() if limit is not None}
    return work_out(current, rule, past.sale, past.buyer, room=room).points
