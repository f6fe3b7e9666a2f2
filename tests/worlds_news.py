"""Feeds, Google News and GDELT with their fakes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from fake_news import FakeFeed, FakeGdelt, FakeGoogleNews, Item
from worlds import KEYS, NOW, PHRASE, SECRET, SINCE, UNTIL, World, local, patient

from collectors.feeds import FeedsCollector
from collectors.gdelt import GdeltCollector
from collectors.googlenews import GoogleNewsCollector
from core.records import Query


def newsroom(crowd: int, step: timedelta) -> list[Item]:
    """Articles at and beyond both borders, a crowd on the fourth day, and others."""
    return [
        Item("first", SINCE, f"{PHRASE} at the first moment"),
        Item("last", UNTIL - timedelta(seconds=1), f"{SECRET} {PHRASE} at the last"),
        Item("late", UNTIL, f"{PHRASE} too late"),
        Item("early", SINCE - timedelta(seconds=1), f"{PHRASE} too early"),
        *[Item(f"n{n}", SINCE + timedelta(days=3) + n * step, f"{PHRASE} number {n}") for n in range(crowd)],
        *[Item(f"x{n}", SINCE + timedelta(hours=n), "something else altogether") for n in range(-3, 90)],
    ]


def feeds_world(tmp_path: Path, httpserver: Any) -> World:
    items = newsroom(250, timedelta(minutes=1))
    fake = FakeFeed(items)
    httpserver.expect_request("/feed").respond_with_handler(fake)
    httpserver.expect_request("/short").respond_with_handler(FakeFeed(items, shows=120))
    httpserver.expect_request("/page").respond_with_data("<html>", content_type="text/html")
    transport = patient(local(tmp_path))
    collector = FeedsCollector(transport, lambda: KEYS, clock=lambda: NOW)

    def query(path: str) -> Query:
        return Query(f'"{PHRASE}"', SINCE, UNTIL, "feeds", {"urls": httpserver.url_for(path)})

    truth = {f"localhost/{i.id}" for i in items if PHRASE in i.title} - {"localhost/late", "localhost/early"}
    world = World(
        collector, query("/feed"), truth, lambda: len(fake.asked), query("/page"), collector,
        replace(query("/feed"), expression="nobodysaysthis"),
    )  # fmt: skip
    return replace(world, capped=replace(world, query=query("/short")))


def googlenews_world(tmp_path: Path, httpserver: Any) -> World:
    items = newsroom(90, timedelta(minutes=1))
    fake = FakeGoogleNews(items)
    httpserver.expect_request("/rss/search").respond_with_handler(fake)
    httpserver.expect_request("/crowded/search").respond_with_handler(FakeGoogleNews(newsroom(140, timedelta(0))))
    httpserver.expect_request("/broken/search").respond_with_data("<html>", content_type="text/html")

    def collector(path: str) -> GoogleNewsCollector:
        transport = patient(local(tmp_path))
        return GoogleNewsCollector(transport, lambda: KEYS, url=httpserver.url_for(path), clock=lambda: NOW)

    query = Query(f'"{PHRASE}"', SINCE, UNTIL, "googlenews")
    truth = {f"localhost/{i.id}" for i in items if PHRASE in i.title} - {"localhost/late", "localhost/early"}
    world = World(
        collector("/rss/search"), query, truth, lambda: len(fake.asked), query, collector("/broken/search"),
        replace(query, expression="nobodysaysthis"),
    )  # fmt: skip
    return replace(world, capped=replace(world, collector=collector("/crowded/search")))


def gdelt_world(tmp_path: Path, httpserver: Any) -> World:
    items = newsroom(700, timedelta(seconds=30))
    fake = FakeGdelt(items)
    httpserver.expect_request("/doc").respond_with_handler(fake)
    httpserver.expect_request("/crowded").respond_with_handler(FakeGdelt(newsroom(400, timedelta(0))))
    httpserver.expect_request("/broken").respond_with_data("<html>", content_type="text/html")

    def collector(path: str) -> GdeltCollector:
        transport = patient(local(tmp_path))
        return GdeltCollector(transport, lambda: KEYS, url=httpserver.url_for(path), clock=lambda: NOW)

    query = Query(f'"{PHRASE}"', SINCE, UNTIL, "gdelt")
    truth = {i.url for i in items if PHRASE in i.title and i.id not in ("late", "early")}
    world = World(
        collector("/doc"), query, truth, lambda: len(fake.asked), query, collector("/broken"),
        replace(query, expression="nobodysaysthis"),
    )  # fmt: skip
    return replace(world, capped=replace(world, collector=collector("/crowded")))
