"""The standing groups: every active member, and whom marketing may reach on each channel.

Reached is who agreed so that it counts, can be reached on the channel at all, and is not on
the do-not-call list. Sources: semantics, Consent and law, Audience files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from pyroaring import BitMap
from sqlalchemy import ColumnElement, Row, Select, String, exists, or_, select

from loyalty.core.bulk import values_table
from loyalty.core.db import connection, table_of
from loyalty.core.limits import BATCH_ROWS
from loyalty.core.phone import PhoneNumber
from loyalty.groups.selecting import members_of, only
from loyalty.groups.service import ACTIVE, REACH
from loyalty.members import consents, do_not_call
from loyalty.members.consent_rules import MARKETING
from loyalty.members.models import Consent, DoNotCall, Member, MemberPhone

_members = table_of(Member)
_phones = table_of(MemberPhone)
_consents = table_of(Consent)
_listed = table_of(DoNotCall)

_ACTIVE_PHONE = (_phones.c.member_id == _members.c.id) & _phones.c.active_until.is_(None)
_HAS_PHONE = exists().where(_ACTIVE_PHONE)
_HAS_MOBILE = exists().where(_ACTIVE_PHONE, _phones.c.kind.in_(("mobile", "mobile_or_landline")))
_HAS_EMAIL = _members.c.email.is_not(None)
_CAN_BE_REACHED: Mapping[str, ColumnElement[bool]] = {
    "sms": _HAS_MOBILE,
    "zalo": _HAS_MOBILE,
    "call": _HAS_PHONE,
    "email": _HAS_EMAIL,
    "ads": or_(_HAS_PHONE, _HAS_EMAIL),
}


def find(*, as_of: datetime, among: Sequence[int] | None = None) -> dict[int, BitMap]:
    """Group id -> who is in it, of all six; with `among`, of these members alone."""
    kept_away = _on_do_not_call_list(among)
    found = {
        REACH[channel]: members_of(reached(channel, as_of=as_of, among=among)) - kept_away
        for channel in REACH
    }
    return {ACTIVE: members_of(active(among=among)), **found}


def active(*, among: Sequence[int] | None = None) -> Select[tuple[int]]:
    everybody = select(_members.c.id).where(_members.c.closed_at.is_(None))
    return only(everybody, among, column=_members.c.id)


def reached(
    channel: str, *, as_of: datetime, among: Sequence[int] | None = None
) -> Select[tuple[int]]:
    """Whoever agreed and can be reached, on the do-not-call list or not."""
    agreed = consents.counting(channel, MARKETING, now=as_of)
    return only(agreed.where(_CAN_BE_REACHED[channel]), among, column=_members.c.id)


# -- the do-not-call list --------------------------------------------------------


def _on_do_not_call_list(among: Sequence[int] | None) -> BitMap:
    """Members under whose phone the list has an entry, of those who agreed to something. It
    holds hashes, which no database of ours makes: each phone is hashed here."""
    found = BitMap()
    if connection().scalar(select(_listed.c.phone_hash).limit(1)) is None:
        return found
    for phones in _phones_of_those_who_agreed(among):
        owners = {do_not_call.fingerprint_of(PhoneNumber(row.e164)): row.id for row in phones}
        given = values_table("given", {"phone_hash": String(64)}, [[each] for each in owners])
        hashes = connection().scalars(
            select(_listed.c.phone_hash).join(given, given.c.phone_hash == _listed.c.phone_hash)
        )
        found.update(owners[each] for each in hashes)
    return found


def _phones_of_those_who_agreed(among: Sequence[int] | None) -> Iterator[Sequence[Row[Any]]]:
    """Step by step: together they may be too many."""
    agreed = exists().where(
        _consents.c.member_id == _members.c.id,
        _consents.c.purpose == MARKETING,
        _consents.c.granted,
    )
    phones = only(
        select(_members.c.id, _phones.c.id.label("phone_id"), _phones.c.e164)
        .join(_phones, _ACTIVE_PHONE)
        .where(agreed),
        among,
        column=_members.c.id,
    )
    in_order = phones.order_by(_phones.c.id).limit(BATCH_ROWS)
    last = 0
    while step := connection().execute(in_order.where(_phones.c.id > last)).all():
        yield step
        last = step[-1].phone_id
