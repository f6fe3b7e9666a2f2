"""What is known of the platforms themselves: a dated break that coverage, timeline, spikes and effects respect."""

from datetime import UTC, datetime, timedelta

import pytest
from fake_reader import FakeReader, make_watch

from core.errors import ConfigError
from core.platform_breaks import platform_breaks
from core.records import Announcement, AnnouncementKind
from core.watches import SourceRule
from reports.comparable import breaks
from reports.coverage import coverage
from reports.effect import effects
from reports.spikes import past_hours
from reports.window import Window

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MOVED = datetime(2026, 5, 4, tzinfo=UTC)
NOW = MOVED + 20 * DAY
WINDOW = Window(MOVED - 20 * DAY, NOW)
WATCH = make_watch(since=MOVED - 40 * DAY, sources=(SourceRule("x"), SourceRule("forum")))


class Knowing(FakeReader):
    def watches(self):
        return ["acme"]


def reader_of(x=(MOVED - 40 * DAY, NOW)):
    reader = Knowing()
    reader.run(MOVED - 40 * DAY, NOW, source="forum")
    if x:
        reader.run(*x, source="x", permission="contract")
    for n in range(60 * 24):
        reader.score(MOVED - 40 * DAY + n * HOUR, negative=3, relevant=8 + n * 7 % 5, source="x")
    return reader


def found(reader):
    return [b.at for b in breaks(reader, WATCH, WINDOW, clock=NOW)]


def test_the_day_on_which_x_moved_its_search_is_like_neither_side():
    assert found(reader_of()) == [MOVED, MOVED + DAY]
    first, second = breaks(reader_of(), WATCH, WINDOW, clock=NOW)
    assert "another index" in first.reason
    assert "another index" in second.reason


def test_a_source_that_was_read_on_one_side_alone_has_no_break():
    assert found(reader_of(x=None)) == []
    assert found(reader_of(x=(MOVED - 40 * DAY, MOVED))) == []
    assert MOVED not in found(reader_of(x=(MOVED + DAY, NOW)))


def test_spikes_learn_anew_from_there():
    hours = past_hours(reader_of(), WATCH, WINDOW, clock=NOW)
    assert {MOVED, MOVED + DAY} <= {hour.to_pydatetime() for hour in hours.loc[hours["broken"], "hour"]}


@pytest.mark.parametrize(("at", "refused"), [(MOVED + 9 * HOUR, True), (MOVED + 10 * DAY, False)])
def test_an_effect_does_not_reach_across(at, refused):
    reader = reader_of()
    reader.known = [Announcement("letter", AnnouncementKind.STATEMENT, at, at + HOUR, "minute", "UTC", "Letter")]
    (report,) = effects(reader, WATCH, clock=NOW)
    volume = report.readings[0]
    assert bool(volume.refusal) is refused
    if refused:
        assert "on 04 May 2026 X put its search on another index" in volume.refusal
    else:
        assert volume.steps_before == 9 * 24, "the time before the break is left out"


def test_coverage_says_it_where_it_was_read_on_that_day():
    def said(reader, since=None):
        shown = coverage(reader, WATCH, clock=NOW, since=since)
        return dict(zip(shown["source"], shown["sentence"], strict=True))

    assert "On 4 May 2026 X put its search on another index" in said(reader_of())["x"]
    assert "index" not in said(reader_of())["forum"]
    assert "index" not in said(reader_of(x=(MOVED + 2 * DAY, NOW)))["x"]


def test_the_record_names_collectors():
    from collectors.registry import COLLECTORS

    assert {known.source for known in platform_breaks()} <= set(COLLECTORS)
    assert [known.start for known in platform_breaks() if known.source == "x"] == [MOVED]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[breaks]]\nsource = "x"\nat = 2026-05-04\n', "'reason' is missing"),
        ('[[breaks]]\nat = 2026-05-04\nreason = "r"\n', "'source' is missing"),
        ('[[breaks]]\nsource = "x"\nat = "soon"\nreason = "r"\n', "no time"),
        ('[[breaks]]\nsource = "x"\nat = 2026-05-04\nreason = "r"\nwhy = 1\n', "unknown key 'why'"),
        ("[[break]]\n", "unknown key 'break'"),
        ("=", "Invalid"),
    ],
)
def test_a_record_that_is_wrong_is_named(tmp_path, text, words):
    path = tmp_path / "breaks.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=words):
        platform_breaks(path)
