"""Recorded answers of Bluesky, Mastodon and YouTube are understood; answers broken in any field never stop a run."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import yaml
from fake_bluesky import event, stamp, view
from fake_mastodon import status
from fake_youtube import comment
from hypothesis import given
from hypothesis import strategies as st
from mutations import broken

from collectors.bluesky_records import post_of_event, post_of_view, seen_of
from collectors.bluesky_search import BlueskySearch
from collectors.json_fields import NotAPost
from collectors.mastodon import MastodonCollector
from collectors.mastodon_records import opted_out
from collectors.mastodon_records import post_of as mastodon_post
from collectors.protocol import Limits
from collectors.youtube import YoutubeCollector
from collectors.youtube_records import post_of as youtube_post
from core.errors import UproarError
from core.http import Answer
from core.keys import Keys
from core.records import Post, Query
from core.settings import Settings, load_settings

KEYS = Keys(b"k" * 32)
T0 = datetime(2025, 5, 9, tzinfo=UTC)
NOW = datetime(2026, 12, 31, tzinfo=UTC)
SPAN = (datetime(2019, 1, 1, tzinfo=UTC), NOW)


def recorded(platform: str) -> list[tuple[str, Any]]:
    """(file, decoded answer) of each recorded reply; skips, or fails in CI, where they are absent."""
    folder = load_settings().shared_data / "api" / platform
    if not folder.is_dir():
        message = f"{folder} is absent: set UPROAR_SHARED_DATA"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    found = [(path.name, json.loads(path.read_text())) for path in sorted(folder.glob("*.json"))]
    for path in sorted(folder.glob("*.y*ml")):
        kept = yaml.load(path.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        for exchange in kept.get("interactions") or kept["http_interactions"]:
            body = exchange["response"]["body"]["string"]
            found.append((path.name, json.loads(body) if body else None))
    return found


def inner(value: Any, *fields: str):
    """Every object, however deep, that has these fields."""
    if isinstance(value, dict):
        if set(fields) <= set(value):
            yield value
        for part in value.values():
            yield from inner(part, *fields)
    elif isinstance(value, list):
        for part in value:
            yield from inner(part, *fields)


def check(post: Post) -> None:
    """What the store relies on, whatever came in."""
    assert post.id
    assert post.text.strip()
    assert len(post.id) <= 300
    assert post.created_at.tzinfo is UTC
    assert post.created_at <= NOW + timedelta(minutes=10)
    for word in (post.id, post.text, post.url, post.community, post.parent_id, post.root_id):
        assert "\0" not in word
        word.encode()
    assert post.author == "" or post.author.startswith(f"{KEYS.id}:")
    assert all(n is None or (isinstance(n, int) and n >= 0) for n in (post.likes, post.reposts, post.replies))


def test_every_recorded_post_of_bluesky_is_read():
    views = [v for _, answer in recorded("bluesky") for v in inner(answer, "uri", "record", "indexedAt")]
    posts, reasons = [], set()
    for found in views:
        try:
            posts.append(post_of_view(found, KEYS, NOW))
        except NotAPost as odd:
            reasons.add(odd.reason)
    assert reasons <= {""}
    assert len(posts) >= 20
    for post in posts:
        check(post)
        assert post.url.startswith("https://bsky.app/profile/did:")
        assert post.likes is not None
    assert {"post", "comment"} <= {post.kind for post in posts}
    assert {seen_of(found).id for found in views} >= {post.id for post in posts}


def test_the_fake_of_bluesky_has_no_field_that_the_real_one_lacks():
    views = [v for _, answer in recorded("bluesky") for v in inner(answer, "uri", "record", "indexedAt")]
    assert set(view("a", T0, "x")) <= set().union(*views)
    assert set(view("a", T0, "x")["record"]) <= set().union(*(v["record"] for v in views))


def test_every_recorded_status_of_mastodon_is_read():
    statuses = [s for _, answer in recorded("mastodon") for s in inner(answer, "visibility", "content", "account")]
    posts, left_out, reasons = [], [], set()
    for found in statuses:
        try:
            posts.append(mastodon_post(found, "localhost", KEYS, NOW))
        except NotAPost as odd:
            reasons.add(odd.reason)
            left_out.append(found)
    assert reasons == {""}
    assert all(found["visibility"] != "public" or opted_out(found["account"]) for found in left_out)
    assert len(posts) > 50
    for post in posts:
        check(post)
        assert "<" not in post.text
    fake = status(1, T0, "x")
    assert set(fake) <= set().union(*statuses)
    assert set(fake["account"]) <= set().union(*(s["account"] for s in statuses))


def test_every_recorded_comment_of_youtube_is_read():
    comments = [
        c for _, answer in recorded("youtube") for c in inner(answer, "id", "snippet") if "textDisplay" in c["snippet"]
    ]
    assert len(comments) >= 10
    for found in comments:
        post = youtube_post(found, "video000001", KEYS, NOW)
        check(post)
        assert post.author
        assert (post.parent_id != "") == ("parentId" in found["snippet"])
    assert set(comment("a", T0, "x")["snippet"]) <= set().union(*(c["snippet"] for c in comments))


REPLY = {
    "root": {"uri": "at://did:plc:a/app.bsky.feed.post/1"},
    "parent": {"uri": "at://did:plc:a/app.bsky.feed.post/1"},
}
VIEW = view("a", T0, "acme", reply=REPLY, embed={"$type": "app.bsky.embed.record"})
EVENT = event("a", T0, "acme", reply=REPLY)
STATUS = status(1, T0, "acme #acme", account={"fields": [{"name": "web", "value": "x"}]}, reblog=None)
COMMENT = comment("a", T0, "acme", parent="b")
READERS = {
    "bluesky view": (VIEW, lambda r: post_of_view(r, KEYS, NOW)),
    "jetstream event": (EVENT, lambda r: post_of_event(r, KEYS, NOW)),
    "mastodon status": (STATUS, lambda r: mastodon_post(r, "m.test", KEYS, NOW)),
    "youtube comment": (COMMENT, lambda r: youtube_post(r, "video000001", KEYS, NOW)),
}


@pytest.mark.parametrize("name", READERS)
@given(data=st.data())
def test_a_record_broken_in_any_field_is_a_post_or_a_reason(name, data):
    record, read = READERS[name]
    try:
        post = read(data.draw(broken(record)))
    except NotAPost:
        return
    check(post)


class Canned:
    """A transport that gives one answer to everything, and an empty end to what follows."""

    def __init__(self, first: Any, then: Any, **fixed: Any) -> None:
        self.first, self.then, self.fixed, self.asked = first, then, fixed, 0

    def get(self, url: str, params: Any = None, *, headers: Any = None, accept: Any = ()) -> Answer:
        fixed = [content for name, content in self.fixed.items() if f"/{name}?" in url]
        self.asked += not fixed
        assert self.asked < 5_000, "a loop"
        content = fixed[0] if fixed else self.first if self.asked == 1 else self.then
        try:
            body = json.dumps(content).encode()
        except ValueError:
            body = b"{}"
        return Answer(200, httpx.Headers({"Content-Type": "application/json"}), body)


class CannedReader:
    """The same for Bluesky, behind its session."""

    def __init__(self, first: Any, then: Any) -> None:
        self.transport = Canned(first, then)

    def get(self, method: str, params: Any) -> Any:
        return json.loads(self.transport.get(method).body)


def run(pages) -> None:
    """Pages, or one of our errors; nothing else."""
    said = ""
    try:
        for page in pages:
            for sighted in page.posts:
                check(sighted.post)
    except UproarError as error:
        said = str(error)
    assert "acme" not in said


@given(answer=broken({"posts": [VIEW, view("b", T0, "acme")], "cursor": "1", "hitsTotal": 2}))
def test_a_broken_answer_of_bluesky_stops_nothing(answer):
    search = BlueskySearch(CannedReader(answer, {"posts": []}), lambda: KEYS, clock=lambda: NOW)
    run(search.collect(Query("acme", T0, T0 + timedelta(days=1), "bluesky"), None, Limits()))


@given(answer=broken([STATUS, status(2, T0, "acme #acme")]))
def test_a_broken_answer_of_mastodon_stops_nothing(answer):
    settings = Settings(author_key="6b" * 32)
    collector = MastodonCollector(settings, Canned(answer, []), clock=lambda: NOW)
    query = Query("acme", T0 - timedelta(days=1), T0 + timedelta(days=1), "mastodon", {"instances": "m.test"})
    run(collector.collect(query, None, Limits()))


THREADS = {
    "items": [{"id": "a", "snippet": {"topLevelComment": comment("a", T0, "acme"), "totalReplyCount": 1},
               "replies": {"comments": [COMMENT]}}],
    "nextPageToken": "t", "pageInfo": {"totalResults": 1},
}  # fmt: skip


@given(answer=broken(THREADS))
def test_a_broken_answer_of_youtube_stops_nothing(answer, tmp_path_factory):
    home = tmp_path_factory.mktemp("youtube")
    settings = Settings(home=home, author_key="6b" * 32, youtube_key="k")
    videos = {"items": [{"id": "video000001", "snippet": {"title": "acme"}}]}
    collector = YoutubeCollector(settings, Canned(answer, {"items": []}, videos=videos), clock=lambda: NOW)
    query = Query("acme", T0, T0 + timedelta(days=1), "youtube", {"videos": "video000001"})
    run(collector.collect(query, None, Limits()))


def test_a_recorded_page_that_comes_over_the_wire_is_collected(httpserver, tmp_path):
    """The hashtag timeline as Mastodon sent it, through Mastodon.py."""
    from core.http import Transport

    sent = next(a for n, a in recorded("mastodon") if n == "test_hashtag_tl.yaml" and isinstance(a, list))
    httpserver.expect_request("/api/v1/timelines/tag/hoot").respond_with_json(sent)
    settings = Settings(home=tmp_path, allow_private_addresses=True)
    collector = MastodonCollector(settings, Transport(settings, sleep=lambda s: None), clock=lambda: NOW)
    at = datetime.fromisoformat(sent[0]["created_at"])
    options = {"instances": httpserver.url_for("").rstrip("/"), "tags": "hoot"}
    query = Query("hoot", at - timedelta(hours=1), at + timedelta(hours=1), "mastodon", options)
    held = [s.post for page in collector.collect(query, None, Limits()) for s in page.posts]
    assert [post.text for post in held] == ["#hoot (hashtag toot)"]
    assert stamp(held[0].created_at) == sent[0]["created_at"]
