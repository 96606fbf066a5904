"""Sets of members as chunks: Roaring bitmaps of the low 16 bits of the ids that share the
high ones. No database here.

Whatever is asked of groups is worked out chunk by chunk: memory stays flat, and chunks can be
worked on apart from each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pyroaring import BitMap

CHUNK_BITS = 16
CHUNK_SIZE = 1 << CHUNK_BITS

Chunks = Mapping[int, BitMap]
"""chunk -> who is in it; a chunk without members is left out."""
NOBODY = BitMap()


@dataclass(frozen=True, slots=True)
class Change:
    """Who came into a chunk and who went out of it."""

    added: BitMap = NOBODY
    removed: BitMap = NOBODY

    def then(self, later: Change) -> Change:
        """Both as one: who came and went, or went and came back, is in neither."""
        return Change(
            added=(self.added - later.removed) | (later.added - self.removed),
            removed=(self.removed - later.added) | (later.removed - self.added),
        )


def place_of(member_id: int) -> tuple[int, int]:
    """(chunk, position within it)"""
    return member_id >> CHUNK_BITS, member_id & (CHUNK_SIZE - 1)


def split(members: BitMap) -> dict[int, BitMap]:
    """Member ids as chunks."""
    chunks: dict[int, BitMap] = {}
    for chunk in range(_first_chunk(members), _last_chunk(members) + 1):
        start = chunk << CHUNK_BITS
        part = members & BitMap(range(start, start + CHUNK_SIZE))
        if part:
            chunks[chunk] = part.shift(-start)
    return chunks


def join(chunks: Chunks) -> BitMap:
    """Chunks as member ids."""
    return BitMap.union(
        NOBODY, *(part.shift(chunk << CHUNK_BITS) for chunk, part in chunks.items())
    )


def pack(part: BitMap) -> bytes:
    """As it is stored: in the smallest of Roaring's forms, 8,208 bytes at most."""
    part.run_optimize()
    return part.serialize()


def unpack(stored: bytes) -> BitMap:
    return BitMap.deserialize(stored)


def count(chunks: Chunks) -> int:
    return sum(len(part) for part in chunks.values())


def chunks_among(*groups: Chunks) -> list[int]:
    """Every chunk in which one of the groups has members, ascending."""
    return sorted(set().union(*groups))


def _first_chunk(members: BitMap) -> int:
    return members.min() >> CHUNK_BITS if members else 0


def _last_chunk(members: BitMap) -> int:
    return members.max() >> CHUNK_BITS if members else -1
