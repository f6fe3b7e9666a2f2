"""The radar: posts go to child watches, a platform in spike alerts under one rate, and comes with a watch file."""

from dataclasses import replace
from datetime import timedelta

import pytest
from factories import T0
from live_watch import Live
from pydantic import SecretStr
from test_cli import uproar

from alerts.facts import renderer
from alerts.radar_budget import excess, shared_gate
from core.records import HOUR, Decision, SpikeState
from core.services import children, load_services
from core.settings import Settings
from core.watches import load_watch
from reports.overview import overview
from store import PostFilter
from uproar.proposal import proposal
from uproar.session import Session
from uproar.steps.radar import follow_radar, recognise

RADAR = "radar"


@pytest.fixture
def live(store, reader):
    """A day on the radar: little talk about two services, then sixty posts about one in hour 22."""
    found = Live(store, reader)
    found.watch = replace(found.watch, name=RADAR, title="Radar", platform="any platform", is_radar=True)
    store.register_watch(RADAR)
    for source in ("forum", "board"):
        found.read(source, 0, 23)
    for hour in range(22):
        found.post(hour, 1, "SoundCloud terms, no trust")
        found.post(hour, 1, "our data belongs to us")
    found.post(22, 60, "SoundCloud trains ai without consent")
    found.post(22, 3, "Figma terms of service, meh")
    found.at = 23.2
    return found


def child(live, service):
    return next(watch for watch in children(live.watch) if watch.name == f"{RADAR}-{service}")


def test_posts_go_to_the_child_of_their_service_once(live):
    assert recognise(live.store, live.reader, live.watch, clock=live.now) == {"radar-figma": 3, "radar-soundcloud": 82}
    assert set(recognise(live.store, live.reader, live.watch, clock=live.now).values()) == {0}
    live.store.refresh_rollups()
    counted = live.reader.rollup("radar-soundcloud", since=T0, until=live.now)
    assert int(counted["posts"].sum()) == 82
    assert int(live.reader.rollup(RADAR, since=T0, until=live.now)["posts"].sum()) == 107
    assert live.store.check_rollups() == []


def test_a_post_that_is_forgotten_leaves_the_child_too(live):
    recognise(live.store, live.reader, live.watch, clock=live.now)
    post = live.reader.posts(PostFilter("radar-figma"), limit=1).iloc[0]
    live.store.forget(post["source"], ids=[post["id"]], now=live.now)
    assert live.reader.count_posts(PostFilter("radar-figma")) == 2
    live.store.refresh_rollups()
    assert live.store.check_rollups() == []


def test_a_child_is_covered_by_what_the_radar_asked(live):
    follow_radar(live.store, live.reader, live.watch, clock=live.now)
    seen = overview(live.reader, child(live, "soundcloud"), clock=live.now)
    assert {(source.source, source.coverage) for source in seen.sources} == {
        ("forum", "complete"),
        ("board", "complete"),
    }
    assert seen.state == "spike"


def test_a_platform_in_spike_alerts_as_the_radar_and_names_the_command_for_a_watch(live):
    for _ in range(2):
        follow_radar(live.store, live.reader, live.watch, clock=live.now)
    rows = live.reader.incidents(every_rule=True)
    assert rows["watch"].tolist() == ["radar-soundcloud"]
    [delivery, *_] = live.store.lease_message(now=live.now)
    everything = [live.watch, *children(live.watch)]
    make = renderer(live.reader, everything, clock=lambda: live.now, dashboard_url="http://127.0.0.1:8501")
    message = make([delivery])
    assert message.title.startswith("Spike: SoundCloud, on the radar: 60 negative posts")
    assert "uproar watch propose radar soundcloud" in message.body
    assert "not yet calibrated" in message.body


def decide(hour, negative, state=SpikeState.CALM):
    return Decision(T0 + hour * HOUR, state, negative, 100, negative / 100, 4.0, 0.99, True, "m@1", T0, "An hour.")


def test_children_share_one_rate_a_record_of_one_holds_for_all(store, reader):
    live = Live(store, reader)
    radar = replace(live.watch, name=RADAR, is_radar=True)
    one, two = children(radar)[:2]
    # 60 days: each child has its own ordinary hours, and the first once had 20 where 4 are usual.
    for watch, most in ((one, 20), (two, 8)):
        store.register_watch(watch.name)
        store.save_decisions(watch.name, [decide(h, most if h == 700 else 4 + h % 3) for h in range(60 * 24)])
    now = T0 + 60 * 24 * HOUR
    gate = shared_gate(reader, radar, [one, two], now=now)
    spike = decide(60 * 24 - 1, 19, SpikeState.SPIKE)
    assert "shared by all" in gate(spike), "beyond all that the second has shown, not beyond what the radar has"
    assert gate(replace(spike, negative=21)) == ""
    assert gate(replace(spike, calibrated=False)) == "", "the floor rule says of itself that it is not calibrated"
    young = shared_gate(reader, radar, [one, two], now=T0 + timedelta(days=20))
    assert young(replace(spike, hour=T0 + timedelta(days=20))) == ""


def test_an_excess_is_in_standard_errors():
    assert excess(20, 4.0) == pytest.approx(8.0)
    assert excess(5, 0.1) == pytest.approx(4.9)
    assert excess(5, float("nan")) == 5.0


@pytest.mark.parametrize("service", load_services(), ids=lambda service: service.name)
def test_every_service_has_a_proposal_that_loads(service, tmp_path):
    radar = load_watch(Settings().watch_folders[-1] / "radar.toml")
    path = tmp_path / f"{service.name}-terms.toml"
    path.write_text(proposal(radar, service, now=T0))
    watch = load_watch(path)
    assert watch.platform == service.title
    assert [rule.name for rule in watch.sources] == [rule.name for rule in radar.sources]


def test_a_child_is_found_by_name(tmp_path):
    session = Session(Settings(home=tmp_path, store=SecretStr(f"sqlite:///{tmp_path / 'x.db'}")), T0)
    assert session.watch("radar-soundcloud").platform == "SoundCloud"


def test_the_verb_prints_or_writes_a_watch_file(tmp_path):
    printed = uproar(tmp_path, "watch", "propose", "radar", "Unity").stdout
    assert '((\\"unity\\") AND (' in printed
    uproar(tmp_path, "watch", "propose", "radar", "unity", "--write")
    assert load_watch(tmp_path / "watches" / "unity-terms.toml").platform == "Unity"
    assert "exists" in uproar(tmp_path, "watch", "propose", "radar", "unity", "--write", code=3).stderr
    assert "Did you mean 'unity'" in uproar(tmp_path, "watch", "propose", "radar", "unitty", code=3).stderr
    assert "radar = true" in uproar(tmp_path, "watch", "propose", "duolingo-ai-first", code=3).stderr
