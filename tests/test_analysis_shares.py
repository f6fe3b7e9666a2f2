from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.shares import difference, wilson


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    # Newcombe, "Two-sided confidence intervals for the single proportion", Stat. Med. 17 (1998), table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_published_intervals(k: int, n: int, low: float, high: float) -> None:
    assert wilson(k, n) == pytest.approx((low, high), abs=5e-5)


def test_wilson_of_arrays_is_that_of_each_pair_and_nan_without_a_denominator() -> None:
    low, high = wilson(np.array([81, 0, 0]), np.array([263, 0, 20]))
    assert (low[0], high[0]) == wilson(81, 263)
    assert math.isnan(low[1])
    assert math.isnan(high[1])
    assert all(math.isnan(end) for end in wilson(0, 0))
    assert low[2] == 0.0


@pytest.mark.parametrize(
    ("counts", "expected"),
    # Newcombe, "Interval estimation for the difference between independent proportions", table II, method 10.
    [
        ((56, 70, 48, 80), (0.2, 0.0524, 0.3339)),
        ((9, 10, 3, 10), (0.6, 0.1705, 0.8090)),
        ((5, 56, 0, 29), (0.0893, -0.0381, 0.1926)),
        ((0, 10, 0, 20), (0.0, -0.1611, 0.2775)),
        ((10, 10, 0, 20), (1.0, 0.6791, 1.0)),
    ],
)
def test_difference_gives_the_published_intervals(
    counts: tuple[int, int, int, int], expected: tuple[float, float, float]
) -> None:
    assert difference(*counts) == pytest.approx(expected, abs=5e-5)


def test_difference_without_a_denominator_is_refused() -> None:
    with pytest.raises(ValueError, match="denominators"):
        difference(0, 0, 1, 2)


@given(st.integers(0, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_share_lies_in_its_interval(pair: tuple[int, int]) -> None:
    k, n = pair
    low, high = wilson(k, n)
    if n:
        assert 0 <= low <= k / n <= high <= 1
