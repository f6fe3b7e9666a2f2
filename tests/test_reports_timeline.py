from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from fake_reader import T0, FakeReader, make_watch

from analysis.shares import wilson
from core.errors import ConfigError
from core.records import Announcement, AnnouncementKind, Decision, Interval, SpikeState
from core.watches import SourceRule
from reports.announcements import announcements
from reports.coverage import coverage
from reports.posts import count_posts, posts
from reports.spikes import decide_hours, hour_states
from reports.timeline import COLUMNS, timeline
from reports.window import clamp, day_before, last_day
from store import PostFilter

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def filled(days: int = 70, *, negative: int = 2, relevant: int = 8, last: tuple[int, int] | None = None) -> FakeReader:
    """A reader whose watch was collected without a gap until T0; `last` replaces the last whole hour."""
    reader = FakeReader()
    start = T0 - timedelta(days=days)
    reader.run(start, T0)
    for n in range(days * 24):
        reader.score(start + n * HOUR, negative=negative + n % 3, relevant=relevant + n % 3, posts=12)
    if last:
        reader.rows.pop()
        reader.score(T0 - HOUR, negative=last[0], relevant=last[1])
    return reader


def test_every_hour_has_a_row_with_its_figures() -> None:
    reader = FakeReader()
    reader.run(T0 - 4 * HOUR, T0)
    reader.score(T0 - 3 * HOUR, negative=6, relevant=8, posts=20)
    frame = timeline(reader, make_watch(), clock=T0, since=T0 - 4 * HOUR, states=True)
    assert list(frame.columns) == [*COLUMNS, "state"]
    assert frame["time"].tolist() == [T0 - n * HOUR for n in (4, 3, 2, 1)]
    row = frame.iloc[1]
    assert (row["posts"], row["relevant"], row["negative"], row["neutral"], row["positive"]) == (20, 8, 6, 2, 0)
    assert (row["negative_share"], row["low"], row["high"]) == (0.75, *wilson(6, 8))
    assert frame["posts"].tolist() == [0, 20, 0, 0]
    assert all(math.isnan(frame[name].iloc[0]) for name in ("negative_share", "low", "high"))
    assert set(frame["coverage"]) == {"complete"}
    assert set(frame["state"]) == {"learning"}


def test_a_timeline_begins_with_its_watch_and_ends_now() -> None:
    watch = make_watch(since=T0 - 10 * HOUR)
    assert len(timeline(FakeReader(), watch, clock=T0 + timedelta(minutes=5))) == 11
    assert timeline(FakeReader(), watch, clock=T0, since=T0 + DAY).empty


def test_days_are_those_of_the_watchs_zone() -> None:
    watch = make_watch(timezone="Europe/Berlin", since=datetime(2025, 3, 29, 23, tzinfo=UTC))
    reader = FakeReader()
    reader.score(datetime(2025, 3, 30, 21, tzinfo=UTC), negative=1, relevant=2)
    reader.score(datetime(2025, 3, 30, 22, tzinfo=UTC), negative=1, relevant=1)
    frame = timeline(reader, watch, clock=datetime(2025, 3, 31, 22, tzinfo=UTC), by="day")
    assert list(frame.columns) == list(COLUMNS)
    assert [t.isoformat() for t in frame["time"]] == ["2025-03-30T00:00:00+01:00", "2025-03-31T00:00:00+02:00"]
    assert frame["relevant"].tolist() == [2, 1]
    assert frame["negative_share"].tolist() == [0.5, 1.0]


def test_another_step_is_refused() -> None:
    with pytest.raises(ConfigError, match="'hour' or 'day'"):
        timeline(FakeReader(), make_watch(), clock=T0, by="week")


def test_sources_and_languages_narrow_the_counts_and_not_the_state() -> None:
    reader = filled(last=(80, 100))
    reader.score(T0 - HOUR, negative=1, relevant=3, source="second", language="de")
    reader.run(T0 - 70 * DAY, T0, source="second")
    watch = make_watch()
    span = {"clock": T0 + HOUR, "since": T0 - 2 * HOUR, "until": T0}
    both = timeline(reader, watch, **span, states=True)
    second = timeline(reader, watch, **span, states=True, sources=("second",))
    german = timeline(reader, watch, clock=T0 + HOUR, since=T0 - 2 * HOUR, until=T0, languages=("de",))
    assert both["relevant"].iloc[-1] == 103
    assert second["relevant"].tolist() == german["relevant"].tolist() == [0, 3]
    assert both["state"].tolist() == second["state"].tolist() == ["calm", "spike"]


