from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.baseline import Baseline, Reaction
from analysis.record import Record

VALUES = st.lists(st.floats(-50, 50), min_size=1, max_size=60)


@given(VALUES, st.floats(-60, 60), st.integers(0, 60))
def test_rank_median_and_top_are_those_of_the_values_still_in_the_window(
    values: list[float], new: float, start: int
) -> None:
    record = Record()
    for number, value in enumerate(values):
        record.add(number, value)
    record.forget_before(start)
    kept = values[start:]
    assert len(record) == len(kept)
    assert record.median() == pytest.approx(float(np.median(kept)) if kept else 0.0)
    assert record.top() == (max(kept) if kept else 0.0)
    if kept:
        assert record.rank(new) == sum(value < new for value in kept) / len(kept)


@pytest.mark.parametrize(
    ("hours", "wanted", "rank", "rate"),
    [(1440, 0.5, 1, 720 / 1441), (1439, 0.5, 1, 0.5), (1440, 2.0, 4, 4 * 720 / 1441), (700, 0.5, 1, 720 / 701)],
)
def test_the_threshold_is_the_value_that_gives_the_wanted_rate(
    hours: int, wanted: float, rank: int, rate: float
) -> None:
    record = Record()
    for number in range(hours):
        record.add(number, float(number * 7919 % hours))
    threshold = record.threshold(wanted)
    assert threshold.rank == rank
    assert threshold.value == hours - rank
    assert threshold.rate == pytest.approx(rate)


def test_nothing_is_expected_before_a_day_is_known() -> None:
    baseline = Baseline()
    for number in range(23):
        baseline.add(number, Reaction(4, 10))
    assert math.isnan(baseline.expected(23))
    assert math.isnan(baseline.evidence(23, Reaction(50, 60)))
    baseline.add(23, Reaction(4, 10))
    assert baseline.expected(24) == pytest.approx(4)


def test_the_expected_count_follows_the_hour_of_the_day_and_the_weekday() -> None:
    baseline = Baseline()
    for number in range(56 * 24):
        weekend = number // 24 % 7 >= 5
        baseline.add(number, Reaction((20 if number % 24 == 8 else 2) * (3 if weekend else 1), 60))
    assert baseline.expected(56 * 24 + 8) == pytest.approx(20, rel=0.15)
    assert baseline.expected(56 * 24 + 3) == pytest.approx(2, rel=0.35)
    assert baseline.expected(61 * 24 + 8) == pytest.approx(60, rel=0.25)


def test_forgotten_hours_leave_no_trace_in_the_baseline() -> None:
    baseline = Baseline()
    for number in range(48):
        baseline.add(number, Reaction(100 if number < 24 else 1, 200))
    baseline.forget_before(24)
    assert len(baseline) == 24
    assert baseline.expected(48) == pytest.approx(1)


def test_volume_alone_or_share_alone_is_no_evidence() -> None:
    baseline = Baseline()
    for number in range(240):
        baseline.add(number, Reaction(3, 10))
    assert baseline.evidence(240, Reaction(30, 40)) > 5
    assert baseline.evidence(240, Reaction(30, 300)) < 0  # a small share of a huge hour
    assert baseline.evidence(240, Reaction(3, 3)) < 1  # three angry posts at night


def test_a_watch_that_is_always_negative_can_still_show_a_reaction() -> None:
    baseline = Baseline()
    for number in range(240):
        baseline.add(number, Reaction(8, 10))
    assert baseline.evidence(240, Reaction(40, 50)) > 5


def test_reposts_add_to_the_volume_and_leave_the_share() -> None:
    baseline = Baseline()
    for number in range(240):
        baseline.add(number, Reaction(3, 10))
    alone = baseline.evidence(240, Reaction(8, 9))
    assert baseline.evidence(240, Reaction(36, 37, 28, 28)) > alone, "more people pass on the same share"
    assert baseline.evidence(240, Reaction(43, 50, 40, 40)) < 1, "one post passed on forty times is no mood"


def test_reposts_teach_no_usual_share() -> None:
    baseline, plain = Baseline(), Baseline()
    for number in range(240):
        baseline.add(number, Reaction(9, 16, 6, 6))
        plain.add(number, Reaction(3, 10))
    assert baseline.usual_share() == plain.usual_share()
    assert baseline.expected(240) == pytest.approx(9)
