"""A watch born amid an uproar: the demo's posts, a watch made four hours after the clause was noticed."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fake_reader import T0, FakeReader, make_watch
from pydantic import SecretStr
from pytest_httpserver import HTTPServer

from collectors.registry import load_collector
from core.settings import Settings
from reports.spikes import hour_states
from uproar.session import MODEL, Session
from uproar.steps.alert import send_alerts
from uproar.steps.analyse import analyse
from uproar.steps.collect import import_file
from uproar.steps.score import score
from uproar.verbs.demo import DEMO_POSTS

HOUR = timedelta(hours=1)
NOTICED = datetime(2025, 5, 9, 13, tzinfo=UTC)
BORN = NOTICED + 4 * HOUR


def born(home: Path, store_url: str, channel: str, *, back: timedelta) -> Session:
    """A watch on SoundCloud with what its sources would give: the posts of the last `back` until its birth."""
    (home / "watches").mkdir(parents=True)
    (home / "watches" / "sc.toml").write_text(
        f'platform = "SoundCloud"\nterms = "soundcloud"\nsince = {BORN - timedelta(days=60):%Y-%m-%dT%H:%M:%SZ}\n'
        '[alerts]\nchannels = ["comms"]\n[[sources]]\nname = "files"\nlateness = "0m"\n'
    )
    with gzip.open(DEMO_POSTS, "rt", encoding="utf-8") as lines, (home / "posts.jsonl").open("w") as out:
        for line in lines:
            if BORN - back <= datetime.fromisoformat(json.loads(line)["created_at"]) < BORN:
                out.write(line)
    settings = Settings(
        home=home, store=SecretStr(store_url), channels={"comms": SecretStr(channel)}, allow_private_addresses=True
    )
    return Session(settings, BORN)


@pytest.mark.slow
@pytest.mark.parametrize(("days", "calibrated"), [(4, False), (60, True)])
def test_four_hours_late_it_alerts_at_its_first_look(
    days: int, calibrated: bool, store_url: str, tmp_path: Path, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/notify").respond_with_data("ok")
    session = born(
        tmp_path, store_url, f"json://127.0.0.1:{httpserver.port}/notify", back=timedelta(days=days)
    )  # fmt: skip
    watch = session.watch("sc")
    with session.store() as store, session.reader() as reader:
        store.register_watch(watch.name, subject=watch.platform)
        options = {"path": str(tmp_path / "posts.jsonl")}
        import_file(store, watch, load_collector("files", session.settings), options, clock=session.now)
        score(store, session.classifier(MODEL), watch)
        verdict = analyse(store, reader, watch, clock=session.clock)
        send_alerts(session, store, reader)
        states = hour_states(reader, watch, clock=session.clock, since=BORN - timedelta(days=days))
    assert len(verdict.opened) == 1
    spikes = states[states["state"] == "spike"]
    assert NOTICED <= spikes["hour"].min() < BORN
    assert set(spikes["calibrated"]) == {calibrated}
    assert len(httpserver.log) == 1
    assert ("not yet calibrated" in httpserver.log[0][0].get_data(as_text=True)) == (not calibrated)


@pytest.mark.parametrize(("authors", "state"), [(20, "spike"), (19, "learning"), (None, "spike")])
def test_few_authors_make_no_spike_and_sources_without_authors_are_not_asked(authors: int | None, state: str) -> None:
    reader = FakeReader()
    reader.run(T0 - 48 * HOUR, T0)
    for n in range(48):
        loud = n == 47
        reader.score(T0 - (48 - n) * HOUR, negative=30 if loud else 2, relevant=40 if loud else 8)
    if authors is not None:
        reader.authors[T0 - HOUR] = authors
    watch = make_watch(since=T0 - timedelta(days=60))
    assert hour_states(reader, watch, clock=T0 + 3 * HOUR, since=T0 - HOUR)["state"].iloc[0] == state


def test_of_a_grown_watch_no_authors_are_asked() -> None:
    reader = FakeReader()
    reader.run(T0 - timedelta(days=130), T0)
    for n in range(130 * 24):
        reader.score(T0 - (n + 1) * HOUR, negative=30 if n == 0 else 2, relevant=40 if n == 0 else 8)
    reader.authors[T0 - HOUR] = 1
    watch = make_watch(since=T0 - timedelta(days=200))
    assert hour_states(reader, watch, clock=T0 + 3 * HOUR, since=T0 - HOUR)["state"].iloc[0] == "spike"


@pytest.mark.parametrize(("authors", "state"), [(25, "spike"), (3, "learning")])
def test_a_source_that_was_added_is_a_break_and_the_floor_rule_decides(authors: int, state: str) -> None:
    reader = FakeReader()
    reader.run(T0 - timedelta(days=130), T0)
    reader.run(T0 - timedelta(days=2), T0, source="second")
    for n in range(130 * 24):
        reader.score(T0 - (n + 1) * HOUR, negative=30 if n == 0 else 2, relevant=40 if n == 0 else 8)
    reader.authors[T0 - HOUR] = authors
    watch = make_watch(since=T0 - timedelta(days=200))
    rows = hour_states(reader, watch, clock=T0 + 3 * HOUR, since=T0 - timedelta(days=3)).set_index("hour")
    assert rows["calibrated"][T0 - timedelta(days=2) - HOUR]
    assert not rows["calibrated"][T0 - timedelta(days=2)]
    assert rows["state"][T0 - HOUR] == state
