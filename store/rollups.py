"""Rollups: dirty hours recomputed from base rows, plus what was counted before its deletion."""

from __future__ import annotations

import time
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, func, insert, select

from store.counting import live_counts
from store.engine import changing, reading
from store.handle import Handle
from store.recount import differences
from store.registry import counted_models
from store.schema import (
    COUNT_KEY,
    MEASURES,
    NO_MODEL,
    TOPIC_NUMBERS,
    dirty_hours,
    models,
    removed_counts,
    rollups,
    sightings,
    watches,
)
from store.statements import find_number, insert_into

_SHORT, _LONG = 0.2, 0.8
"""Seconds of the writer's lock that one batch should take: others wait for it."""


class RollupWriter(Handle):
    """The part of `Store` that keeps the rollups true."""

    def refresh_rollups(self, *, watch: str | None = None) -> int:
        """Recompute the dirty hours, newest first, in short transactions; returns how many hours were done.

        Counting and unmarking happen in one transaction under the writer's lock: an hour that is touched
        afterwards is marked anew.
        """
        done, size = 0, 16
        with reading(self._engine) as connection:
            only = None if watch is None else find_number(connection, watches, watch)
            waiting = _next_dirty(connection, only, 1)
        while waiting:
            started = time.monotonic()
            with changing(self._engine) as connection:
                waiting = _next_dirty(connection, only, size)
                for watch_id, hours in _by_watch(waiting).items():
                    recompute(connection, watch_id, hours)
            done += len(waiting)
            spent = time.monotonic() - started
            size = size * 2 if spent < _SHORT else max(1, size // 2) if spent > _LONG else size
        return done

    def waiting(self, model: str, *, since: datetime) -> int:
        """How many posts from the hour of `since` on have no answer of `model` yet, each watch counted by itself.

        0 for a model that is not registered. Dirty hours are brought up to date first.
        """
        self.refresh_rollups()
        with reading(self._engine) as connection:
            number = find_number(connection, models, model)
            pending = select(func.coalesce(func.sum(rollups.c.pending), 0)).where(
                rollups.c.model_id == number, rollups.c.topic == TOPIC_NUMBERS["all"], rollups.c.hour >= since
            )
            return 0 if number is None else int(connection.scalar(pending) or 0)

    def check_rollups(self) -> list[str]:
        """Differences between the rollups and an independent recount plus the removed counts; [] when equal.

        The recount is plain Python over single posts. Hours still marked dirty are left out: refresh first.
        """
        with reading(self._engine) as connection:
            return list(differences(connection))


def recompute(connection: Connection, watch_id: int, hours: list[datetime]) -> None:
    """Count these hours of a watch from base rows, add what was removed, and take their dirty marks away."""
    connection.execute(delete(rollups).where(_of_hours(connection, rollups, watch_id, hours)))
    where = and_(sightings.c.watch_id == watch_id, sightings.c.hour.in_(hours))
    for model_id, subject in counted_models(connection, watch_id):
        for counted in live_counts(model_id, subject, where):
            connection.execute(insert(rollups).from_select([*COUNT_KEY, *MEASURES], counted))
    removed = select(removed_counts).where(_of_hours(connection, removed_counts, watch_id, hours))
    add_counts = insert_into(connection, rollups).from_select([*COUNT_KEY, *MEASURES], removed)
    both = {measure: rollups.c[measure] + add_counts.excluded[measure] for measure in MEASURES}
    connection.execute(add_counts.on_conflict_do_update(index_elements=list(COUNT_KEY), set_=both))
    connection.execute(delete(dirty_hours).where(dirty_hours.c.watch_id == watch_id, dirty_hours.c.hour.in_(hours)))


def _next_dirty(connection: Connection, watch_id: int | None, limit: int) -> list[tuple[int, datetime]]:
    query = select(dirty_hours).order_by(dirty_hours.c.hour.desc()).limit(limit)
    if watch_id is not None:
        query = query.where(dirty_hours.c.watch_id == watch_id)
    return [(row.watch_id, row.hour) for row in connection.execute(query)]


def _by_watch(marks: list[tuple[int, datetime]]) -> dict[int, list[datetime]]:
    found: dict[int, list[datetime]] = {}
    for watch_id, hour in marks:
        found.setdefault(watch_id, []).append(hour)
    return found


def _of_hours(connection: Connection, table: Table, watch_id: int, hours: list[datetime]) -> ColumnElement[bool]:
    # Every part of the key up to the hour is named, so that the primary key finds the rows.
    numbers = [NO_MODEL, *connection.scalars(select(models.c.id))]
    return and_(
        table.c.watch_id == watch_id,
        table.c.model_id.in_(numbers),
        table.c.topic.in_(TOPIC_NUMBERS.values()),
        table.c.hour.in_(hours),
    )
