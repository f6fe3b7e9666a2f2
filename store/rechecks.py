"""Which posts are to be asked after again, and what the answers change."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import pandas as pd
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Select,
    case,
    func,
    insert,
    or_,
    select,
    type_coerce,
)

from core.records import Seen
from core.text import clean
from store.bulk import run_many, select_in
from store.engine import changing, reading, writing
from store.frames import TIME, frame
from store.handle import Handle
from store.schema import erasures, posts, rechecks, sightings, sources, watches
from store.statements import chunks, find_number
from store.types import micros

TIERS = (timedelta(hours=1), timedelta(days=1), timedelta(days=7), timedelta(days=30))
"""Ages at which a post is asked after; an older one every 30 days from then on."""
AGAIN = timedelta(hours=6)
"""A post of which the source said nothing is asked after again this much later."""
_ADMITTED = 5_000
_LOG = {"at": TIME, "source": "str", "reason": "str", "posts": "int64", "exports": "int64"}

_SEEN = (
    "UPDATE posts SET likes = coalesce(?, likes), reposts = coalesce(?, reposts), replies = coalesce(?, replies), "
    "views = coalesce(?, views) WHERE id = ?"
)
_NAMED = "SELECT post_id, id, created_at FROM posts WHERE source_id = ? AND post_id IN {}"
_COPIES = "SELECT post_id FROM posts WHERE kind = 'repost' AND source_id = ? AND parent_id IN {}"
_TEXTS = "SELECT text_key FROM posts WHERE source_id = ? AND post_id IN {}"
_SAME = "SELECT post_id FROM posts WHERE kind = 'repost' AND parent_id = '' AND source_id = ? AND text_key IN {}"


class RecheckWriter(Handle):
    """The part of `Store` that knows when each post was asked after."""

    def due_for_recheck(
        self, source: str, *, watches: Collection[str], now: datetime, limit: int, everything: bool = False,
        collecting_counts: bool = False,
    ) -> list[str]:  # fmt: skip
        """Ids of posts that these watches hold and that are due, longest due first; `everything`: due or not.

        A post is due once at each age in TIERS, then every 30 days. With `collecting_counts` (sources that cost
        money) having been collected is as good as having been asked after.
        """
        self._admit(source, collecting_counts=collecting_counts)
        with reading(self._engine) as connection:
            query = _held(connection, source, watches)
            if not everything:
                query = query.where(rechecks.c.due_at <= now)
            return list(connection.scalars(query.order_by(rechecks.c.due_at, rechecks.c.post).limit(limit)))

    def most_spread(
        self, source: str, *, watches: Collection[str], since: datetime, before: datetime, count: int
    ) -> list[str]:
        """Ids of the `count` posts written from `since` on with most likes, reposts and replies, and of as many drawn
        by chance; only those that were not asked after since `before`.
        """
        reposts, replies, likes = (func.coalesce(posts.c[name], 0) for name in ("reposts", "replies", "likes"))
        spread = reposts + replies + likes
        with reading(self._engine) as connection:
            query = _held(connection, source, watches).where(
                posts.c.created_at >= since, posts.c.collected_at < before,
                or_(rechecks.c.checked_at.is_(None), rechecks.c.checked_at < before),
            )  # fmt: skip
            top = list(connection.scalars(query.order_by(spread.desc(), posts.c.id).limit(count)))
            drawn = connection.scalars(query.order_by(func.random()).limit(count))
            return list(dict.fromkeys([*top, *drawn]))

    def save_recheck(self, source: str, asked: Sequence[str], seen: Collection[Seen], *, now: datetime) -> None:
        """Keep the counters of posts that are still there and when they are next due; what got no answer waits."""
        alive = {clean(found.id): found for found in seen}
        with changing(self._engine) as connection:
            source_id = find_number(connection, sources, clean(source))
            rows = list(select_in(connection, _NAMED, list(map(clean, asked)), (source_id,)))
            counters, checked, waiting = [], [], []
            for post_id, number, created in rows:
                found = alive.get(post_id)
                if found is None:
                    waiting.append((micros(now + AGAIN), number))
                    continue
                counters.append((found.likes, found.reposts, found.replies, found.views, number))
                checked.append((_next_due(created, micros(now)), micros(now), number))
            run_many(connection, _SEEN, counters)
            run_many(connection, "UPDATE rechecks SET due_at = ?, checked_at = ? WHERE post = ?", checked)
            run_many(connection, "UPDATE rechecks SET due_at = ? WHERE post = ?", waiting)

    def sources_of(self, names: Collection[str]) -> list[str]:
        """The sources of which these watches hold posts, sorted."""
        with reading(self._engine) as connection:
            wanted = select(watches.c.id).where(watches.c.name.in_(list(names)))
            held = select(sightings.c.post).where(
                sightings.c.watch_id.in_(wanted), sightings.c.source_id == sources.c.id
            )
            return list(connection.scalars(select(sources.c.name).where(held.exists()).order_by(sources.c.name)))

    def copies_of(self, source: str, ids: Collection[str]) -> list[str]:
        """Ids of the stored reposts of these posts: by what they refer to, or by their text where they do not say."""
        with reading(self._engine) as connection:
            number = find_number(connection, sources, clean(source))
            names = list(map(clean, ids))
            found = [name for (name,) in select_in(connection, _COPIES, names, (number,))]
            texts = {bytes(key) for (key,) in select_in(connection, _TEXTS, names, (number,))}
            found += [name for (name,) in select_in(connection, _SAME, texts, (number,))]
        return sorted(set(found))

    def _admit(self, source: str, *, collecting_counts: bool) -> None:
        """Give every post of the source that has none its line. Numbers of posts grow, and a deleted post takes its
        line along: so those above the highest line are the ones without.
        """
        with reading(self._engine) as connection:
            number = find_number(connection, sources, clean(source))
            last = connection.scalar(select(func.max(rechecks.c.post)).where(rechecks.c.source_id == number))
            fresh = select(posts.c.id).where(posts.c.source_id == number, posts.c.id > (last or 0))
            waiting = list(connection.scalars(fresh.order_by(posts.c.id))) if number is not None else []
        for part in chunks(waiting, _ADMITTED):
            with writing(self._engine) as connection:
                due = _due(posts.c.collected_at if collecting_counts else posts.c.created_at)
                some = select(posts.c.id, posts.c.source_id, due).where(
                    posts.c.id.between(part[0], part[-1]), posts.c.source_id == number,
                    posts.c.id.not_in(select(rechecks.c.post)),
                )  # fmt: skip
                connection.execute(insert(rechecks).from_select(["post", "source_id", "due_at"], some))


class ErasureReader(Handle):
    """The part of `Reader` that proves deletions."""

    def erasures(self) -> pd.DataFrame:
        """at, source, reason, posts, exports (files that held some of them) of every erasure, newest first."""
        columns = [erasures.c[name] for name in _LOG]
        with reading(self._engine) as connection:
            return frame(connection.execute(select(*columns).order_by(erasures.c.id.desc())).all(), _LOG)


def _held(connection: Connection, source: str, names: Collection[str]) -> Select[tuple[str]]:
    number = find_number(connection, sources, clean(source))
    wanted = select(watches.c.id).where(watches.c.name.in_(list(names)))
    held = select(sightings.c.post).where(sightings.c.post == posts.c.id, sightings.c.watch_id.in_(wanted))
    return (
        select(posts.c.post_id)
        .join(rechecks, rechecks.c.post == posts.c.id)
        .where(rechecks.c.source_id == number, held.exists())
    )


def _due(column: Column[datetime]) -> ColumnElement[int]:
    """When a post that was last seen at `column` is due, in SQL; the same as `_next_due`."""
    created, seen = type_coerce(posts.c.created_at, BigInteger), type_coerce(column, BigInteger)
    steps = [(seen - created < _long(tier), created + _long(tier)) for tier in TIERS]
    return case(*steps, else_=seen + _long(TIERS[-1]))


def _next_due(created: int, seen: int) -> int:
    for tier in TIERS:
        if seen - created < _long(tier):
            return created + _long(tier)
    return seen + _long(TIERS[-1])


def _long(span: timedelta) -> int:
    return span // timedelta(microseconds=1)
