"""Bluesky for real: a network of its own servers on this machine. `make test-bluesky` installs and runs it.

Its search takes no notice of times and needs no account; refusals and limits are tested against the fake.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from postgres_server import PostgresServer

from collectors.bluesky import BlueskyCollector
from collectors.protocol import Limits
from core.errors import AccessDenied
from core.http import Transport
from core.records import Gone, Query, Seen
from core.settings import PROJECT, Settings

pytestmark = [pytest.mark.bluesky, pytest.mark.timeout(240)]

PASSWORD = "a-password-of-this-test"
POSTS = 250


class Network:
    """The running network. `settle` waits until the index holds what was written."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.urls = json.loads(self._line())

    def settle(self) -> None:
        assert self._process.stdin
        self._process.stdin.write("settle\n")
        self._process.stdin.flush()
        assert self._line().strip() == "settled"

    def _line(self) -> str:
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, "the network ended"
        return line


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@pytest.fixture(scope="module")
def network(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    folder = Path(os.environ.get("UPROAR_BLUESKY_NETWORK", PROJECT / "var" / "bluesky-network"))
    node = shutil.which("node", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    redis = shutil.which("redis-server")
    if not (node and redis and (folder / "node_modules" / "@atproto" / "dev-env").exists()):
        pytest.skip("needs Node, Redis and @atproto/dev-env: make test-bluesky")
    address = postgres.url("postgres").replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE DATABASE bluesky")
    port, place = free_port(), tmp_path_factory.mktemp("bluesky")
    with ExitStack() as stack:
        quiet = stack.enter_context((place / "log").open("w"))
        keeper = subprocess.Popen(
            [redis, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
            stdout=quiet,
            cwd=place,
        )
        stack.callback(keeper.wait, 20)
        stack.callback(keeper.terminate)
        script, database = Path(__file__).with_name("bluesky_network.mjs"), address.replace("/postgres?", "/bluesky?")
        servers = subprocess.Popen(
            [node, str(script), str(folder), database, f"127.0.0.1:{port}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=quiet, text=True, cwd=place,
        )  # fmt: skip
        stack.enter_context(servers)  # closes the pipes
        stack.callback(lambda: servers.stdin and servers.stdin.close())
        yield Network(servers)


@pytest.fixture(scope="module")
def author(network):
    """An account of the network, by the SDK itself."""
    from atproto_client import Client, models

    client = Client(network.urls["pds"])
    client.com.atproto.server.create_account(
        models.ComAtprotoServerCreateAccount.Data(email="a@example.org", handle="author.test", password=PASSWORD)
    )
    network.settle()
    client.login("author.test", PASSWORD)
    yield client
    client.request.close()


@pytest.fixture(scope="module")
def written(network, author):
    """The addresses of the posts that hold the word."""
    addresses = [author.send_post(f"quokkaterms are changing, number {n}").uri for n in range(POSTS)]
    author.send_post("something else altogether")
    network.settle()
    return addresses


@pytest.fixture
def collector(network, tmp_path):
    settings = Settings(
        home=tmp_path / "home", allow_private_addresses=True, bluesky_url=network.urls["pds"],
        bluesky_handle="author.test", bluesky_password=PASSWORD,
    )  # fmt: skip
    with Transport(settings) as transport:
        yield BlueskyCollector(settings, transport)


def ask(word="quokkaterms"):
    now = datetime.now(UTC)
    return Query(word, now - timedelta(hours=1), now + timedelta(minutes=1), "bluesky")


def found(collector, query):
    pages = list(collector.collect(query, None, Limits()))
    return pages, {s.post.id: s.post for page in pages for s in page.posts}


def test_every_post_is_found_over_several_pages(collector, written, tmp_path):
    pages, posts = found(collector, ask())
    assert set(posts) == set(written)
    assert len(pages) == 3
    assert not any(page.rejected or page.truncated for page in pages)
    assert all(post.text.startswith("quokkaterms") and post.kind == "post" for post in posts.values())
    assert (tmp_path / "home" / "bluesky-session.json").stat().st_mode & 0o777 == 0o600


def test_the_session_is_kept_from_run_to_run(collector, written, tmp_path):
    found(collector, ask())
    first = json.loads((tmp_path / "home" / "bluesky-session.json").read_text())
    found(collector, ask("altogether"))
    assert json.loads((tmp_path / "home" / "bluesky-session.json").read_text()) == first
    assert len(first["logins"]) == 1


def test_a_spent_access_token_is_refreshed(collector, written, tmp_path):
    found(collector, ask())
    path = tmp_path / "home" / "bluesky-session.json"
    kept = json.loads(path.read_text())
    handle, did, access, refresh, *server = kept["session"].split(":::")
    path.write_text(json.dumps({**kept, "session": ":::".join([handle, did, access[:-9] + "A" * 9, refresh, *server])}))
    assert set(found(collector, ask())[1]) == set(written)
    assert len(json.loads(path.read_text())["logins"]) == 1, "refreshed, not logged in again"


def test_a_wrong_password_is_refused_without_a_secret(network, written, tmp_path):
    settings = Settings(
        home=tmp_path, allow_private_addresses=True, bluesky_url=network.urls["pds"], bluesky_handle="author.test",
        bluesky_password="canary-4711",
    )  # fmt: skip
    refused = pytest.raises(AccessDenied, match="UPROAR_BLUESKY_PASSWORD")
    with Transport(settings) as transport, refused as raised:
        found(BlueskyCollector(settings, transport), ask())
    assert "canary" not in str(raised.value)


def test_a_like_and_a_deletion_are_seen_by_recheck(network, author, collector, written):
    first, second = written[0], written[1]
    liked = author.get_posts([first]).posts[0]
    author.like(liked.uri, liked.cid)
    author.delete_post(second)
    network.settle()
    answers = {answer.id: answer for answer in collector.recheck([first, second], Limits())}
    assert answers[second] == Gone(second)
    assert isinstance(answers[first], Seen)
    assert answers[first].likes == 1
    assert second not in found(collector, ask())[1]
