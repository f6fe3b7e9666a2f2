from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fake_reader import T0, FakeReader, make_watch

from analysis import coverage as states
from core.records import Announcement, AnnouncementKind, SpikeState
from reports.accuracy import UNKNOWN, accuracy_note
from reports.headline import Said, headline
from reports.measure import Share, change_between
from reports.overview import Overview, overview
from reports.timeline import COLUMNS
from reports.words import COVERAGE, FIGURES, STATES, language_words
from store import People

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def reader_of(*, days: int = 70, today: tuple[int, int] = (9, 12), **changes: Any) -> FakeReader:
    """Wholly collected until T0: 3 of 8 relevant posts negative each hour, in the last day `today`."""
    reader = FakeReader(persons=People(288, 120, 0, 30), **changes)
    start = T0 - timedelta(days=days)
    reader.run(start, T0)
    for n in range(days * 24):
        at = start + n * HOUR
        negative, relevant = today if at >= T0 - DAY else (2 + n % 3, 8)
        reader.score(at, negative=negative, relevant=relevant)
    return reader


def see(reader: FakeReader, **changes: Any) -> Overview:
    return overview(reader, make_watch(**changes), clock=T0)


def test_the_figures_are_those_of_the_last_day_and_of_the_day_before() -> None:
    reader = reader_of(today=(9, 12))
    reader.score(T0 - HOUR, negative=9, relevant=9, topic="consent")
    reader.score(T0 - 2 * HOUR, negative=2, relevant=4, topic="ownership")
    seen = see(reader)
    assert (seen.window.since, seen.window.until, seen.as_of) == (T0 - DAY, T0, T0)
    assert (seen.share.negative, seen.share.relevant, seen.share.share) == (216, 288, 0.75)
    assert (seen.before.negative, seen.before.relevant) == (72, 192)
    assert seen.change is not None
    assert seen.change.points == pytest.approx(0.375)
    assert 0.25 < seen.change.low < seen.change.points < seen.change.high < 0.5
    assert (seen.posts, seen.posts_before, seen.expected_posts) == (288, 192, 192)
    assert [(t.topic, t.relevant, t.negative_share) for t in seen.topics] == [
        ("consent", 9, 1.0),
        ("ownership", 4, 0.5),
    ]
    assert seen.topics[0].share_of_relevant == pytest.approx(9 / 288)
    assert (seen.model, seen.people.authors, seen.incident, seen.advice) == ("small@1", 120, None, "")
    assert [(s.source, s.posts, s.coverage, s.collected_until) for s in seen.sources] == [
        ("forum", 288, "complete", T0)
    ]


def test_the_state_is_that_of_the_last_closed_hour_with_its_time_in_the_zone() -> None:
    reader = reader_of(today=(3, 8))
    reader.rows[-2].update(negative=80, neutral=20, relevant=100, posts=100, scored=100)
    seen = see(reader, timezone="Europe/Berlin")
    assert seen.state is SpikeState.SPIKE
    assert seen.state_sentence.startswith("12:00 to 13:00, 9 May: 80 of 100 relevant posts are negative")
    assert see(reader_of(today=(3, 8))).state is SpikeState.CALM


def test_an_open_hour_that_is_already_a_spike_is_told_at_once() -> None:
    reader = reader_of(today=(3, 8))
    reader.rows[-1].update(negative=80, neutral=20, relevant=100, posts=100, scored=100)
    seen = see(reader)
    assert seen.state is SpikeState.SPIKE
    assert "So far, in an hour not yet closed" in seen.state_sentence


def test_a_spike_is_not_hidden_by_unscored_hours_after_it() -> None:
    reader = reader_of(today=(3, 8))
    reader.rows[-4].update(negative=80, neutral=20, relevant=100, posts=100, scored=100)
    for row in reader.rows[-3:]:
        row["pending"] = 1
    assert see(reader).state is SpikeState.SPIKE
    reader.rows[-4].update(negative=3, neutral=5, relevant=8, posts=8, scored=8)
    assert see(reader).state is SpikeState.PENDING


def test_a_watch_without_anything_says_what_to_do() -> None:
    seen = see(FakeReader())
    assert seen.headline == (
        "Collection is incomplete in 6 of the last 6 hours, so counts are a lower bound. "
        "Acme: no posts in the last day among what was collected."
    )
    assert seen.state is SpikeState.NO_DATA
    assert math.isnan(seen.share.share)
    assert seen.change is None
    assert seen.expected_posts is None
    assert "uproar collect acme" in seen.advice


