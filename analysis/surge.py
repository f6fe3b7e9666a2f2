"""How far a count series stands above its own past, row by row: the core of `uproar detect`.

At every scale (the row itself, 15 minutes, 1, 4 and 16 hours) the logarithm of the trailing mean is held against the
median of the same time of day in the last 28 days, which past surges do not inflate. The excess is divided by its own
98th percentile of the last 60 days; the scales are joined by a power mean that asks all of them to agree. Only a value
above those of the last six hours counts, so that one surge is told once. Row n uses rows up to n and no later one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import cast

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Floats = NDArray[np.float64]
DAY = timedelta(days=1)
SCALES = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4), timedelta(hours=16))
THRESHOLD = 1.4
"""Fixed, the same for every series: the middle of the plateau on five series of NAB (benchmarks/bench_nab.py)."""
DAYS = 28
TAIL = 0.98
POWER = 0.25
GUARD = 2.0
"""Added to counts before the logarithm: few posts more at night stay small."""
FLOOR = 0.1


@dataclass(frozen=True, slots=True)
class Surge:
    """Per row a score in 0..1 and whether it is beyond the fixed threshold, where the score is 0.5."""

    score: Floats
    decision: NDArray[np.bool_]


def surges(values: Floats, step: timedelta, *, window: timedelta = timedelta(days=60)) -> Surge:
    """Score a regular series of counts, one row per `step`. Raises ValueError on negative or missing values.

    `window` is the past that the tail is taken from. Until 24 hours (at least 24 rows) are known, scores are 0.
    """
    if not np.isfinite(values).all() or (values < 0).any():
        raise ValueError("a count series holds finite numbers from 0")
    size = len(values)
    day = max(1, round(DAY / step))
    period = day if day > 1 else 7
    rows = sorted({1, *(max(1, round(scale / step)) for scale in SCALES if scale >= step)})
    past = max(2 * period, round(window / step))
    joined = np.zeros(size)
    for scale in rows:
        joined += np.maximum(_excess(values, scale, period, step, past), 0.0) ** POWER
    evidence = (joined / len(rows)) ** (1 / POWER)
    evidence[: max(24, period)] = 0.0
    fresh = evidence > _highest_before(evidence, max(1, round(timedelta(hours=6) / step)))
    evidence = np.where(fresh, evidence, 0.0)
    return Surge(evidence / (evidence + THRESHOLD), evidence >= THRESHOLD)


def _excess(values: Floats, scale: int, period: int, step: timedelta, past: int) -> Floats:
    level = np.log(_trailing(values, scale) + GUARD / np.sqrt(scale))
    half = min(round(timedelta(minutes=15) / step), (period - 1) // 2)
    rest = level - _usual(level, period, half)
    pace = max(1, period // 4)
    middle, tail = _quantiles(rest, past, pace)
    return cast(Floats, (rest - middle) / np.maximum(tail - middle, FLOOR))


def _usual(level: Floats, period: int, half: int) -> Floats:
    """Median of the same slot in the days before; with fewer than 28 days known, these again and again."""
    size = len(level)
    smooth = _centred(level, half).astype(np.float32)
    place = np.arange(size)
    known = np.maximum(1, place // period)
    back = np.empty((DAYS, size), dtype=np.float32)
    for day in range(1, DAYS + 1):
        at = place - ((day - 1) % known + 1) * period
        back[day - 1] = smooth[np.maximum(at, 0)]
    usual = np.asarray(np.median(back, axis=0), dtype=float)
    usual[:period] = level[:period]
    return usual


def _quantiles(rest: Floats, past: int, pace: int) -> tuple[Floats, Floats]:
    """Median and tail of the past, renewed every `pace` rows; each row sees earlier rows only.

    The past stays sorted: a block comes in and one goes out, which is cheaper than a partition of all of it.
    """
    middle, tail = np.zeros(len(rest)), np.ones(len(rest))
    held, first = rest[:0], 0
    for start in range(pace, len(rest), pace):
        begin = max(0, start - past)
        gone = np.sort(rest[first:begin])
        # Equal values lie side by side: the n-th of them goes out at the n-th place.
        twin = np.arange(len(gone)) - np.searchsorted(gone, gone)
        held = np.delete(held, np.searchsorted(held, gone) + twin)
        new = np.sort(rest[start - pace : start])
        held = np.insert(held, np.searchsorted(held, new), new)
        first = begin
        middle[start : start + pace] = _at(held, 0.5)
        tail[start : start + pace] = _at(held, TAIL)
    return middle, tail


def _at(ordered: Floats, quantile: float) -> float:
    place = quantile * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (place - below) * (ordered[above] - ordered[below]))


def _trailing(values: Floats, width: int) -> Floats:
    sums = np.concatenate(([0.0], np.cumsum(values)))
    end = np.arange(1, len(values) + 1)
    start = np.maximum(0, end - width)
    return np.maximum((sums[end] - sums[start]) / (end - start), 0.0)


def _centred(values: Floats, half: int) -> Floats:
    sums = np.concatenate(([0.0], np.cumsum(values)))
    place = np.arange(len(values))
    start, end = np.maximum(0, place - half), np.minimum(len(values), place + half + 1)
    return cast(Floats, (sums[end] - sums[start]) / (end - start))


def _highest_before(values: Floats, width: int) -> Floats:
    padded = np.concatenate((np.zeros(width), values))[: len(values) + width - 1]
    return cast(Floats, sliding_window_view(padded, width).max(axis=1)) if len(values) else values
