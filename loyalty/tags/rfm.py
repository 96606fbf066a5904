"""RFM: how recently, how often and for how much a member bought within 365 days, each as a
score from 1 to 5, and the segment that recency and frequency make. No database here.

Source: semantics, Freshness of tags.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

WINDOW_DAYS = 365
SCORES = 5
FEWEST_BUYERS = 500
"""Below, percentiles say little: the fixed thresholds of the settings apply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cuts:
    """Four cut points of each score, from worst to best. A value scores 1 and one more for
    every cut point that it is better than: fewer days, more purchases, more money (minor
    units)."""

    recency: tuple[int, ...]
    frequency: tuple[int, ...]
    monetary: tuple[int, ...]


def scores_out_of_order(cuts: Cuts) -> list[str]:
    """Which scores have not four cut points, each better than the one before."""
    rising = {
        "recency": cuts.recency[::-1],
        "frequency": cuts.frequency,
        "monetary": cuts.monetary,
    }
    return [score for score, values in rising.items() if not _rises(values)]


def _rises(values: Sequence[int]) -> bool:
    above_each = (low < high for low, high in pairwise(values))
    return len(values) == SCORES - 1 and values[0] >= 0 and all(above_each)


def percentile_cuts(values: Sequence[int]) -> tuple[int, ...]:
    """Of values sorted from worst to best: cut point k is the value at rank ceil(k * n / 5).
    Equal values then share a score."""
    return tuple(values[rank_of_cut(k, len(values)) - 1] for k in range(1, SCORES))


def rank_of_cut(k: int, n: Any) -> Any:
    """Where cut point k stands among n sorted values, counted from 1: ceil(k * n / 5), in
    whole numbers, so that a column of the database can take the place of `n`."""
    return (k * n + SCORES - 1) // SCORES


def score_of_days(days: int, cuts: Sequence[int]) -> int:
    return 1 + sum(days < cut for cut in cuts)


def score_of(value: int, cuts: Sequence[int]) -> int:
    return 1 + sum(value > cut for cut in cuts)


SEGMENTS: Mapping[str, tuple[tuple[int, int], tuple[int, int]]] = {
    "champions": ((5, 5), (4, 5)),
    "loyal": ((3, 4), (4, 5)),
    "potential_loyalist": ((4, 5), (2, 3)),
    "new": ((5, 5), (1, 1)),
    "promising": ((4, 4), (1, 1)),
    "need_attention": ((3, 3), (3, 3)),
    "about_to_sleep": ((3, 3), (1, 2)),
    "cannot_lose": ((1, 2), (5, 5)),
    "at_risk": ((1, 2), (3, 4)),
    "hibernating": ((1, 2), (1, 2)),
}
"""segment -> (recency from, to), (frequency from, to); together they cover the whole grid."""


def segment_of(recency: int, frequency: int) -> str:
    for segment, ((r_low, r_high), (f_low, f_high)) in SEGMENTS.items():
        if r_low <= recency <= r_high and f_low <= frequency <= f_high:
            return segment
    raise ValueError("a score is from 1 to 5")
