"""Returns of a file: many at once, each matched to the purchases that it may be of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from loyalty.core import clock
from loyalty.core.errors import Problem
from loyalty.core.phone import PhoneNumber
from loyalty.members import service as members
from loyalty.members.service import LockedMember
from loyalty.purchases import earning_bonuses, taking_goods
from loyalty.purchases.recording import Rejected, Replayed
from loyalty.purchases.return_rules import Slip, check
from loyalty.purchases.returns import Loaded, conflict, is_again, matched, recorded_before
from loyalty.purchases.rules import Surroundings
from loyalty.purchases.surroundings import surroundings


@dataclass(frozen=True, slots=True)
class Recorded:
    """A return that is in: for whom, and how many of its lines are of a purchase."""

    member: LockedMember
    lines: int
    matched: int


class Checked(NamedTuple):
    phone: PhoneNumber
    slip: Slip


Outcome = Recorded | Replayed | Rejected


def record_many(given: Sequence[Loaded | Problem], *, source: str, earns: bool) -> list[Outcome]:
    """Record returns that name no purchase; those that are wrong in themselves are rejected, the
    rest is one effect. `source` and `earns` as of purchases."""
    around = surroundings(clock.now())
    checked = [_check_row(row, around) for row in given]
    slips = [each for each in checked if isinstance(each, Checked)]
    known = recorded_before([each.slip for each in slips])
    new = [each.phone for each in slips if each.slip.key not in known]
    accounts = members.find_or_create(new, source=source, now=around.now) if new else {}
    outcomes: list[Outcome] = []
    for each in checked:
        if isinstance(each, Rejected):
            outcomes.append(each)
        elif each.slip.key in known:
            outcomes.append(_again(known[each.slip.key], each))
        else:
            member = accounts[each.phone.e164]
            if earns and member.created:
                earning_bonuses.sign_up(member, now=around.now)
            taken = matched(member, each.slip, each.phone, around, earns=earns)
            known[each.slip.key] = taking_goods.write(taken, around.programme, now=around.now)
            matched_lines = sum(line.purchase_id is not None for line in taken.lines)
            outcomes.append(Recorded(member, len(each.slip.lines), matched_lines))
    return outcomes


def _check_row(row: Loaded | Problem, around: Surroundings) -> Checked | Rejected:
    if isinstance(row, Problem):
        return Rejected(row)
    try:
        return Checked(row["phone"], check(row, around, store=None))
    except Problem as problem:
        return Rejected(problem)


def _again(before: Loaded, given: Checked) -> Replayed | Rejected:
    if is_again(before, given.slip, purchase_id=None, phone=given.phone):
        return Replayed(before)
    return Rejected(conflict(before))
