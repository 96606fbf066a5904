"""Some of many members, by hash."""

from __future__ import annotations

import hashlib

from pyroaring import BitMap

from loyalty.exports.capping import cap

MEMBERS = BitMap(range(1, 3_000, 2))


def test_those_with_the_smallest_hashes_are_chosen():
    def by_hash(member_id):
        return hashlib.sha256(f"group:{member_id}".encode()).digest()

    in_order = sorted(MEMBERS, key=by_hash)
    for limit in (1, 2, 700, 1_499, 1_500):
        assert cap(MEMBERS, limit, salt="group") == BitMap(in_order[:limit])


def test_fewer_than_the_limit_all_stay():
    assert cap(MEMBERS, 10_000, salt="group") == MEMBERS
    assert cap(BitMap(), 1, salt="group") == BitMap()


def test_neither_the_oldest_nor_the_newest_are_preferred():
    chosen = cap(MEMBERS, 500, salt="group")
    older = chosen.intersection_cardinality(BitMap(range(1_500)))
    assert 200 < older < 300
