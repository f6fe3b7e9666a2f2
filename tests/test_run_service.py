"""`uproar run` as real processes on one database: no work twice, one message once, SIGTERM, metrics, heartbeat."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from werkzeug import Response

from core.records import Alarm, Spike, utc_hour
from core.settings import Settings
from store import migrate, open_reader, open_store

NAMES = [f"acme-{n}" for n in range(5)]
WATCH = """
platform = "Acme"
terms = "acme"
since = {since}
[alerts]
channels = ["comms"]
[[sources]]
name = "feeds"
options = {{ urls = "{url}" }}
"""


@pytest.fixture
def world(store_url, tmp_path, httpserver):
    """Five watches with a feed each, an open spike nobody was told of, and a receiver: (url, home, environment)."""
    home = tmp_path / "home"
    (home / "watches").mkdir(parents=True)
    now = datetime.now(UTC)
    at = f"{now - timedelta(hours=2):%a, %d %b %Y %H:%M:%S} +0000"
    item = (f"<item><title>acme terms are terrible</title><link>https://example.org/1</link><guid>1</guid>"
            f"<pubDate>{at}</pubDate></item>")  # fmt: skip
    feed = f'<?xml version="1.0"?><rss version="2.0"><channel><title>f</title>{item}</channel></rss>'
    since = (now - timedelta(days=1)).isoformat()
    for name in NAMES:
        text = WATCH.format(since=since, url=httpserver.url_for(f"/feed/{name}"))
        (home / "watches" / f"{name}.toml").write_text(text)

        def answer(_request, feed=feed):
            time.sleep(0.3)
            return Response(feed, content_type="application/rss+xml")

        httpserver.expect_request(f"/feed/{name}").respond_with_handler(answer)
    for example in ("duolingo-ai-first", "soundcloud-ai-terms", "radar"):  # the examples ask live services
        (home / "watches" / f"{example}.toml").write_text(
            'platform = "Replay"\nterms = "acme"\nsince = 2025-01-01T00:00:00Z\nas_of = 2025-01-02T00:00:00Z\n'
        )
    httpserver.expect_request("/hook").respond_with_data("ok")
    httpserver.expect_request("/alive").respond_with_data("ok")
    settings = Settings(home=home, store=SecretStr(store_url))
    migrate(store_url, keys=settings.keys)
    with open_store(store_url, settings.keys) as store:
        store.register_watch(NAMES[0])
        spike = Spike(NAMES[0], utc_hour(now) - timedelta(hours=2), 40, 60, 2 / 3, 5.5, True, "m@1", "Far above.")
        store.open_incident(spike, ["comms"], now=now)
    kept = {k: v for k, v in os.environ.items() if not k.startswith("UPROAR_")}
    return store_url, home, kept | {
        "UPROAR_HOME": str(home), "UPROAR_STORE": store_url, "UPROAR_ALLOW_PRIVATE_ADDRESSES": "true",
        "UPROAR_CHANNELS__COMMS": httpserver.url_for("/hook"), "UPROAR_HEARTBEAT_URL": httpserver.url_for("/alive"),
    }  # fmt: skip


@contextmanager
def service(environment, *arguments):
    command = [sys.executable, "-c", "from uproar.cli import main; main()", "run", "--every", "1h", *arguments]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    lines = []
    reader = threading.Thread(target=lambda: lines.extend(process.stderr))
    reader.start()
    try:
        yield process, lines
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        reader.join()
        process.stderr.close()


def wait_for(what, seconds=90):
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "nothing came of it in time"
        time.sleep(0.2)
    return found


def asked(httpserver, prefix):
    return Counter(request.path for request, _ in list(httpserver.log) if request.path.startswith(prefix))


def end(process, lines):
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0, "".join(lines)


def analysed(url):
    with open_reader(url) as reader:
        return all(len(reader.runs(name)) for name in NAMES) if set(NAMES) <= set(reader.watches()) else False


@pytest.mark.slow
def test_two_services_on_one_database_do_nothing_twice_and_send_once(world, httpserver):
    url, _, environment = world
    with service(environment) as (one, said), service(environment) as (two, said_too):
        wait_for(lambda: analysed(url) and asked(httpserver, "/hook") and asked(httpserver, "/alive"))
        time.sleep(1)
        end(one, said)
        end(two, said_too)
    assert asked(httpserver, "/feed/") == {f"/feed/{name}": 1 for name in NAMES}
    with open_reader(url) as reader:
        assert [len(reader.runs(name)) for name in NAMES] == [1] * len(NAMES)
        assert reader.deliveries(1)["state"].tolist() == ["sent"]
    assert asked(httpserver, "/hook") == {"/hook": 1}
    (message,) = [request.get_json() for request, _ in httpserver.log if request.path == "/hook"]
    assert "40 of 60 relevant posts were negative" in message["message"]


@pytest.mark.slow
def test_metrics_are_answered_on_loopback(world, httpserver):
    _, _, environment = world
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with service(environment, "--metrics", str(port)) as (process, said):
        wait_for(lambda: len(asked(httpserver, "/feed/")) == len(NAMES) and asked(httpserver, "/hook"))
        text = wait_for(lambda: _figures(port))
        end(process, said)
    assert f'uproar_posts_new_total{{source="feeds",watch="{NAMES[0]}"}} 1.0' in text
    assert 'uproar_deliveries_total{channel="comms",result="sent"} 1.0' in text
    assert f'uproar_incidents_open{{rule="spike",watch="{NAMES[0]}"}} 1.0' in text


def _figures(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    return text if 'result="sent"' in text else ""


@pytest.mark.slow
def test_a_service_killed_while_it_sends_is_followed_by_one_that_sends_the_same_message(world, httpserver):
    """kill -9 after the receiver has the message and before the outbox knows: sent again, under the same key."""
    url, _, environment = world
    hold = threading.Event()

    def slow(_request):
        hold.wait(20)
        return Response("ok")

    httpserver.expect_oneshot_request("/slow").respond_with_handler(slow)
    httpserver.expect_request("/slow").respond_with_data("ok")
    environment = {**environment, "UPROAR_CHANNELS__COMMS": httpserver.url_for("/slow").replace("http", "json", 1)}
    code = "from uproar.cli import main; main()"
    with subprocess.Popen([sys.executable, "-c", code, "alerts", "send"], env=environment) as first:
        with open_reader(url) as reader:
            wait_for(lambda: reader.deliveries(1)["attempts"].tolist() == [1])
        time.sleep(0.5)
        first.kill()
    hold.set()
    with open_store(url, Settings(home=environment["UPROAR_HOME"]).keys) as store:
        assert store.lease_message(now=datetime.now(UTC)) == [], "the dead one's lease still holds"
        again = store.lease_message(now=datetime.now(UTC) + timedelta(minutes=5))
        store.mark_failed([d.id for d in again], datetime.now(UTC), datetime.now(UTC), "handed back by the test")
    done = subprocess.run([sys.executable, "-c", code, "alerts", "send", "--json"], env=environment, check=True,
                          capture_output=True, text=True)  # fmt: skip
    assert [row["result"] for row in json.loads(done.stdout)] == ["sent"]
    keys = [request.headers["Idempotency-Key"] for request, _ in httpserver.log if request.path == "/slow"]
    assert keys[-1] == again[0].idempotency_key
    assert len(set(keys)) == 1


@pytest.mark.slow
def test_a_thousand_spikes_in_a_minute_are_one_message_whoever_sends(world, httpserver):
    url, home, environment = world
    now = datetime.now(UTC)
    with open_store(url, Settings(home=home).keys) as store:
        for number in range(1_000):
            alarm = Alarm(NAMES[0], "topic_spike", f"topic {number}", utc_hour(now), f"More about {number} than usual.")
            store.raise_alarm(alarm, ["comms"], now=now)
    command = [sys.executable, "-c", "from uproar.cli import main; main()", "alerts", "send"]
    senders = [subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) for _ in range(3)]
    assert [sender.wait(timeout=60) for sender in senders] == [0, 0, 0]
    (message,) = [request.get_json() for request, _ in httpserver.log if request.path == "/hook"]
    assert message["title"].startswith("Spike: ")
    assert "And 995 more: uproar incident list" in message["message"]
    assert len(message["message"]) < 2_000
    with open_reader(url) as reader:
        assert set(reader.deliveries()["state"]) == {"sent"}


@pytest.mark.slow
def test_sigterm_does_not_wait_for_a_source_that_hangs(world, httpserver):
    url, home, environment = world
    with socket.create_server(("127.0.0.1", 0)) as silent:
        text = WATCH.format(since="2025-05-09T00:00:00Z", url=f"http://127.0.0.1:{silent.getsockname()[1]}/feed")
        (home / "watches" / "aaa-hangs.toml").write_text(text)
        with service(environment) as (process, said):
            wait_for(lambda: "aaa-hangs" in _watches(url))
            time.sleep(1)
            end(process, said)
    with open_store(url, Settings(home=home).keys) as store:
        assert store.take_step("aaa-hangs", "collect", holder="heir", now=datetime.now(UTC)), "its claim is given back"


def _watches(url):
    with open_reader(url) as reader:
        return reader.watches()
