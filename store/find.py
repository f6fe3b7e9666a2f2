"""Finding posts: a filter as one query, in pages or as a stream of flat memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, Connection, Select, func, select

from core.errors import ConfigError
from core.records import SENTIMENTS, STANCES, TOPICS
from store.counting import has_topic, is_relevant, language, sighted_posts
from store.engine import reading
from store.frames import TIME, frame
from store.handle import Handle
from store.hour_counts import hour_at, told_hours
from store.post_columns import PostColumns, post_columns, select_columns
from store.post_frames import POST_COLUMNS, post_frame
from store.registry import shown_model
from store.schema import TOPIC_NUMBERS, posts, scores, sightings, sources, tags, watches
from store.search import Frequency, frequency, matches
from store.statements import find_number, names

_SPREAD = (func.coalesce(posts.c.reposts, 0) + func.coalesce(posts.c.likes, 0)).desc()
# The hour first: the index gives it in order, so only the posts of one hour are sorted at a time.
_ORDERS: dict[str, tuple[ColumnElement[Any], ...]] = {
    "time": (sightings.c.hour.desc(), posts.c.created_at.desc(), posts.c.id.desc()),
    "time_asc": (sightings.c.hour, posts.c.created_at, posts.c.id),
    "spread": (_SPREAD, posts.c.id.desc()),
    "negative": (func.coalesce(scores.c.p_negative, -1).desc(), posts.c.id.desc()),
}
_MICROSECOND = timedelta(microseconds=1)
_FAR = 1000
"""Offset from which on whole hours are skipped by their counts instead of row by row."""


@dataclass(frozen=True, slots=True)
class PostFilter:
    """Which posts of a watch, and in what order; empty fields do not restrict.

    [since, until) in time of posting. `languages` are those that posts count under. `topic` means relevant posts
    with it, `tag` posts that a reader gave it. `search` finds every word, and "quoted phrases"; the rest of it is
    data, never syntax. `order` is "time" (newest first), "time_asc", "spread" (most reposted and liked first) or
    "negative" (likeliest first).
    """

    watch: str
    since: datetime | None = None
    until: datetime | None = None
    sources: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    sentiment: str = ""
    stance: str = ""
    topic: str = ""
    relevant: bool | None = None
    search: str = ""
    kind: str = ""
    tag: str = ""
    order: str = "time"

    def __post_init__(self) -> None:
        """Raise ConfigError, with the known ones, for a value that no post can have."""
        for name, known in (("sentiment", SENTIMENTS), ("stance", STANCES), ("topic", TOPICS), ("order", _ORDERS)):
            value = getattr(self, name)
            if value and value not in known:
                raise ConfigError(f"posts: {name} {value!r} is unknown; known: {', '.join(known)}")


class PostReader(Handle):
    """The part of `Reader` that shows single posts."""

    def posts(self, filter: PostFilter, *, limit: int = 50, offset: int = 0) -> pd.DataFrame:
        """At most `limit` posts of `filter` after the first `offset`, in its order; columns as in `post_frame`."""
        with reading(self._engine) as connection:
            query, model = _select(connection, filter)
            if offset >= _FAR:
                query, offset = _seek(connection, filter, query, offset)
            rows = connection.execute(query.limit(limit).offset(offset)).all()
            return post_frame(rows, names(connection, sources), model)

    def count_posts(self, filter: PostFilter, *, at_most: int | None = None) -> int:
        """How many posts `filter` finds.

        Beyond `at_most` the count may stop there: where neither the rollups nor a rare word tell it at once.
        """
        with reading(self._engine) as connection:
            query, _ = _select(connection, filter)
            by_hour = _by_hour(connection, filter, query)
            if by_hour is not None:
                return sum(by_hour.values())
            if at_most is None or (filter.search and frequency(connection, filter.search) is Frequency.RARE):
                counted = query.with_only_columns(func.count(), maintain_column_froms=True).order_by(None)
            else:
                some = query.with_only_columns(posts.c.id, maintain_column_froms=True).order_by(None).limit(at_most)
                counted = select(func.count()).select_from(some.subquery())
            return int(connection.scalar(counted) or 0)

    def newest_texts(self, limit: int) -> pd.DataFrame:
        """The posts of every watch that were stored last, newest first, at most `limit`: source, created_at, text."""
        query = select(sources.c.name, posts.c.created_at, posts.c.text)
        query = query.join(sources, sources.c.id == posts.c.source_id).order_by(posts.c.id.desc()).limit(limit)
        with reading(self._engine) as connection:
            return frame(connection.execute(query).all(), {"source": "str", "created_at": TIME, "text": "str"})

    def stream_posts(self, filter: PostFilter, *, chunk: int = 2000) -> Iterator[pd.DataFrame]:
        """All posts of `filter` in frames of at most `chunk`, in its order, of one state of the store.

        Memory is that of one frame. Nothing is read before the first `next()`; a stream that is left early is
        closed with its generator.
        """
        with reading(self._engine) as connection:
            query, model = _select(connection, filter)
            known = names(connection, sources)
            streaming = connection.execution_options(stream_results=True, yield_per=chunk)
            with closing(streaming.execute(query)) as found:
                for rows in found.partitions(chunk):
                    yield post_frame(rows, known, model)

    def stream_columns(self, filter: PostFilter, *, chunk: int = 4000) -> Iterator[PostColumns]:
        """The posts of `stream_posts` as plain columns: three times as fast, for files."""
        with reading(self._engine) as connection:
            query, _ = _select(connection, filter)
            known = names(connection, sources)
            streaming = connection.execution_options(stream_results=True, yield_per=chunk)
            with closing(streaming.execute(select_columns(query))) as found:
                for rows in found.partitions(chunk):
                    yield post_columns(rows, known)


def _select(connection: Connection, filter: PostFilter) -> tuple[Select[Any], str]:
    """The query of a filter, and the name of the model whose scores it shows."""
    watch_id = find_number(connection, watches, filter.watch)
    number, model, subject = shown_model(connection, watch_id)
    query = select(*POST_COLUMNS).select_from(sighted_posts(number, subject))
    known = names(connection, sources)
    conditions = [sightings.c.watch_id == watch_id, *_times(filter), *_labels(filter)]
    if filter.sources:
        conditions.append(sightings.c.source_id.in_([n for n, name in known.items() if name in filter.sources]))
    if filter.languages:
        conditions.append(language().in_(filter.languages))
    if filter.kind:
        conditions.append(posts.c.kind == filter.kind)
    if filter.tag:
        conditions.append(posts.c.id.in_(select(tags.c.post).where(tags.c.tag == filter.tag)))
    if filter.search:
        often = frequency(connection, filter.search)
        conditions.append(matches(connection, filter.search, one_by_one=often is Frequency.FREQUENT))
        if often is Frequency.RARE:
            # Hides the watch from SQLite's planner, which would else walk the whole watch for a few posts.
            conditions[0] = sightings.c.watch_id + 0 == watch_id
    return query.where(*conditions).order_by(*_ORDERS[filter.order]), model


def _by_hour(connection: Connection, filter: PostFilter, query: Select[Any]) -> dict[datetime, int] | None:
    """Posts of `filter` by hour, without reading each; None where the rollups do not count what it names."""
    watch_id = find_number(connection, watches, filter.watch)
    if watch_id is None:
        return None
    told = told_hours(connection, filter, watch_id, shown_model(connection, watch_id)[0])
    if told is None:
        return None
    counts, loose = told
    if loose:
        each = query.with_only_columns(sightings.c.hour, func.count(), maintain_column_froms=True).order_by(None)
        rows = connection.execute(each.where(sightings.c.hour.in_(loose)).group_by(sightings.c.hour))
        counts.update((hour, posts) for hour, posts in rows)
    return counts


def _seek(connection: Connection, filter: PostFilter, query: Select[Any], offset: int) -> tuple[Select[Any], int]:
    """`query` from the hour on that holds the first post after `offset`, and what is left to skip of that hour."""
    if filter.order not in ("time", "time_asc"):
        return query, offset
    by_hour = _by_hour(connection, filter, query)
    place = hour_at(by_hour, offset, newest_first=filter.order == "time") if by_hour else None
    if place is None:
        return query, offset
    hour, left = place
    return query.where(sightings.c.hour <= hour if filter.order == "time" else sightings.c.hour >= hour), left


def _times(filter: PostFilter) -> list[ColumnElement[bool]]:
    found = []
    if filter.since is not None:
        found += [sightings.c.hour >= filter.since, posts.c.created_at >= filter.since]
    if filter.until is not None:
        found += [sightings.c.hour <= filter.until - _MICROSECOND, posts.c.created_at < filter.until]
    return found


def _labels(filter: PostFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if filter.sentiment:
        found.append(scores.c.sentiment == SENTIMENTS.index(filter.sentiment))
    if filter.stance:
        found.append(scores.c.stance == STANCES.index(filter.stance))
    if filter.topic:
        found.append(has_topic(TOPIC_NUMBERS[filter.topic]))
    if filter.relevant is not None:
        # What is not scored is neither relevant nor irrelevant.
        found.append(is_relevant() if filter.relevant else scores.c.relevant == 0)
    return found
