"""The course of a controversy, and several courses aligned at t0."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from fake_reader import T0, FakeReader, make_watch

from core.records import Announcement, AnnouncementKind, Conflict
from reports.compare import COLUMNS, compare
from reports.lifecycle import Lag, lifecycle, span_words

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOTICED = T0 - 20 * DAY


def event(kind: str, start, length=DAY, **more) -> Announcement:
    return Announcement(kind, AnnouncementKind(kind), start, start + length, "day", "UTC", f"the {kind}", **more)


def burst(noticed=NOTICED, half_life: int = 24) -> FakeReader:
    """Two posts an hour, then a hundred more that halve every `half_life` hours from `noticed` on."""
    reader = FakeReader()
    start = noticed - 40 * DAY
    reader.run(start, T0)
    for n in range(int((T0 - start) / HOUR)):
        at = start + n * HOUR
        extra = round(100 * 0.5 ** ((at - noticed) / HOUR / half_life)) if at >= noticed else 0
        reader.score(at, negative=1 + extra // 2, relevant=2 + extra)
    return reader


EVENTS = (
    event("terms_change", NOTICED - 90 * DAY, conflicts=(Conflict(NOTICED - 30 * DAY, NOTICED - 29 * DAY, "day", ""),)),
    event("discovery", NOTICED, HOUR),
    event("statement", NOTICED + DAY),
    event("reversal", NOTICED + 10 * DAY),
)


def test_the_course_of_a_known_burst() -> None:
    course = lifecycle(burst(), make_watch(announcements=EVENTS, since=NOTICED - 200 * DAY), clock=T0)
    assert course.t0 == NOTICED
    assert course.first_post == NOTICED
    assert course.discovery_lag == Lag(29 * 24, 90 * 24 + 1)
    assert course.time_to_statement == Lag(23, 48)
    assert course.time_to_reversal == Lag(10 * 24 - 1, 11 * 24)
    assert course.peak_at == NOTICED
    assert course.half_life_hours == pytest.approx(24, abs=1)
    assert course.residual == pytest.approx(0, abs=0.01)
    assert "first statement 23 to 48 hours later" in course.sentence or "1 to 2 days" in course.sentence


def test_without_an_event_or_a_rise_it_says_so() -> None:
    none = lifecycle(burst(), make_watch(), clock=T0)
    assert none.t0 is None
    assert "no event is dated" in none.sentence
    flat = FakeReader()
    flat.run(NOTICED - 40 * DAY, T0)
    for n in range(60 * 24):
        flat.score(NOTICED - 40 * DAY + n * HOUR, negative=1, relevant=3)
    course = lifecycle(flat, make_watch(announcements=EVENTS), clock=T0)
    assert course.half_life_hours is None
    assert "no rise" in course.sentence
    empty = lifecycle(FakeReader(), make_watch(announcements=EVENTS), clock=T0)
    assert (empty.posts, empty.peak_at) == (0, None)


def test_watches_are_aligned_at_their_own_beginning() -> None:
    one = make_watch(announcements=EVENTS)
    reader = burst()
    found = compare(reader, [one, make_watch(name="other", platform="Other", announcements=EVENTS)], clock=T0)
    assert list(found.days.columns) == list(COLUMNS)
    days = found.days[found.days["watch"] == "acme"].set_index("day")
    assert days.index.min() == -7
    assert days.index.max() == 19
    assert days.loc[0, "share_of_peak"] == 1
    assert days.loc[1, "share_of_peak"] == pytest.approx(0.5, abs=0.03)
    assert days.loc[0, "covered_hours"] == 24
    assert "halved within" in found.sentence


@pytest.mark.parametrize(
    ("lag", "words"), [(Lag(3, 3), "about 3 hours"), (Lag(0, 60), "0 to 2 days"), (Lag(1500, 11000), "2 to 15 months")]
)
def test_lags_in_words(lag: Lag, words: str) -> None:
    assert span_words(lag) == words


@pytest.mark.slow
def test_the_demo_at_its_end(store_url, tmp_path) -> None:
    """The demo's invented posts, read as of June: the verbs on a real store, both databases."""
    from dataclasses import replace
    from datetime import UTC, datetime

    from pydantic import SecretStr

    from core.settings import Settings
    from reports.effect import effects
    from uproar.output import plain
    from uproar.session import Session
    from uproar.verbs.demo import load_demo

    session = Session(Settings(home=tmp_path, store=SecretStr(store_url)), datetime(2025, 6, 2, tzinfo=UTC))
    load_demo(session)
    watch = replace(session.watch("soundcloud-ai-terms"), as_of=datetime(2025, 6, 1, tzinfo=UTC))
    with session.reader() as reader:
        course = lifecycle(reader, watch, clock=session.clock)
        reports = effects(reader, watch, clock=session.clock)
    assert course.half_life_hours is not None
    assert 4 < course.half_life_hours < 72
    assert [len(r.announcements) for r in reports] == [1, 2, 2, 1]
    assert "before this watch begins" in reports[0].readings[0].refusal
    noticed = reports[1].readings[0]
    assert noticed.low > 2, "the discovery is a rise in volume"
    letter = reports[2].readings[0]
    assert letter.after_peak or letter.p is not None
    assert "The posts were imported" in reports[2].sentence
    assert json.dumps(plain([r.sentence for r in reports]))
