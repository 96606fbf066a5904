"""Everybody, exact at once: before a round has looked at who joined and who was closed."""

from __future__ import annotations

import itertools

from pyroaring import BitMap
from sqlalchemy import delete, update

from loyalty.core import clock
from loyalty.core.db import connection, table_of
from loyalty.groups import service as groups
from loyalty.groups.rules import join
from loyalty.groups.service import ACTIVE, REACH
from loyalty.members.models import Dirty, Member
from tests.groups.making import build, new_group
from tests.purchases.receipts import phone

_numbers = itertools.count(1)


def joined(api) -> int:
    """The id of a new member."""
    return api.post("/members", {"phone": phone(next(_numbers))}).get_json()["id"]


def close(member_id: int) -> None:
    members = table_of(Member)
    its_row = members.c.id == member_id
    connection().execute(update(members).where(its_row).values(closed_at=clock.now()))


def as_a_round_leaves_it(*member_ids: int) -> None:
    """The group of all active members as it is once nobody is left to be looked at."""
    groups.replace(ACTIVE, BitMap(member_ids), build())
    connection().execute(delete(table_of(Dirty)))


def test_a_new_member_is_active_at_once(api, inside):
    old = joined(api)
    inside(lambda: as_a_round_leaves_it(old))
    new = joined(api)

    def act():
        assert groups.read_members(ACTIVE) == BitMap([old])
        _, active = groups.read_with_active([])
        assert join(active) == BitMap([old, new])

    inside(act)


def test_a_closed_member_is_not(api, inside):
    stays, goes = joined(api), joined(api)
    inside(lambda: as_a_round_leaves_it(stays, goes))
    inside(lambda: close(goes))

    def act():
        _, active = groups.read_with_active([])
        assert join(active) == BitMap([stays])

    inside(act)


def test_the_last_of_a_chunk_leaves_no_empty_chunk(api, inside):
    only = joined(api)
    inside(lambda: as_a_round_leaves_it(only))
    inside(lambda: close(only))

    def act():
        _, active = groups.read_with_active([])
        assert active == {}

    inside(act)


def test_groups_come_along_as_they_stand(api, inside):
    member = joined(api)

    def act():
        group_id = new_group([member])
        by_group, active = groups.read_with_active([group_id])
        assert by_group == {group_id: {0: BitMap([member])}}
        assert join(active) == BitMap([member])
        by_group, _ = groups.read_with_active([ACTIVE, group_id])
        assert set(by_group) == {ACTIVE, group_id}

    inside(act)


def test_standing_groups_have_their_numbers(inside):
    def act():
        standing = [ACTIVE, *REACH.values()]
        assert groups.counts(standing) == dict.fromkeys(standing, 0)
        assert new_group() > max(standing)

    inside(act)
