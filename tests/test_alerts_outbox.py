"""Deliveries: at least once, one channel never in another's way, one message per watch in five minutes."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pandas as pd
import pytest
from fake_channel import ListChannel

from alerts.message import Message
from alerts.outbox import BETWEEN_MESSAGES, GIVE_UP_AFTER, Result, deliver, next_try, pause
from core.errors import AlertNotSent, ConfigError
from core.records import Delivery

START = datetime(2025, 5, 9, 16, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TIME = "datetime64[us, UTC]"


class Clock:
    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now


class Outbox:
    """The store's outbox and the reader's view of it, in memory: leases end by themselves, tries are counted."""

    def __init__(self, *rows):
        self.watches = {incident: watch for incident, watch, _ in rows}
        self.rows = [
            {"id": n, "incident": incident, "channel": channel, "kind": "opened", "state": "waiting", "attempts": 0,
             "due_at": START, "sent_at": None, "last_error": "", "batch": "", "update": None}
            for n, (incident, _, channel) in enumerate(rows, 1)
        ]  # fmt: skip
        self.slots = {}

    def row(self, number):
        return self.rows[number - 1]

    def lease_message(self, *, now, between, skip=(), lease=timedelta(minutes=5)):
        def free(r):
            group = self.watches[r["incident"]], r["channel"]
            return self.slots.get(group, now) <= now and r["channel"] not in skip

        due = [r for r in self.rows if r["state"] == "waiting" and r["due_at"] <= now and free(r)]
        if not due:
            return []
        first = min(due, key=lambda r: (r["due_at"], r["id"]))
        group = self.watches[first["incident"]], first["channel"]
        if first["batch"]:
            rows = [r for r in self.rows if r["batch"] == first["batch"]]
        else:
            rows = [r for r in due if (self.watches[r["incident"]], r["channel"]) == group and not r["batch"]]
        for row in rows:
            row.update(due_at=now + lease, attempts=row["attempts"] + 1, batch=first["batch"] or f"key-{first['id']}")
        self.slots[group] = now + between
        return [Delivery(r["id"], r["incident"], r["channel"], r["kind"], r["batch"], r["attempts"]) for r in rows]

    def mark_sent(self, deliveries, now):
        for number in deliveries:
            self.row(number).update(state="sent", sent_at=now, due_at=None, last_error="")

    def mark_failed(self, deliveries, now, retry_at, reason, taken=False):
        state = "failed" if retry_at is None else "waiting"
        for number in deliveries:
            self.row(number).update(state=state, due_at=retry_at, last_error=reason)
        if not taken:
            first = self.row(deliveries[0])
            self.slots[self.watches[first["incident"]], first["channel"]] = now

    def deliveries(self, incident=None):
        return pd.DataFrame(self.rows).astype({"due_at": TIME, "sent_at": TIME})


def render(deliveries):
    return Message(f"incident {deliveries[0].incident}", "body")


def send(outbox, channels, clock, **more):
    by_name = {channel.name: channel for channel in channels}
    return deliver(outbox, by_name, reader=outbox, clock=clock, **{"render": render} | more)


def test_each_channel_gets_its_message_once():
    outbox = Outbox((1, "example", "comms"), (1, "example", "board"))
    comms, board, clock = ListChannel("comms"), ListChannel("board"), Clock()
    first = send(outbox, [comms, board], clock)
    again = send(outbox, [comms, board], clock)
    assert first.count(Result.SENT) == 2
    assert again.attempts == ()
    assert comms.sent == [(Message("incident 1", "body"), "key-1")]
    assert board.sent == [(Message("incident 1", "body"), "key-2")]
    assert {r["state"] for r in outbox.rows} == {"sent"}


def test_a_failing_channel_waits_longer_each_time_and_keeps_nobody_waiting():
    outbox = Outbox((1, "example", "broken"), (1, "example", "comms"))
    broken = ListChannel("broken", tuple(AlertNotSent("channel 'broken': no") for _ in range(3)))
    comms, clock = ListChannel("comms"), Clock()
    waits = []
    for _ in range(3):
        send(outbox, [broken, comms], clock)
        waits.append((outbox.row(1)["due_at"] - clock.now) / MINUTE)
        clock.now = outbox.row(1)["due_at"]
    assert waits == [1, 2, 4]
    assert len(comms.sent) == 1
    assert outbox.row(1)["last_error"] == "channel 'broken': no"
    send(outbox, [broken, comms], clock)
    assert len(broken.sent) == 1, "delivered in the end, once"


def test_a_receiver_that_asks_for_a_longer_pause_gets_it():
    outbox, clock = Outbox((1, "example", "slow")), Clock()
    slow = ListChannel("slow", (AlertNotSent("channel 'slow': too many", retry_after=1800.0),))
    (attempt,) = send(outbox, [slow], clock).attempts
    assert attempt.retry_at == START + 30 * MINUTE


def test_a_channel_is_given_up_after_a_day():
    outbox, clock = Outbox((1, "example", "dead")), Clock()
    dead = ListChannel("dead", tuple(AlertNotSent("channel 'dead': no") for _ in range(100)))
    results = []
    while outbox.row(1)["state"] == "waiting":
        clock.now = outbox.row(1)["due_at"]
        results += [a.result for a in send(outbox, [dead], clock).attempts]
    assert results[-1] is Result.GAVE_UP
    assert set(results[:-1]) == {Result.RETRY}
    assert timedelta(hours=23) <= clock.now - START <= timedelta(hours=26)
    assert outbox.row(1)["state"] == "failed"


def test_a_channel_without_an_address_fails_with_the_name_of_the_setting():
    outbox, clock, comms = Outbox((1, "example", "gone"), (1, "example", "comms")), Clock(), ListChannel("comms")
    found = send(outbox, [comms], clock)
    assert [a.result for a in found.attempts] == [Result.RETRY, Result.SENT]
    assert "UPROAR_CHANNELS__GONE" in outbox.row(1)["last_error"]
    assert "comms" in outbox.row(1)["last_error"]


def test_a_message_that_cannot_be_made_is_tried_again_and_spares_the_others():
    outbox, clock = Outbox((1, "gone", "comms"), (2, "example", "board")), Clock()
    comms, board = ListChannel("comms"), ListChannel("board")

    def picky(deliveries):
        if deliveries[0].incident == 1:
            raise ConfigError("no watch 'gone'")
        return render(deliveries)

    found = send(outbox, [comms, board], clock, render=picky)
    assert [a.result for a in found.attempts] == [Result.RETRY, Result.SENT]
    assert outbox.row(1)["last_error"] == "no watch 'gone'"


def test_a_channel_that_failed_is_left_alone_for_the_rest_of_the_call():
    outbox = Outbox(*((n, f"watch-{n}", "broken") for n in range(1, 4)), (9, "watch-9", "comms"))
    broken, comms = ListChannel("broken", (AlertNotSent("channel 'broken': no"),)), ListChannel("comms")
    found = send(outbox, [broken, comms], Clock())
    assert [(a.channel, a.result) for a in found.attempts] == [("broken", Result.RETRY), ("comms", Result.SENT)]


def test_what_may_have_been_taken_is_not_repeated_within_five_minutes():
    outbox, clock = Outbox((1, "example", "slow")), Clock()
    slow = ListChannel("slow", (AlertNotSent("channel 'slow': no answer in time", maybe_taken=True),))
    (attempt,) = send(outbox, [slow], clock).attempts
    assert attempt.retry_at == START + BETWEEN_MESSAGES
    clock.now += BETWEEN_MESSAGES
    assert send(outbox, [slow], clock).count(Result.SENT) == 1


def test_a_service_that_is_told_to_end_leases_nothing_more():
    outbox = Outbox((1, "example", "comms"), (2, "other", "comms"))
    assert send(outbox, [ListChannel("comms")], Clock(), stopped=lambda: True).attempts == ()
    assert {row["attempts"] for row in outbox.rows} == {0}


def test_a_crash_between_sending_and_marking_sends_again_under_the_same_key():
    class Dies(Outbox):
        def mark_sent(self, deliveries, now):
            raise KeyboardInterrupt

    outbox, clock, comms = Dies((1, "example", "comms")), Clock(), ListChannel("comms")
    with pytest.raises(KeyboardInterrupt):
        send(outbox, [comms], clock)
    clock.now += 4 * MINUTE
    assert send(outbox, [comms], clock).attempts == (), "the lease still holds"
    clock.now += 2 * MINUTE
    outbox.mark_sent = lambda deliveries, now: Outbox.mark_sent(outbox, deliveries, now)
    assert send(outbox, [comms], clock).count(Result.SENT) == 1
    assert [key for _, key in comms.sent] == ["key-1", "key-1"]


def test_a_channel_hears_of_a_watch_at_most_once_in_five_minutes():
    outbox = Outbox(*((n, "example", "comms") for n in range(1, 31)), (99, "other", "comms"), (1, "example", "board"))
    for number, row in enumerate(outbox.rows[:30]):
        row["due_at"] = START + number * MINUTE
    comms, board, clock = ListChannel("comms"), ListChannel("board"), Clock()
    times = []
    for _ in range(40):
        before = len(comms.sent)
        send(outbox, [comms, board], clock)
        times += [clock.now] * sum(m.title != "incident 99" for m, _ in comms.sent[before:])
        clock.now += MINUTE
    assert len(times) == 7, "one at once, then one each five minutes with all that had come"
    assert min(b - a for a, b in pairwise(times)) >= BETWEEN_MESSAGES
    assert sum(m.title == "incident 99" for m, _ in comms.sent) == 1, "another watch is another group"
    assert len(board.sent) == 1, "and so is another channel"
    assert {row["attempts"] for row in outbox.rows} == {1}, "waiting uses up no patience"


def test_a_dry_run_shows_what_is_due_and_touches_nothing():
    outbox = Outbox((1, "example", "comms"), (1, "example", "gone"), (2, "other", "comms"))
    outbox.row(3)["due_at"] = START + MINUTE
    comms, clock = ListChannel("comms"), Clock()
    before = [dict(row) for row in outbox.rows]
    found = send(outbox, [comms], clock, dry_run=True)
    assert [(a.channel, a.result, a.message) for a in found.attempts] == [
        ("comms", Result.DUE, Message("incident 1", "body")),
        ("gone", Result.DUE, Message("incident 1", "body")),
    ]
    assert "not set" in found.attempts[1].reason
    assert outbox.rows == before
    assert comms.sent == []


def test_many_deliveries_are_leased_in_small_batches_and_all_sent():
    outbox = Outbox(*((n, f"watch-{n}", "comms") for n in range(1, 24)))
    comms = ListChannel("comms")
    assert send(outbox, [comms], Clock()).count(Result.SENT) == 23
    assert sorted(key for _, key in comms.sent) == sorted(f"key-{n}" for n in range(1, 24))


def test_pauses_double_up_to_an_hour():
    assert [pause(n) / MINUTE for n in (1, 2, 3, 6, 7, 8, 50)] == [1, 2, 4, 32, 60, 60, 60]


def test_retry_after_never_shortens_a_pause_nor_outlasts_a_day():
    assert next_try(3, START, asked=5) == START + 4 * MINUTE
    assert next_try(1, START, asked=1e9) == START + GIVE_UP_AFTER
