"""Placebo dates, peaks and decay."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.decay import decay
from analysis.impact import Series
from analysis.placebo import Design, Placebo, follows_peak, judge, peaks, placebo_dates, placebos

DESIGN = Design(before=30, fewest=14, gap=1, after=5)


def quiet(n: int, seed: int = 4) -> np.ndarray:
    return 10 + np.random.default_rng(seed).normal(size=n)


def with_peaks(n: int, at: list[int]) -> np.ndarray:
    values = quiet(n)
    for peak in at:
        values[peak : peak + 12] += 40 * 0.6 ** np.arange(len(values[peak : peak + 12]))
    return values


def test_no_two_dates_overlap_and_none_touches_what_is_blocked() -> None:
    blocked = np.zeros(200, dtype=bool)
    blocked[100:120] = True
    dates = [at for at, _ in placebo_dates(Series(quiet(200)), DESIGN, blocked)]
    assert len(dates) > 20
    used = np.zeros(200, dtype=int)
    for at in dates:
        used[at - DESIGN.gap : at + DESIGN.after] += 1
        assert at - DESIGN.gap >= DESIGN.fewest
    assert used.max() == 1
    assert not (used.astype(bool) & blocked).any()


def test_dates_just_after_peaks_are_among_them() -> None:
    values = with_peaks(300, [60, 150, 240])
    found = placebo_dates(Series(values), DESIGN, np.zeros(300, dtype=bool))
    assert [p for p in (60, 150, 240) if (p + 1 + DESIGN.gap, True) in found] == [60, 150, 240]


def test_ordinary_decay_is_not_credited_to_a_statement() -> None:
    at = list(range(40, 1200, 45))
    values = with_peaks(1240, at)
    start = at[-1] + 2  # a "statement" just after a peak, of which nothing came
    blocked = np.zeros(1240, dtype=bool)
    blocked[start - 1 :] = True
    series = Series(np.log(values))
    others = placebos(series, DESIGN, blocked)
    after_peak = follows_peak(peaks(values, DESIGN.after), start, DESIGN)
    assert after_peak
    from analysis.impact import impact

    made = impact(series, slice(start - 31, start - 1), slice(start, start + 5))
    verdict = judge(made.score, others, after_peak=after_peak)
    assert verdict.p is not None
    assert verdict.p > 0.05


def test_p_is_never_under_one_in_m_plus_one_and_none_is_given_under_twenty() -> None:
    many = [Placebo(n, 0.1, False) for n in range(30)]
    assert judge(9.0, many, after_peak=False).p == pytest.approx(1 / 31)
    assert judge(0.05, many, after_peak=False).p == pytest.approx(1)
    few = judge(9.0, many[:19], after_peak=False)
    assert few.p is None
    assert "only 19" in few.reason
    assert judge(9.0, many[:20], after_peak=False).p == pytest.approx(1 / 21)
    assert judge(9.0, many, after_peak=True).p is None, "calm dates say nothing of a date after a peak"


def test_placebos_of_a_quiet_series_are_spread_as_chance_has_it() -> None:
    scores = [p.score for p in placebos(Series(quiet(1500)), DESIGN, np.zeros(1500, dtype=bool))]
    assert len(scores) > 100
    assert 0.85 < np.mean(np.abs(scores) < 1.96) <= 1


def test_half_life_of_a_known_decay() -> None:
    counts = np.r_[np.full(20, 10.0), 10 + 100 * 0.5 ** (np.arange(30) / 4)]
    found = decay(counts, 20)
    assert found is not None
    assert (found.half_life, found.peak_at) == (4, 20)
    assert found.residual < 0.02


def test_a_reaction_that_has_not_halved_has_no_half_life_and_no_rise_no_decay() -> None:
    still = decay(np.r_[np.full(10, 10.0), np.full(5, 90.0)], 10)
    assert still is not None
    assert still.half_life is None
    assert still.residual == pytest.approx(1)
    assert decay(np.full(30, 10.0), 20) is None
    assert decay(np.full(30, 10.0), 40) is None
    assert decay(np.full(30, np.nan), 20) is None
