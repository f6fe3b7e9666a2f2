"""Who spoke and where: counts of people and communities, never a person."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, Connection, FromClause, distinct, func, select

from store.counting import is_relevant, sighted_posts
from store.engine import reading
from store.frames import frame
from store.handle import Handle
from store.registry import shown_model
from store.schema import posts, sightings, sources, watches
from store.statements import chunks, find_number, names

SMALLEST_GROUP = 5
"""Groups of fewer authors are not shown."""
_TOP = 10


@dataclass(frozen=True, slots=True)
class People:
    """`posts` by `authors` different accounts (per source: accounts are never matched across sources).

    `unknown_author_posts` came without an author; `top_ten_posts` are those of the ten busiest accounts.
    """

    posts: int
    authors: int
    unknown_author_posts: int
    top_ten_posts: int


class PublicReader(Handle):
    """The part of `Reader` that counts people."""

    def people(self, watch: str, *, since: datetime, until: datetime, relevant_only: bool = False) -> People:
        """How many people wrote the posts of [since, until), all or the relevant ones."""
        with reading(self._engine) as connection:
            base, where = _span(connection, watch, since, until, scored=relevant_only)
            if relevant_only:
                where.append(is_relevant())
            number = func.count()
            rank = func.row_number().over(partition_by=posts.c.author == "", order_by=number.desc())
            by_author = (
                select(posts.c.author, number.label("posts"), rank.label("rank"))
                .select_from(base)
                .where(*where)
                .group_by(posts.c.source_id, posts.c.author)
                .subquery()
            )
            known, count = by_author.c.author != "", by_author.c.posts
            total = func.sum(count)
            busiest = total.filter(known, by_author.c.rank <= _TOP)
            found = connection.execute(select(total, func.count().filter(known), total.filter(~known), busiest)).one()
        return People(*(int(value or 0) for value in found))

    def authors_by_hour(self, watch: str, hours: Collection[datetime]) -> dict[datetime, int]:
        """How many different accounts wrote the relevant posts of each of `hours`; none for those without an author."""
        found: dict[datetime, int] = {}
        with reading(self._engine) as connection:
            watch_id = find_number(connection, watches, watch)
            number, _, subject = shown_model(connection, watch_id)
            for some in chunks(sorted(hours)):
                each = (
                    select(sightings.c.hour, posts.c.source_id, posts.c.author)
                    .select_from(sighted_posts(number, subject))
                    .where(sightings.c.watch_id == watch_id, sightings.c.hour.in_(some), is_relevant())
                    .where(posts.c.author != "")
                    .distinct()
                    .subquery()
                )
                rows = connection.execute(select(each.c.hour, func.count()).group_by(each.c.hour))
                found.update((row[0], row[1]) for row in rows)
        return found

    def communities(self, watch: str, *, since: datetime, until: datetime, limit: int = 10) -> pd.DataFrame:
        """source, community, posts, authors of the largest communities; those of under five authors are left out."""
        authors = func.count(distinct(func.nullif(posts.c.author, "")))
        with reading(self._engine) as connection:
            base, where = _span(connection, watch, since, until, scored=False)
            query = (
                select(posts.c.source_id, posts.c.community, func.count(), authors)
                .select_from(base)
                .where(*where, posts.c.community != "")
                .group_by(posts.c.source_id, posts.c.community)
                .having(authors >= SMALLEST_GROUP)
                .order_by(func.count().desc(), posts.c.community)
                .limit(limit)
            )
            known = names(connection, sources)
            rows = [(known[row[0]], *row[1:]) for row in connection.execute(query)]
        return frame(rows, {"source": "str", "community": "str", "posts": "int64", "authors": "int64"})


def _span(
    connection: Connection, watch: str, since: datetime, until: datetime, *, scored: bool
) -> tuple[FromClause, list[ColumnElement[Any]]]:
    watch_id = find_number(connection, watches, watch)
    base: FromClause = sightings.join(posts, posts.c.id == sightings.c.post)
    if scored:
        number, _, subject = shown_model(connection, watch_id)
        base = sighted_posts(number, subject)
    hours = sightings.c.hour.between(since, until)  # whole hours, for the index; the times then decide
    times = (posts.c.created_at >= since, posts.c.created_at < until)
    return base, [sightings.c.watch_id == watch_id, hours, *times]
