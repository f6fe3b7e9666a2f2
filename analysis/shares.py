"""Intervals for shares and for the difference of two shares."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

LEVEL = 0.95


def wilson(k: ArrayLike, n: ArrayLike, *, level: float = LEVEL) -> tuple[Any, Any]:
    """(low, high) of the Wilson score interval for the share k/n, in 0..1; (nan, nan) where n is 0.

    Scalars give floats, arrays give float64 arrays of the broadcast shape.
    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    J. Am. Stat. Assoc. 22 (1927) 209-212.
    """
    k_, n_ = np.broadcast_arrays(np.asarray(k, dtype=float), np.asarray(n, dtype=float))
    z = NormalDist().inv_cdf(0.5 + level / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = (k_ + z * z / 2) / (n_ + z * z)
        half = z / (n_ + z * z) * np.sqrt(k_ * (n_ - k_) / n_ + z * z / 4)
    # Rounding can put an end a hair outside the share itself when k is 0 or n.
    low = np.where(n_ > 0, np.clip(np.where(k_ == 0, 0.0, centre - half), 0, 1), np.nan)
    high = np.where(n_ > 0, np.clip(np.where(k_ == n_, 1.0, centre + half), 0, 1), np.nan)
    if low.ndim == 0:
        return float(low), float(high)
    return low, high


def difference(k1: float, n1: float, k2: float, n2: float, *, level: float = LEVEL) -> tuple[float, float, float]:
    """(difference, low, high) of k1/n1 - k2/n2, in -1..1. Raises ValueError where a denominator is 0.

    Newcombe's hybrid score interval (his method 10): R. G. Newcombe, "Interval estimation for the difference
    between independent proportions", Statistics in Medicine 17 (1998) 873-890.
    """
    if n1 <= 0 or n2 <= 0:
        raise ValueError("a difference of shares needs two denominators above 0")
    p1, p2 = k1 / n1, k2 / n2
    low1, high1 = wilson(k1, n1, level=level)
    low2, high2 = wilson(k2, n2, level=level)
    delta = p1 - p2
    low = delta - float(np.hypot(p1 - low1, high2 - p2))
    high = delta + float(np.hypot(high1 - p1, p2 - low2))
    return delta, low, high
