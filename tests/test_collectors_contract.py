"""The promises of `collectors.protocol`, over every registered collector.

A collector joins by an entry in WORLDS: a small fake of its service, and the posts that it must bring.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fake_hackernews import FakeHackerNews, comment, story
from worlds import KEYS, NOW, PHRASE, SECRET, SINCE, UNTIL, World, local, patient
from worlds_lemmy import lemmy_world
from worlds_news import feeds_world, gdelt_world, googlenews_world
from worlds_paid import GIVEN, reddit_world, x_world
from worlds_social import bluesky_world, jetstream_world, mastodon_world, youtube_world

from collectors.files import FilesCollector
from collectors.hackernews import HackerNewsCollector
from collectors.protocol import Limits
from collectors.registry import COLLECTORS, load_collector
from core.errors import BudgetExhausted, ConfigError, UproarError
from core.records import Page, Query
from core.settings import Settings


def files_world(tmp_path: Path, httpserver: Any) -> World:
    import gzip

    path = tmp_path / "posts.jsonl"
    at = [SINCE + n * (UNTIL - SINCE) / 2_500 for n in range(2_500)]
    rows = [
        {
            "id": f"p{n}",
            "platform": "forum",
            "created_at": t.isoformat(),
            "text": f"{PHRASE} {SECRET} {n}",
            "author": f"a{n % 9}",
        }
        for n, t in enumerate(at)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    damaged = tmp_path / "damaged.jsonl.gz"
    packed = gzip.compress(path.read_bytes())
    damaged.write_bytes(packed[: len(packed) // 2])
    collector = FilesCollector(lambda: KEYS, clock=lambda: NOW)
    query = Query(PHRASE, SINCE, UNTIL, "files", {"path": str(path)})
    missing = replace(query, options={"path": str(tmp_path / "none.jsonl")})
    world = World(collector, query, {row["id"] for row in rows}, lambda: 0, missing, collector, None)
    capped = replace(world, query=replace(query, options={"path": str(damaged)}))
    return replace(world, capped=capped)


def hackernews_world(tmp_path: Path, httpserver: Any) -> World:
    def at(moment: datetime) -> int:
        return int(moment.timestamp())

    crowd = at(SINCE + timedelta(days=4))
    items = [
        story(1, at(SINCE), f"{PHRASE} at the first moment"),
        comment(2, at(UNTIL) - 1, f"{SECRET} {PHRASE} at the last"),
        story(3, at(UNTIL), f"{PHRASE} too late"),
        story(4, at(SINCE) - 1, f"{PHRASE} too early"),
        comment(5, at(SINCE) + 60, "a reply", root=1, title=f"{PHRASE} at the first moment"),
        *[comment(1000 + n, crowd + n, f"{PHRASE} in the crowd, number {n}") for n in range(1_300)],
        *[comment(9000 + n, at(SINCE) + 3_600 * n, "something else altogether") for n in range(200)],
    ]
    fake = FakeHackerNews(items)
    httpserver.expect_request("/api/v1/search_by_date").respond_with_handler(fake)
    crowded = FakeHackerNews([comment(n, crowd, f"{PHRASE} all at once {n}") for n in range(1, 1_200)])
    httpserver.expect_request("/crowded/search_by_date").respond_with_handler(crowded)
    httpserver.expect_request("/broken/search_by_date").respond_with_data("<html>", content_type="text/html")

    def collector(path: str) -> HackerNewsCollector:
        return HackerNewsCollector(
            patient(local(tmp_path)), lambda: KEYS, url=httpserver.url_for(path), clock=lambda: NOW
        )

    query = Query(f'"{PHRASE}"', SINCE, UNTIL, "hackernews")
    world = World(
        collector("/api/v1"), query, {"1", "2", "5", *(str(1000 + n) for n in range(1_300))}, lambda: len(fake.asked),
        query, collector("/broken"), replace(query, expression="nobodysaysthis"),
    )  # fmt: skip
    return replace(world, capped=replace(world, collector=collector("/crowded")))


WORLDS: dict[str, Callable[[Path, Any], World]] = {
    "bluesky": bluesky_world,
    "bluesky:jetstream": jetstream_world,
    "feeds": feeds_world,
    "files": files_world,
    "gdelt": gdelt_world,
    "googlenews": googlenews_world,
    "hackernews": hackernews_world,
    "lemmy": lemmy_world,
    "mastodon": mastodon_world,
    "reddit": reddit_world,
    "youtube": youtube_world,
    "x": x_world,
}
"""By collector, or "collector:way" where one has several ways to its source."""


@pytest.fixture(params=sorted(WORLDS))
def world(request, tmp_path, httpserver) -> Iterator[World]:
    made = WORLDS[request.param](tmp_path, httpserver)
    yield made
    made.close()


def pages(world: World, cursor: str | None = None, limits: Limits | None = None) -> list[Page]:
    return list(world.collector.collect(world.query, cursor, limits or Limits()))


def ids(found: list[Page]) -> list[str]:
    return [sighted.post.id for page in found for sighted in page.posts]


def test_every_harness_entry_is_a_registered_collector():
    assert {name.partition(":")[0] for name in WORLDS} == set(COLLECTORS), "each collector has an entry in WORLDS"


@pytest.mark.parametrize("name", sorted(COLLECTORS))
def test_it_is_built_from_settings_and_knows_its_name_and_price(name, tmp_path):
    collector = load_collector(name, Settings(home=tmp_path, **GIVEN))
    assert collector.name == name
    assert 0 <= collector.price < 1, "US dollars a post"
    assert not list(tmp_path.iterdir()), "building one writes nothing"


def test_an_unknown_name_lists_the_known_ones(tmp_path):
    with pytest.raises(ConfigError, match=", ".join(sorted(COLLECTORS))):
        load_collector("gopher", Settings(home=tmp_path))


def test_nothing_is_asked_before_the_first_page(world):
    waiting = world.collector.collect(world.query, None, Limits())
    failing = world.absent_collector.collect(world.absent, None, Limits())
    assert world.asked() == 0
    with pytest.raises(UproarError):
        next(failing)
    assert next(waiting).read >= 0


def test_all_of_the_span_comes_borders_included_and_each_post_once(world):
    found = ids(pages(world))
    assert set(found) == world.truth
    assert len(found) == len(world.truth)


def test_pages_are_small_and_counted(world):
    found = pages(world)
    assert max(len(page.posts) for page in found) <= 1_000
    assert sum(page.read for page in found) >= len(world.truth)


def test_a_run_killed_after_any_page_resumes_without_a_gap(world):
    whole = pages(world)
    for killed_after in range(len(whole)):
        before = whole[: killed_after + 1]
        cursor = next((page.cursor for page in reversed(before) if page.cursor), None)
        if killed_after and cursor == next((p.cursor for p in reversed(before[:-1]) if p.cursor), None):
            continue  # no new cursor: resuming here is the case before
        assert set(ids(before)) | set(ids(pages(world, cursor))) == world.truth


def test_the_last_page_of_a_source_with_cursors_has_one(world):
    cursors = [page.cursor for page in pages(world)]
    assert not any(cursors) or cursors[-1]


def test_times_are_aware_and_utc(world):
    posts = [sighted.post for page in pages(world) for sighted in page.posts]
    assert posts
    assert all(post.created_at.tzinfo is UTC and post.collected_at.tzinfo is UTC for post in posts)


def test_ids_are_stable_and_authors_are_pseudonyms(world):
    first, second = (
        {(s.post.source, s.post.id): s.post for page in pages(world) for s in page.posts} for _ in range(2)
    )
    assert first == second
    assert all(post.author.startswith(f"{KEYS.id}:") for post in first.values())


def test_empty_is_not_failed(world):
    if world.empty is None:
        with pytest.raises(UproarError):
            list(world.absent_collector.collect(world.absent, None, Limits()))
        return
    found = list(world.collector.collect(world.empty, None, Limits()))
    assert ids(found) == []
    assert not any(page.truncated or page.rejected for page in found)


def test_what_is_withheld_is_truncated(world):
    assert world.capped is not None, "every source has a cap or can be damaged: show it"
    found = pages(world.capped)
    assert [interval for page in found for interval in page.truncated]
    assert not [interval for page in pages(world) for interval in page.truncated]


def test_neither_text_nor_secrets_are_logged(world, caplog):
    caplog.set_level(logging.DEBUG)
    pages(world)
    with pytest.raises(UproarError) as raised:
        list(world.absent_collector.collect(world.absent, None, Limits()))
    ours = "\n".join(r.getMessage() for r in caplog.records if r.name != "werkzeug")  # that is the fake's own log
    for said in (ours, str(raised.value)):
        assert SECRET not in said
        assert PHRASE not in said
        assert "quokka" not in said


def test_a_deadline_in_the_past_ends_the_run(world):
    with pytest.raises(BudgetExhausted):
        pages(world, limits=Limits(deadline=NOW))