def test_a_topic_narrows_to_its_posts() -> None:
    reader = FakeReader()
    reader.score(T0 - HOUR, negative=4, relevant=9)
    reader.score(T0 - HOUR, negative=3, relevant=3, topic="consent")
    frame = timeline(reader, make_watch(), clock=T0, since=T0 - HOUR, topic="consent")
    assert frame["relevant"].tolist() == [3]


def test_the_coverage_of_a_source_is_its_own_and_imports_count_for_any() -> None:
    reader = FakeReader()
    reader.run(T0 - 2 * HOUR, T0)
    reader.run(T0 - 2 * HOUR, T0, source="second", outcome="failed")
    reader.run(T0 - 2 * HOUR, T0, source="files", outcome="sample")
    reader.run(T0 - 2 * HOUR, T0, source="files", outcome="failed")

    def state(*sources: str) -> set[str]:
        return set(timeline(reader, make_watch(), clock=T0, since=T0 - 2 * HOUR, sources=sources)["coverage"])

    assert state() == {"mixed"}
    assert state("forum") == {"sample"}
    assert state("second") == {"mixed"}
    assert state("reddit") == {"sample"}


def test_measuring_stance_switches_the_whole_timeline() -> None:
    reader = FakeReader()
    reader.count(T0 - HOUR, posts=10, scored=10, relevant=10, negative=2, neutral=8, against=7, stance_neutral=2,
                 in_favour=1)  # fmt: skip
    row = timeline(reader, make_watch(measure="against"), clock=T0, since=T0 - HOUR).iloc[0]
    assert (row["negative"], row["neutral"], row["positive"], row["negative_share"]) == (7, 2, 1, 0.7)


def test_an_absent_head_gives_no_share_instead_of_a_share_of_nought() -> None:
    reader = FakeReader()
    reader.count(T0 - HOUR, posts=10, scored=10, relevant=10, negative=2, neutral=8)
    row = timeline(reader, make_watch(measure="against"), clock=T0, since=T0 - HOUR).iloc[0]
    assert row["relevant"] == 10
    assert math.isnan(row["negative_share"])


def test_a_replay_ends_at_its_present() -> None:
    reader = filled(2)
    reader.score(T0, negative=9, relevant=9)
    watch = make_watch(as_of=T0 + timedelta(minutes=30))
    late = T0 + 9 * DAY
    assert timeline(reader, watch, clock=late)["time"].iloc[-1] == T0 - HOUR
    assert hour_states(reader, watch, clock=late, until=late)["hour"].iloc[-1] == T0 - HOUR
    assert coverage(reader, watch, clock=late)["until"].iloc[0] == T0


def test_windows_are_whole_hours_and_a_day_is_one_of_the_zone() -> None:
    watch = make_watch(timezone="Europe/Berlin")
    window = clamp(watch, clock=T0 + timedelta(minutes=5), since=T0 - timedelta(minutes=90))
    assert (window.since, window.until) == (T0 - 2 * HOUR, T0 + HOUR)
    day = last_day(watch, clock=datetime(2025, 3, 30, 10, 30, tzinfo=UTC))
    assert (day.until, day.hours) == (datetime(2025, 3, 30, 10, tzinfo=UTC), 23)
    before = day_before(watch, day)
    assert (before.until, before.hours) == (day.since, 24)


def test_a_kept_decision_stands_whatever_is_known_now() -> None:
    reader = filled(last=(80, 100))
    watch = make_watch()
    clock = T0 + HOUR
    fresh = decide_hours(reader, watch, clock=clock)
    assert fresh[-1].state is SpikeState.SPIKE
    assert (fresh[-1].hour, fresh[-1].model, fresh[-1].decided_at) == (T0 - HOUR, "small@1", clock)
    assert len(fresh) == 60 * 24 - 1
    reader.kept.append(
        Decision(T0 - HOUR, SpikeState.CALM, 1, 20, 0.05, 2.0, 0.5, True, "old@0", T0, "As it was decided.")
    )
    row = hour_states(reader, watch, clock=clock, since=T0 - HOUR).iloc[0]
    assert (row["state"], row["negative"], row["model"], row["sentence"]) == ("calm", 1, "old@0", "As it was decided.")
    assert row["decided_at"] == pd.Timestamp(T0)
    assert T0 - HOUR not in {d.hour for d in decide_hours(reader, watch, clock=clock)}


