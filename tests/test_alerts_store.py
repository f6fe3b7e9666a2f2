"""The alert road on a real database: decisions, rules, outbox, channel."""

from datetime import timedelta

import pytest
from factories import T0
from fake_channel import ListChannel

from alerts.message import Message
from alerts.outbox import Result, deliver
from alerts.rules import judge
from core.errors import AlertNotSent
from core.records import HOUR, Decision, SpikeState
from core.watches import AlertRules, Watch
from store import open_reader, open_store

WATCH = Watch("example", "Example", "Example", "terms", T0, alerts=AlertRules(channels=("comms", "board")))


def decide(hour, state=SpikeState.SPIKE):
    return Decision(T0 + hour * HOUR, state, 40, 100, 0.4, 3.0, 0.999, True, "m@1", T0, "Much more than usual.")


@pytest.fixture
def handles(store_url, keys):
    with open_store(store_url, keys) as store, open_reader(store_url) as reader:
        store.register_watch("example")
        yield store, reader


def step(handles, fresh, hour):
    store, reader = handles
    store.save_decisions("example", fresh)
    return judge(store, reader, WATCH, fresh, clock=T0 + hour * HOUR)


def send(handles, channels, now, **more):
    store, reader = handles

    def render(deliveries):
        return Message(f"incident {deliveries[0].incident}", "body")

    return deliver(store, {c.name: c for c in channels}, reader=reader, clock=lambda: now, render=render, **more)


def test_a_spike_reaches_each_channel_once_and_closes_when_calm(handles):
    comms, board = ListChannel("comms"), ListChannel("board")
    now = T0 + 12 * HOUR
    (number,) = step(handles, [decide(10)], 12).opened
    assert send(handles, [comms, board], now, dry_run=True).count(Result.DUE) == 2
    assert send(handles, [comms, board], now).count(Result.SENT) == 2
    assert send(handles, [comms, board], now + HOUR).attempts == ()
    assert len(comms.sent) == len(board.sent) == 1
    assert comms.sent[0][1] != board.sent[0][1]
    assert step(handles, [decide(11)], 13).extended == (number,)
    assert step(handles, [decide(h, SpikeState.CALM) for h in range(12, 18)], 19).closed == (number,)
    incidents = handles[1].incidents("example")
    assert incidents["closed_at"].notna().all()
    assert incidents["last_hour"].tolist() == [T0 + 11 * HOUR]
    (withheld,) = step(handles, [decide(19)], 21).withheld
    assert "cool-down" in withheld.reason


def test_a_failing_channel_stays_in_the_outbox_and_is_tried_again(handles):
    comms = ListChannel("comms")
    board = ListChannel("board", (AlertNotSent("channel 'board': the receiver answered 500"),))
    now = T0 + 12 * HOUR
    step(handles, [decide(10)], 12)
    assert [a.result for a in send(handles, [comms, board], now).attempts] == [Result.SENT, Result.RETRY]
    rows = handles[1].deliveries().set_index("channel")
    assert rows.loc["board", "last_error"] == "channel 'board': the receiver answered 500"
    assert rows.loc["board", "due_at"] == now + timedelta(minutes=1)
    assert send(handles, [comms, board], now + timedelta(minutes=1)).count(Result.SENT) == 1
    assert len(board.sent) == 1


def test_a_sender_that_dies_is_followed_by_another_with_the_same_key(handles):
    class Dies(ListChannel):
        def send(self, message, idempotency_key):
            super().send(message, idempotency_key)
            raise KeyboardInterrupt

    comms, board = Dies("comms"), ListChannel("board")
    now = T0 + 12 * HOUR
    step(handles, [decide(10)], 12)
    with pytest.raises(KeyboardInterrupt):
        send(handles, [comms, board], now)
    heir = ListChannel("comms")
    assert send(handles, [heir, board], now + timedelta(minutes=6)).count(Result.SENT) == 2
    assert heir.sent[0][1] == comms.sent[0][1]
