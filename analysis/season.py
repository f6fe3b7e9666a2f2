"""The rhythm of the week and of the day, taken out where the data have it."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from analysis.local_level import likelihoods

Season = tuple[int, ...]
"""Periods in steps whose rhythm is taken out: () for none, (7,) for days of the week, (24, 168) for hours."""
ROUNDS = 3
"""A rhythm is looked for where so many of its rounds lie before the event."""
HARMONICS = 3
WEEK_OF_HOURS = 168


def season_columns(clock: np.ndarray | None, season: Season, size: int) -> np.ndarray:
    """Columns (size, k): one per weekday but the last, and three waves of a day for hours.

    The week of an hourly series is one of days, not of hours.
    """
    parts = [np.empty((size, 0))]
    if clock is None:
        return parts[0]
    for period in season:
        if period == WEEK_OF_HOURS:
            parts.append(_slots(clock // 24 % 7, 7))
        elif period <= 7:
            parts.append(_slots(clock % period, period))
        else:
            angle = 2 * np.pi * clock[:, None] / period * np.arange(1, HARMONICS + 1)
            parts += [np.sin(angle), np.cos(angle)]
    return np.column_stack(parts)


def choose_season(
    y: np.ndarray, controls: np.ndarray, *, clock: np.ndarray | None, periods: Season, seen: np.ndarray,
    noise: np.ndarray,
) -> Season:  # fmt: skip
    """The set of `periods` with the lowest BIC (Schwarz 1978) beside a drifting level; () where none is better."""
    if clock is None:
        return ()
    usable = [period for period in periods if int(seen.sum()) >= ROUNDS * period]
    if not usable:
        return ()
    blocks = {period: season_columns(clock, (period,), len(y)) for period in usable}
    base = 1 + controls.shape[1]
    sets: list[tuple[Season, list[int]]] = []
    starts = dict(zip(usable, base + np.cumsum([0, *(b.shape[1] for b in blocks.values())]), strict=False))
    for size in range(len(usable) + 1):
        for chosen in combinations(usable, size):
            own = [int(starts[p]) + n for p in chosen for n in range(blocks[p].shape[1])]
            sets.append((chosen, [*range(base), *own]))
    columns = np.column_stack([np.ones(len(y)), controls, *blocks.values()])
    count = int(seen.sum())
    fits = likelihoods(y, columns, [use for _, use in sets], seen=seen, noise=noise)
    scores = [fit + len(use) * np.log(count) for fit, (_, use) in zip(fits, sets, strict=True)]
    return sets[int(np.argmin(scores))][0]


def _slots(place: np.ndarray, slots: int) -> np.ndarray:
    columns: np.ndarray = (place[:, None] == np.arange(slots - 1)).astype(float)
    columns -= (place == slots - 1).astype(float)[:, None]
    return columns
