"""How many stored posts of a filter each hour holds, told by the rollups where they can tell it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Connection, Integer, Table, func, select, type_coerce

from core.records import SENTIMENTS, utc_hour
from store.schema import TOPIC_NUMBERS, dirty_hours, removed_counts, rollups, sources
from store.statements import names
from store.types import hour_from, hour_number

if TYPE_CHECKING:
    from store.find import PostFilter

_STANCES = {"against": "against", "neutral": "stance_neutral", "for": "in_favour"}
_MOST_LOOSE = 48


def told_hours(
    connection: Connection, filter: PostFilter, watch_id: int, model: int
) -> tuple[dict[datetime, int], set[datetime]] | None:
    """(posts by hour, hours not told), or None where rollups do not count what `filter` names.

    Not told are the hours that a border of the window cuts and those that changed since they were counted. A rollup
    also counts removed posts; these are taken away.
    """
    measure = _measure(filter)
    if measure is None:
        return None
    loose = {utc_hour(at) for at in (filter.since, filter.until) if at is not None and at != utc_hour(at)}
    loose |= set(connection.scalars(select(dirty_hours.c.hour).where(*_where(filter, dirty_hours, watch_id))))
    if len(loose) > _MOST_LOOSE:
        return None
    counts: dict[datetime, int] = {}
    for table, sign in ((rollups, 1), (removed_counts, -1)):
        where = [*_where(filter, table, watch_id), table.c.model_id == model,
                 table.c.topic == TOPIC_NUMBERS[filter.topic or "all"]]  # fmt: skip
        if filter.sources:
            known = names(connection, sources)
            where.append(table.c.source_id.in_([n for n, name in known.items() if name in filter.sources]))
        if filter.languages:
            where.append(table.c.lang.in_(filter.languages))
        query = select(table.c.hour, func.sum(table.c[measure])).where(*where).group_by(table.c.hour)
        for hour, posts in connection.execute(query):
            counts[hour] = counts.get(hour, 0) + sign * int(posts)
    return {hour: posts for hour, posts in counts.items() if posts and hour not in loose}, loose


def hour_at(counts: dict[datetime, int], offset: int, *, newest_first: bool) -> tuple[datetime, int] | None:
    """The hour that holds the post after the first `offset`, and how many of its own posts come before that one."""
    for hour in sorted(counts, reverse=newest_first):
        if offset < counts[hour]:
            return hour, offset
        offset -= counts[hour]
    return None


def _measure(filter: PostFilter) -> str | None:
    if filter.search or filter.tag or filter.kind or (filter.sentiment and filter.stance):
        return None
    relevant = bool(filter.relevant or filter.topic)
    if filter.sentiment or filter.stance:
        if not relevant or filter.relevant is False:
            return None
        return filter.sentiment if filter.sentiment in SENTIMENTS else _STANCES[filter.stance]
    return None if filter.relevant is False else "relevant" if relevant else "posts"


def _where(filter: PostFilter, table: Table, watch_id: int) -> list[ColumnElement[bool]]:
    hour = type_coerce(table.c.hour, Integer)
    found: list[ColumnElement[bool]] = [table.c.watch_id == watch_id]
    if filter.since is not None:
        found.append(hour >= hour_number(filter.since))
    if filter.until is not None:
        found.append(hour < hour_from(filter.until))
    return found
