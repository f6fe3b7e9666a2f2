"""The effect of an event on a series that somebody brings: values by row, controls beside them, no watch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.decay import decay
from analysis.impact import FEWEST_BEFORE, Series, TooLittle, impact
from analysis.placebo import Design, follows_peak, judge, peaks, placebos
from reports.effect_reading import EffectReading, Scale, refused, told

MOST_STEPS = 288
"""A day's rhythm is looked for in at most so many steps of a day."""
_UNITS = {pd.Timedelta(hours=1): ("hour", (24, 168)), pd.Timedelta(days=1): ("day", (7,))}


@dataclass(frozen=True, slots=True)
class GivenSeries:
    """A series as it was brought: `times` (None: rows only), the response (NaN where missing) and its controls."""

    response: str
    values: np.ndarray
    times: pd.DatetimeIndex | None = None
    controls: Mapping[str, np.ndarray] = field(default_factory=dict)


def series_effect(given: GivenSeries, *, first: int, read: int, until: int) -> EffectReading:
    """The effect on rows [read, until) from rows [0, first); rows first..read, of an uncertain date, are left out.

    Raises nothing on too little data: the reading then carries the reason.
    """
    step, clock, periods = _rhythm(given.times)
    event = _name(given, first, read)
    series = Series(given.values, given.controls, clock=clock, periods=periods)
    try:
        found = impact(series, slice(0, first), slice(read, until))
    except TooLittle as reason:
        return refused(given.response, Scale.PLAIN, step, str(reason))
    gap, after = read - first, until - read
    design = Design(before=max(first, FEWEST_BEFORE), fewest=max(FEWEST_BEFORE, 2 * after), gap=gap, after=after)
    blocked = np.zeros(len(series), dtype=bool)
    blocked[first:] = True  # what the event may have touched is no place for a placebo
    others = placebos(series, design, blocked, like=found)
    after_peak = follows_peak(
        peaks(np.where(np.arange(len(series)) < first, series.values, np.nan), after), read, design
    )
    faded = decay(given.values, read)
    hours = _hours(given.times)
    return told(
        found, judge(found.score, others, after_peak=after_peak), response=given.response, scale=Scale.PLAIN, step=step,
        event=event, posts=None, over=_over(series, first, read, until),
        half_life_hours=faded.half_life * hours if faded and faded.half_life is not None and hours else None,
    )  # fmt: skip


def _over(series: Series, first: int, read: int, until: int) -> tuple[float, ...]:
    """The effect if the event fell on each of up to nine rows that the uncertain date allows."""
    if read == first:
        return ()
    found = []
    for at in np.unique(np.linspace(first, read, min(9, read - first + 1)).astype(int)):
        try:
            found.append(impact(series, slice(0, int(at)), slice(int(at), until)).effect)
        except TooLittle:
            continue
    return tuple(found)


def _rhythm(times: pd.DatetimeIndex | None) -> tuple[str, np.ndarray | None, tuple[int, ...]]:
    """The step's name, its clock, and the rhythms that such steps may have: of the day, the week or the year."""
    unit = _spacing(times)
    if times is None or unit is None:
        return "row", None, ()
    if unit in _UNITS:
        name, periods = _UNITS[unit]
        return name, np.asarray((times - pd.Timestamp("1970-01-05", tz=times.tz)) // unit, dtype=int), periods
    if pd.Timedelta(days=28) <= unit <= pd.Timedelta(days=31):
        return "month", np.asarray(times.year * 12 + times.month, dtype=int), (12,)
    day = pd.Timedelta(days=1)
    if unit < day and day % unit == pd.Timedelta(0) and day // unit <= MOST_STEPS:
        return "step", np.asarray((times - pd.Timestamp("1970-01-05", tz=times.tz)) // unit, dtype=int), (day // unit,)
    return "step", None, ()


def _spacing(times: pd.DatetimeIndex | None) -> pd.Timedelta | None:
    if times is None or len(times) < 2:
        return None
    return pd.Timedelta(pd.Series(times).diff().median())


def _hours(times: pd.DatetimeIndex | None) -> float:
    unit = _spacing(times)
    return unit / pd.Timedelta(hours=1) if unit is not None else 0.0


def _name(given: GivenSeries, first: int, read: int) -> str:
    if given.times is None:
        return f"row {first}" if read == first else f"rows {first} to {read - 1}"
    at = given.times[first]
    if read == first:
        return f"{at:%d %B %Y}" if at == at.normalize() else f"{at:%d %B %Y, %H:%M}"
    last = given.times[read - 1]
    if at.normalize() == last.normalize():
        return f"{at:%d %B %Y} (its hours left out)"
    return f"{at:%d %B} to {last:%d %B %Y} (left out)"
