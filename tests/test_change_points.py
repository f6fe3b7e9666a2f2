"""Change points: found where a level changes, seldom where none does, told with both levels."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from analysis.change_points import Change, count_changes, share_changes
from core.watches import Watch
from reports.change_points import change_points
from reports.comparable import Break

START = datetime(2025, 5, 1, 22, tzinfo=UTC)  # midnight in Berlin
WATCH = Watch("acme", "Acme", "Acme", "acme", START, timezone="Europe/Berlin")


def test_a_share_that_rises_and_falls_is_divided_in_three() -> None:
    n = np.full(90, 40.0)
    k = np.repeat([8.0, 26.0, 14.0], 30)
    assert [change.step for change in share_changes(k, n)] == [30, 60]


def test_steps_without_posts_are_passed_over_and_numbers_stay_those_of_the_steps() -> None:
    n = np.tile([0.0, 50.0], 40)
    k = np.where(np.arange(80) < 40, 0.2, 0.7) * n
    assert [change.step for change in share_changes(k, n)] == [41]


def test_where_few_posts_leave_the_moment_open_its_span_is_told() -> None:
    n = np.array([60.0] * 20 + [1.0] * 10 + [200.0] * 10)
    k = np.array([12.0] * 20 + [0.0, 1.0] * 5 + [130.0] * 10)
    (found,) = share_changes(k, n)
    assert found.earliest <= 22
    assert found.latest >= 28


def test_a_count_with_a_burst_begins_and_ends_it() -> None:
    counts = np.array([30, 34, 29, 31, 33, 28, 900, 950, 31, 30, 35, 29], dtype=float)
    assert count_changes(counts) == [Change(6, 6, 6), Change(8, 8, 8)]
    counts[0] = np.nan
    assert count_changes(counts) == [Change(6, 6, 6), Change(8, 8, 8)]


@pytest.mark.parametrize("size", [0, 1, 4])
def test_too_short_a_series_has_none(size) -> None:
    assert share_changes(np.ones(size), np.full(size, 100.0)) == []
    assert count_changes(np.arange(size, dtype=float) * 100) == []


@pytest.mark.parametrize("extreme", [0.0, 1.0])
def test_a_share_of_nought_or_all_is_no_error(extreme) -> None:
    n = np.full(40, 10.0)
    assert share_changes(n * extreme, n) == []
    assert count_changes(np.zeros(40)) == []


def test_series_without_a_change_seldom_show_one() -> None:
    chance = np.random.default_rng(7)
    shown = 0
    for _ in range(150):
        n = chance.poisson(20, 168).astype(float)
        shown += bool(share_changes(chance.binomial(n.astype(int), chance.beta(3.5, 6.5, 168)).astype(float), n))
        shown += bool(count_changes(chance.negative_binomial(5, 1 / 9, 45).astype(float)))
    assert shown <= 15  # 5 in 100


def _rows(posts: list[int], share: list[float], *, by: str = "day", coverage: str = "complete") -> pd.DataFrame:
    step = "h" if by == "hour" else "D"
    times = pd.date_range(START, periods=len(posts), freq=step).tz_convert("Europe/Berlin")
    negative = [round(p * s) for p, s in zip(posts, share, strict=True)]
    return pd.DataFrame({
        "time": times, "posts": posts, "negative": negative, "neutral": np.subtract(posts, negative), "positive": 0,
        "coverage": coverage,
    })  # fmt: skip


def test_both_figures_are_told_with_dates_and_both_levels() -> None:
    found = change_points(_rows([30] * 8 + [900] * 4, [0.2] * 8 + [0.6] * 4), WATCH)
    assert [change.of for change in found] == ["share", "volume"]
    assert "From Sat 10 May 2025 on, 60 % (58 to 62 %) of 3,600 relevant posts are negative" in found[0].sentence
    assert "after 20 % (15 to 26 %) of 240 before" in found[0].sentence
    assert found[1].sentence.startswith("From Sat 10 May 2025 on there are about 900 posts a day, after about 30")


def test_hours_are_counted_by_whole_days_and_a_cut_day_is_left_out() -> None:
    posts = [2] * 24 * 8 + [50] * 24 + [50] * 5
    found = change_points(_rows(posts, [0.5] * len(posts), by="hour"), WATCH)
    assert [(change.of, change.at) for change in found] == [("volume", START + timedelta(days=8))]


def test_gaps_breaks_and_few_posts_tell_nothing() -> None:
    loud = _rows([30] * 8 + [900] * 4, [0.5] * 12)
    assert change_points(loud.assign(coverage=["complete"] * 8 + ["truncated"] * 4), WATCH) == ()
    assert change_points(loud, WATCH, breaks=[Break(START + timedelta(days=8), "the question changed")]) == ()
    assert change_points(_rows([1] * 8 + [6] * 4, [0.0] * 8 + [1.0] * 4), WATCH) == ()
    assert change_points(loud.head(0), WATCH) == ()
