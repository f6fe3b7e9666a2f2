"""Decisions, incidents and the outbox: decided once, opened once, delivered at least once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from factories import T0

from core.errors import ConfigError
from core.records import Alarm, Announcement, AnnouncementKind, Conflict, Decision, Spike, SpikeState
from store import open_annotations

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
NAN = float("nan")
SPIKE = Spike("acme", T0, 40, 60, 2 / 3, 5.5, True, "keyword@1", "Beyond anything in 60 days.")
DECISION = Decision(T0, SpikeState.CALM, 3, 20, 0.15, 2.5, 0.7, True, "keyword@1", T0 + HOUR, "An ordinary hour.")


def open_one(store, **changes):
    return store.open_incident(replace(SPIKE, **changes), ["mail", "chat"], now=T0 + HOUR)


def test_decisions_come_back_and_are_never_rewritten(store, reader):
    young = replace(DECISION, hour=T0 + HOUR, share=NAN, score=NAN, state=SpikeState.LEARNING, calibrated=False)
    assert store.save_decisions("acme", [DECISION, young]) == 2
    assert store.save_decisions("acme", [replace(DECISION, negative=99, state=SpikeState.SPIKE)]) == 0
    assert store.save_decisions("acme", []) == 0
    found = reader.decisions("acme")
    assert found["negative"].tolist() == [3, 3]
    assert found["state"].tolist() == ["calm", "learning"]
    assert found["score"].isna().tolist() == [False, True]
    assert found["hour"].iloc[0] == T0
    assert found["calibrated"].tolist() == [True, False]
    assert reader.decisions("acme", since=T0 + HOUR)["state"].tolist() == ["learning"]
    assert reader.decisions("acme", until=T0 + HOUR)["state"].tolist() == ["calm"]
    assert reader.decisions("other").empty


def test_the_first_of_two_decisions_of_an_hour_in_one_list_counts(store, reader):
    assert store.save_decisions("acme", [DECISION, replace(DECISION, negative=9)]) == 1
    assert reader.decisions("acme")["negative"].tolist() == [3]


def test_an_incident_comes_with_its_deliveries(store, reader):
    number = open_one(store)
    row = reader.incidents("acme").iloc[0]
    assert (row["id"], row["watch"], row["negative"], row["sentence"]) == (number, "acme", 40, SPIKE.sentence)
    assert row[["closed_at", "acknowledged_by", "acknowledged_at"]].isna().all()
    assert reader.incident(number) == SPIKE
    deliveries = reader.deliveries(number)
    assert list(deliveries["channel"]) == ["mail", "chat"]
    assert list(deliveries["state"]) == ["waiting", "waiting"]


def test_one_open_incident_per_watch_and_a_cool_down(store, reader):
    first = open_one(store)
    assert open_one(store, hour=T0 + 30 * HOUR) is None
    store.close_incident(first, T0 + 2 * HOUR, "back to normal")
    assert store.open_incident(SPIKE, ["mail"], now=T0 + 24 * HOUR, cool_down=24 * HOUR) is None
    assert len(reader.incidents()) == 1
    assert len(reader.deliveries()) == 2
    assert open_one(store, watch="other") is not None
    assert store.open_incident(SPIKE, ["mail"], now=T0 + 25 * HOUR, cool_down=24 * HOUR) is not None
    assert list(reader.incidents("acme")["close_reason"]) == ["", "back to normal"]


def test_an_incident_reaches_on_and_keeps_its_first_figures(store, reader):
    number = open_one(store)
    store.extend_incident(number, replace(SPIKE, hour=T0 + 3 * HOUR, negative=99), T0 + 4 * HOUR)
    store.extend_incident(number, replace(SPIKE, hour=T0 + 2 * HOUR), T0 + 4 * HOUR)
    row = reader.incidents().iloc[0]
    assert (row["last_hour"], row["hour"], row["negative"]) == (T0 + 3 * HOUR, T0, 40)
    store.close_incident(number, T0 + 5 * HOUR, "calm")
    store.close_incident(number, T0 + 9 * HOUR, "again")
    store.extend_incident(number, replace(SPIKE, hour=T0 + 8 * HOUR), T0 + 9 * HOUR)
    row = reader.incidents().iloc[0]
    assert (row["closed_at"], row["last_hour"], row["close_reason"]) == (T0 + 5 * HOUR, T0 + 3 * HOUR, "calm")


def test_an_unknown_incident_is_refused(reader, store_url):
    with pytest.raises(ConfigError, match="no incident 7"):
        reader.incident(7)
    with open_annotations(store_url) as annotations, pytest.raises(ConfigError, match="no incident 7"):
        annotations.acknowledge(7, "me", T0)


def test_a_lease_is_exclusive_until_it_ends(store):
    open_one(store)
    first = store.lease_message(now=T0 + HOUR)
    second = store.lease_message(now=T0 + HOUR)
    assert [d.channel for d in first + second] == ["mail", "chat"]
    assert store.lease_message(now=T0 + HOUR + 4 * MINUTE) == []
    again = store.lease_message(now=T0 + HOUR + 5 * MINUTE) + store.lease_message(now=T0 + HOUR + 5 * MINUTE)
    assert [(d.channel, d.attempts) for d in again] == [("mail", 2), ("chat", 2)]
    assert [d.idempotency_key for d in again] == [d.idempotency_key for d in first + second]


def test_sent_is_sent_and_failed_waits_or_gives_up(store, reader):
    number = open_one(store)
    [mail], [chat] = store.lease_message(now=T0 + HOUR), store.lease_message(now=T0 + HOUR)
    store.mark_sent([mail.id], T0 + HOUR)
    store.mark_failed([mail.id], T0 + HOUR, None, "a late error of another worker")
    store.mark_failed([chat.id], T0 + HOUR, T0 + 2 * HOUR, "chat: 503")
    assert store.lease_message(now=T0 + 2 * HOUR - timedelta(seconds=1)) == []
    [retry] = store.lease_message(now=T0 + 2 * HOUR)
    assert (retry.id, retry.attempts) == (chat.id, 2)
    store.mark_failed([chat.id], T0 + 2 * HOUR, None, "chat: 404")
    assert store.lease_message(now=T0 + 99 * HOUR) == []
    found = reader.deliveries(number)
    assert found["state"].tolist() == ["sent", "failed"]
    assert found["last_error"].tolist() == ["", "chat: 404"]
    assert found["sent_at"].iloc[0] == T0 + HOUR


def test_what_is_due_of_one_watch_is_one_message_and_the_next_waits_five_minutes(store):
    open_one(store)
    for topic in ("trust", "consent"):
        alarm = Alarm("acme", "topic_spike", topic, T0, f"More about {topic} than usual.")
        assert store.raise_alarm(alarm, ["mail"], now=T0 + HOUR)
    message = store.lease_message(now=T0 + HOUR, skip=["chat"])
    assert [d.incident for d in message] == [1, 2, 3]
    assert len({d.idempotency_key for d in message}) == 1
    store.mark_sent([d.id for d in message], T0 + HOUR)
    store.raise_alarm(Alarm("acme", "silent", "reddit", T0, "Nothing."), ["mail"], now=T0 + HOUR + MINUTE)
    assert store.lease_message(now=T0 + HOUR + 4 * MINUTE, skip=["chat"]) == []
    [later] = store.lease_message(now=T0 + HOUR + 5 * MINUTE, skip=["chat"])
    assert later.incident == 4


def test_a_message_whose_sender_died_comes_back_with_nothing_added(store):
    open_one(store)
    first = store.lease_message(now=T0 + HOUR, skip=["chat"])
    store.raise_alarm(Alarm("acme", "silent", "reddit", T0, "Nothing."), ["mail"], now=T0 + HOUR + MINUTE)
    again = store.lease_message(now=T0 + HOUR + 5 * MINUTE, skip=["chat"])
    assert [(d.id, d.idempotency_key) for d in again] == [(d.id, d.idempotency_key) for d in first]


def test_a_message_that_was_refused_frees_its_group_and_one_that_may_have_arrived_does_not(store):
    open_one(store)
    [mail] = store.lease_message(now=T0 + HOUR)
    store.mark_failed([mail.id], T0 + HOUR, T0 + HOUR + MINUTE, "mail: 503")
    [mail] = store.lease_message(now=T0 + HOUR + MINUTE, skip=["chat"])
    store.mark_failed([mail.id], T0 + HOUR + MINUTE, T0 + HOUR + 2 * MINUTE, "mail: silence", taken=True)
    assert store.lease_message(now=T0 + HOUR + 5 * MINUTE, skip=["chat"]) == []
    assert store.lease_message(now=T0 + HOUR + 6 * MINUTE, skip=["chat"])


def test_rules_are_open_once_for_each_subject_and_a_child_keeps_quiet_until_its_parent_ends(store, reader):
    parent = open_one(store)
    alarm = Alarm("acme", "topic_spike", "trust", T0, "More about trust than usual.")
    child = store.raise_alarm(alarm, ["mail"], now=T0 + HOUR, parent=parent)
    assert store.raise_alarm(alarm, ["mail"], now=T0 + 2 * HOUR) is None
    assert reader.deliveries(child).empty
    assert reader.incidents("acme")["id"].tolist() == [parent], "spikes alone, unless every rule is asked for"
    row = reader.incidents("acme", every_rule=True).set_index("id").loc[child]
    assert (row["rule"], row["subject"], row["parent"]) == ("topic_spike", "trust", parent)
    for _ in range(2):
        store.release_alarm(child, ["mail"], now=T0 + 3 * HOUR)
    assert reader.deliveries(child)["channel"].tolist() == ["mail"]


def test_updates_are_numbered_and_their_keys_unique(store, reader):
    number = open_one(store)
    store.enqueue(number, "update", ["mail", "mail"], T0 + 2 * HOUR)
    more = {"sentence": "It falls.", "figures": "{}", "channels": ["mail"], "since": T0 + 2 * HOUR}
    update = store.add_update(number, "update", now=T0 + 3 * HOUR, **more)
    assert store.add_update(number, "update", now=T0 + 3 * HOUR, **more) is None, "another process made it"
    assert reader.updates(number)[["id", "kind", "sentence"]].to_numpy().tolist() == [[update, "update", "It falls."]]
    rows = reader.deliveries(number)
    assert rows.loc[rows["channel"] == "mail", "kind"].tolist() == ["opened", "update", "update"]
    assert rows["update"].isna().tolist() == [True, True, True, False]
    told = []
    for hours in range(1, 5):
        told += store.lease_message(now=T0 + hours * HOUR, skip=["chat"])
        store.mark_sent([d.id for d in told], T0 + hours * HOUR)
    names, endings = zip(*(d.idempotency_key.rsplit("-", 1) for d in told), strict=True)
    assert names == tuple(f"incident-{number}-mail-{name}" for name in ("opened-1", "update-1", "update-2"))
    assert len(set(endings)) == 3, "and no other database hands out the same"


def test_an_incident_has_an_owner_and_notes(store, reader, store_url):
    number = open_one(store)
    with open_annotations(store_url) as annotations:
        annotations.own(number, "ann", T0 + HOUR)
        annotations.own(number, "bob", T0 + 2 * HOUR)
        annotations.note_incident(number, "Legal is told.", author="bob", now=T0 + 2 * HOUR)
        for call in (annotations.own, annotations.acknowledge):
            with pytest.raises(ConfigError, match="no incident 7"):
                call(7, "me", T0)
    row = reader.incidents().iloc[0]
    assert (row["owner"], row["owned_at"]) == ("bob", T0 + 2 * HOUR)
    assert reader.incident_notes(number)[["text", "author"]].to_numpy().tolist() == [["Legal is told.", "bob"]]


def test_an_acknowledgement_shows_and_the_first_stays(store, reader, store_url):
    number = open_one(store)
    with open_annotations(store_url) as annotations:
        annotations.acknowledge(number, "ann", T0 + HOUR)
        annotations.acknowledge(number, "bob", T0 + 2 * HOUR)
    row = reader.incidents().iloc[0]
    assert (row["acknowledged_by"], row["acknowledged_at"]) == ("ann", T0 + HOUR)


def test_announcements_come_back_whole_and_by_start(store, reader):
    conflict = Conflict(T0 - HOUR, T0, "minute", "https://news.example")
    full = Announcement("b", AnnouncementKind.STATEMENT, T0, T0 + HOUR, "minute", "Europe/Berlin", "A letter",
                        ("https://a.example", "https://b.example"), "We hear you.", "cli", (conflict,))  # fmt: skip
    plain = Announcement("a", AnnouncementKind.PRESS, T0 + HOUR, T0 + 2 * HOUR, "minute", "UTC", "An article")
    store.save_announcement("acme", plain)
    store.save_announcement("acme", replace(full, title="before"))
    store.save_announcement("acme", full)
    assert reader.announcements("acme") == [full, plain]
    assert reader.announcements("other") == []