def test_a_stale_watch_says_so() -> None:
    reader = reader_of()
    seen = overview(reader, make_watch(), clock=T0 + 20 * HOUR)
    assert seen.state is SpikeState.STALE
    assert "nothing has been collected for 20 hours" in seen.state_sentence
    assert seen.advice == "Nothing has been collected lately. Start again with: uproar collect acme"


def test_unscored_posts_lead_to_scoring_and_a_failed_source_to_its_coverage() -> None:
    reader = FakeReader(model=None)
    reader.run(T0 - 2 * DAY, T0)
    reader.count(T0 - HOUR, posts=40, pending=40)
    assert see(reader).advice == "40 posts wait for a score. Run: uproar score acme"
    reader = reader_of()
    reader.run(T0 - DAY, T0, source="second", outcome="failed")
    assert see(reader).advice == "second could not be read. See why with: uproar coverage acme"


def test_a_replay_tells_nothing_of_its_future_and_never_asks_to_collect() -> None:
    reader = reader_of()
    reader.score(T0, negative=500, relevant=500)
    soon = Announcement("next", AnnouncementKind.STATEMENT, T0 + HOUR, T0 + DAY, "day", "UTC", "next")
    past = replace(soon, id="past", start=T0 - HOUR, end=T0)
    watch = make_watch(as_of=T0, notice="invented posts", announcements=(soon, past))
    seen = overview(reader, watch, clock=T0 + 500 * DAY)
    assert (seen.as_of, seen.notice, seen.posts) == (T0, "invented posts", 288)
    assert [a.id for a in seen.announcements] == ["past"]
    empty = overview(FakeReader(), watch, clock=T0 + 500 * DAY)
    assert empty.advice == "Nothing lies in this replay's last day. Fill it with: uproar import acme FILE"


def test_the_latest_announcement_stands_first() -> None:
    kinds = [
        Announcement(key, AnnouncementKind.PRESS, T0 - n * DAY, T0, "day", "UTC", key) for n, key in enumerate("abc")
    ]
    assert [a.id for a in see(reader_of(), announcements=tuple(kinds)).announcements] == ["a", "b", "c"]


@pytest.mark.parametrize(("closed", "found"), [(None, 7), (T0 - HOUR, None), (T0 + HOUR, 7)])
def test_the_open_incident_is_named(closed: datetime | None, found: int | None) -> None:
    row = {"id": 7, "watch": "acme", "opened_at": T0, "closed_at": closed, "hour": T0 - 9 * HOUR}
    assert see(reader_of(incident_rows=[row])).incident == found


def test_the_usual_number_of_posts_needs_seven_covered_days() -> None:
    assert see(reader_of(days=7)).expected_posts is None
    assert see(reader_of(days=9)).expected_posts == 192


def test_measuring_stance_switches_share_and_sentence() -> None:
    reader = reader_of(today=(9, 12))
    for row in reader.rows:
        row.update(against=row["relevant"], stance_neutral=0)
    seen = see(reader, measure="against")
    assert seen.share.share == 1.0
    assert "are against Acme" in seen.headline
    assert "are against Acme" in seen.state_sentence
    for row in reader.rows:
        row.update(against=0, stance_neutral=0)
    absent = see(reader, measure="against")
    assert absent.share.relevant == 0
    assert "the model gives no stance, so there is no share" in absent.headline


