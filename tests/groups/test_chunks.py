"""Sets of members as chunks, at the ends of chunks above all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from loyalty.groups import rules
from loyalty.groups.rules import CHUNK_SIZE, Change
from loyalty.groups.service import corrected
from tests.groups.making import EDGES

ids = st.sets(st.one_of(st.sampled_from(EDGES[:-1]), st.integers(0, 5 * CHUNK_SIZE)), max_size=30)
few = st.sets(st.integers(0, 8))


@pytest.mark.parametrize(
    ("member_id", "place"),
    [
        (0, (0, 0)),
        (65_535, (0, 65_535)),
        (65_536, (1, 0)),
        (131_071, (1, 65_535)),
        (2**31 - 1, (32_767, 65_535)),
    ],
)
def test_a_member_has_one_place(member_id, place):
    assert rules.place_of(member_id) == place
    assert rules.join({place[0]: BitMap([place[1]])}) == BitMap([member_id])


@given(ids)
def test_what_is_split_is_joined_again(members):
    chunks = rules.split(BitMap(members))
    assert rules.join(chunks) == BitMap(members)
    assert set(chunks) == {member // CHUNK_SIZE for member in members}
    assert rules.count(chunks) == len(members)


def test_nobody_is_in_no_chunk():
    assert rules.split(BitMap()) == {}
    assert rules.join({}) == BitMap()
    assert rules.chunks_among({}, {}) == []


@pytest.mark.parametrize(
    "part",
    [
        BitMap(range(CHUNK_SIZE)),
        BitMap(range(0, CHUNK_SIZE, 2)),
        BitMap([0, CHUNK_SIZE - 1]),
        BitMap(),
    ],
)
def test_a_packed_chunk_is_at_most_8208_bytes(part):
    packed = rules.pack(BitMap(part))
    assert len(packed) <= 8_208
    assert rules.unpack(packed) == part


@given(few, few, few, few, few)
def test_two_changes_as_one_come_to_the_same(start, came, went, came_later, went_later):
    """What a log holds: who came was out before, who went was in."""
    first = Change(BitMap(came - start), BitMap(went & start))
    between = (BitMap(start) | first.added) - first.removed
    second = Change(BitMap(came_later) - between, BitMap(went_later) & between)
    end = (between | second.added) - second.removed

    both = first.then(second)

    assert both.added == end - BitMap(start)
    assert both.removed == BitMap(start) - end


@given(ids, ids, ids)
def test_corrected_chunks_have_who_came_and_not_who_went(members, came, went):
    expected = (BitMap(members) | BitMap(came)) - BitMap(went)
    chunks = corrected(rules.split(BitMap(members)), came=came, went=went)
    assert rules.join(chunks) == expected
    assert all(chunks.values())
