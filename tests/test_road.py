"""The whole road on real posts and on the demo, on both databases: import, score, timeline, export, alert."""

import json
import os
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest
from pydantic import SecretStr

from alerts.channels import load_channels
from collectors.registry import load_collector
from core.settings import Settings, load_settings
from exports.posts import export_posts
from reports.coverage import coverage
from reports.overview import overview
from reports.timeline import timeline
from store import PostFilter
from uproar.session import MODEL, Session
from uproar.steps.alert import send_alerts
from uproar.steps.analyse import analyse
from uproar.steps.collect import import_file
from uproar.steps.score import score
from uproar.verbs.demo import load_demo

NOW = datetime(2025, 6, 2, 12, tzinfo=UTC)
DUOLINGO = "posts/duolingo_ai_first_2025.reddit.jsonl"


def session_on(store_url, home, clock=NOW, **more) -> Session:
    return Session(Settings(home=home, store=SecretStr(store_url), **more), clock)


def shared(name):
    path = load_settings().shared_data / name
    if not path.exists():
        message = f"{path} is absent: set UPROAR_SHARED_DATA"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    return path


def take_in(session, watch_name, path, **options):
    watch = session.watch(watch_name)
    with session.store() as store:
        store.register_watch(watch.name, subject=watch.platform)
        found = import_file(store, watch, load_collector("files", session.settings), {"path": str(path), **options},
                            clock=session.now)  # fmt: skip
        store.refresh_rollups()
    return found


@pytest.mark.slow
def test_real_reactions_come_through_whole(store_url, tmp_path):
    session = session_on(store_url, tmp_path)
    watch = session.watch("duolingo-ai-first")
    path = shared(DUOLINGO)
    first, second = (take_in(session, watch.name, path) for _ in range(2))
    assert (first.read, first.new, first.seen, first.rejected) == (3635, 3635, 0, 0)
    assert (second.new, second.seen) == (0, 3635)
    with session.store() as store, session.reader() as reader:
        done = score(store, session.classifier(MODEL), watch)
        analyse(store, reader, watch, clock=session.clock)
        assert store.check_rollups() == []
        assert 3000 < done <= 3635
        days = timeline(reader, watch, clock=session.clock, by="day")
        exported = export_posts(reader, watch, tmp_path / "posts.csv", clock=session.clock)
        reasons = {r for chunk in reader.stream_posts(PostFilter(watch.name)) for r in chunk["reason"]}
        state = coverage(reader, watch, clock=session.clock)
    assert reasons == {"import"}
    assert int(days["posts"].sum()) == 3635
    assert int(days["pending"].sum()) == 0
    assert int(days["scored"].sum() + days["not_scored"].sum()) == 3635
    assert (days["negative"] + days["neutral"] + days["positive"] == days["relevant"]).all()
    assert dict(zip(state["source"], state["state"], strict=True)) == {"hackernews": "none", "reddit": "sample"}
    assert_reaction_shows(days, watch)
    assert exported.rows == 3635
    assert_round_trip(session, tmp_path)


def assert_reaction_shows(days, watch):
    """The file holds nothing of 27 and 28 April. After each event the fullest of three days outdoes the day before it.

    Weeks would not do: the days before 23 May belong to another wave.
    """
    local = days.assign(day=days["time"].dt.tz_convert(watch.timezone).dt.date).set_index("day")
    assert days["time"].is_monotonic_increasing
    assert local.loc[date(2025, 4, 27) : date(2025, 4, 28), "posts"].tolist() == [0, 0]
    for event in (date(2025, 4, 28), date(2025, 5, 23)):
        before = int(local.loc[event - timedelta(days=1), "relevant"])
        after = int(local.loc[event : event + timedelta(days=2), "relevant"].max())
        assert after > 2 * before, f"{event}: {after} relevant posts on a day after, {before} on the day before"


def assert_round_trip(session, folder):
    """What was exported comes back as the same posts in an empty store."""
    other = session_on(f"sqlite:///{folder / 'again.db'}", folder)
    again = take_in(other, "duolingo-ai-first", folder / "posts.csv")
    assert (again.new, again.rejected) == (3635, 0)
    with session.reader() as one, other.reader() as two:
        frames = [
            pd.concat(reader.stream_posts(PostFilter("duolingo-ai-first", order="time_asc"))).sort_values(
                ["source", "id"]
            )
            for reader in (one, two)
        ]
    kept = ["source", "id", "created_at", "text", "author", "community", "kind", "likes"]
    pd.testing.assert_frame_equal(*(frame[kept].reset_index(drop=True) for frame in frames))


@pytest.mark.slow
def test_the_demo_opens_in_a_spike_and_goes_on_to_the_letter(store_url, tmp_path):
    session = session_on(store_url, tmp_path)
    load_demo(session)
    load_demo(session)
    watch = session.watch("soundcloud-ai-terms")
    with session.reader() as reader:
        shown = overview(reader, watch, clock=session.clock)
        hours = timeline(reader, watch, clock=session.clock, by="hour")
        incidents = reader.incidents(watch.name)
    assert shown.state == "spike"
    assert shown.notice == "invented posts, not SoundCloud's public"
    assert hours["time"].max() < pd.Timestamp(watch.as_of), "nothing after as_of is shown"
    assert shown.share.relevant > 100
    assert shown.share.low < shown.share.share < shown.share.high
    assert len(incidents) == 1
    assert {a.id for a in shown.announcements} == {"clause-added", "noticed", "first-statement"}


def test_a_spike_in_live_posts_reaches_a_channel_once(store_url, tmp_path, httpserver):
    """A young watch, the keyword classifier, a real HTTP receiver."""
    from fakes_models import KeywordClassifier

    now = datetime(2025, 5, 9, 20, 30, tzinfo=UTC)
    (tmp_path / "watches").mkdir()
    (tmp_path / "watches" / "acme.toml").write_text(
        'platform = "Acme"\nterms = "acme"\nsince = 2025-05-09T00:00:00Z\n[alerts]\nchannels = ["comms"]\n'
        '[[sources]]\nname = "files"\n'
    )
    httpserver.expect_request("/notify").respond_with_data("ok")
    url = f"json://127.0.0.1:{httpserver.port}/notify"
    session = session_on(store_url, tmp_path, now, channels={"comms": SecretStr(url)}, allow_private_addresses=True)
    posts = tmp_path / "posts.jsonl"
    posts.write_text("".join(
        json.dumps({"id": f"{hour}-{n}", "platform": "forum", "created_at": f"2025-05-09T{hour:02}:{n % 60:02}:00Z",
                    "author": f"{hour}-{n}", "text": f"acme terms: I hate this terrible clause {hour} {n}"}) + "\n"
        for hour in range(20) for n in range(60 if hour == 18 else 3)
    ))  # fmt: skip
    take_in(session, "acme", posts)
    watch = session.watch("acme")
    with session.store() as store, session.reader() as reader:
        score(store, KeywordClassifier(), watch)
        for _ in range(3):
            analyse(store, reader, watch, clock=now)
            send_alerts(session, store, reader)
    assert load_channels(session.settings).keys() == {"comms"}
    assert len(httpserver.log) == 1
    body = httpserver.log[0][0].get_data(as_text=True)
    assert "not yet calibrated" in body
    assert "hate this terrible" not in body, "no post text leaves by an alert"
