"""Some of many, always the same ones. No database here."""

from __future__ import annotations

import hashlib
from array import array

from pyroaring import BitMap

_BUCKETS = 1 << 16


def cap(members: BitMap, limit: int, *, salt: str) -> BitMap:
    """At most `limit` of them: those whose hash of salt and id is smallest. So it is neither
    the oldest nor the newest who are chosen, and the same again while they are there.

    By the first bytes of the hash first, so that memory stays flat.
    """
    if len(members) <= limit:
        return members
    bucket_of = array("H", (int.from_bytes(_hash(salt, each)[:2]) for each in members))
    last, room = _last_bucket(bucket_of, limit)
    chosen, disputed = BitMap(), []
    for member_id, bucket in zip(members, bucket_of, strict=True):
        if bucket < last:
            chosen.add(member_id)
        elif bucket == last:
            disputed.append(member_id)
    disputed.sort(key=lambda each: _hash(salt, each))
    chosen.update(disputed[:room])
    return chosen


def _last_bucket(bucket_of: array[int], limit: int) -> tuple[int, int]:
    """The bucket in which the limit is reached, and how many of it there is room for."""
    sizes = [0] * _BUCKETS
    for bucket in bucket_of:
        sizes[bucket] += 1
    room = limit
    for bucket, size in enumerate(sizes):
        if size >= room:
            return bucket, room
        room -= size
    raise ValueError("there are not so many")


def _hash(salt: str, member_id: int) -> bytes:
    return hashlib.sha256(f"{salt}:{member_id}".encode()).digest()
