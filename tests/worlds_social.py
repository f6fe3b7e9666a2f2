"""The worlds of the collectors contract: Bluesky in both ways, Mastodon and YouTube."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from fake_bluesky import HANDLE, PASSWORD, FakeBluesky, FakeJetstream, event, view
from fake_mastodon import FakeMastodon, status
from fake_youtube import KEY, FakeYoutube, comment
from worlds import NOW, PHRASE, SECRET, SINCE, UNTIL, World, local, patient

from collectors.bluesky import BlueskyCollector
from collectors.mastodon import MastodonCollector
from collectors.youtube import YoutubeCollector
from core.records import Query


def bluesky_world(tmp_path: Path, httpserver: Any) -> World:
    crowd = SINCE + timedelta(days=4)
    views = [
        view("a", SINCE, f"{PHRASE} at the first moment"),
        view("b", UNTIL - timedelta(milliseconds=1), f"{SECRET} {PHRASE} at the last"),
        view("c", UNTIL, f"{PHRASE} too late"),
        view("d", SINCE - timedelta(milliseconds=1), f"{PHRASE} too early"),
        view("e", NOW, f"{PHRASE} indexed late", created=SINCE + timedelta(days=1)),
        *[view(f"n{n}", crowd + timedelta(seconds=n), f"{PHRASE} in the crowd, number {n}") for n in range(250)],
        *[view(f"x{n}", SINCE + timedelta(hours=n), "something else altogether") for n in range(200)],
    ]
    fake = FakeBluesky(views, lambda: NOW)
    httpserver.expect_request(re.compile("/xrpc/.*")).respond_with_handler(fake)
    crowded = FakeBluesky(
        [view(f"n{n}", crowd, f"{PHRASE} all at once") for n in range(400)], lambda: NOW, stop_after=100
    )
    httpserver.expect_request(re.compile("/crowded/xrpc/.*")).respond_with_handler(crowded)
    httpserver.expect_request(re.compile("/broken/xrpc/.*")).respond_with_data("<html>", 403, content_type="text/html")

    def collector(path: str) -> BlueskyCollector:
        home = tmp_path / f"home{path.replace('/', '-')}"
        url = httpserver.url_for(path).rstrip("/")
        settings = local(home, bluesky_handle=HANDLE, bluesky_password=PASSWORD, bluesky_url=url)
        return BlueskyCollector(settings, patient(settings), clock=lambda: NOW)

    query = Query(f'"{PHRASE}"', SINCE, UNTIL, "bluesky")
    truth = {v["uri"] for v in views if PHRASE in v["record"]["text"]} - {views[2]["uri"], views[3]["uri"]}
    world = World(
        collector("/"), query, truth, lambda: len(fake.asked), query, collector("/broken"),
        replace(query, expression="nobodysaysthis"),
    )  # fmt: skip
    return replace(world, capped=replace(world, collector=collector("/crowded")))


def jetstream_world(tmp_path: Path, httpserver: Any) -> World:
    until = SINCE + timedelta(hours=2)
    times = [SINCE + timedelta(seconds=20 * n) for n in range(-3, 364)]
    talk = [event(f"x{n:03d}", at, "something else altogether") for n, at in enumerate(times)]
    events = [
        event("a", SINCE, f"{PHRASE} at the first moment"),
        event("b", until - timedelta(microseconds=1), f"{SECRET} {PHRASE} at the last"),
        event("c", until, f"{PHRASE} too late"),
        event("d", SINCE - timedelta(microseconds=1), f"{PHRASE} too early"),
        *[event(f"n{n}", SINCE + timedelta(seconds=1_800 + n), f"{PHRASE} number {n}") for n in range(300)],
    ]
    stream = sorted(talk + events, key=lambda e: e["time_us"])
    truth = {f"at://{e['did']}/app.bsky.feed.post/{e['commit']['rkey']}" for e in (*events[:2], *events[4:])}

    def collector(url: str) -> BlueskyCollector:
        settings = local(tmp_path, jetstream_url=url)
        return BlueskyCollector(settings, patient(settings), clock=lambda: NOW, quiet=2.0)

    whole, short = FakeJetstream(stream), FakeJetstream(stream, keeps_from=SINCE + timedelta(hours=1))
    query = Query(f'"{PHRASE}"', SINCE, until, "bluesky", {"via": "jetstream"})
    world = World(
        collector(whole.url), query, truth, lambda: len(whole.asked), query, collector("ws://127.0.0.1:9/subscribe"),
        replace(query, expression="nobodysaysthis"), close=lambda: (whole.close(), short.close()),
    )  # fmt: skip
    return replace(world, capped=replace(world, collector=collector(short.url)))


def mastodon_world(tmp_path: Path, httpserver: Any) -> World:
    crowd = SINCE + timedelta(days=4)
    said = [
        status(1, SINCE, f"{PHRASE} at the first moment #quokka"),
        status(2, UNTIL - timedelta(milliseconds=1), f"#quokka {SECRET} {PHRASE} at the last"),
        *[status(n, crowd + timedelta(seconds=n), f"{PHRASE} number {n} #quokka") for n in range(150)],
    ]
    other = [
        status(3, UNTIL, f"{PHRASE} too late #quokka"),
        status(4, SINCE - timedelta(milliseconds=1), f"{PHRASE} too early #quokka"),
        status(5, crowd, f"{PHRASE} #quokka", account={"note": "<p>artist, <a>#<span>NoBot</span></a></p>"}),
        *[status(n, SINCE + timedelta(hours=n), "something else #quokka") for n in range(100)],
    ]
    fakes = [FakeMastodon([*said, *other]).start(), FakeMastodon([*said[:50], *other]).start()]
    closed = FakeMastodon(said, closed=True).start()
    through = getattr(httpserver, "through", str)  # the suite of faults stands between

    def collector() -> MastodonCollector:
        settings = local(tmp_path)
        return MastodonCollector(settings, patient(settings), clock=lambda: NOW)

    def ask(*instances: FakeMastodon) -> Query:
        urls = [through(fake.url) for fake in instances]
        options = {"instances": ", ".join(urls), "tags": "#quokka"}
        return Query(f'"{PHRASE}"', SINCE, UNTIL, "mastodon", options)

    world = World(
        collector(), ask(*fakes), {s["uri"] for s in said}, lambda: sum(len(fake.asked) for fake in fakes),
        ask(closed), collector(), replace(ask(*fakes), expression="nobodysaysthis"),
        close=lambda: [fake.close() for fake in (*fakes, closed)],
    )  # fmt: skip
    return replace(world, capped=replace(world, query=ask(fakes[0], closed)))


def youtube_world(tmp_path: Path, httpserver: Any) -> World:
    crowd, second = SINCE + timedelta(days=4), timedelta(seconds=1)
    talk = [
        comment("a", SINCE, f"{PHRASE} at the first moment"),
        comment("b", UNTIL - second, f"{SECRET} {PHRASE} at the last"),
        comment("a.r", SINCE + second, "a reply to it", parent="a"),
        *[comment(f"n{n:03d}", crowd + n * second, f"{PHRASE} number {n}") for n in range(150)],
        *[comment(f"n000.{n}", crowd + 2 * n * second, f"reply {n}", parent="n000") for n in range(130)],
    ]
    other = [
        comment("c", UNTIL, f"{PHRASE} too late"),
        comment("d", SINCE - second, f"{PHRASE} too early"),
        *[comment(f"x{n}", SINCE + timedelta(hours=n), "something else altogether") for n in range(120)],
    ]
    titled = [comment("t", SINCE + timedelta(days=1), "what the title is about")]
    comments = {"video000001": [*talk, *other], "video000002": titled, "video000003": []}
    titles = {"video000001": "My week", "video000002": f"On {PHRASE}", "video000003": "Nothing said"}
    fake = FakeYoutube(comments, titles)
    httpserver.expect_request(re.compile("/youtube/v3/.*")).respond_with_handler(fake)
    many = FakeYoutube(comments, {**titles, **{f"other{n:06d}": "" for n in range(60)}})
    httpserver.expect_request(re.compile("/many/youtube/v3/.*")).respond_with_handler(many)
    httpserver.expect_request(re.compile("/broken/.*")).respond_with_data("<html>", content_type="text/html")

    def collector(path: str) -> YoutubeCollector:
        url, home = httpserver.url_for(path), tmp_path / f"home{path.replace('/', '-')}"
        settings = local(home, youtube_key=KEY, youtube_url=url, youtube_daily_searches=10**4)
        return YoutubeCollector(settings, patient(settings), clock=lambda: NOW)

    query = Query(f'"{PHRASE}"', SINCE, UNTIL, "youtube")
    world = World(
        collector("/"), query, {c["id"] for c in (*talk, *titled)}, lambda: len(fake.asked), query,
        collector("/broken"), Query("nobodysaysthis", SINCE, UNTIL, "youtube"),
    )  # fmt: skip
    return replace(world, capped=replace(world, collector=collector("/many")))
