"""Jetstream: a real websocket server, replay from a cursor, broken connections, what is no longer kept."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from fake_bluesky import FakeJetstream, event

from collectors.jetstream import BATCH, Jetstream
from collectors.protocol import Limits
from core.errors import AccessDenied, QueryRejected, RetryLater
from core.keys import Keys
from core.records import Query
from core.settings import Settings

KEYS = Keys(b"k" * 32)
SINCE = datetime(2025, 5, 9, tzinfo=UTC)
NOW = SINCE + timedelta(days=2)
SECOND = timedelta(seconds=1)


@pytest.fixture
def serve(tmp_path):
    servers = []

    def start(events, *, quiet=2.0, private=True, **more):
        servers.append(FakeJetstream(events, **more))
        settings = Settings(home=tmp_path, allow_private_addresses=private, jetstream_url=servers[-1].url)
        return Jetstream(settings, lambda: KEYS, clock=lambda: NOW, quiet=quiet), servers[-1]

    yield start
    for server in servers:
        server.close()


def talk(count, *, step=SECOND, start=SINCE):
    """Posts without a pause, every tenth about Acme, and one that ends the span."""
    return [event(f"n{n:06d}", start + n * step, "acme" if n % 10 == 0 else "weather") for n in range(count)]


def query(seconds, since=SINCE):
    return Query("acme", since, SINCE + seconds * SECOND, "bluesky", {"via": "jetstream"})


def run(stream, asked, cursor=None):
    pages = list(stream.collect(asked, cursor, Limits()))
    return pages, [s.post for page in pages for s in page.posts]


def test_posts_are_matched_here_and_counted(serve):
    stream, server = serve(talk(301))
    pages, posts = run(stream, query(300))
    assert len(posts) == 30
    assert sum(page.read for page in pages) == 301
    assert server.asked[0]["wantedCollections"] == "app.bsky.feed.post"
    assert posts[0].id == "at://did:plc:author7/app.bsky.feed.post/n000000"
    assert posts[0].author == KEYS.author("bluesky", "did:plc:author7")
    assert pages[-1].cursor == query(300).until.isoformat()


def test_a_cursor_comes_with_every_batch_and_resumes(serve):
    count = BATCH + 2_000
    stream, server = serve(talk(count, step=SECOND / 20))
    pages, posts = run(stream, query((count - 1) / 20))
    assert len(pages) == 2
    stream, server = serve(talk(count, step=SECOND / 20))
    _, rest = run(stream, query((count - 1) / 20), pages[0].cursor)
    at = datetime.fromtimestamp(int(server.asked[0]["cursor"]) / 1e6, UTC)
    assert timedelta(0) < datetime.fromisoformat(pages[0].cursor) - at < timedelta(seconds=30)
    assert {p.id for p in rest} | {s.post.id for s in pages[0].posts} == {p.id for p in posts}


def test_a_connection_that_breaks_off_is_taken_up_again_without_a_gap(serve):
    stream, server = serve(talk(301), break_after=150)
    pages, posts = run(stream, query(300))
    assert len({post.id for post in posts}) == 30
    assert len(server.asked) == 2
    assert not any(page.truncated for page in pages)


def test_a_stream_that_falls_silent_is_no_calm(serve):
    stream, _ = serve(talk(100), quiet=0.2)
    read = []
    with pytest.raises(RetryLater, match="Jetstream"):
        read.extend(stream.collect(query(300), None, Limits()))


def test_what_was_read_before_a_silence_is_kept(serve):
    stream, _ = serve(talk(100), quiet=0.2)
    pages = stream.collect(query(300), None, Limits())
    first = next(pages)
    assert len(first.posts) == 10
    assert first.cursor == (SINCE + 99 * SECOND).isoformat()
    with pytest.raises(RetryLater):
        list(pages)


def test_what_is_no_longer_kept_is_truncated(serve):
    stream, _ = serve(talk(301), keeps_from=SINCE + 200 * SECOND)
    pages, _ = run(stream, query(300))
    assert [(i.start, i.end) for page in pages for i in page.truncated] == [(SINCE, SINCE + 200 * SECOND)]


def test_a_minute_without_a_single_post_is_truncated(serve):
    events = talk(100) + talk(101, start=SINCE + 200 * SECOND)
    stream, _ = serve(events)
    pages, _ = run(stream, query(300))
    assert [(i.start, i.end) for page in pages for i in page.truncated] == [(SINCE + 99 * SECOND, SINCE + 200 * SECOND)]


def test_odd_events_are_rejected_and_the_rest_taken(serve):
    good, at = talk(61), int((SINCE + SECOND).timestamp() * 1e6)
    record = {"$type": "app.bsky.feed.post", "text": "acme", "createdAt": "soon"}
    commit = {"operation": "create", "collection": "app.bsky.feed.post", "rkey": "a", "record": record}
    odd = [
        "{half", "[1]", json.dumps(None),
        {"did": "did:plc:a", "time_us": at, "kind": "identity"},
        {"did": "did:plc:a", "time_us": at, "commit": {**commit, "operation": "delete"}},
        {"did": "did:plc:a", "time_us": at, "commit": {**commit, "collection": "app.bsky.feed.like"}},
        {"did": 5, "time_us": at, "commit": commit},
        {"did": "did:plc:a", "time_us": at, "commit": {**commit, "record": None}},
        {"did": "did:plc:a", "time_us": "late", "commit": commit},
        {"did": "did:plc:a", "time_us": at, "commit": {**commit, "rkey": "edited", "operation": "update"}},
    ]  # fmt: skip
    stream, _ = serve([*good[:2], *odd, *good[2:]])
    pages, posts = run(stream, query(60))
    assert {post.id.rpartition("/")[2] for post in posts} == {*(f"n{n:06d}" for n in range(0, 60, 10)), "edited"}
    assert [r.reason for page in pages for r in page.rejected] == [
        *["message that is no JSON object"] * 3, "record without the address of a post", "record without a text",
        "record without a time",
    ]  # fmt: skip


def test_a_post_of_long_ago_that_comes_now_is_left_to_its_own_time(serve):
    old = event("old", SINCE + 5 * SECOND, "acme", createdAt="2015-01-01T00:00:00Z")
    stream, _ = serve(sorted([*talk(61), old], key=lambda e: e["time_us"]))
    assert "old" not in {post.id.rpartition("/")[2] for post in run(stream, query(60))[1]}


def test_private_addresses_and_other_schemes_are_refused(serve, tmp_path):
    stream, server = serve(talk(10), private=False)
    with pytest.raises(AccessDenied, match="private"):
        run(stream, query(5))
    assert not server.asked
    settings = Settings(home=tmp_path, jetstream_url="https://example.org")
    with pytest.raises(QueryRejected, match="ws://"):
        run(Jetstream(settings, lambda: KEYS, clock=lambda: NOW), query(5))


def test_a_server_that_is_not_there_is_asked_three_times(tmp_path):
    settings = Settings(home=tmp_path, allow_private_addresses=True, jetstream_url="ws://127.0.0.1:9/subscribe")
    with pytest.raises(RetryLater, match="cannot be reached"):
        run(Jetstream(settings, lambda: KEYS, clock=lambda: NOW), query(5))
