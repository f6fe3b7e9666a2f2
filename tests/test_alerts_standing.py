"""Rules besides the spike: what holds, told once, kept quiet by a graver one, closed when it no longer holds."""

from dataclasses import replace
from datetime import time, timedelta

import pytest
from factories import T0
from live_watch import Live

from alerts.conditions import conditions
from alerts.standing import settle
from core.records import HOUR, Alarm, Decision, Outcome, SpikeState


@pytest.fixture
def live(store, reader):
    """Both sources were read until hour 20."""
    found = Live(store, reader)
    for source in ("forum", "board"):
        found.read(source, 0, 20)
    found.at = 20.5
    return found


def step(live):
    return settle(
        live.store, live.reader, live.watch, conditions(live.reader, live.watch, clock=live.now), now=live.now
    )


def decide(live, hour, negative, relevant=100):
    decision = Decision(T0 + hour * HOUR, SpikeState.CALM, negative, relevant, negative / relevant, 3.0, 0.5, True,
                        "m@1", live.now, "An hour.")  # fmt: skip
    live.store.save_decisions(live.watch.name, [decision])


def test_nothing_holds_of_a_watch_that_is_read(live):
    assert step(live) == type(step(live))()


def test_a_silent_source_is_told_once_and_closed_when_it_is_read_again(live):
    live.read("forum", 20, 27)
    live.read("board", 20, 26.5, Outcome.FAILED, "AccessDenied: board refuses this key")
    live.at = 27
    assert len(step(live).opened) == 1
    assert step(live) == type(step(live))()
    row = live.reader.incidents(every_rule=True).iloc[0]
    assert (row["rule"], row["subject"]) == ("silent", "board")
    assert "last read 7 hours ago" in row["sentence"]
    assert "AccessDenied" in row["sentence"]
    live.read("board", 20, 27.5)
    live.at = 27.6
    assert len(step(live).closed) == 1
    assert live.open_rules() == set()


def test_when_every_source_is_silent_one_alert_says_that_collection_has_stopped(live):
    live.at = 27
    assert len(step(live).opened) == 3
    assert live.open_rules() == {("collection", ""), ("silent", "forum"), ("silent", "board")}
    deliveries = live.reader.deliveries()
    assert deliveries["channel"].tolist() == ["comms", "mail"], "its children keep quiet"
    live.read("forum", 20, 27.5)
    live.at = 27.6
    assert len(step(live).released) == 1, "the one that is still silent is told now"
    assert live.open_rules() == {("silent", "board")}


def test_a_source_that_has_never_been_read_is_silent_from_the_beginning_of_the_watch(store, reader):
    live = Live(store, reader)
    live.at = 5
    assert step(live).opened == ()
    live.at = 6.5
    step(live)
    assert ("silent", "forum") in live.open_rules()


@pytest.mark.parametrize("changes", [{"silent_after": None}, {"silent_after": timedelta(days=2)}])
def test_the_watch_decides_what_silent_means(live, changes):
    live.change(**changes)
    live.at = 27
    assert step(live).opened == ()


def test_a_spent_budget_is_told_and_clears(live):
    live.read("board", 20, 21, Outcome.TRUNCATED, "BudgetExhausted: board: 5.00 of the day's 5.00 are spent")
    live.at = 21.1
    step(live)
    assert live.open_rules() == {("budget", "board")}
    assert "5.00 of the day's 5.00" in live.reader.incidents(every_rule=True)["sentence"].iloc[0]
    live.read("board", 21, 22)
    live.at = 22.1
    step(live)
    assert live.open_rules() == set()


def test_a_share_is_told_when_its_whole_interval_lies_above_the_floor(live):
    live.change(share_above=0.5)
    decide(live, 18, 55)
    assert step(live).opened == (), "55 of 100 may be 45 %"
    decide(live, 19, 70)
    assert len(step(live).opened) == 1
    row = live.reader.incidents(every_rule=True).iloc[0]
    assert (row["rule"], row["negative"], row["relevant"]) == ("share", 70, 100)
    decide(live, 20, 19, 19)
    live.at = 21.5
    assert step(live).closed == (), "an hour of few posts says nothing"
    decide(live, 21, 50)
    live.at = 22.5
    assert len(step(live).closed) == 1


def test_a_share_keeps_quiet_beside_an_open_spike(live):
    live.change(share_above=0.5)
    decide(live, 19, 70)
    live.spike(19)
    step(live)
    assert live.open_rules() == {("spike", ""), ("share", "")}
    assert set(live.reader.deliveries()["incident"]) == {1}


def test_quiet_hours_put_off_what_is_no_spike_to_their_end(live):
    live.change(quiet_hours=(time(22), time(7)))
    live.at = 27  # 05:00 in Berlin
    step(live)
    assert set(live.reader.deliveries()["due_at"]) == {T0 + 29 * HOUR}
    assert live.store.lease_message(now=live.now) == []
    assert live.spike(26)
    assert {d.kind for d in live.store.lease_message(now=live.now)} == {"opened"}, "a spike is never held back"


def test_a_condition_that_comes_and_goes_is_told_once_in_six_hours(live):
    alarm = Alarm("example", "budget", "x", T0, "Spent.")
    opened = 0
    for minute in range(0, 13 * 60, 10):
        now = live.now + timedelta(minutes=minute)
        holding = [alarm] if minute % 20 else []
        opened += len(settle(live.store, live.reader, live.watch, holding, now=now).opened)
    assert opened == 3


def test_a_replay_is_never_silent(live):
    live.watch = replace(live.watch, as_of=live.now)
    live.at = 500
    assert conditions(live.reader, live.watch, clock=live.now) == []


@pytest.mark.parametrize(("last", "state"), [(0, "quiet"), (200, "flood"), (24, None)])
def test_a_source_that_is_read_and_behaves_as_never_before_is_told(store, reader, last, state):
    live = Live(store, reader)
    for day in range(10):
        for source in ("forum", "board"):
            live.read(source, day * 24, day * 24 + 24)
            live.post(day * 24 + 12, last if day == 9 and source == "board" else 24, source=source)
    live.at = 240
    step(live)
    assert live.open_rules() == ({(state, "board")} if state else set())
    assert len(live.reader.deliveries()) == (2 if state else 0)
