"""Erasure: in one transaction nothing of the person is left but sums; the purge of what the
database's files still hold follows the commit (`purge.py`)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, or_, select

from loyalty.audit import service as audit
from loyalty.core import clock, idempotency
from loyalty.core.db import LostRace, after_commit, connection, db, table_of
from loyalty.core.errors import Code, Problem
from loyalty.exports import service as exports
from loyalty.groups import forgetting as groups
from loyalty.imports import forgetting as imports
from loyalty.jobs import service as jobs
from loyalty.members import merging
from loyalty.members import service as members
from loyalty.members.models import ConsentChange, Member, MemberPhone
from loyalty.members.reasons import impersonal
from loyalty.points import pending
from loyalty.points import service as points
from loyalty.privacy import requests
from loyalty.privacy.erased_file import catch_up_quietly
from loyalty.privacy.models import RightsRequest
from loyalty.privacy.rules import ERASE
from loyalty.purchases import erasure as receipts
from loyalty.rewards import service as rewards

PURGE = "privacy.purge"
"""The kind of job that purges."""
LAPSED = "erased"
"""Why the points of an erased member lapse, in the ledger."""

_members = table_of(Member)
_phones = table_of(MemberPhone)


@dataclass(frozen=True, kw_only=True)
class _Person:
    """What has to be looked for in places that do not name the member."""

    numbers: list[str]
    """E.164, of today and before, but for one that is another member's by now."""
    words: list[str]


def erase(member_id: int, *, reason: str) -> None:
    """Erase a person beyond recovery: profile, attributes, phones, consents and notes are gone,
    no group has the member or tells that it had, receipts and the ledger stay as sums of
    nobody, points lapse and debt is forgiven. Files that the member is or may be in are deleted.

    Accounts that were merged into the member's are the same person: each of them is erased with
    it, whichever of them was named. Erased twice is erased once. Ends every request of the
    member. Raises `unknown_member`, `reason_required`.
    """
    reason = requests.required(reason)
    member_id = merging.survivor_of(member_id)
    accounts = _hold(member_id)
    if not accounts:
        return
    now = clock.now()
    person = _person(member_id, accounts)
    reason = impersonal(reason, about=accounts) or ""
    _end_account(member_id, now=now)
    requests.end_with_erasure(member_id)
    receipts.forget(member_id, numbers=person.numbers)
    _forget_former_holders(person.numbers)
    for each in accounts:
        _forget(each, person, now=now)
    audit.record(ERASE.name, "member", member_id, reason=reason)
    jobs.enqueue(PURGE, {}, now=now)
    after_commit(catch_up_quietly)


def _hold(member_id: int) -> list[int]:
    """Lock the member, a closed one too, and the accounts that were merged into it; empty where
    nothing is left to erase."""
    accounts = merging.accounts_of(member_id)
    query = select(_members.c.id, _members.c.erased_at, _members.c.merged_into)
    held = query.where(_members.c.id.in_(accounts)).order_by(_members.c.id)
    rows = {row.id: row for row in connection().execute(held.with_for_update(key_share=True))}
    if member_id not in rows:
        raise Problem(Code.UNKNOWN_MEMBER)
    if rows[member_id].merged_into or merging.accounts_of(member_id) != accounts:
        # Somebody merged it meanwhile: the locks are on half a person.
        raise LostRace
    return accounts if rows[member_id].erased_at is None else []


def _end_account(member_id: int, *, now: datetime) -> None:
    """Nothing is on hold or to come any more, what is left lapses, debt is forgiven."""
    if account := members.lock([member_id]).get(member_id):
        rewards.end_holds(account, now=now)
        pending.activate_all(account, now=now)
        points.end_account(account, reason=LAPSED, now=now)


def _forget(member_id: int, person: _Person, *, now: datetime) -> None:
    idempotency.forget_person(
        idempotency.Traces(
            member_id=member_id,
            phones=person.numbers,
            words=person.words,
            fields=("phone", "note", "reason", "urban", "attributes", *members.PROFILE_FIELDS),
        )
    )
    groups.forget(member_id)
    imports.forget(member_id)
    members.forget(member_id, now=now)
    # Last: whoever finishes a file meanwhile sees that the member is erased.
    exports.forget(member_id)


def _person(member_id: int, accounts: Collection[int]) -> _Person:
    mine, others = _phones, _phones.alias("others")
    taken_over = select(others.c.id).where(
        others.c.e164 == mine.c.e164,
        others.c.member_id != member_id,
        others.c.active_until.is_(None),
    )
    numbers = connection().scalars(
        select(mine.c.e164).where(mine.c.member_id == member_id, ~taken_over.exists()).distinct()
    )
    return _Person(numbers=list(numbers), words=sorted(_words(member_id, accounts)))


def _words(member_id: int, accounts: Collection[int]) -> set[str]:
    """Names, dates and typed texts: what answers kept under a key may hold."""
    profile = connection().execute(
        select(_members.c.name, _members.c.email, _members.c.birth_date).where(
            _members.c.id.in_(accounts)
        )
    )
    notes = select(RightsRequest.note).where(RightsRequest.member_id == member_id)
    proofs = select(ConsentChange.proof, ConsentChange.guardian).where(
        ConsentChange.member_id == member_id,
        or_(ConsentChange.proof.is_not(None), ConsentChange.guardian.is_not(None)),
    )
    rows = [*profile, *connection().execute(notes), *connection().execute(proofs)]
    return {str(value) for row in rows for value in row if value is not None}


def _forget_former_holders(numbers: list[str]) -> None:
    """Whose number it was before knows it no longer: it is the erased member's."""
    db.session.execute(
        delete(MemberPhone).where(
            MemberPhone.e164.in_(numbers), MemberPhone.active_until.is_not(None)
        )
    )
