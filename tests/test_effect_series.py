"""`uproar effect --series`: the published figures, and files as people bring them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from core.errors import ConfigError, InputUnusable
from core.settings import load_settings
from uproar.cli import app
from uproar.series_file import place, read_series


def shared(name: str) -> Path:
    path = load_settings().shared_data / name
    if not path.exists():
        message = f"{path} is absent: set UPROAR_SHARED_DATA"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    return path


def effect(*arguments: object) -> dict[str, Any]:
    done = CliRunner().invoke(app, ["effect", "--json", *map(str, arguments)])
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def assert_published(found: dict[str, Any], *, expected: float, effect: float, error: float, low: float, high: float):
    """The tolerance of the methods: prediction 1 %, effect one standard error, interval ends 15 %."""
    assert found["expected"] == pytest.approx(expected, rel=0.01)
    assert found["effect"] == pytest.approx(effect, abs=error)
    assert found["low"] == pytest.approx(low, rel=0.15)
    assert found["high"] == pytest.approx(high, rel=0.15)
    assert found["error"] == pytest.approx(error, rel=0.15)


def test_the_published_figure_of_the_comparison_data() -> None:
    found = effect("--series", shared("causal/comparison_data.csv"), "--at", "2019-07-15", "--until", "2019-08-01")
    assert_published(found, expected=79_232, effect=-657, error=736, low=-2076, high=832)
    assert found["actual"] == pytest.approx(78_574, abs=1)
    assert found["tail_area"] == pytest.approx(0.2006, abs=0.02)
    assert found["cumulative"] == pytest.approx(-11_831, abs=18 * 736)
    assert (found["steps_before"], found["steps_after"]) == (90, 18)
    assert found["controls"] == ["NOT_CHANGED_1", "NOT_CHANGED_2", "NOT_CHANGED_3"]


def test_the_published_figure_of_the_arma_data(tmp_path: Path) -> None:
    frame = pd.read_csv(shared("causal/arma_data.csv"))
    frame.loc[70:, "y"] += 5
    frame.to_csv(tmp_path / "arma.csv", index=False)
    found = effect("--series", tmp_path / "arma.csv", "--at", 70)
    assert_published(found, expected=120.34, effect=4.89, error=0.31, low=4.26, high=5.47)
    assert found["actual"] == pytest.approx(125.23, abs=0.01)
    assert found["relative"] == pytest.approx(0.0406, abs=0.003)
    assert found["low"] < 5 < found["high"]
    assert found["tail_area"] < 0.001


def hourly_file(folder: Path, hours: int = 24 * 60, step: float = 0.0) -> Path:
    rng = np.random.default_rng(8)
    times = pd.date_range("2025-03-01", periods=hours, freq="h", tz="UTC")
    values = 50 + 20 * np.sin(np.arange(hours) * 2 * np.pi / 24) + 5 * rng.normal(size=hours)
    values[-36:] += step
    path = folder / "hours.csv"
    pd.DataFrame({"timestamp": times, "value": values}).to_csv(path, index=False)
    return path


def test_a_day_in_a_series_of_hours_is_uncertain_and_left_out(tmp_path: Path) -> None:
    found = effect("--series", hourly_file(tmp_path, step=30), "--at", "2025-04-28")
    assert found["steps_before"] + 24 + found["steps_after"] == 24 * 60
    assert found["step"] == "hour"
    assert found["over_range"][0] <= found["effect"] <= found["over_range"][1]
    assert "left out" in found["sentence"]
    assert "because" not in found["sentence"]
    assert "not why" in found["sentence"]


def test_p_comes_from_placebo_dates(tmp_path: Path) -> None:
    path = hourly_file(tmp_path, step=40)
    found = effect("--series", path, "--at", "2025-04-28T12:00:00Z", "--until", "2025-04-29T12:00:00Z")
    assert found["placebo_dates"] >= 20
    assert found["p"] == pytest.approx(1 / (found["placebo_dates"] + 1), abs=1e-5)
    assert found["season"] == [24]
    null = effect("--series", hourly_file(tmp_path), "--at", "2025-04-28T12:00:00Z", "--until", "2025-04-29T12:00:00Z")
    assert null["p"] > 0.05


def test_the_half_life_of_a_reaction_is_told(tmp_path: Path) -> None:
    times = pd.date_range("2025-01-01", periods=400, freq="h", tz="UTC")
    values = 10 + np.random.default_rng(1).normal(size=400)
    values[300:] += 100 * 0.5 ** (np.arange(100) / 10)
    pd.DataFrame({"time": times, "y": values}).to_csv(tmp_path / "fading.csv", index=False)
    found = effect("--series", tmp_path / "fading.csv", "--at", 300)
    assert found["half_life_hours"] == pytest.approx(10, abs=1)
    assert f"gone {found['half_life_hours']:.0f} hours later" in found["sentence"]


def test_too_short_a_series_is_refused_by_reason_not_by_crash(tmp_path: Path) -> None:
    (tmp_path / "short.csv").write_text("y\n1\n2\n3\n4\n")
    found = effect("--series", tmp_path / "short.csv", "--at", 2)
    assert "only 2 known steps" in found["refusal"]
    assert found["effect"] is None
    (tmp_path / "flat.csv").write_text("y\n" + "5\n" * 30)
    assert "does not vary" in effect("--series", tmp_path / "flat.csv", "--at", 20)["refusal"]


def test_columns_are_found_and_missing_steps_are_unknown(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    rows = [f"2025-01-{day:02};{day};{100 - day}" for day in range(1, 29) if day != 10]
    path.write_text("date;control;y\n" + "\n".join(reversed(rows)) + "\n")
    given = read_series(path)
    assert (given.response, list(given.controls), len(given.values)) == ("y", ["control"], 28)
    assert np.isnan(given.values[9])
    assert given.values[0] == 99
    assert read_series(path, response="control").response == "control"
    assert place("2025-01-15", given) == (14, 15)
    assert place("2025-01-14/2025-01-16", given) == (13, 16)
    assert place("3", given) == (3, 4)
    for wrong in ("2026-01-01", "yesterday", "99"):
        with pytest.raises(ConfigError):
            place(wrong, given)
    with pytest.raises(ConfigError, match="no column 'nope'"):
        read_series(path, response="nope")


@pytest.mark.parametrize(
    "text", ["", "\x00\x01\x02", "date,y\n2025-01-01,1\n2025-01-01,2\n", "date,y\nsoon,1\nlater,2\n", "a,b\nx,y\n"]
)
def test_what_is_no_series_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(InputUnusable):
        read_series(path)


def test_usage_is_said(tmp_path: Path) -> None:
    path = hourly_file(tmp_path, 100)
    assert CliRunner().invoke(app, ["effect"]).exit_code == 2
    assert CliRunner().invoke(app, ["effect", "--series", str(path)]).exit_code == 2
    assert CliRunner().invoke(app, ["effect", "some-watch", "--at", "3"]).exit_code == 2


def test_columns_may_be_parted_by_spaces_and_weeks_are_steps(tmp_path: Path) -> None:
    days = pd.date_range("2020-01-05", periods=60, freq="7D")
    rows = [f'"{day:%Y-%m-%d}" {50 + n % 5} {20 + n % 3}' for n, day in enumerate(days)]
    (tmp_path / "weeks.csv").write_text('"Date" "Cars" "Other"\n' + "\n".join(rows) + "\n")
    found = effect("--series", tmp_path / "weeks.csv", "--at", "2020-12-06")
    assert (found["response"], found["controls"]) == ("Cars", ["Other"])
    assert (found["steps_before"], found["steps_after"]) == (48, 12)


def test_years_and_months_are_times_and_the_rhythm_of_the_year_is_taken_out(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    years = "\n".join(f"{year},{200 - (year - 1970) + rng.normal():.2f}" for year in range(1970, 2001))
    (tmp_path / "years.csv").write_text(f"year,sales\n{years}\n")
    found = effect("--series", tmp_path / "years.csv", "--at", "1989")
    assert (found["steps_before"], found["steps_after"], found["response"]) == (19, 12, "sales")
    wave = [100 + 20 * np.cos(n * 2 * np.pi / 12) + rng.normal() for n in range(90)]
    days = pd.date_range("2010-01-01", periods=90, freq="MS")
    pd.DataFrame({"month": days.strftime("%Y-%m"), "y": wave}).to_csv(tmp_path / "months.csv", index=False)
    found = effect("--series", tmp_path / "months.csv", "--at", "2016-01-01", "--until", "2016-04-01")
    assert (found["step"], found["season"]) == ("month", [12])
    assert abs(found["effect"]) < 5


@pytest.mark.slow
def test_the_duolingo_posts_give_an_estimate_or_a_named_refusal(store_url: str, tmp_path: Path) -> None:
    """Real posts: the memo of 28 April and the clarification of 23 May 2025. The sign is not prescribed."""
    from datetime import UTC, datetime

    from pydantic import SecretStr

    from collectors.registry import load_collector
    from core.settings import Settings
    from reports.effect import effects
    from uproar.session import MODEL, Session
    from uproar.steps.collect import import_file
    from uproar.steps.score import score

    path = shared("posts/duolingo_ai_first_2025.reddit.jsonl")
    session = Session(Settings(home=tmp_path, store=SecretStr(store_url)), datetime(2025, 6, 2, 12, tzinfo=UTC))
    watch = session.watch("duolingo-ai-first")
    with session.store() as store:
        store.register_watch(watch.name, subject=watch.platform)
        import_file(store, watch, load_collector("files", session.settings), {"path": str(path)}, clock=session.now)
        score(store, session.classifier(MODEL), watch)
        store.refresh_rollups()
    with session.reader() as reader:
        memo, clarification = effects(reader, watch, clock=session.clock)
    for report, day in ((memo, "28 April 2025"), (clarification, "23 May 2025")):
        assert day in report.name
        assert len(report.readings) == 12
        for reading in report.readings:
            assert reading.refusal or reading.low <= reading.effect <= reading.high
            assert reading.p is None or reading.p >= 1 / (reading.placebo_dates + 1)
            assert "because" not in reading.sentence
        assert not report.readings[0].refusal
        assert not report.readings[1].refusal
