"""An open incident is told of every hour, watched after a statement, and taken to a second channel."""

from dataclasses import replace
from datetime import time

import pytest
from factories import T0
from live_watch import Live

from core.records import HOUR, Announcement, AnnouncementKind
from store import open_annotations


@pytest.fixture
def live(store, reader):
    """A spike in hour 30 of 40 posts, noticed at 31.2, baseline taken."""
    found = Live(store, reader)
    for source in ("forum", "board"):
        found.read(source, 0, 31)
    found.post(30, 40, "terrible terms trust")
    found.at = 31.2
    assert found.spike(30) == 1
    found.follow()
    assert found.told(1) == [("opening", "")]
    return found


def go(live, hour, count, text="terrible terms trust", source="forum"):
    """The next hour, read whole, with so many posts; then the round a fifth of an hour after its end."""
    for name in ("forum", "board"):
        live.read(name, hour, hour + 1)
    live.post(hour, count, text, source)
    live.at = hour + 1.2
    return live.follow()


def rows(live, kind):
    found = live.reader.deliveries(1)
    return found[found["kind"] == kind]


def test_each_hour_says_rise_fall_or_neither_with_both_counts(live):
    for hour, count in ((31, 90), (32, 95), (33, 20)):
        assert len(go(live, hour, count)) == 1
        assert live.follow() == [], "once an hour"
    assert [sentence for kind, sentence in live.told(1) if kind == "update"] == [
        "It rises: 90 negative posts in the last whole hour, 40 when last told.",
        "Neither a clear rise nor a clear fall: 95 negative posts in the last whole hour, 90 when last told.",
        "It falls: 20 negative posts in the last whole hour, 95 when last told.",
    ]
    assert rows(live, "update")["channel"].tolist() == ["comms", "mail"] * 3


def test_new_themes_and_sources_are_told_and_old_ones_are_not(live):
    go(live, 31, 45, "no consent, no trust")
    go(live, 32, 45, "no consent, no trust", "board")
    first, second = (sentence for kind, sentence in live.told(1) if kind == "update")
    assert "New among the themes of the last six hours: consent (45 of 85 relevant posts)." in first
    assert "trust (" not in first
    assert second.endswith("It has reached board (45 posts in a day).")


def test_an_hour_that_was_not_read_is_neither_a_fall_nor_calm(live):
    live.at = 32.2
    live.follow()
    assert live.told(1)[-1] == ("update", "No further hour was collected whole, so neither a rise nor a fall is read.")


def test_a_statement_is_noted_and_never_ends_the_watch(live):
    letter = Announcement("letter", AnnouncementKind.STATEMENT, T0 + 32 * HOUR, T0 + 32 * HOUR + HOUR / 60, "minute",
                          "UTC", "We hear you")  # fmt: skip
    live.watch = replace(live.watch, announcements=(letter,))
    go(live, 31, 40)
    assert live.told(1)[-1][0] == "statement"
    assert "We hear you" in live.told(1)[-1][1]
    go(live, 32, 10)
    assert [kind for kind, _ in live.told(1)].count("statement") == 1, "noted once"
    go(live, 33, 60)
    kind, sentence = live.told(1)[-1]
    assert (kind, sentence[:60]) == ("close_watch", "After the statement it rises again: 60 negative posts in the")
    live.at = 33.8
    assert live.follow() == [], "the same rise is told once"
    go(live, 34, 60, "no consent")
    assert any(kind == "close_watch" and "A new objection since the statement" in s for kind, s in live.told(1))


def test_the_close_watch_ends_after_six_hours(live):
    letter = Announcement("letter", AnnouncementKind.REVERSAL, T0 + 32 * HOUR, T0 + 32 * HOUR + HOUR / 60, "minute",
                          "UTC", "Withdrawn")  # fmt: skip
    live.watch = replace(live.watch, announcements=(letter,))
    for hour, count in ((31, 40), *((hour, 5) for hour in range(32, 39)), (39, 80)):
        go(live, hour, count)
    assert "close_watch" not in [kind for kind, _ in live.told(1)]
    assert live.told(1)[-1][1].startswith("It rises"), "the hourly update still says it"


def test_nobodys_acknowledgement_goes_to_the_second_channels_once(live):
    live.change(second=("boss",))
    live.at = 31.6
    assert live.follow() == []
    live.at = 31.8
    assert len(live.follow()) == 1
    assert live.follow() == []
    assert rows(live, "unacknowledged")["channel"].tolist() == ["boss"]
    assert "uproar incident ack 1" in live.told(1)[-1][1]


def test_an_acknowledged_incident_stays_where_it_is(live, store_url):
    live.change(second=("boss",))
    with open_annotations(store_url) as annotations:
        annotations.acknowledge(1, "ann", live.now)
    live.at = 31.9
    assert live.follow() == []


def test_quiet_hours_hold_back_what_brings_nothing_new_and_let_a_rise_through(live):
    # 31.2 hours after T0 is 09:12 in Berlin
    live.change(quiet_hours=(time(9), time(18)))
    go(live, 31, 40)
    go(live, 32, 120)
    due = rows(live, "update").drop_duplicates("update")["due_at"].tolist()
    assert due == [T0 + 40 * HOUR, live.now]


def test_the_end_is_told_once(live):
    live.store.close_incident(1, now=live.now, reason="calm for 6 hours")
    assert len(live.follow()) == 1
    assert live.follow() == []
    assert live.told(1)[-1] == ("closed", "It is over: calm for 6 hours.")


def test_a_demand_that_five_people_newly_make_is_told_and_four_are_not(live):
    for n in range(4):
        live.post(31, 1, f"no trust, I am leaving {n}")
    go(live, 31, 40)
    assert "demands" not in live.told(1)[-1][1]
    go(live, 32, 6, "no trust, this is illegal, see you in court")
    assert live.told(1)[-1][1].endswith("New among the demands of the last six hours: to take it to court (6 people).")
    go(live, 33, 6, "no trust, this is illegal, see you in court")
    assert "demands" not in live.told(1)[-1][1]


def test_a_new_demand_after_a_statement_is_a_new_objection(live):
    letter = Announcement("letter", AnnouncementKind.STATEMENT, T0 + 32 * HOUR, T0 + 32 * HOUR + HOUR / 60, "minute",
                          "UTC", "We hear you")  # fmt: skip
    live.watch = replace(live.watch, announcements=(letter,))
    go(live, 31, 40)
    go(live, 32, 40, "no trust, pay us for it")
    assert live.told(1)[-1] == (
        "close_watch",
        "A new objection since the statement. New among the demands of the last six hours: to be paid (40 people).",
    )
