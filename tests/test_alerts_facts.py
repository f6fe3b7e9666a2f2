"""From an incident in the database to its message."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from factories import T0, make_post, make_query

from alerts.facts import gather, renderer
from alerts.message import render
from alerts.rules import judge
from core.errors import ConfigError
from core.records import (
    HOUR,
    Announcement,
    AnnouncementKind,
    Decision,
    Delivery,
    Outcome,
    Page,
    Reason,
    Sighted,
    SpikeState,
)
from core.watches import AlertRules, Watch
from store import open_reader, open_store

CLOCK = T0 + 12 * HOUR
URL = "https://uproar.example.org"
TOLD = Announcement("first", AnnouncementKind.STATEMENT, T0, T0 + timedelta(days=1), "day", "UTC", "First statement")
WATCH = Watch(
    "example", "Example: new terms", "Example", "terms", T0, timezone="Europe/Berlin", announcements=(TOLD,),
    notice="invented posts, not Example's public", alerts=AlertRules(channels=("comms",)),
)  # fmt: skip
SECRET = "the words of somebody"


def decide(hour, negative):
    return Decision(
        T0 + hour * HOUR, SpikeState.SPIKE, negative, 100, negative / 100, 3.0, 0.999, True, "m@1", CLOCK, "Far above."
    )


@pytest.fixture
def handles(store_url, keys):
    with open_store(store_url, keys) as store, open_reader(store_url) as reader:
        store.register_watch("example")
        query = make_query(until=CLOCK)
        run = store.begin_run("example", query, now=CLOCK)
        posts = [make_post(id=str(n), created_at=T0 + 10 * HOUR, text=f"{SECRET} {n}") for n in range(5)]
        store.save("example", query, Page(tuple(Sighted(p, Reason.TEXT) for p in posts)), run=run)
        store.end_run(run, Outcome.OK, now=CLOCK)
        store.refresh_rollups()
        yield store, reader


def open_one(handles, *decisions):
    store, reader = handles
    store.save_decisions("example", decisions)
    (number,) = judge(store, reader, WATCH, decisions, clock=CLOCK).opened
    return number


def test_the_message_tells_the_hour_as_it_was_decided(handles):
    number = open_one(handles, decide(10, 40))
    facts = gather(handles[1], WATCH, number, kind="opened", clock=CLOCK, dashboard_url=URL)
    assert (facts.hour, facts.negative, facts.relevant) == (T0 + 10 * HOUR, 40, 100)
    assert facts.low == pytest.approx(0.309, abs=0.001)  # Wilson interval of 40 in 100
    assert facts.high == pytest.approx(0.498, abs=0.001)
    assert facts.zone == ZoneInfo("Europe/Berlin")
    assert facts.latest_announcement == ("First statement", "9 May 2025")
    assert [(s.source, s.coverage) for s in facts.sources] == [("forum", "complete")]
    body = render(facts).body
    assert "40 of 100 relevant posts were negative, 40 % (31 to 50 %)" in body
    assert body.startswith(WATCH.notice)
    assert SECRET not in body


def test_an_update_tells_the_latest_spike(handles):
    number = open_one(handles, decide(9, 30), decide(10, 55))
    opened = gather(handles[1], WATCH, number, kind="opened", clock=CLOCK, dashboard_url=URL)
    update = gather(handles[1], WATCH, number, kind="update", clock=CLOCK, dashboard_url=URL)
    assert (opened.hour, opened.negative) == (T0 + 9 * HOUR, 30)
    assert (update.hour, update.negative) == (T0 + 10 * HOUR, 55)


def test_an_announcement_that_is_yet_to_come_is_not_told(handles):
    number = open_one(handles, decide(10, 40))
    later = replace(TOLD, id="later", start=CLOCK + HOUR, end=CLOCK + 2 * HOUR, title="Later")
    watch = replace(WATCH, announcements=(TOLD, later))
    facts = gather(handles[1], watch, number, kind="opened", clock=CLOCK, dashboard_url=URL)
    assert facts.latest_announcement == ("First statement", "9 May 2025")


def test_deliveries_are_rendered_when_they_are_sent(handles):
    number = open_one(handles, decide(10, 40))
    make = renderer(handles[1], [WATCH], clock=lambda: CLOCK, dashboard_url=URL)
    message = make([Delivery(1, number, "comms", "opened", "key", 1)])
    assert message.title == "Spike: Example: new terms: 40 negative posts in an hour"
    assert message.body.endswith(f"{URL}/timeline?watch=example&hour=2025-05-09T10%3A00%3A00Z")


def test_an_incident_without_its_watch_is_told(handles):
    number = open_one(handles, decide(10, 40))
    make = renderer(handles[1], [], clock=lambda: CLOCK, dashboard_url=URL)
    with pytest.raises(ConfigError, match="watch"):
        make([Delivery(1, number, "comms", "opened", "key", 1)])
    with pytest.raises(ConfigError, match="no incident 99"):
        gather(handles[1], WATCH, 99, kind="opened", clock=CLOCK, dashboard_url=URL)
