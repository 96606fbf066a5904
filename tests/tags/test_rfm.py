from __future__ import annotations

from dataclasses import replace

import pytest

from loyalty.tags.rfm import (
    SEGMENTS,
    Cuts,
    percentile_cuts,
    score_of,
    score_of_days,
    scores_out_of_order,
    segment_of,
)
from tests.tags import grid


@pytest.mark.parametrize(
    ("values", "cuts"),
    [
        ([1, 2, 3, 4, 5], (1, 2, 3, 4)),
        ([1, 2, 3, 4, 5, 6], (2, 3, 4, 5)),
        ([10, 20, 30, 40, 50, 60, 70], (20, 30, 50, 60)),
        ([1, 1, 1, 1, 1, 1, 1, 1, 1, 9], (1, 1, 1, 1)),
    ],
)
def test_cut_point_k_stands_at_rank_k_times_n_over_five_rounded_up(values, cuts):
    assert percentile_cuts(values) == cuts


def test_equal_values_share_a_score():
    purchases = [1] * 70 + [2] * 20 + [3] * 10
    cuts = percentile_cuts(purchases)
    assert [score_of(value, cuts) for value in (1, 2, 3)] == [1, 4, 5]


def test_fewer_days_score_more():
    cuts = percentile_cuts(sorted([300, 200, 100, 50, 10], reverse=True))
    assert [score_of_days(days, cuts) for days in (300, 200, 100, 50, 10)] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("recency", grid.SEGMENTS)
def test_recency_and_frequency_make_the_segment(recency):
    assert [segment_of(recency, frequency) for frequency in range(1, 6)] == grid.SEGMENTS[recency]


def test_each_cell_of_the_grid_is_of_one_segment():
    cells = [
        (recency, frequency)
        for (r_low, r_high), (f_low, f_high) in SEGMENTS.values()
        for recency in range(r_low, r_high + 1)
        for frequency in range(f_low, f_high + 1)
    ]
    assert len(cells) == len(set(cells)) == 25


@pytest.mark.parametrize(
    ("score", "values"),
    [
        ("recency", (30, 60, 120, 240)),
        ("recency", (240, 120, 60)),
        ("recency", (240, 120, 60, -1)),
        ("frequency", (9, 5, 2, 1)),
        ("frequency", (1, 2, 2, 3)),
        ("monetary", (1, 2, 3, 4, 5)),
        ("monetary", (-1, 2, 3, 4)),
    ],
)
def test_thresholds_go_from_worst_to_best(score, values):
    right = Cuts(recency=(90, 60, 30, 7), frequency=(0, 1, 2, 3), monetary=(1, 2, 3, 4))
    assert scores_out_of_order(right) == []
    assert scores_out_of_order(replace(right, **{score: values})) == [score]
