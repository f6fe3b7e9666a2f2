"""The address of a view: it comes back as it was, and nothing hostile gets through."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.records import Announcement, AnnouncementKind
from core.watches import Watch
from dashboard.moments import at_moment, moments
from dashboard.state import State, address, parse
from dashboard.window import asked_window, chosen_step

NOON = datetime(2025, 5, 9, 12, tzinfo=UTC)
TIMES = st.datetimes(datetime(2001, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda t: t.replace(microsecond=0)
)
NAMES = st.lists(st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True), max_size=4, unique=True).map(
    lambda names: tuple(sorted(names))
)


def make_watch(**changes: object) -> Watch:
    values: dict[str, object] = {
        "name": "soundcloud",
        "title": "SoundCloud",
        "platform": "SoundCloud",
        "expression": "soundcloud",
        "since": datetime(2025, 3, 1, tzinfo=UTC),
        "timezone": "Europe/Berlin",
    }
    return Watch(**(values | changes))  # type: ignore[arg-type]


def event(name: str, kind: AnnouncementKind, day: int) -> Announcement:
    start = datetime(2025, 5, day, tzinfo=UTC)
    return Announcement(name, kind, start, start + timedelta(days=1), "day", "UTC", f"{name}: a title")


@given(
    span=st.sampled_from(["", "24h", "7d", "all"]),
    start=TIMES,
    length=st.integers(1, 90),
    by=st.sampled_from(["", "hour", "day"]),
    sources=NAMES,
    languages=NAMES,
    sentiment=st.sampled_from(["", "negative", "positive"]),
    topic=st.sampled_from(["", "consent"]),
    words=st.lists(st.text(alphabet="abcXYZ&=?%#ü 日", min_size=1, max_size=8), max_size=3),
    page=st.integers(1, 200_000),
)
def test_an_address_comes_back_as_the_same_state(
    span: str, start: datetime, length: int, by: str, sources: tuple[str, ...], languages: tuple[str, ...],
    sentiment: str, topic: str, words: list[str], page: int,
) -> None:  # fmt: skip
    state = State(
        watch="soundcloud", span=span, since=start, until=start + timedelta(hours=length), by=by, sources=sources,
        languages=languages, hour=start.replace(minute=0, second=0), sentiment=sentiment, topic=topic,
        search=" ".join(" ".join(words).split()), page=page, as_of=start,
    )  # fmt: skip
    assert parse(address(state)) == state


@given(st.dictionaries(st.sampled_from([*State.__dataclass_fields__, "unknown"]), st.text(max_size=300)))
def test_hostile_values_never_raise_and_what_is_kept_is_harmless(params: dict[str, str]) -> None:
    state = parse(params)
    assert parse(address(state)) == state
    assert state.sentiment in ("", "negative", "neutral", "positive")
    assert state.search.isprintable()
    assert len(state.search) <= 200
    assert 1 <= state.page <= 200_000


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("watch", "../../etc/passwd"),
        ("watch", "<script>"),
        ("by", "minute"),
        ("since", "0001-01-01T00:00:00+14:00"),
        ("since", "9999-12-31T23:59:59-14:00"),
        ("since", "2025-05-09' OR 1=1"),
        ("sources", "a b,<img>"),
        ("sentiment", "negative'--"),
        ("topic", "everything"),
        ("page", "-1"),
        ("page", "1e9"),
        ("page", "9" * 5000),
        ("hour", "yesterday"),
        ("as_of", "x" * 10_000),
        ("nonsense", "1"),
    ],
)
def test_what_is_not_understood_is_ignored(key: str, value: str) -> None:
    assert parse({key: value}) == State()


def test_a_window_that_ends_before_it_starts_is_ignored() -> None:
    assert parse({"since": "2025-05-09T12:00:00Z", "until": "2025-05-08T12:00:00Z"}) == State()


def test_a_time_without_offset_is_taken_as_utc_and_an_hour_starts_on_the_hour() -> None:
    assert parse({"hour": "2025-05-09T12:34:56"}).hour == NOON


def test_the_usual_window_is_the_last_seven_days_up_to_now() -> None:
    since, until = asked_window(State(), make_watch(), NOON)
    assert (until, until - since) == (NOON, timedelta(days=7))


def test_the_open_hour_is_part_of_the_window() -> None:
    _, until = asked_window(State(), make_watch(), NOON + timedelta(minutes=1))
    assert until == NOON + timedelta(hours=1)


def test_a_replay_ends_at_its_own_present() -> None:
    watch = make_watch(as_of=NOON)
    _, until = asked_window(State(until=NOON + timedelta(days=9)), watch, NOON + timedelta(days=400))
    assert until == NOON


def test_all_reaches_back_to_the_start_of_the_watch() -> None:
    watch = make_watch()
    assert asked_window(State(span="all"), watch, NOON)[0] == watch.since


@given(since=TIMES, until=TIMES, clock=TIMES)
def test_a_window_is_never_empty(since: datetime, until: datetime, clock: datetime) -> None:
    start, end = asked_window(State(since=since, until=until), make_watch(), clock)
    assert start < end
    assert start >= make_watch().since.replace(minute=0)


def test_hours_up_to_two_weeks_then_days_and_the_readers_choice_within_reason() -> None:
    assert chosen_step(State(), NOON, NOON + timedelta(days=14)) == ("hour", "")
    assert chosen_step(State(), NOON, NOON + timedelta(days=15)) == ("day", "")
    assert chosen_step(State(by="hour"), NOON, NOON + timedelta(days=30)) == ("hour", "")
    step, note = chosen_step(State(by="hour"), NOON, NOON + timedelta(days=91))
    assert step == "day"
    assert "90 days" in note


def test_the_moments_of_a_replay_follow_its_announcements() -> None:
    watch = make_watch(
        as_of=datetime(2025, 5, 9, 22, tzinfo=UTC),
        announcements=(
            Announcement("old", AnnouncementKind.TERMS_CHANGE, datetime(2024, 2, 12, tzinfo=UTC),
                         datetime(2024, 2, 13, tzinfo=UTC), "day", "UTC", "Before the watch"),
            event("Discovery", AnnouncementKind.DISCOVERY, 9),
            event("Statement", AnnouncementKind.STATEMENT, 9),
            event("Letter", AnnouncementKind.STATEMENT, 14),
        ),
    )  # fmt: skip
    found = moments(watch)
    assert [m.at for m in found] == sorted(m.at for m in found)
    assert [m.label.split(":")[0] for m in found] == [
        "Before anything was announced",
        "As the replay opens",
        "After the statement (Statement)",
        "After the statement (Letter)",
        "End of the replay",
    ]
    assert at_moment(watch, found[-1].at).as_of == found[-1].at
    assert at_moment(watch, datetime(2026, 1, 1, tzinfo=UTC)) is watch
    assert at_moment(watch, datetime(2025, 1, 1, tzinfo=UTC)) is watch


def test_a_live_watch_has_no_moments_and_ignores_as_of() -> None:
    watch = make_watch(announcements=(event("Discovery", AnnouncementKind.DISCOVERY, 9),))
    assert moments(watch) == ()
    assert at_moment(watch, NOON) is watch
