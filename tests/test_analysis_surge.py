from __future__ import annotations

import io
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from analysis.surge import TAIL, _quantiles, surges
from core.errors import ConfigError, InputUnusable
from uproar.cli import app

FIVE = timedelta(minutes=5)


def counts(days: int = 10, *, seed: int = 1) -> np.ndarray:
    rows = np.arange(days * 288)
    level = 20 * (1 + 0.6 * np.sin(2 * np.pi * rows / 288))
    return np.random.default_rng(seed).poisson(level).astype(float)


def test_a_lasting_surge_is_decided_and_quiet_rows_are_not() -> None:
    values = counts()
    assert not surges(values, FIVE).decision.any()
    values[2500:2600] *= 6
    found = surges(values, FIVE)
    fired = np.flatnonzero(found.decision)
    assert 2500 <= fired[0] < 2512
    assert fired[-1] < 2700
    assert found.score[fired].min() >= 0.5 > found.score[~found.decision].max()
    assert ((found.score >= 0) & (found.score < 1)).all()


@pytest.mark.parametrize("cut", [300, 1441, 2550])
def test_later_rows_never_change_a_score(cut: int) -> None:
    values = counts()
    values[2500:2600] *= 6
    whole, part = surges(values, FIVE).score, surges(values[:cut], FIVE).score
    np.testing.assert_allclose(part, whole[:cut])


@pytest.mark.parametrize("step", [timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(days=7)])
@pytest.mark.parametrize("size", [1, 2, 30, 200])
def test_any_interval_and_length_gives_a_score_per_row(step: timedelta, size: int) -> None:
    found = surges(np.ones(size), step)
    assert len(found.score) == len(found.decision) == size
    assert np.isfinite(found.score).all()


@pytest.mark.parametrize("bad", [np.nan, -1.0, np.inf])
def test_what_is_no_count_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="finite numbers"):
        surges(np.array([1.0, bad]), FIVE)


def test_the_verb_prints_a_row_per_row(tmp_path) -> None:
    times = pd.date_range("2015-02-26 21:42:53", periods=2880, freq="5min")
    path = tmp_path / "series.csv"
    pd.DataFrame({"timestamp": times, "value": counts().astype(int)}).to_csv(path, index=False)
    done = CliRunner().invoke(app, ["detect", str(path)])
    assert done.exit_code == 0, done.output
    table = pd.read_csv(io.StringIO(done.stdout))
    assert list(table.columns) == ["timestamp", "score", "decision"]
    assert table["timestamp"].iloc[0] == "2015-02-26 21:42:53"
    assert len(table) == 2880
    assert set(table["decision"]) <= {0, 1}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no CSV"),
        ("a,b\n1,2\n", "'timestamp' is missing"),
        ("timestamp,value\n2025-01-01,1\n", "fewer than two rows"),
        ("timestamp,value\n2025-01-02,1\n2025-01-01,1\n", "must rise"),
        ("timestamp,value\nx,1\ny,1\n", "column timestamp"),
        ("timestamp,value\n2025-01-01,a\n2025-01-02,1\n", "column value"),
        ("timestamp,value\n2025-01-01,\n2025-01-02,1\n", "finite numbers"),
    ],
)
def test_an_unusable_file_says_why(tmp_path, text: str, why: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    done = CliRunner().invoke(app, ["detect", str(path)])
    assert isinstance(done.exception, InputUnusable)
    assert why in str(done.exception)


def test_an_absent_file_is_named(tmp_path) -> None:
    done = CliRunner().invoke(app, ["detect", str(tmp_path / "none.csv")])
    assert isinstance(done.exception, ConfigError)


@pytest.mark.parametrize(("size", "past", "pace"), [(3000, 1000, 72), (300, 40, 7), (60, 100, 6)])
@pytest.mark.parametrize("digits", [0, 1, 9], ids=["many equal", "some equal", "none equal"])
def test_the_sorted_past_gives_the_quantiles_of_the_rows_before(size: int, past: int, pace: int, digits: int) -> None:
    rest = np.round(np.random.default_rng(size).normal(size=size), digits)
    middle, tail = _quantiles(rest, past, pace)
    for start in range(pace, size, pace):
        known = rest[max(0, start - past) : start]
        assert [middle[start], tail[start]] == pytest.approx(np.quantile(known, (0.5, TAIL)), abs=1e-12)