PLAIN = Said(
    share=Share(335, 540, 0.6204, 0.5787, 0.6604), posts=930, read=930, scored=930, pending=0, not_scored=0,
    relevant=540, posts_before=300, comparable=True, gap_hours=0, recent_hours=6, people=People(540, 311, 0, 40),
    topics=(("consent", 300), ("ownership", 200), ("trust", 60)), languages=("en",),
)  # fmt: skip
NONE = Share(0, 0, math.nan, math.nan, math.nan)
VOLUME = "Acme: 3.1 times the posts of the same hours of the day before (930 after 300); "
MOOD = "62 % (58 to 66) of 540 relevant English posts by 311 people are negative, mostly about consent and ownership"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, f"{VOLUME}{MOOD}."),
        ({"posts": 0}, "Acme: no posts in the last day."),
        ({"scored": 0, "pending": 930}, f"{VOLUME}none is scored yet, so the mood is unknown."),
        ({"scored": 0, "not_scored": 930},
         f"{VOLUME}the model can score none of them (languages it does not know), so the mood is unknown."),
        ({"scored": 0, "pending": 900, "not_scored": 30},
         f"{VOLUME}none is scored: 900 wait and 30 cannot be scored, so the mood is unknown."),
        ({"share": Share(9, 19, 0.47, 0.2, 0.7)},
         f"{VOLUME}only 19 of the scored ones are relevant, too few to give a share."),
        ({"share": Share(1, 1, 1.0, 0.2, 1.0)},
         f"{VOLUME}only 1 of the scored ones is relevant, too few to give a share."),
        ({"share": NONE, "relevant": 0}, f"{VOLUME}none of the scored ones is relevant."),
        ({"share": NONE}, f"{VOLUME}the model gives no sentiment, so there is no share."),
        ({"pending": 12, "not_scored": 1}, f"{VOLUME}{MOOD} (12 wait for a score and 1 cannot be scored)."),
        ({"gap_hours": 2, "comparable": False},
         "Collection is incomplete in 2 of the last 6 hours, so counts are a lower bound. "
         f"Acme: 930 posts in the last day; {MOOD}."),
        ({"posts_before": 4}, f"Acme: 930 posts in the last day after 4 in the same hours of the day before; {MOOD}."),
        ({"posts_before": 930},
         f"Acme: as many posts as in the same hours of the day before (930 after 930); {MOOD}."),
        ({"people": People(540, 311, 9, 40)}, f"{VOLUME}{MOOD}.".replace("by 311", "by at least 311")),
        ({"people": People(540, 0, 540, 0)}, f"{VOLUME}{MOOD}.".replace(" by 311 people", "")),
        ({"languages": ("en", "de")}, f"{VOLUME}{MOOD}.".replace("English", "English and German")),
        ({"languages": ("", "en")}, f"{VOLUME}{MOOD}.".replace(" English", "")),
        ({"topics": (("ai_training", 200), ("leaving", 109))},
         f"{VOLUME}{MOOD}.".replace("mostly about consent and ownership",
                                    "most often about AI training and leaving the service")),
        ({"read": 400},
         f"{VOLUME}{MOOD}.".replace("after 300)", "after 300), by the 400 that the budget let us read")),
        ({"topics": (("trust", 60),)}, f"{VOLUME}{MOOD}.".replace(", mostly about consent and ownership", "")),
    ],
)  # fmt: skip
def test_the_headline_says_what_is_known_and_no_more(changes: dict[str, Any], sentence: str) -> None:
    assert headline(replace(PLAIN, **changes), make_watch()) == sentence


def test_shares_of_under_twenty_posts_are_not_compared() -> None:
    enough, few = Share(10, 20, 0.5, 0.3, 0.7), Share(9, 19, 0.47, 0.2, 0.7)
    assert change_between(few, enough) is None
    assert change_between(enough, few) is None
    change = change_between(enough, enough)
    assert change is not None
    assert (change.points, change.low) == (0.0, pytest.approx(-change.high))


def test_every_state_coverage_and_figure_has_a_sentence() -> None:
    assert set(STATES) == set(SpikeState)
    found = {
        getattr(states, name) for name in ("COMPLETE", "TRUNCATED", "SAMPLE", "RUNNING", "FAILED", "NONE", "MIXED")
    }
    assert set(COVERAGE) == found
    assert set(COLUMNS) - {"time", "coverage"} <= set(FIGURES)
    for sentence in (*STATES.values(), *COVERAGE.values(), *FIGURES.values()):
        assert sentence[0].isupper()
        assert sentence.endswith(".")


def test_languages_are_named_only_where_all_are_known() -> None:
    assert language_words(("en",)) == "English"
    assert language_words(("en", "xx")) == language_words(("en", "de", "fr")) == language_words(()) == ""


def test_accuracy_is_told_from_the_figures_beside_the_weights(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    assert accuracy_note("small@1", weights=tmp_path) == UNKNOWN
    figure = {"on": "tweets", "measure": "macro recall", "value": 70.8, "low": 69.9, "high": 71.7, "n": 12284}
    (folder / "figures.json").write_text(json.dumps({"model": "small@1", "sentiment": [figure]}))
    assert accuracy_note("small@1", weights=tmp_path) == (
        "Sentiment on tweets: macro recall 70.8 % (69.9 to 71.7; n = 12,284)."
    )
    assert accuracy_note("small@2", weights=tmp_path) == UNKNOWN, "the figures of another revision are not its own"
    assert accuracy_note("", weights=tmp_path) == ""


def test_a_clock_change_leaves_the_same_hours_to_compare() -> None:
    clock = datetime(2025, 3, 30, 12, tzinfo=UTC)
    seen = overview(FakeReader(), make_watch(timezone="Europe/Berlin"), clock=clock)
    assert seen.window.hours == 23


def test_the_shipped_model_has_its_figures() -> None:
    from models.registry import load_classifier

    assert "macro-F1" in accuracy_note(load_classifier().model)