def test_open_pending_and_uncollected_hours_are_not_decided() -> None:
    reader = filled(40)
    reader.rows[-1]["pending"] = 1
    reader.score(T0, negative=9, relevant=9)
    reader.rows.pop(-20)
    decided = {d.hour for d in decide_hours(reader, make_watch(), clock=T0 + timedelta(minutes=30))}
    assert not decided & {T0 - HOUR, T0}
    assert T0 - 3 * HOUR in decided
    reader.model = None
    assert decide_hours(reader, make_watch(), clock=T0 + HOUR) == []


def test_the_lateness_of_the_slowest_source_closes_an_hour() -> None:
    watch = make_watch(sources=(SourceRule("forum"), SourceRule("slow", lateness=timedelta(hours=5))))
    states = hour_states(filled(2), watch, clock=T0, since=T0 - 8 * HOUR)
    assert states["provisional"].tolist() == [False] * 3 + [True] * 5


def test_coverage_tells_each_source_in_a_row() -> None:
    reader = FakeReader()
    reader.run(T0 - 10 * HOUR, T0, truncated=[Interval(T0 - 9 * HOUR, T0 - 7 * HOUR)], outcome="truncated")
    reader.run(T0 - 10 * HOUR, T0 - 5 * HOUR, source="second")
    reader.run(T0 - 5 * HOUR, T0, source="second", outcome="failed")
    reader.score(T0 - 2 * HOUR, negative=1, relevant=4)
    reader.score(T0 - 2 * HOUR, negative=1, relevant=3, source="reddit")
    reader.run(T0 - 3 * HOUR, datetime(9998, 1, 1, tzinfo=UTC), source="files", outcome="sample")
    watch = make_watch(sources=(SourceRule("forum"), SourceRule("second"), SourceRule("never")))
    frame = coverage(reader, watch, clock=T0).set_index("source")
    assert frame["state"].to_dict() == {
        "forum": "complete", "never": "none", "reddit": "sample", "second": "failed",
    }  # fmt: skip
    assert frame["posts"].to_dict() == {"forum": 4, "never": 0, "reddit": 3, "second": 0}
    assert frame.loc["forum", "truncated_hours"] == 2
    assert frame.loc["forum", "sentence"] == (
        "Everything that was asked for came back. 2 hours were cut short in this window."
    )
    assert frame.loc["second", "sentence"] == (
        "The source could not be read, so its posts are missing. 1 run has failed in this window."
    )
    assert frame.loc["second", "last_success"] == T0 - 5 * HOUR
    assert frame.loc["reddit", "until"] == T0
    assert pd.isna(frame.loc["never", "last_success"])


def test_coverage_of_a_watch_without_anything_has_its_columns() -> None:
    frame = coverage(FakeReader(), make_watch(sources=()), clock=T0)
    assert frame.empty
    assert list(frame.columns)[:4] == ["source", "state", "since", "until"]


def _announcement(key: str, start: datetime, title: str = "") -> Announcement:
    return Announcement(key, AnnouncementKind.STATEMENT, start, start + DAY, "day", "UTC", title or key)


def test_announcements_are_those_begun_once_each_by_start() -> None:
    watch = make_watch(announcements=(_announcement("a", T0 - DAY, "from the file"), _announcement("z", T0 + HOUR)))
    reader = FakeReader(known=[_announcement("a", T0 - DAY, "from the store"), _announcement("b", T0 - 9 * DAY)])
    assert [a.title for a in announcements(reader, watch, clock=T0)] == ["b", "from the file"]
    assert [a.id for a in announcements(reader, watch, clock=T0 + HOUR)] == ["b", "a", "z"]


def test_posts_are_the_watchs_own_and_never_later_than_its_present() -> None:
    reader, watch = FakeReader(), make_watch(as_of=T0 + timedelta(minutes=30))
    asked = PostFilter("another", since=T0 - HOUR, topic="consent")
    assert posts(reader, watch, asked, clock=T0 + DAY, limit=5, offset=10)["id"].tolist() == ["p1"]
    assert count_posts(reader, watch, PostFilter("acme", until=T0), clock=T0 + DAY) == 1
    wanted, limit, offset = reader.asked[0]
    assert (wanted.watch, wanted.until, wanted.topic) == ("acme", T0 + timedelta(minutes=30), "consent")
    assert (limit, offset) == (5, 10)
    assert reader.asked[1].until == T0
