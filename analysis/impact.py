"""What changed after an interruption: a series, its steps before and after, and the estimate with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import nan

import numpy as np

from analysis.local_level import MOST_CONTROLS, Forecast, forecast
from analysis.season import Season, choose_season, season_columns

FEWEST_BEFORE = 8
"""Steps before, under which nothing is foretold."""
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Series:
    """Equally spaced values, NaN where a step is not known, with named control series of the same length.

    `noise` says how much worse than usual a step is measured (1 is usual), such as mean posts / posts of the step for
    a share. `clock` numbers the steps in units of `period` (24 for hours, 7 for days, 0 where there is no rhythm to
    look for): `clock % period` is the hour of the day or the day of the week.
    """

    values: np.ndarray
    controls: Mapping[str, np.ndarray] = field(default_factory=dict)
    noise: np.ndarray | None = None
    clock: np.ndarray | None = None
    periods: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True, slots=True)
class Impact:
    """The mean after an interruption against what the steps before, and the controls, led to expect.

    `effect` is actual - expected with its 95 % interval low..high, `error` its standard error, `tail_area` the
    posterior probability of a mean as far on that side (CausalImpact's p). `score` is effect / error.
    """

    before: int
    after: int
    actual: float
    expected: float
    expected_low: float
    expected_high: float
    error: float
    tail_area: float
    controls: tuple[tuple[str, float], ...]
    left_out_controls: tuple[str, ...]
    season: Season

    @property
    def effect(self) -> float:
        """What is left: actual less expected."""
        return self.actual - self.expected

    @property
    def low(self) -> float:
        """Lower end of the effect's 95 % interval."""
        return self.actual - self.expected_high

    @property
    def high(self) -> float:
        """Upper end of the effect's 95 % interval."""
        return self.actual - self.expected_low

    @property
    def score(self) -> float:
        """The effect in standard errors."""
        return self.effect / self.error if self.error > 0 else 0.0

    @property
    def sure(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0


class TooLittle(ValueError):
    """The series cannot answer; the message says why, in plain words."""


def impact(series: Series, before: slice, after: slice, *, season: Season | None = None, bounds: bool = True) -> Impact:
    """The impact at the steps of `after`, from those of `before`; steps between them are left out.

    `season` fixes the rhythm that is taken out; by default the data decide. Without `bounds` the interval's ends are
    NaN, which saves their time where only the score is wanted. Raises TooLittle, with the reason.
    """
    names, left_out = _usable(series, before)
    known = np.isfinite(series.values)
    for name in names:
        known = known & np.isfinite(series.controls[name])
    seen, wanted = _mask(series, before) & known, _mask(series, after) & known
    _enough(series, seen, wanted)
    mean, sd = float(np.mean(series.values[seen])), float(np.std(series.values[seen], ddof=1))
    noise = np.ones(len(series)) if series.noise is None else series.noise
    y = np.where(known, (series.values - mean) / sd, 0.0)
    controls = np.column_stack([_standard(series.controls[name], seen) for name in names] or [np.empty((len(y), 0))])
    if season is None:
        season = choose_season(y, controls, clock=series.clock, periods=series.periods, seen=seen, noise=noise)
    fixed = np.column_stack([np.ones(len(y)), season_columns(series.clock, season, len(y))])
    found = forecast(y, fixed, controls, seen=seen, wanted=wanted, noise=noise)
    return _told(found, series, (seen, wanted), (mean, sd), (names, left_out), season, bounds=bounds)


def _told(
    found: Forecast, series: Series, steps: tuple[np.ndarray, np.ndarray], scale: tuple[float, float],
    controls: tuple[list[str], list[str]], season: Season, *, bounds: bool,
) -> Impact:  # fmt: skip
    seen, wanted = steps
    mean, sd = scale
    actual = float(np.mean(series.values[wanted]))
    below = found.below((actual - mean) / sd)
    low, high = (found.quantile(level) for level in ((1 - LEVEL) / 2, (1 + LEVEL) / 2)) if bounds else (nan, nan)
    return Impact(
        before=int(seen.sum()),
        after=int(wanted.sum()),
        actual=actual,
        expected=found.mean * sd + mean,
        expected_low=low * sd + mean,
        expected_high=high * sd + mean,
        error=found.sd * sd,
        tail_area=min(below, 1 - below),
        controls=tuple(zip(controls[0], found.inclusion, strict=True)),
        left_out_controls=tuple(controls[1]),
        season=season,
    )


def _mask(series: Series, part: slice) -> np.ndarray:
    mask = np.zeros(len(series), dtype=bool)
    mask[part] = True
    return mask


def _enough(series: Series, seen: np.ndarray, wanted: np.ndarray) -> None:
    count = int(seen.sum())
    if count < FEWEST_BEFORE:
        raise TooLittle(f"only {count} known steps lie before it; {FEWEST_BEFORE} are needed")
    if not wanted.any():
        raise TooLittle("no known step lies after it")
    if float(np.std(series.values[seen], ddof=1)) <= 1e-12 * max(1.0, float(np.abs(series.values[seen]).max())):
        raise TooLittle("the series does not vary before it, so nothing tells what chance alone would do")


def _usable(series: Series, before: slice) -> tuple[list[str], list[str]]:
    """Controls that vary before the event: the eight that go with the response most closely; and those left out."""
    strength = {}
    for name, values in series.controls.items():
        both = np.isfinite(values[before]) & np.isfinite(series.values[before])
        x, y = values[before][both], series.values[before][both]
        if len(x) >= 3 and float(np.std(x)) > 1e-12 * max(1.0, float(np.abs(x).max())) and float(np.std(y)) > 0:
            strength[name] = abs(float(np.corrcoef(x, y)[0, 1]))
    best = set(sorted(strength, key=lambda name: -strength[name])[:MOST_CONTROLS])
    return [n for n in series.controls if n in best], [n for n in series.controls if n not in best]


def _standard(values: np.ndarray, seen: np.ndarray) -> np.ndarray:
    scaled = (values - np.mean(values[seen])) / max(float(np.std(values[seen], ddof=1)), 1e-300)
    return np.where(np.isfinite(scaled), scaled, 0.0)
