"""The impact of an event on one series: exactness, honesty under drift, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.impact import Impact, Series, TooLittle, impact
from analysis.local_level import _GRID, _filter, forecast


def white(n: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=n)


def read(values: np.ndarray, before: int, **more: object) -> Impact:
    return impact(Series(values, **more), slice(0, before), slice(before, len(values)))  # type: ignore[arg-type]


def test_a_step_is_found_with_its_size() -> None:
    y = 10 + white(120)
    y[90:] += 3
    found = read(y, 90)
    assert found.low < 3 < found.high
    assert found.sure
    assert found.effect == pytest.approx(3, abs=0.6)
    assert (found.before, found.after) == (90, 30)
    assert found.tail_area < 0.001


def test_shift_and_scale_of_the_series_change_nothing_but_the_unit() -> None:
    y = white(100)
    y[80:] += 1
    one, two = read(y, 80), read(1e6 + 250 * y, 80)
    assert two.effect == pytest.approx(250 * one.effect, rel=1e-6)
    assert two.error == pytest.approx(250 * one.error, rel=1e-6)


def test_a_control_that_carries_the_series_narrows_the_interval() -> None:
    x = 100 + np.cumsum(white(100))
    y = 1.2 * x + white(100, 2)
    y[70:] += 10
    alone, beside = read(y, 70), read(y, 70, controls={"x": x, "flat": np.ones(100)})
    assert beside.low < 10 < beside.high
    assert beside.error < 0.5 * alone.error
    assert beside.controls[0][0] == "x"
    assert beside.controls[0][1] > 0.99
    assert beside.left_out_controls == ("flat",)


def test_of_many_controls_those_that_say_nothing_get_little_weight() -> None:
    x = 50 + np.cumsum(white(90))
    noise = {f"n{k}": white(90, 10 + k) for k in range(11)}
    found = read(x + 0.3 * white(90, 3), 70, controls={"x": x, **noise})
    weights = dict(found.controls)
    assert len(weights) == 8
    assert weights["x"] > 0.99
    assert max(w for name, w in weights.items() if name != "x") < 0.7


def test_a_drifting_series_gets_a_wider_interval_than_a_steady_one() -> None:
    steady, drifting = white(150), np.cumsum(white(150))
    ratio = [read(y, 120).error / np.std(np.diff(y[:120])) for y in (steady, drifting)]
    assert ratio[1] > 3 * ratio[0]


def test_the_rhythm_of_the_week_is_taken_out_where_there_is_one() -> None:
    clock = np.arange(70)
    week = 5.0 * (clock % 7 >= 5)
    rhythmic, plain = white(70) + week, white(70)
    assert read(rhythmic, 60, clock=clock, periods=(7,)).season == (7,)
    assert read(plain, 60, clock=clock, periods=(7,)).season == ()
    assert read(rhythmic, 60, clock=clock, periods=(7,)).error < read(rhythmic, 60).error


def test_unknown_steps_are_left_out_on_both_sides() -> None:
    y = 5 + white(100)
    y[[3, 50, 85]] = np.nan
    found = read(y, 80)
    assert (found.before, found.after) == (78, 19)
    assert np.isfinite(found.effect)


def test_steps_between_before_and_after_do_not_count() -> None:
    y = white(100)
    y[70:75] = 1000
    found = impact(Series(y), slice(0, 70), slice(75, 100))
    assert abs(found.effect) < 2


@pytest.mark.parametrize(
    ("values", "before", "words"),
    [
        (np.arange(10.0), 5, "only 5 known steps"),
        (np.ones(30), 20, "does not vary"),
        (np.r_[white(20), np.full(5, np.nan)], 20, "no known step lies after"),
    ],
)
def test_too_little_is_refused_with_its_reason(values: np.ndarray, before: int, words: str) -> None:
    with pytest.raises(TooLittle, match=words):
        read(values, before)


def test_the_predictive_is_a_distribution() -> None:
    y = white(60)
    seen = np.arange(60) < 50
    made = forecast(y, np.ones((60, 1)), np.empty((60, 0)), seen=seen, wanted=~seen, noise=np.ones(60))
    low, middle, high = (made.quantile(level) for level in (0.025, 0.5, 0.975))
    assert low < middle < high
    assert made.below(low) == pytest.approx(0.025, abs=1e-6)
    assert middle == pytest.approx(made.mean, abs=0.05)


def test_the_filter_is_the_local_level_of_statsmodels() -> None:
    unobserved = pytest.importorskip("statsmodels.tsa.statespace.structural")
    y = np.cumsum(white(80)) * 0.3 + white(80, 2)
    ours, log_f, _, _ = _filter(y[:, None] - y[0], np.ones(80, dtype=bool), np.ones(80), _GRID)
    for place in (10, 30, 50):
        model = unobserved.UnobservedComponents(y - y[0], "local level", loglikelihood_burn=0)
        model.ssm.initialize_known(np.zeros(1), np.zeros((1, 1)))
        expected = model.loglike([1.0, _GRID[place]])
        mine = -0.5 * (80 * np.log(2 * np.pi) + log_f[place] + (ours[place, :, 0] ** 2).sum())
        assert mine == pytest.approx(expected, rel=1e-6)
