"""Erasure: in one transaction nothing of the person is left but sums; the purge of what the
database's files still hold follows the commit (`purge.py`)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, or_, select

from loyalty.audit import service as audit
from loyalty.core import clock, idempotency
from loyalty.core.db import after_commit, connection, db, table_of
from loyalty.core.errors import Code, Problem
from loyalty.exports import service as exports
from loyalty.groups import forgetting as groups
from loyalty.imports import forgetting as imports
from loyalty.jobs import service as jobs
from loyalty.members import service as members
from loyalty.members.models import ConsentChange, Member, MemberPhone
from loyalty.members.reasons import impersonal
from loyalty.points import service as points
from loyalty.privacy import requests
from loyalty.privacy.erased_file import catch_up_quietly
from loyalty.privacy.models import RightsRequest
from loyalty.privacy.rules import ERASE
from loyalty.purchases import erasure as receipts

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

    Erased twice is erased once. Ends every request of the member. Raises `unknown_member`,
    `reason_required`.
    """
    reason = requests.required(reason)
    if not _hold(member_id):
        return
    now = clock.now()
    person = _person(member_id)
    reason = impersonal(reason, about=[member_id]) or ""
    if account := members.lock([member_id]).get(member_id):
        points.end_account(account, reason=LAPSED, now=now)
    requests.end_with_erasure(member_id)
    receipts.forget(member_id, numbers=person.numbers)
    idempotency.forget_person(
        idempotency.Traces(
            member_id=member_id,
            phones=person.numbers,
            words=person.words,
            fields=("phone", "note", "urban", "attributes", *members.PROFILE_FIELDS),
        )
    )
    _forget_former_holders(person.numbers)
    groups.forget(member_id)
    imports.forget(member_id)
    members.forget(member_id, now=now)
    # Last: whoever finishes a file meanwhile sees that the member is erased.
    exports.forget(member_id)
    audit.record(ERASE.name, "member", member_id, reason=reason)
    jobs.enqueue(PURGE, {}, now=now)
    after_commit(catch_up_quietly)


def _hold(member_id: int) -> bool:
    """Lock the member, a closed one too; False where nothing is left to erase."""
    query = select(_members.c.erased_at).where(_members.c.id == member_id)
    row = connection().execute(query.with_for_update(key_share=True)).first()
    if row is None:
        raise Problem(Code.UNKNOWN_MEMBER)
    return row.erased_at is None


def _person(member_id: int) -> _Person:
    mine, others = _phones, _phones.alias("others")
    taken_over = select(others.c.id).where(
        others.c.e164 == mine.c.e164,
        others.c.member_id != member_id,
        others.c.active_until.is_(None),
    )
    numbers = connection().scalars(
        select(mine.c.e164).where(mine.c.member_id == member_id, ~taken_over.exists()).distinct()
    )
    return _Person(numbers=list(numbers), words=sorted(_words(member_id)))


def _words(member_id: int) -> set[str]:
    """Names, dates and typed texts: what answers kept under a key may hold."""
    profile = connection().execute(
        select(_members.c.name, _members.c.email, _members.c.birth_date).where(
            _members.c.id == member_id
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
