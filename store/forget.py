"""Deletion: what a post counted stays; whatever says whose it was or what it said goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import Connection, and_, insert, select

from core.text import clean
from store.bulk import run_many, select_in
from store.counting import live_counts
from store.engine import changing, is_sqlite, reading
from store.handle import KeyedHandle
from store.posts import DIRTY, FTS_DROP, Hours, drop_unheld_scores
from store.registry import counted_models
from store.rows import stands_in
from store.schema import COUNT_KEY, MEASURES, erasures, posts, removed_counts, sightings, sources
from store.scrub import scrub
from store.statements import chunks, find_number, insert_into
from store.types import from_hour, micros

_PART = 200
"""Posts erased in one transaction: their hours are counted twice in it."""

_FOUND = "SELECT id, text_key, text FROM posts WHERE source_id = ? AND post_id IN {}"
_TOMBSTONE = "INSERT INTO tombstones (mark, at) VALUES (?, ?) ON CONFLICT DO NOTHING"
_HOURS = "SELECT DISTINCT watch_id, hour FROM sightings WHERE post IN {}"
_EXPORTS = "SELECT export_id FROM export_posts WHERE post IN {}"
Counts = Counter[tuple[Any, ...]]
"""Rollup key and measure -> count."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What a deletion did: `posts` erased, `hours` to recount, and the `exports` (path names) that hold such posts."""

    posts: int
    hours: int
    exports: tuple[str, ...] = ()


class Eraser(KeyedHandle):
    """The part of `Store` that forgets."""

    def forget(
        self, source: str, *, ids: Sequence[str] = (), author: str = "", now: datetime, reason: str = "request"
    ) -> Forgotten:  # fmt: skip
        """Erase posts of `source`: those with `ids`, and all of one author (an account, under every
        version of the key, or a pseudonym).

        Text, author, URL, id, search index, labels and tags go, and the score with its last post. What they
        counted stays as removed counts, a pending post as not scored. Each id leaves a salted mark that stops its
        re-collection, also where the post was never here. In parts, each one transaction: when killed, run it again.
        Each part that erased something is noted in the log of deletions, with `reason` and without a name.
        """
        names = {clean(name) for name in ids}
        with reading(self._engine) as connection:
            number = find_number(connection, sources, clean(source))
            if author and number is not None:
                names.update(self._posts_of(connection, number, self._keys.authors(source, author)))
        erased, hours, files = 0, set(), set()
        for part in chunks(sorted(names)):
            marks = [(self._keys.tombstone(clean(source), name), micros(now)) for name in part]
            with changing(self._engine) as connection:
                run_many(connection, _TOMBSTONE, marks)
                if number is None:
                    continue
                found = list(select_in(connection, _FOUND, part, (number,)))
                held = _forget_exports(connection, [row[0] for row in found])
                files |= held
                hours |= _erase(connection, found)
                erased += len(found)
                if found:
                    row = {"at": now, "source": clean(source), "reason": reason, "posts": len(found)}
                    connection.execute(insert(erasures).values(**row, exports=len(held)))
        if number is not None:
            self._forget_parents(number, names)
        if erased:
            scrub(self._engine)
        return Forgotten(erased, len(hours), tuple(sorted(files)))

    @staticmethod
    def _posts_of(connection: Connection, source_id: int, authors: Sequence[str]) -> list[str]:
        query = select(posts.c.post_id).where(posts.c.source_id == source_id, posts.c.author.in_(authors))
        return list(connection.scalars(query))

    def _forget_parents(self, source_id: int, names: Collection[str]) -> None:
        # The id of a deleted post also stands in its replies, and in their links (Reddit's with the title of what
        # they answer). A scan: deletions are rare, another index is not.
        for column in ("parent_id", "root_id"):
            sql = f"SELECT id, url, {column} FROM posts WHERE source_id = ? AND {column} IN {{}}"
            with reading(self._engine) as connection:
                found = list(select_in(connection, sql, names, (source_id,)))
            replies = [("" if stands_in(name, url) else url, number) for number, url, name in found]
            for part in chunks(replies):
                with changing(self._engine) as connection:
                    run_many(connection, f"UPDATE posts SET {column} = '', url = ? WHERE id = ?", part)


def _erase(connection: Connection, found: Sequence[tuple[Any, ...]]) -> Hours:
    """Delete posts (number, text key, text) with all that hangs on them; returns the hours that held them."""
    numbers = [row[0] for row in found]
    hours: Hours = {(watch_id, hour) for watch_id, hour in select_in(connection, _HOURS, numbers)}
    before = _live(connection, hours)
    if is_sqlite(connection):
        connection.exec_driver_sql("PRAGMA secure_delete=ON")
        run_many(connection, FTS_DROP, [(number, text) for number, _, text in found])
    for table in ("sightings", "labels", "drawn", "tags", "rechecks"):
        run_many(connection, f"DELETE FROM {table} WHERE post = ?", [(number,) for number in numbers])
    run_many(connection, "DELETE FROM posts WHERE id = ?", [(number,) for number in numbers])
    # The difference of two recounts, so that a text with another living copy in its hour is not counted away.
    _add_removed(connection, before - _live(connection, hours))
    drop_unheld_scores(connection, {bytes(key) for _, key, _ in found})
    run_many(connection, DIRTY, hours)
    return hours


def _live(connection: Connection, hours: Hours) -> Counts:
    by_watch: dict[int, list[datetime]] = {}
    for watch_id, hour in hours:
        by_watch.setdefault(watch_id, []).append(from_hour(hour))
    found: Counts = Counter()
    for watch_id, starts in by_watch.items():
        where = and_(sightings.c.watch_id == watch_id, sightings.c.hour.in_(starts))
        for model_id, subject in counted_models(connection, watch_id):
            counted = live_counts(model_id, subject, where)
            for row in chain.from_iterable(map(connection.execute, counted)):
                key = tuple(row[: len(COUNT_KEY)])
                found.update({(key, name): row[i] for i, name in enumerate(MEASURES, len(COUNT_KEY))})
    return found


def _add_removed(connection: Connection, gone: Counts) -> None:
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for (key, measure), count in gone.items():
        row = rows.setdefault(key, {**dict(zip(COUNT_KEY, key, strict=True)), **dict.fromkeys(MEASURES, 0)})
        # A deleted post will never be scored: it stops waiting.
        row["not_scored" if measure == "pending" else measure] += count
    statement = insert_into(connection, removed_counts)
    both = {measure: removed_counts.c[measure] + statement.excluded[measure] for measure in MEASURES}
    add = statement.on_conflict_do_update(index_elements=list(COUNT_KEY), set_=both)
    for part in chunks(rows.values()):
        connection.execute(add, part)


def _forget_exports(connection: Connection, numbers: Collection[int]) -> set[str]:
    """Drop the posts from the export log, keeping how many each file lost; returns the files' names."""
    lost = Counter(export_id for (export_id,) in select_in(connection, _EXPORTS, numbers))
    run_many(connection, "DELETE FROM export_posts WHERE post = ?", [(number,) for number in numbers])
    run_many(connection, "UPDATE export_log SET erased = erased + ? WHERE id = ?", [(n, i) for i, n in lost.items()])
    return {name for (name,) in select_in(connection, "SELECT path_name FROM export_log WHERE id IN {}", lost)}
