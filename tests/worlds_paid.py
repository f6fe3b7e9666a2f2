"""Entries of the contract suite for sources that need a key and a permission: small fakes and what they must bring."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from fake_reddit import FakeReddit, comment, submission
from fake_x import FakeX, post
from worlds import KEYS, NOW, PHRASE, SECRET, SINCE, UNTIL, World, local, patient, quick_pacer

from collectors.reddit import RedditCollector
from collectors.reddit_client import RedditClient
from collectors.x import XCollector
from collectors.x_client import XClient
from core.permissions import NEEDED, Permission
from core.records import Query

GIVEN: dict[str, Any] = {
    "permissions": {source: Permission("test", "test", date(2026, 1, 1), "test") for source in NEEDED},
    "reddit_client_id": "app", "reddit_client_secret": f"{SECRET}-reddit", "reddit_username": "uproar_test",
    "x_bearer_token": f"{SECRET}-x", "youtube_key": f"{SECRET}-youtube",
    "budgets": {"x": {"daily": 1_000, "monthly": 10_000}},
}  # fmt: skip
"""Settings by which every such source can be built."""


def reddit_world(tmp_path: Path, httpserver: Any) -> World:
    start, end = SINCE.timestamp(), UNTIL.timestamp()
    crowd = (SINCE + timedelta(days=4)).timestamp()
    things = [
        submission("first", start, f"{PHRASE} at the first moment"),
        submission("last", end - 1, f"{SECRET} {PHRASE} at the last", subreddit="else"),
        submission("late", end, f"{PHRASE} too late"),
        submission("early", start - 1, f"{PHRASE} too early"),
        submission("found", start + 90, f"{PHRASE} where nobody polls", subreddit="else"),
        comment("r1", start + 60, "a reply", under="first"),
        comment("r2", start + 95, "a reply", under="found", subreddit="else"),
        comment("r3", start + 99, "a reply to a reply", under="found", parent="t1_r2", subreddit="else"),
        comment("r4", end + 5, "a reply, too late", under="first"),
        submission("other", start + 5, "something else altogether"),
        *[comment(f"x{n}", start + 3_600 * n, "nothing of interest", under="other") for n in range(200)],
        *[comment(f"c{n}", crowd + n, f"{PHRASE} in the crowd, number {n}", under="other") for n in range(350)],
    ]
    fake = _served(httpserver, "/reddit", things)
    _served(httpserver, "/full", [submission(f"s{n}", crowd + n, f"{PHRASE} {n}") for n in range(1_200)])
    httpserver.expect_request(re.compile("/broken/.*"), method="POST").respond_with_data("<html>", 403)

    def collector(path: str) -> RedditCollector:
        url = httpserver.url_for(path)
        settings = local(tmp_path, reddit_url=url, reddit_oauth_url=url, **GIVEN)
        pacer = quick_pacer()
        transport = patient(settings, pacer=pacer)
        return RedditCollector(RedditClient(settings, transport, pacer=pacer), lambda: KEYS, clock=lambda: NOW)

    query = Query(f'"{PHRASE}"', SINCE, UNTIL, "reddit", {"subreddits": "test"})
    truth = {"t3_first", "t3_last", "t3_found", "t1_r1", "t1_r2", "t1_r3", *(f"t1_c{n}" for n in range(350))}
    world = World(
        collector("/reddit"), query, truth, lambda: len(fake.asked), query, collector("/broken"),
        replace(query, expression="nobodysaysthis"),
    )  # fmt: skip
    return replace(world, capped=replace(world, collector=collector("/full")))


def _served(httpserver: Any, path: str, things: list[dict[str, Any]]) -> FakeReddit:
    fake = FakeReddit(things, NOW.timestamp(), prefix=path)
    for method in ("GET", "POST"):
        httpserver.expect_request(re.compile(f"{path}/.*"), method=method).respond_with_handler(fake)
    return fake


def x_world(tmp_path: Path, httpserver: Any) -> World:
    crowd = SINCE + timedelta(days=4)
    second = timedelta(seconds=1)
    posts = [
        post(SINCE, f"{PHRASE} at the first moment", 1),
        post(UNTIL - second, f"{SECRET} {PHRASE} at the last", 2),
        post(UNTIL, f"{PHRASE} too late", 3),
        post(SINCE - second, f"{PHRASE} too early", 4),
        *[post(crowd + n * second, f"{PHRASE} in the crowd, number {n}", n) for n in range(1_300)],
        *[post(SINCE + n * 3_600 * second, "something else altogether", n) for n in range(200)],
    ]
    fake = FakeX(posts, NOW, prefix="/x")
    httpserver.expect_request(re.compile("/x/2/.*")).respond_with_handler(fake)
    httpserver.expect_request(re.compile("/looping/2/tweets/counts/.*")).respond_with_handler(
        FakeX(posts, NOW, prefix="/looping")
    )
    again = {"data": [post(crowd, PHRASE)], "meta": {"result_count": 1, "next_token": "t0"}}
    httpserver.expect_request(re.compile("/looping/2/tweets/search/.*")).respond_with_json(again)
    httpserver.expect_request(re.compile("/broken/2/.*")).respond_with_data("<html>", content_type="text/html")

    def collector(path: str) -> XCollector:
        settings = local(tmp_path, x_url=httpserver.url_for(path), **GIVEN)
        return XCollector(XClient(settings, patient(settings)), lambda: KEYS, clock=lambda: NOW)

    query = Query(f'"{PHRASE}"', SINCE, UNTIL, "x", {"archive": "yes"})
    truth = {p["id"] for p in posts if PHRASE in p["text"]} - {posts[2]["id"], posts[3]["id"]}
    world = World(
        collector("/x"), query, truth, lambda: len(fake.asked), query, collector("/broken"),
        replace(query, expression="nobodysaysthis"),
    )  # fmt: skip
    return replace(world, capped=replace(world, collector=collector("/looping")))
