"""Which decided hours alert: only fresh spikes, one incident at a time, closed when it is calm again."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from alerts.rules import Withheld, judge, spike_of, why_not
from core.records import HOUR, Decision, SpikeState
from core.watches import AlertRules, SourceRule, Watch

MIDNIGHT = datetime(2025, 5, 9, tzinfo=UTC)
TIME = "datetime64[us, UTC]"
SPIKE, CALM, LEARNING = SpikeState.SPIKE, SpikeState.CALM, SpikeState.LEARNING


def make_watch(**changes):
    values = {
        "name": "example", "title": "Example", "platform": "Example", "expression": "example", "since": MIDNIGHT,
        "sources": (SourceRule("hackernews", HOUR),), "alerts": AlertRules(channels=("comms",)),
    }  # fmt: skip
    return Watch(**values | changes)


def decide(hour, state=SPIKE, **changes):
    values = {
        "hour": MIDNIGHT + hour * HOUR, "state": state, "negative": 40, "relevant": 100, "share": 0.4, "expected": 3.0,
        "score": 0.999, "calibrated": True, "model": "m@1", "decided_at": MIDNIGHT, "sentence": "Much more than usual.",
    }  # fmt: skip
    return Decision(**values | changes)


class Book:
    """Incidents and decisions as the store keeps them: one open incident, none within the cool-down."""

    def __init__(self, collected=MIDNIGHT + 1000 * HOUR):
        self.rows = []
        self.kept = []
        self.collected = {"hackernews": collected} if collected else {}

    def collected_until(self, watch):
        return self.collected

    def incidents(self, watch=None, every_rule=False):
        columns = {"id": "int64", "watch": "str", "opened_at": TIME, "closed_at": TIME, "last_hour": TIME}
        return pd.DataFrame(self.rows, columns=list(columns)).astype(columns)

    def decisions(self, watch, *, since, until):
        kept = [d for d in self.kept if since <= d.hour < until]
        frame = pd.DataFrame({"hour": [d.hour for d in kept], "state": [d.state.value for d in kept]})
        return frame.astype({"hour": TIME, "state": "str"})

    def open_incident(self, spike, channels, *, now, cool_down, group=""):
        if any(r["closed_at"] is None or r["opened_at"] > now - cool_down for r in self.rows):
            return None
        self.rows.append({"id": len(self.rows) + 1, "watch": spike.watch, "opened_at": now, "closed_at": None,
                          "last_hour": spike.hour, "channels": channels, "reason": ""})  # fmt: skip
        return len(self.rows)

    def extend_incident(self, incident, spike, now):
        self.rows[incident - 1]["last_hour"] = spike.hour

    def close_incident(self, incident, now, reason):
        self.rows[incident - 1].update(closed_at=now, reason=reason)

    def judge(self, fresh, at, watch=None, **more):
        """The store keeps decisions first, then the rules see them."""
        self.kept += fresh
        return judge(self, self, watch or make_watch(), fresh, clock=MIDNIGHT + timedelta(hours=at), **more)


def test_a_fresh_spike_opens_an_incident_on_the_channels_of_the_watch():
    book = Book()
    verdict = book.judge([decide(9, CALM), decide(10)], at=12)
    assert verdict.opened == (1,)
    assert verdict.withheld == ()
    assert book.rows[0]["channels"] == ("comms",)
    assert book.rows[0]["last_hour"] == MIDNIGHT + 10 * HOUR


def test_the_same_hours_again_change_nothing():
    book = Book()
    fresh = [decide(10)]
    book.judge(fresh, at=12)
    again = judge(book, book, make_watch(), fresh, clock=MIDNIGHT + 12 * HOUR)
    assert again == type(again)()
    assert len(book.rows) == 1


@pytest.mark.parametrize("state", [s for s in SpikeState if s is not SPIKE])
def test_no_other_state_opens_anything(state):
    book = Book()
    assert book.judge([decide(10, state)], at=12).opened == ()
    assert book.rows == []


def test_further_spikes_extend_the_open_incident():
    book = Book()
    book.judge([decide(10)], at=12)
    verdict = book.judge([decide(11), decide(12)], at=14)
    assert verdict.opened == ()
    assert verdict.extended == (1,)
    assert book.rows[0]["last_hour"] == MIDNIGHT + 12 * HOUR


@pytest.mark.parametrize(("at", "opens"), [(12, True), (18, True), (18.1, False), (40, False)])
def test_an_hour_that_closed_more_than_six_hours_ago_never_alerts(at, opens):
    # hour 10 ends at 11 and closes at 12, an hour of lateness later
    verdict = Book().judge([decide(10)], at=at)
    assert bool(verdict.opened) is opens
    assert bool(verdict.withheld) is not opens
    if not opens:
        assert "history" in verdict.withheld[0].reason


def test_an_hour_that_is_not_over_does_not_alert():
    assert Book().judge([decide(10)], at=10.5).withheld == (Withheld(MIDNIGHT + 10 * HOUR, "the hour is not over"),)


def test_stale_data_inhibit():
    book = Book(collected=MIDNIGHT + 10.5 * HOUR)
    (withheld,) = book.judge([decide(10)], at=12).withheld
    assert "stale" in withheld.reason
    assert book.rows == []


def test_an_imported_file_does_not_make_stale_data_fresh():
    book = Book(collected=MIDNIGHT + 10.5 * HOUR)
    book.collected["files"] = MIDNIGHT + 1000 * HOUR
    assert book.judge([decide(10)], at=12).opened == ()


def test_imports_alone_can_alert():
    assert Book(collected=None).judge([decide(10)], at=12, watch=make_watch(sources=())).opened == (1,)


def test_a_replay_lives_in_its_own_present():
    book = Book()
    watch = make_watch(as_of=MIDNIGHT + 12 * HOUR)
    assert book.judge([decide(10)], at=24 * 500, watch=watch).opened == (1,)


def test_six_calm_hours_in_a_row_close_it():
    book = Book()
    book.judge([decide(10)], at=12)
    assert book.judge([decide(h, CALM) for h in range(11, 16)], at=17).closed == ()
    assert book.judge([decide(16, CALM)], at=18).closed == (1,)
    assert book.rows[0]["reason"] == "calm for 6 hours"


@pytest.mark.parametrize("state", [SpikeState.ELEVATED, SpikeState.NO_DATA, SpikeState.PENDING, SpikeState.STALE])
def test_what_is_not_calm_keeps_it_open(state):
    book = Book()
    book.judge([decide(10)], at=12)
    hours = [decide(h, state if h == 13 else CALM) for h in range(11, 19)]
    assert book.judge(hours, at=20).closed == (), "only five calm hours since"
    assert book.judge([decide(19, CALM)], at=21).closed == (1,)


def test_a_gap_in_the_decisions_is_not_calm():
    book = Book()
    book.judge([decide(10)], at=12)
    assert book.judge([decide(h, CALM) for h in (11, 12, 13, 15, 16, 17)], at=19).closed == ()


def test_a_young_watch_closes_on_hours_that_raise_nothing():
    book = Book()
    book.judge([decide(10, calibrated=False)], at=12)
    assert book.judge([decide(h, LEARNING) for h in range(11, 17)], at=18).closed == (1,)


def test_an_incident_that_nothing_can_be_said_of_ends_after_three_days():
    book = Book()
    book.judge([decide(10)], at=12)
    assert book.judge([], at=10 + 72).closed == ()
    assert book.judge([], at=10 + 73).closed == (1,)


def test_within_the_cool_down_a_new_spike_is_withheld_and_later_it_alerts():
    book = Book()
    book.judge([decide(10)], at=12)
    book.judge([decide(h, CALM) for h in range(11, 17)], at=18)
    verdict = book.judge([decide(18)], at=20)
    assert verdict.opened == ()
    assert verdict.withheld == (Withheld(MIDNIGHT + 18 * HOUR, "cool-down: alerted within 24 hours"),)
    assert book.judge([decide(35)], at=37).opened == (2,)


def test_calm_and_a_new_spike_in_one_batch_close_and_open_in_order():
    book = Book()
    watch = make_watch(alerts=AlertRules(cool_down=HOUR))
    book.judge([decide(10)], at=12, watch=watch)
    verdict = book.judge([*(decide(h, CALM) for h in range(11, 18)), decide(18)], at=20, watch=watch)
    assert verdict.closed == (1,)
    assert verdict.opened == (2,)


def test_the_slowest_source_decides_when_an_hour_closes():
    watch = make_watch(sources=(SourceRule("hackernews", HOUR), SourceRule("reddit", 3 * HOUR)))
    now = MIDNIGHT + 19 * HOUR
    assert why_not(decide(10), watch, now=now, collected_until=now) == ""
    assert why_not(decide(10), make_watch(), now=now, collected_until=now) != ""


def test_the_spike_is_the_decision():
    spike = spike_of(make_watch(), decide(10))
    assert (spike.watch, spike.negative, spike.relevant, spike.expected, spike.model) == (
        "example",
        40,
        100,
        3.0,
        "m@1",
    )


def test_an_open_hour_beyond_the_record_opens_at_once_and_its_close_tells_nothing_twice():
    book = Book()
    assert book.judge([decide(9, CALM)], at=10.3, running=[decide(10)]).opened == (1,)
    assert book.judge([], at=10.5, running=[decide(10)]) == book.judge([], at=10.5)
    assert book.judge([decide(10)], at=12).extended == ()
    assert book.judge([decide(11)], at=13).extended == (1,)
    assert len(book.rows) == 1


def test_an_open_hour_extends_nothing_and_is_held_back_like_any_spike():
    book = Book()
    book.judge([decide(9)], at=11)
    assert book.judge([], at=11.2, running=[decide(11)]).extended == ()
    assert book.rows[0]["last_hour"] == MIDNIGHT + 9 * HOUR
    (withheld,) = Book().judge([], at=11.2, running=[decide(11)], gate=lambda _: "the radar has told it").withheld
    assert withheld.reason == "the radar has told it"


def test_an_open_hour_that_came_to_nothing_closes_after_six_calm_hours():
    book = Book()
    book.judge([], at=10.3, running=[decide(10)])
    assert book.judge([decide(hour, CALM) for hour in range(10, 17)], at=18).closed == (1,)
