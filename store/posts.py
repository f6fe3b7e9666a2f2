"""Saving pages: posts, sightings, cursor, dead letters and dirty hours in one transaction."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, func, select

from core.keys import Keys
from core.records import Page, Query
from core.text import clean
from store.bulk import insert_many, run_many, select_in
from store.engine import changing, is_sqlite
from store.handle import KeyedHandle
from store.rows import Batch, PostName, PostRow, prepare
from store.runs import save_marks
from store.schema import posts, tombstones
from store.statements import source_number, watch_number

_COLUMNS = (*PostRow._fields, "id")
_KNOWN = f"SELECT {', '.join(_COLUMNS)} FROM posts WHERE source_id = ? AND post_id IN {{}}"
_UPDATE = f"UPDATE posts SET {', '.join(f'{name} = ?' for name in PostRow._fields)} WHERE id = ?"
_SIGHTING = ("post", "watch_id", "hour", "source_id", "reason")
_STRONGER = "UPDATE sightings SET reason = ? WHERE post = ? AND watch_id = ? AND reason > ?"
DIRTY = "INSERT INTO dirty_hours (watch_id, hour) VALUES (?, ?) ON CONFLICT DO NOTHING"
_FTS_ADD = "INSERT INTO posts_fts (rowid, text) VALUES (?, ?)"
FTS_DROP = "INSERT INTO posts_fts (posts_fts, rowid, text) VALUES ('delete', ?, ?)"

Hours = set[tuple[int, int]]
"""(number of the watch, number of the hour)."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What a page added: sightings `new` to the watch, `seen` before, refused as deleted (`gone`), and `rejected`."""

    new: int
    seen: int
    gone: int
    rejected: int


class PostWriter(KeyedHandle):
    """The part of `Store` that takes posts in."""

    def __init__(self, engine: Engine, keys: Keys) -> None:
        super().__init__(engine, keys)
        self._sources: dict[str, int] = {}

    def save(self, watch: str, query: Query, page: Page, *, run: int) -> Saved:
        """Store a page of `watch` with its cursor, dead letters and dirty hours: all of it or, on an error, nothing.

        A copy of a known post collected at the same time or later replaces it; an older one adds no more than its
        sighting. Deleted posts are refused. Saving a page twice adds nothing. Raises StoreBusy, and ValueError on
        a naive time.
        """
        batch = prepare(page.posts, source_id=self._source_id, key=self._keys.text)
        with changing(self._engine) as connection:
            watch_id = watch_number(connection, watch)
            gone = self._drop_deleted(connection, batch)
            numbers, dirty = _save_posts(connection, batch.rows)
            new = _save_sightings(connection, watch_id, batch, numbers, dirty)
            run_many(connection, DIRTY, dirty)
            rejected = [*page.rejected, *batch.rejected]
            save_marks(connection, watch_id, query, page, run=run, rejected=rejected)
        return Saved(new, len(batch.rows) - new, gone, len(rejected))

    def _source_id(self, name: str) -> int:
        found = self._sources.get(name)
        if found is None:
            # A transaction of its own: a number kept in memory must not be rolled back with a page.
            with changing(self._engine) as connection:
                found = self._sources[name] = source_number(connection, clean(name))
        return found

    def _drop_deleted(self, connection: Connection, batch: Batch) -> int:
        """Take deleted posts and reposts of them out of the batch, and their ids out of others; returns how many."""
        if not batch.rows or connection.scalar(select(tombstones.c.mark).limit(1)) is None:
            return 0
        sources = {number: clean(name) for name, number in self._sources.items()}
        wanted = {(row.source_id, id_) for row in batch.rows.values() for id_ in row.names if id_}
        marks = {self._keys.tombstone(sources[name[0]], name[1]): name for name in wanted}
        found = select_in(connection, "SELECT mark FROM tombstones WHERE mark IN {}", marks)
        deleted = {marks[bytes(mark)] for (mark,) in found}
        before = len(batch.rows)
        for name, row in list(batch.rows.items()) if deleted else ():
            gone = {id_ for id_ in row.names if (row.source_id, id_) in deleted}
            if row.post_id in gone or (row.kind == "repost" and row.parent_id in gone):
                del batch.rows[name]
            elif gone:
                batch.rows[name] = row.without(gone)
        return before - len(batch.rows)


