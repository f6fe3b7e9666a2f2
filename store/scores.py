"""Scores: which texts wait for a model, and what it said of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select, union

from core.errors import ConfigError
from core.records import Scores
from core.text import MAX_CHARACTERS, model_input
from store.bulk import run_many, select_in
from store.counting import ALL_TOPICS, is_pending, sighted_posts
from store.engine import changing, reading
from store.posts import DIRTY
from store.registry import ModelWriter
from store.schema import dirty_hours, models, posts, rollups, sightings, watches
from store.score_rows import LABELS, score_rows
from store.statements import find_number

_KEY = ("text_key", "model_id", "subject")
_SAVE = (
    f"INSERT INTO scores ({', '.join((*_KEY, *LABELS))}) VALUES ({', '.join('?' * len((*_KEY, *LABELS)))}) "
    f"ON CONFLICT ({', '.join(_KEY)}) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in LABELS)}"
)
_HELD = (
    "SELECT DISTINCT p.text_key, s.watch_id, s.hour FROM posts p LEFT JOIN sightings s ON s.post = p.id "
    "WHERE p.text_key IN {}"
)
_TEXTS = f"SELECT text_key, substr(text, 1, {2 * MAX_CHARACTERS}) FROM posts WHERE id IN {{}}"
_REMEMBERED = 200_000


class ScoreWriter(ModelWriter):
    """The part of `Store` that a classifier is run against."""

    def unscored(
        self, model: str, *, watch: str | None = None, batch: int = 4096, since: datetime | None = None
    ) -> Iterator[list[tuple[bytes, str]]]:
        """Lists of (text key, model input) that have no score under `model`, newest hours first.

        Reads hour by hour in short transactions, so `save_scores` may run between two lists; a text that was
        saved by then does not come again. `since` leaves older posts out. A model that uses the subject needs
        its `watch` named: ConfigError. A model not yet known is registered.
        """
        self.register_model(model)
        with reading(self._engine) as connection:
            number, subject = _model_for(connection, model, watch)
            hours = _pending_hours(connection, number, watch, since)
        waiting: dict[bytes, int] = {}
        given: set[bytes] = set()
        for watch_id, hour in hours:
            with reading(self._engine) as connection:
                found = _pending_texts(connection, number, subject, watch_id, hour)
            waiting.update((key, post) for key, post in found.items() if key not in given)
            while len(waiting) >= batch:
                yield self._take(waiting, given, batch)
        if waiting:
            yield self._take(waiting, given, batch)

    def _take(self, waiting: dict[bytes, int], given: set[bytes], batch: int) -> list[tuple[bytes, str]]:
        if len(given) > _REMEMBERED:  # flat memory; a text met again after so many others is scored twice, no worse
            given.clear()
        part = [waiting.pop(key) for key in list(waiting)[:batch]]
        with reading(self._engine) as connection:
            rows = [(bytes(key), text) for key, text in select_in(connection, _TEXTS, part)]
        given.update(key for key, _ in rows)
        return [(key, model_input(text)) for key, text in rows]

    def save_scores(self, keys: Sequence[bytes], scores: Scores, *, subject: str = "") -> None:
        """Store what the model said of the texts `keys`, in that order, and mark every hour that holds one.

        Saving again overwrites. A text whose last post was deleted meanwhile is left out. `subject` is kept only
        for a model that uses it. Raises ValueError when the lengths differ or a class is unknown.
        """
        if len(keys) != len(scores):
            raise ValueError(f"{len(keys)} text keys for {len(scores)} scores")
        self.register_model(scores.model, uses_subject=bool(subject))
        rows = dict(zip(keys, score_rows(scores), strict=True))
        with changing(self._engine) as connection:
            number, uses_subject = connection.execute(
                select(models.c.id, models.c.uses_subject).where(models.c.name == scores.model)
            ).one()
            held, hours = set(), set()
            for key, watch_id, hour in select_in(connection, _HELD, list(rows)):
                held.add(bytes(key))
                if watch_id is not None:
                    hours.add((watch_id, hour))
            kept = subject if uses_subject else ""
            run_many(connection, _SAVE, [(key, number, kept, *row) for key, row in rows.items() if key in held])
            run_many(connection, DIRTY, hours)


def _model_for(connection: Connection, model: str, watch: str | None) -> tuple[int, str]:
    row = connection.execute(select(models.c.id, models.c.uses_subject).where(models.c.name == model)).one()
    if not row.uses_subject:
        return row.id, ""
    if watch is None:
        raise ConfigError(f"the model {model!r} judges by the watch's subject: score one watch at a time")
    return row.id, connection.scalar(select(watches.c.subject).where(watches.c.name == watch)) or ""


def _pending_hours(
    connection: Connection, model_id: int, watch: str | None, since: datetime | None
) -> list[tuple[int, datetime]]:
    """Hours that may hold unscored posts: counted as pending, or not counted since they changed; newest first."""
    counted = select(rollups.c.watch_id, rollups.c.hour).where(
        rollups.c.model_id == model_id, rollups.c.topic == ALL_TOPICS, rollups.c.pending > 0
    )
    changed = select(dirty_hours.c.watch_id, dirty_hours.c.hour)
    found = union(counted, changed).subquery()
    query = select(found.c.watch_id, found.c.hour).order_by(found.c.hour.desc(), found.c.watch_id)
    if watch is not None:
        query = query.where(found.c.watch_id == find_number(connection, watches, watch))
    if since is not None:
        query = query.where(found.c.hour >= since)
    return [(row.watch_id, row.hour) for row in connection.execute(query)]


def _pending_texts(
    connection: Connection, model_id: int, subject: str, watch_id: int, hour: datetime
) -> dict[bytes, int]:
    query = (
        select(posts.c.text_key, func.min(posts.c.id))
        .select_from(sighted_posts(model_id, subject))
        .where(sightings.c.watch_id == watch_id, sightings.c.hour == hour, is_pending())
        .group_by(posts.c.text_key)
    )
    return {bytes(key): number for key, number in connection.execute(query)}
