"""The standing groups: every active member, and whom marketing may reach on each channel.

Reached is who agreed so that it counts, can be reached on the channel at all, and is not on
the do-not-call list. Sources: semantics, Consent and law, Audience files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from pyroaring import BitMap
from sqlalchemy import ColumnElement, Select, exists, or_, select

from loyalty.core.db import table_of
from loyalty.groups.selecting import members_of, only
from loyalty.groups.service import ACTIVE, REACH
from loyalty.members import consents, do_not_call
from loyalty.members.consent_rules import MARKETING
from loyalty.members.models import IS_MAIN, DoNotCall, Member, MemberPhone

_members = table_of(Member)
_phones = table_of(MemberPhone)
_listed = table_of(DoNotCall)

_ITS_PHONE = _phones.c.member_id == _members.c.id
_HAS_PHONE = exists().where(_ITS_PHONE, IS_MAIN)
_HAS_MOBILE = exists().where(
    _ITS_PHONE, IS_MAIN, _phones.c.kind.in_(("mobile", "mobile_or_landline"))
)
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
    kept_away = members_of(only(on_do_not_call_list(), among, column=_members.c.id))
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


def reachable(channel: str) -> Select[tuple[int]]:
    """Whoever has what the channel needs, agreed or not."""
    return select(_members.c.id).where(_CAN_BE_REACHED[channel])


def on_do_not_call_list() -> Select[tuple[int]]:
    """Whoever has a phone under which the list has an entry, an alias too: who did not want to
    be called before two accounts became one is not called at the other number."""
    hashed = do_not_call.fingerprint_in_sql(_phones.c.e164)
    return (
        select(_members.c.id)
        .join(_phones, _ITS_PHONE & _phones.c.active_until.is_(None))
        .join(_listed, _listed.c.phone_hash == hashed)
    )