def _save_posts(connection: Connection, rows: dict[PostName, PostRow]) -> tuple[dict[PostName, int], Hours]:
    """Insert or replace; returns the numbers of the posts and the hours of other sightings that have changed.

    `rows` of posts that stay as they were stored are replaced by the stored ones.
    """
    known = _known(connection, rows)
    changed: dict[int, tuple[PostRow, PostRow]] = {}
    for name, (number, old) in known.items():
        if rows[name].collected_at < old.collected_at:
            rows[name] = old
        elif rows[name] != old:
            changed[number] = (old, rows[name])
    # Alone under the writer's lock, so the next numbers are ours.
    first = (connection.scalar(select(func.max(posts.c.id))) or 0) + 1
    fresh = {name: number for number, name in enumerate((name for name in rows if name not in known), first)}
    insert_many(connection, "posts", _COLUMNS, [(*rows[name], number) for name, number in fresh.items()])
    run_many(connection, _UPDATE, [(*new, number) for number, (_, new) in changed.items()])
    if is_sqlite(connection):
        edited = {number: pair for number, pair in changed.items() if pair[0].text != pair[1].text}
        run_many(connection, FTS_DROP, [(number, old.text) for number, (old, _) in edited.items()])
        run_many(connection, _FTS_ADD, [(number, new.text) for number, (_, new) in edited.items()])
        run_many(connection, _FTS_ADD, [(number, rows[name].text) for name, number in fresh.items()])
    numbers = fresh | {name: number for name, (number, _) in known.items()}
    return numbers, _follow_edits(connection, changed)


def _known(connection: Connection, names: Collection[PostName]) -> dict[PostName, tuple[int, PostRow]]:
    by_source: dict[int, list[str]] = {}
    for source_id, post_id in names:
        by_source.setdefault(source_id, []).append(post_id)
    found = {}
    for source_id, ids in by_source.items():
        for *row, number in select_in(connection, _KNOWN, ids, (source_id,)):
            old = PostRow(*row)
            found[source_id, old.post_id] = (number, old)
    return found


def _follow_edits(connection: Connection, changed: dict[int, tuple[PostRow, PostRow]]) -> Hours:
    """Move the sightings of posts whose hour changed; every watch's hours that now count otherwise."""
    moved = {number: pair for number, pair in changed.items() if not pair[0].counts_like(pair[1])}
    if not moved:
        return set()
    rows = select_in(connection, "SELECT watch_id, post FROM sightings WHERE post IN {}", moved)
    hours = {(watch_id, row.hour) for watch_id, post in rows for row in moved[post]}
    later = [(new.hour, number) for number, (old, new) in moved.items() if old.hour != new.hour]
    run_many(connection, "UPDATE sightings SET hour = ? WHERE post = ?", later)
    lost = {old.text_key for old, new in moved.values() if old.text_key != new.text_key}
    drop_unheld_scores(connection, lost)
    return hours


def drop_unheld_scores(connection: Connection, keys: Collection[bytes]) -> None:
    """Delete the scores, and the links to clauses, of those texts that no stored post has any more."""
    held = {bytes(key) for (key,) in select_in(connection, "SELECT text_key FROM posts WHERE text_key IN {}", keys)}
    for table in ("scores", "terms_links"):
        run_many(connection, f"DELETE FROM {table} WHERE text_key = ?", [(key,) for key in keys if key not in held])


def _save_sightings(
    connection: Connection, watch_id: int, batch: Batch, numbers: dict[PostName, int], dirty: Hours
) -> int:
    """Insert the sightings, add the hours of new ones to `dirty`; returns how many were new."""
    sql = "SELECT post FROM sightings WHERE watch_id = ? AND post IN {}"
    held = {post for (post,) in select_in(connection, sql, list(numbers.values()), (watch_id,))}
    fresh, again = [], []
    for name, number in numbers.items():
        row, reason = batch.rows[name], batch.reasons[name]
        if number in held:
            again.append((reason, number, watch_id, reason))
        else:
            fresh.append((number, watch_id, row.hour, row.source_id, reason))
            dirty.add((watch_id, row.hour))
    insert_many(connection, "sightings", _SIGHTING, fresh)
    run_many(connection, _STRONGER, again)
    return len(fresh)
