"""How fast a reaction fades: its peak, and the time until half of it is gone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LEAST_RISE = 1.5
"""A reaction is a peak of at least so many times the level before it."""


@dataclass(frozen=True, slots=True)
class Decay:
    """In steps of the series: where the peak is, and how long until half of what lay above the level before was gone.

    `half_life` is None while it has not fallen so far; `residual` is what the last steps still have above that level,
    as a share of the peak's.
    """

    level: float
    peak_at: int
    peak: float
    half_life: int | None
    residual: float


def decay(counts: np.ndarray, start: int, *, smooth: int = 1, level: float | None = None) -> Decay | None:
    """The decay after step `start`; None where there was no rise of at least 1.5 times the level before.

    `level` defaults to the median of the known steps before `start`. Each value is the mean of the `smooth` steps
    from it on; unknown steps are left out of it.
    """
    if start >= len(counts):
        return None
    before = counts[:start][np.isfinite(counts[:start])]
    base = float(np.median(before)) if level is None and len(before) else (level or 0.0)
    means = _smoothed(counts[start:], smooth)
    if not np.isfinite(means).any():
        return None
    top = int(np.nanargmax(means))
    peak = float(means[top])
    if peak <= 0 or peak < LEAST_RISE * base:
        return None
    gone = np.flatnonzero(means[top:] <= base + (peak - base) / 2)
    last = means[np.isfinite(means)][-1]
    residual = max(0.0, (float(last) - base) / (peak - base))
    return Decay(base, start + top, peak, int(gone[0]) if len(gone) else None, residual)


def _smoothed(values: np.ndarray, width: int) -> np.ndarray:
    """Means of windows of `width` that begin at each step and lie wholly inside."""
    width = max(1, min(width, len(values)))
    known = np.isfinite(values)
    sums = np.convolve(np.where(known, values, 0.0), np.ones(width), mode="valid")
    counts = np.convolve(known.astype(float), np.ones(width), mode="valid")
    means: np.ndarray = np.divide(sums, counts, out=np.full(len(sums), np.nan), where=2 * counts >= width)
    return means
