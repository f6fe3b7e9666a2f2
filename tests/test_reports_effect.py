"""The effect of a watch's announcements: what is read, what is refused, what is never claimed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from fake_reader import T0, FakeReader, make_watch

from core.errors import ConfigError
from core.records import Announcement, AnnouncementKind, Conflict
from reports.clusters import clusters
from reports.effect import EffectReport, effects
from reports.effect_reading import Scale

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EVENT = T0 - 5 * DAY


class KnowingReader(FakeReader):
    """A fake reader that knows which watches there are."""

    def watches(self) -> list[str]:
        return ["acme"]


def event(name: str, start: datetime, length: timedelta = timedelta(minutes=1), **more: object) -> Announcement:
    precision = "minute" if length < HOUR else "day"
    plain = {"kind": AnnouncementKind.STATEMENT, "precision": precision, "zone": "UTC", "title": name}
    return Announcement(id=name, start=start, end=start + length, **(plain | more))  # type: ignore[arg-type]


def reader_of(*, days: int = 80, jump: float = 1.0, share: float = 0.5, share_after: float = 0.5) -> KnowingReader:
    """`days` of hours with about twelve relevant posts; from EVENT on `jump` times as many and another share."""
    rng = np.random.default_rng(11)
    reader = KnowingReader()
    start = T0 - days * DAY
    reader.run(start, T0)
    for n in range(days * 24):
        at = start + n * HOUR
        after = at >= EVENT
        relevant = int(rng.poisson(12 * (jump if after else 1)))
        reader.score(at, negative=int(rng.binomial(relevant, share_after if after else share)), relevant=relevant)
    return reader


def see(reader: FakeReader, *events: Announcement, **more: object) -> tuple[EffectReport, ...]:
    return effects(reader, make_watch(announcements=events, **more), clock=T0)


def test_a_rise_in_volume_and_share_is_found_with_placebos() -> None:
    (report,) = see(reader_of(jump=2.0, share_after=0.7), event("letter", EVENT))
    volume, share = report.readings[0], report.readings[1]
    assert (volume.response, volume.scale, report.step) == ("volume", Scale.TIMES, "hour")
    assert volume.effect == pytest.approx(2, rel=0.15)
    assert volume.low < 2 < volume.high
    assert share.effect == pytest.approx(0.2, abs=0.05)
    assert share.sure
    for reading in (volume, share):
        assert reading.placebo_dates >= 20
        assert 1 / (reading.placebo_dates + 1) <= reading.p <= 0.1
        assert "because" not in reading.sentence
        assert reading.sentence.startswith("After “letter”")
        assert "not why" in reading.sentence
    assert share.posts_after > 500


def test_nothing_is_found_where_nothing_happened() -> None:
    (report,) = see(reader_of(), event("letter", EVENT))
    for reading in report.readings[:2]:
        assert not reading.sure
        assert "within what chance allows" in reading.sentence
        assert reading.p > 0.05


def test_topics_without_posts_are_refused_by_name() -> None:
    (report,) = see(reader_of(), event("letter", EVENT))
    consent = next(r for r in report.readings if r.response == "share on consent")
    assert "does not vary" in consent.refusal
    assert consent.effect is None


def test_events_that_are_too_near_are_one_cluster() -> None:
    (report,) = see(reader_of(), event("letter", EVENT), event("critics", EVENT + 2 * HOUR))
    assert [a.id for a in report.announcements] == ["letter", "critics"]
    assert "the 2 events of 4 May 2025 together" in report.sentence
    two = see(reader_of(), event("letter", EVENT), event("critics", EVENT + 20 * HOUR))
    assert [len(r.announcements) for r in two] == [1, 1]
    assert two[0].read_until == EVENT + 20 * HOUR, "the reading ends where the next event begins"


def test_a_disputed_date_is_run_over_its_whole_range_and_its_hours_are_left_out() -> None:
    day = EVENT.replace(hour=0)
    other = Conflict(day + DAY, day + 2 * DAY, "day", "https://example.org")
    (report,) = see(reader_of(jump=2.0), event("letter", day, DAY, conflicts=(other,)))
    assert (report.start, report.end) == (day, day + 2 * DAY)
    volume = report.readings[0]
    assert volume.over_range is not None
    assert volume.over_range[0] <= volume.effect <= volume.over_range[1]
    assert volume.steps_after == 48


def test_a_reading_that_is_not_due_yet_says_when() -> None:
    (report,) = see(reader_of(), event("letter", T0 - 2 * HOUR))
    reading = report.readings[0]
    assert reading.due == T0 + 5 * HOUR, "six closed hours, and the source's lateness of one"
    assert "first reading is due" in report.sentence
    assert reading.p is None


def test_a_date_before_the_first_hour_collected_is_refused() -> None:
    (report,) = see(reader_of(days=20), event("clause", T0 - 40 * DAY, DAY))
    assert "before the first hour collected" in report.readings[0].refusal
    (early,) = see(reader_of(days=20), event("clause", T0 - 19 * DAY))
    assert "are needed" in early.readings[0].refusal


def test_gaps_are_unknown_not_quiet() -> None:
    reader = reader_of()
    reader.run_rows.clear()
    reader.run(T0 - 80 * DAY, EVENT + 3 * HOUR)
    (report,) = see(reader, event("letter", EVENT))
    assert "only 3 whole hours after it were collected" in report.readings[0].refusal


def test_an_empty_watch_is_refused_and_an_unknown_announcement_is_named() -> None:
    (report,) = see(KnowingReader(), event("letter", EVENT))
    assert "nothing was collected" in report.readings[0].refusal
    assert see(KnowingReader()) == ()
    with pytest.raises(ConfigError, match="1: letter"):
        effects(KnowingReader(), make_watch(announcements=(event("letter", EVENT),)), clock=T0, announcement="2")


def test_a_quiet_watch_is_read_by_days_of_its_zone() -> None:
    reader = KnowingReader()
    start = T0 - 80 * DAY
    reader.run(start, T0)
    rng = np.random.default_rng(3)
    for n in range(80):
        reader.score(start + n * DAY, negative=3, relevant=int(rng.poisson(9)) + 3)
    (report,) = see(reader, event("letter", T0 - 10 * DAY, DAY), timezone="America/New_York")
    assert report.step == "day"
    assert not report.readings[0].refusal


def test_a_conflict_after_the_present_does_not_reach_into_it() -> None:
    far = Conflict(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC), "month", "")
    (cluster,) = clusters([event("letter", EVENT, conflicts=(far,))], present=T0)
    assert cluster.end == EVENT + timedelta(minutes=1)


def test_a_changed_query_is_a_break_and_only_what_is_comparable_is_used() -> None:
    reader = reader_of(jump=2.0)
    reader.run_rows[0]["until"] = EVENT - 10 * DAY
    reader.run(EVENT - 10 * DAY, T0)
    reader.run_rows[-1]["query_hash"] = "another"
    (report,) = see(reader, event("letter", EVENT))
    volume = report.readings[0]
    assert volume.steps_before == 10 * 24, "the hours before the new question are left out"
    assert volume.effect == pytest.approx(2, rel=0.2)
    assert volume.placebo_dates < 10
    reader.run_rows[-1]["since"] = reader.run_rows[0]["until"] = EVENT - DAY
    (refused,) = see(reader, event("letter", EVENT))
    assert "the question put to forum changed" in refused.readings[0].refusal
    assert refused.readings[0].effect is None


def test_a_past_that_was_asked_again_is_no_break_and_a_new_source_is_one() -> None:
    reader = reader_of()
    reader.run(T0 - 80 * DAY, T0)
    reader.run_rows[-1]["query_hash"] = "another"
    (report,) = see(reader, event("letter", EVENT))
    assert report.readings[0].steps_before == 14 * 24
    reader.run(EVENT + 10 * HOUR, T0, source="second")
    (cut,) = see(reader, event("letter", EVENT))
    assert cut.readings[0].steps_after == 10, "read until the new source came in"


def test_another_watch_is_a_control_where_it_had_no_event() -> None:
    class TwoReaders(KnowingReader):
        def watches(self) -> list[str]:
            return ["acme", "calm"]

    reader = TwoReaders(rows=reader_of(jump=2.0).rows, run_rows=reader_of().run_rows)
    calm = make_watch(name="calm", title="Calm", platform="Calm")
    found = effects(reader, make_watch(announcements=(event("letter", EVENT),)), clock=T0, others=[calm])
    volume = found[0].readings[0]
    assert volume.controls == ("volume of Calm",)
    assert "volume of Calm" in volume.sentence
    assert "not why" not in volume.sentence
    assert "because" not in volume.sentence
    eventful = make_watch(name="calm", title="Calm", platform="Calm", announcements=(event("own", EVENT - DAY),))
    alone = effects(reader, make_watch(announcements=(event("letter", EVENT),)), clock=T0, others=[eventful])
    assert alone[0].readings[0].controls == ()
