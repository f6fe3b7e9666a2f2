"""A failing channel is told through the others and never through itself; a digest comes once a day."""

from datetime import time, timedelta

import pytest
from factories import T0
from fake_channel import ListChannel
from live_watch import Live

from alerts.facts import renderer
from alerts.outbox import deliver
from alerts.trouble import daily_digest, report_channels
from core.errors import AlertNotSent
from core.records import HOUR

MINUTE = timedelta(minutes=1)


class Broken(ListChannel):
    """Takes nothing."""

    def send(self, message, idempotency_key):
        raise AlertNotSent(f"channel {self.name!r}: the receiver answered 500 (not taken)")


@pytest.fixture
def live(store, reader):
    found = Live(store, reader)
    found.read("forum", 0, 20)
    found.at = 20.5
    return found


def send(live, *channels):
    render = renderer(live.reader, [live.watch], clock=lambda: live.now, dashboard_url="http://127.0.0.1:8501")
    return deliver(
        live.store, {c.name: c for c in channels}, reader=live.reader, clock=lambda: live.now, render=render
    )  # fmt: skip


def rounds(live, number, *channels):
    for _ in range(number):
        send(live, *channels)
        report_channels(live.store, live.reader, live.watch, now=live.now)
        live.at += 0.1


def test_a_failing_channel_is_told_through_the_others_alone(live):
    broken, mail, boss = Broken("comms"), ListChannel("mail"), ListChannel("boss")
    live.change(second=("boss",))
    live.spike(19)
    rounds(live, 30, broken, mail, boss)
    assert live.open_rules() == {("spike", ""), ("channel", "comms")}
    about = live.reader.incidents(every_rule=True).set_index("rule").loc["channel", "id"]
    deliveries = live.reader.deliveries(int(about))
    assert sorted(deliveries["channel"]) == ["boss", "mail"]
    told = [m for m, _ in boss.sent if m.title.startswith("A channel fails: comms")]
    assert len(told) == 1
    assert "the receiver answered 500" in told[0].body


def test_where_every_channel_fails_nothing_is_sent_about_it_and_nothing_multiplies(live):
    live.spike(19)
    rounds(live, 40, Broken("comms"), Broken("mail"))
    assert live.open_rules() == {("spike", ""), ("channel", "comms"), ("channel", "mail")}
    about = live.reader.incidents(every_rule=True)
    for number in about[about["rule"] == "channel"]["id"]:
        told = live.reader.deliveries(int(number))
        assert "comms" not in set(told["channel"]) or about.set_index("id").loc[number, "subject"] == "mail"
    assert len(about) == 3


def test_a_channel_that_works_again_closes_its_incident(live):
    live.spike(19)
    rounds(live, 5, Broken("comms"), ListChannel("mail"))
    assert ("channel", "comms") in live.open_rules()
    live.at += 3
    rounds(live, 1, ListChannel("comms"), ListChannel("mail"))
    assert live.open_rules() == {("spike", "")}


def test_a_digest_comes_once_a_day_after_its_time(live):
    live.change(digest=time(8))
    mail = ListChannel("mail")
    made = []
    for quarter in range(4 * 48):
        live.at = 20 + quarter / 4
        made.append(daily_digest(live.store, live.watch, now=live.now))
        send(live, mail, ListChannel("comms"))
    at = [T0 + (20 + n / 4) * HOUR for n, number in enumerate(made) if number]
    # Hour 20 is 22:00 in Berlin: today's is due at once, then one each morning.
    assert [t.hour for t in at] == [20, 6, 6]
    assert len(mail.sent) == 3
    assert mail.sent[0][0].title == "Daily digest: Example: new terms, Friday 9 May"
    assert "No incident open now." in mail.sent[0][0].body
