"""Random samples of posts to label: drawn by chance, kept with their weight, read without the model's answer."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime
from heapq import nsmallest
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Select, Table, and_, exists, func, insert, select

from core.errors import ConfigError
from core.records import SENTIMENTS, STANCES, utc_hour
from core.text import clean
from store.counting import ALL_TOPICS, sighted_posts
from store.engine import changing, reading
from store.export_log import known_watch
from store.frames import TIME, frame
from store.handle import Handle
from store.registry import shown_model
from store.schema import (
    SCORED,
    dirty_hours,
    drawn,
    draws,
    labels,
    posts,
    removed_counts,
    rollups,
    scores,
    sightings,
    watches,
)  # fmt: skip
from store.statements import find_number

_DRAWS = {"id": "int64", "since": TIME, "until": TIME, "population": "int64", "author": "str", "at": TIME,
          "posts": "int64"}  # fmt: skip
_LABELLED = {"post": "int64", "weight": "float64", "created_at": TIME, "head": "str", "value": "str",
             "author": "str", "at": TIME, "relevant": "Int64", "sentiment": "object", "stance": "object"}  # fmt: skip

MANY = 20_000
"""From so many posts on, numbers are tried by chance instead of going through them all."""
_TRIES, _BATCH = 40, 500


@dataclass(frozen=True, slots=True)
class Drawn:
    """A post as a reader who labels meets it: never with the model's answer, nor with anybody else's."""

    draw: int
    position: int
    post: int
    created_at: datetime
    text: str
    left: int


class DrawWriter(Handle):
    """The part of `Annotations` that draws and labels."""

    def draw(
        self, watch: str, size: int, *, since: datetime, until: datetime, author: str, now: datetime,
        seed: int | None = None, many: int = MANY,
    ) -> int:  # fmt: skip
        """Draw `size` of the scored posts of [since, until), each as likely as any other; returns the draw's number.

        The weight of each is how many posts it stands for. Beyond `many` posts numbers are tried by chance. Raises
        ConfigError where there is none.
        """
        chance = random.Random(seed) if seed is not None else random.SystemRandom()
        with changing(self._engine) as connection:
            watch_id = known_watch(connection, watch)
            number, _, subject = shown_model(connection, watch_id)
            scored = select(posts.c.id).select_from(sighted_posts(number, subject)).where(
                sightings.c.watch_id == watch_id, scores.c.status == SCORED, sightings.c.hour >= utc_hour(since),
                sightings.c.hour <= utc_hour(until), posts.c.created_at >= since, posts.c.created_at < until,
            )  # fmt: skip
            population = _population(connection, scored, watch_id, number, since, until)
            if population == 0:
                raise ConfigError(f"watch {watch!r} has no scored post in this window, so none can be drawn")
            taken = _tried(connection, scored, min(size, population), chance) if population > many else None
            if taken is None:
                keyed = ((chance.random(), post) for post in connection.scalars(scored))
                taken = [post for _, post in nsmallest(size, keyed)]
                population = max(population, len(taken))
            row = {"watch_id": watch_id, "since": since, "until": until, "population": population,
                   "author": clean(author), "at": now}  # fmt: skip
            made = int(connection.execute(insert(draws).returning(draws.c.id), row).scalar_one())
            weight = population / len(taken)
            rows = [{"draw_id": made, "position": n, "post": p, "weight": weight} for n, p in enumerate(taken)]
            connection.execute(insert(drawn), rows)
        return made

    def label_drawn(self, post: int, given: dict[str, str], *, author: str, now: datetime) -> None:
        """Keep what a reader says of a drawn post, head by head. Raises ConfigError where it was erased meanwhile."""
        with changing(self._engine) as connection:
            if connection.scalar(select(posts.c.id).where(posts.c.id == post)) is None:
                raise ConfigError("the store holds no such post any more; it has been deleted")
            rows = [{"post": post, "head": h, "value": v, "author": clean(author), "at": now} for h, v in given.items()]
            connection.execute(insert(labels), rows)


class DrawReader(Handle):
    """The part of `Reader` that knows draws and labels."""

    def draws(self, watch: str) -> pd.DataFrame:
        """The draws of a watch, latest first: id, since, until, population, author, at, posts (still stored)."""
        held = select(func.count()).where(drawn.c.draw_id == draws.c.id).scalar_subquery()
        with reading(self._engine) as connection:
            query = select(*(draws.c[name] for name in _DRAWS if name != "posts"), held)
            query = query.where(draws.c.watch_id == find_number(connection, watches, watch))
            return frame(connection.execute(query.order_by(draws.c.id.desc())).all(), _DRAWS)

    def next_drawn(self, draw: int, author: str) -> Drawn | None:
        """The first post of a draw that this reader has not labelled; None when all are."""
        own = exists().where(and_(labels.c.post == drawn.c.post, labels.c.author == clean(author)))
        joined = drawn.join(posts, posts.c.id == drawn.c.post)
        query = select(drawn.c.position, posts.c.id, posts.c.created_at, posts.c.text).select_from(joined)
        query = query.where(drawn.c.draw_id == draw, ~own).order_by(drawn.c.position)
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        return Drawn(draw, *rows[0], left=len(rows)) if rows else None

    def labelled(self, watch: str, *, since: datetime, until: datetime) -> pd.DataFrame:
        """One row per label of a drawn post of [since, until), oldest first, beside the shown model's answer.

        Columns: post, weight (over all draws that hold it), created_at, head, value, author, at, relevant (0, 1 or
        NA), sentiment, stance (missing where the model has none).
        """
        with reading(self._engine) as connection:
            watch_id = find_number(connection, watches, watch)
            number, _, subject = shown_model(connection, watch_id)
            weights = (
                select(drawn.c.post, func.sum(drawn.c.weight).label("weight"))
                .join(draws, draws.c.id == drawn.c.draw_id)
                .where(draws.c.watch_id == watch_id)
                .group_by(drawn.c.post)
                .subquery()
            )
            joined = (
                sighted_posts(number, subject)
                .join(weights, weights.c.post == posts.c.id)
                .join(labels, labels.c.post == posts.c.id)
            )
            query = (
                select(posts.c.id, weights.c.weight, posts.c.created_at, labels.c.head, labels.c.value,
                       labels.c.author, labels.c.at, scores.c.relevant, scores.c.sentiment, scores.c.stance)
                .select_from(joined)
                # Hides the watch from SQLite's planner, which would else walk the whole watch for a few posts.
                .where(sightings.c.watch_id + 0 == watch_id, scores.c.status == SCORED, posts.c.created_at >= since,
                       posts.c.created_at < until)
                .order_by(labels.c.id)
            )  # fmt: skip
            found = frame(connection.execute(query).all(), _LABELLED)
        for name, classes in (("sentiment", SENTIMENTS), ("stance", STANCES)):
            known = [None if pd.isna(v) else classes[int(v)] for v in found[name]]
            found[name] = pd.Series(known, dtype="str")
        return found


def _population(
    connection: Connection, scored: Select[Any], watch_id: int, model: int, since: datetime, until: datetime
) -> int:  # fmt: skip
    """How many posts `scored` finds: from the rollups where they are up to date and the window has whole hours."""
    stale = exists().where(
        dirty_hours.c.watch_id == watch_id, dirty_hours.c.hour >= utc_hour(since), dirty_hours.c.hour < until
    )  # fmt: skip
    if (utc_hour(since), utc_hour(until)) != (since, until) or connection.scalar(select(stale)):
        counted = scored.with_only_columns(func.count(), maintain_column_froms=True)
        return int(connection.scalar(counted) or 0)

    def total(table: Table) -> int:
        here = (table.c.watch_id == watch_id, table.c.model_id == model, table.c.topic == ALL_TOPICS)
        query = select(func.sum(table.c.scored)).where(*here, table.c.hour >= since, table.c.hour < until)
        return int(connection.scalar(query) or 0)

    return total(rollups) - total(removed_counts)  # what was erased still counts in figures


def _tried(connection: Connection, scored: Select[Any], size: int, chance: random.Random) -> list[int] | None:
    """`size` posts of `scored`, each as likely as any other, by numbers tried at random; None where too few hit."""
    low, high = connection.execute(select(func.min(posts.c.id), func.max(posts.c.id))).one()
    tried: set[int] = set()
    taken: list[int] = []
    for _ in range(_TRIES):
        numbers = [n for n in dict.fromkeys(chance.randint(low, high) for _ in range(_BATCH)) if n not in tried]
        tried.update(numbers)
        # Found by their own keys, whatever the planner thinks of the watch's index.
        hit = set(connection.scalars(scored.where(sightings.c.post.in_(numbers))))
        taken += [n for n in numbers if n in hit]
        if len(taken) >= size:
            return taken[:size]
    return None
