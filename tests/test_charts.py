"""Chart specs as dictionaries: marks, encodings, gaps, markers, the notice, and never too many rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from charts.marks import MOST_ROWS, bins, gap_spans, marker_frame, wall
from charts.palette import DARK, LIGHT
from charts.reaction import CLICK, share_chart, topics_chart, volume_chart
from core.records import Announcement, AnnouncementKind

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2025, 5, 9, tzinfo=UTC)
NOTICE = "invented posts, not SoundCloud's public"


def make_timeline(hours: int = 48, **columns: Any) -> pd.DataFrame:
    """A timeline frame as `reports.timeline` gives it, by hour; `columns` replace whole columns."""
    relevant = np.full(hours, 10)
    frame = pd.DataFrame(
        {
            "time": pd.date_range(START, periods=hours, freq="h").as_unit("us"),
            "posts": 20,
            "scored": 18,
            "relevant": relevant,
            "negative": 6,
            "neutral": 3,
            "positive": 1,
            "negative_share": 0.6,
            "low": 0.31,
            "high": 0.83,
            "pending": 0,
            "not_scored": 2,
            "against": 5,
            "stance_neutral": 4,
            "in_favour": 1,
            "coverage": "complete",
            "state": "calm",
        }
    )
    return frame.assign(**columns)


def make_announcement(**changes: Any) -> Announcement:
    values: dict[str, Any] = {
        "id": "noticed",
        "kind": AnnouncementKind.DISCOVERY,
        "start": START + timedelta(hours=10),
        "end": START + timedelta(hours=10, minutes=1),
        "precision": "minute",
        "zone": "UTC",
        "title": "The clause is noticed",
        "sources": ("https://example.org/a",),
    }
    return Announcement(**(values | changes))


def spec(chart: Any) -> dict[str, Any]:
    return chart.to_dict(format="vega-lite")


def layers(found: dict[str, Any], mark: str) -> list[dict[str, Any]]:
    return [layer for layer in found["layer"] if layer["mark"]["type"] == mark]


def data_of(found: dict[str, Any], layer: dict[str, Any]) -> list[dict[str, Any]]:
    name = (layer.get("data") or found["data"])["name"]
    return found["datasets"][name]


def fold_layer(found: dict[str, Any]) -> dict[str, Any]:
    (layer,) = [x for x in found["layer"] if any("fold" in t for t in x.get("transform", []))]
    return layer


def test_volume_stacks_sentiment_in_front_of_all_posts() -> None:
    found = spec(volume_chart(make_timeline(), by="hour", zone=BERLIN))
    stacked = fold_layer(found)
    assert stacked["transform"][0]["fold"] == ["negative", "neutral", "positive"]
    stack = next(t for t in stacked["transform"] if "stack" in t)
    assert (stack["stack"], stack["sort"][0]["field"]) == ("number", "order")
    colour = stacked["encoding"]["color"]["scale"]
    assert dict(zip(colour["domain"], colour["range"], strict=True)) == {
        "negative": LIGHT.negative,
        "neutral": LIGHT.neutral,
        "positive": LIGHT.positive,
    }
    behind = [x for x in layers(found, "rect") if x["encoding"].get("y", {}).get("field") == "posts"]
    assert len(behind) == 1
    assert found["layer"].index(behind[0]) < found["layer"].index(stacked)


def test_a_watch_that_measures_stance_draws_stance() -> None:
    found = spec(volume_chart(make_timeline(), by="hour", zone=BERLIN, measure="against"))
    stacked = fold_layer(found)
    assert stacked["encoding"]["color"]["scale"]["domain"] == ["against", "neutral", "in favour"]
    shares = spec(share_chart(make_timeline(), by="hour", zone=BERLIN, measure="against"))
    assert shares["title"]["text"] == "Against share of relevant posts"


def test_every_chart_carries_the_notice() -> None:
    topics = pd.DataFrame({"topic": ["consent"], "relevant": [4], "share_of_relevant": [0.4], "negative_share": [0.5]})
    charts = [
        volume_chart(make_timeline(), by="hour", zone=BERLIN, notice=NOTICE),
        share_chart(make_timeline(), by="hour", zone=BERLIN, notice=NOTICE),
        topics_chart(topics, notice=NOTICE),
    ]
    for chart in charts:
        assert NOTICE in " ".join(spec(chart)["title"]["subtitle"])
    plain = spec(volume_chart(make_timeline(), by="hour", zone=BERLIN))
    assert not any("Note" in line for line in plain["title"]["subtitle"])


def test_gaps_are_bands_and_not_zero_lines() -> None:
    coverage = ["complete"] * 48
    coverage[5:9] = ["failed"] * 4
    coverage[9:11] = ["truncated"] * 2
    coverage[40:41] = ["none"]
    empty = np.array([c != "complete" for c in coverage])
    frame = make_timeline(coverage=coverage, negative_share=np.where(empty, np.nan, 0.6))
    spans = gap_spans(bins(frame, "hour", BERLIN))
    assert list(spans["coverage"]) == ["failed", "truncated", "none"]
    assert list((spans["wall_end"] - spans["wall"]) // 3_600_000) == [4, 2, 1]
    assert list(spans["label"]) == ["failed", "cut short", "not collected"]
    found = spec(volume_chart(frame, by="hour", zone=BERLIN))
    bands = [x for x in layers(found, "rect") if x["mark"].get("strokeDash")]
    assert len(data_of(found, bands[0])) == 3
    share = spec(share_chart(frame, by="hour", zone=BERLIN))
    line = layers(share, "line")[0]
    rows = data_of(share, line)
    assert [row["negative_share"] for row in rows[5:11]] == [None] * 6


def test_complete_coverage_draws_no_band() -> None:
    found = spec(volume_chart(make_timeline(coverage="sample"), by="hour", zone=BERLIN))
    assert not [x for x in layers(found, "rect") if x["mark"].get("strokeDash")]


def test_announcements_are_rules_with_title_date_and_sources() -> None:
    exact = make_announcement()
    day = make_announcement(
        id="statement",
        kind=AnnouncementKind.STATEMENT,
        precision="day",
        start=START + timedelta(days=1),
        end=START + timedelta(days=2),
        title="First statement",
    )
    before = make_announcement(id="old", start=START - timedelta(days=90), end=START - timedelta(days=89))
    found = spec(volume_chart(make_timeline(), by="hour", zone=BERLIN, announcements=[day, exact, before]))
    rules = layers(found, "rule")
    assert [rule["mark"]["strokeDash"] for rule in rules] == [[1, 0], [5, 4]]
    (row,) = data_of(found, rules[1])
    # The oldest of the three lies before the window; the others keep their numbers.
    assert row["label"] == "3 Statement"
    assert "day known" in row["date"]
    assert row["sources"] == "https://example.org/a"
    tips = {tip["field"] for tip in rules[1]["encoding"]["tooltip"]}
    assert tips == {"title", "date", "sources"}
    labels = [x["encoding"]["text"]["field"] for x in layers(found, "text")]
    assert labels == ["label"] * len(labels)
    assert labels


def test_announcements_of_one_day_do_not_lie_on_each_other() -> None:
    many = [make_announcement(id=str(n), title=f"Event {n}") for n in range(3)]
    markers = marker_frame(many, bins(make_timeline(), "hour", BERLIN), BERLIN)
    assert sorted(markers["lane"]) == [0, 1, 2]


def test_spike_hours_are_marked() -> None:
    states = ["calm"] * 48
    states[30] = states[31] = "spike"
    found = spec(volume_chart(make_timeline(state=states), by="hour", zone=BERLIN))
    (marks,) = layers(found, "point")
    assert marks["mark"]["shape"] == "triangle-up"
    assert len(data_of(found, marks)) == 2


def test_a_click_names_the_hour_in_utc() -> None:
    found = spec(volume_chart(make_timeline(), by="hour", zone=BERLIN))
    (chosen,) = [p for p in found["params"] if p["name"] == CLICK]
    assert chosen["select"]["fields"] == ["at"]
    first = data_of(found, fold_layer(found))[0]
    assert first["at"] == int(START.timestamp() * 1000)
    assert not any(p["name"] == CLICK for p in spec(volume_chart(make_timeline(), by="hour", zone=BERLIN, click=False))
                   .get("params", []))  # fmt: skip


def test_axis_shows_the_wall_clock_of_the_watch() -> None:
    rows = bins(make_timeline(), "hour", BERLIN)
    assert rows["wall"].iloc[0] - rows["at"].iloc[0] == 2 * 3_600_000
    assert wall(START, BERLIN) == rows["wall"].iloc[0]
    assert rows["when"].iloc[0] == "Fri 9 May 2025, 02:00 to 03:00"


def test_days_reach_over_a_change_of_clocks() -> None:
    midnights = pd.date_range("2025-03-29", periods=4, freq="D", tz="Europe/Berlin").tz_convert("UTC")
    frame = make_timeline(4).assign(time=midnights).drop(columns="state")
    rows = bins(frame, "day", BERLIN)
    assert (rows["wall_end"].iloc[:-1].to_numpy() == rows["wall"].iloc[1:].to_numpy()).all()


def test_no_more_rows_than_a_browser_takes() -> None:
    with pytest.raises(ValueError, match=str(MOST_ROWS)):
        volume_chart(make_timeline(MOST_ROWS + 1), by="hour", zone=BERLIN)
    found = spec(volume_chart(make_timeline(14 * 24), by="hour", zone=BERLIN, announcements=[make_announcement()]))
    assert sum(len(rows) for rows in found["datasets"].values()) <= MOST_ROWS


def test_share_band_is_the_interval() -> None:
    found = spec(share_chart(make_timeline(), by="hour", zone=BERLIN, colours=DARK))
    (band,) = [x for x in layers(found, "rect") if x["encoding"].get("y", {}).get("field") == "low"]
    assert band["encoding"]["y2"]["field"] == "high"
    assert band["mark"]["fill"] == DARK.negative


def test_topics_say_their_number() -> None:
    topics = pd.DataFrame(
        {
            "topic": ["ai_training", "consent"],
            "relevant": [1240, 3],
            "share_of_relevant": [0.6, 0.1],
            "negative_share": [0.711, 1.0],
        }
    )
    found = spec(topics_chart(topics))
    rows = next(iter(found["datasets"].values()))
    assert [row["text"] for row in rows] == ["1,240 posts, 71 % negative", "3 posts"], "three posts are no share"
    assert rows[0]["name"] == "AI training"
    assert found["layer"][0]["encoding"]["y"]["sort"] is None
