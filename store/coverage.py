"""Reading the coverage: runs, cut spans, dead letters, and up to when a source was read."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pandas as pd
from sqlalchemy import func, select

from core.records import Interval, Outcome, Sampled
from store.engine import reading
from store.frames import TIME, frame
from store.handle import Handle
from store.schema import dead_letters, runs, sampled, truncated, watches
from store.statements import find_number

STILL_RUNNING = timedelta(hours=1)
"""An unclosed run counts as running for so long after its start, then as failed."""

_RUNS = {
    "run": "int64", "source": "str", "query_hash": "str", "since": TIME, "until": TIME, "started_at": TIME,
    "ended_at": TIME, "outcome": "str", "error": "str", "read": "int64", "new": "int64", "seen": "int64",
    "cost": "float64", "permission": "str",
}  # fmt: skip
_LETTERS = {"watch": "str", "source": "str", "run": "int64", "line": "int64", "offset": "int64", "reason": "str",
            "at": TIME}  # fmt: skip


class CoverageReader(Handle):
    """The part of `Reader` that knows what was asked and what came back."""

    def runs(
        self,
        watch: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        now: datetime | None = None,
    ) -> pd.DataFrame:
        """Runs of `watch` whose asked span meets [since, until), by start.

        Columns: run, source, query_hash, since, until, started_at, ended_at (NaT while open), outcome (as closed;
        else "running", or "failed" when it began an hour or more before `now`), truncated (a list of Interval),
        sampled (a list of Sampled), error, read, new, seen, cost, permission.
        """
        now = now or datetime.now(UTC)
        with reading(self._engine) as connection:
            query = select(runs).where(runs.c.watch_id == find_number(connection, watches, watch))
            if since is not None:
                query = query.where(runs.c.until > since)
            if until is not None:
                query = query.where(runs.c.since < until)
            found = connection.execute(query.order_by(runs.c.started_at, runs.c.id)).all()
            spans = defaultdict(list)
            cut = select(truncated).where(truncated.c.run_id.in_(query.with_only_columns(runs.c.id)))
            for row in connection.execute(cut.order_by(truncated.c.start)):
                spans[row.run_id].append(Interval(row.start, row.end))
            partly = defaultdict(list)
            parts = select(sampled).where(sampled.c.run_id.in_(query.with_only_columns(runs.c.id)))
            for row in connection.execute(parts.order_by(sampled.c.start)):
                partly[row.run_id].append(Sampled(Interval(row.start, row.end), row.rate, row.volume))
        rows = [
            (r.id, r.source, r.query_hash, r.since, r.until, r.started_at, r.ended_at,
             r.outcome or ("running" if now - r.started_at < STILL_RUNNING else Outcome.FAILED.value),
             r.error, r.read, r.new, r.seen, r.cost, r.permission)
            for r in found
        ]  # fmt: skip
        table = frame(rows, _RUNS)
        table.insert(8, "truncated", pd.Series([spans[r.id] for r in found], dtype=object))
        table.insert(9, "sampled", pd.Series([partly[r.id] for r in found], dtype=object))
        return table

    def collected_until(self, watch: str) -> dict[str, datetime]:
        """Per source the newest end of a span that a closed, not failed run asked for."""
        with reading(self._engine) as connection:
            query = (
                select(runs.c.source, func.max(runs.c.until, type_=runs.c.until.type))
                .where(
                    runs.c.watch_id == find_number(connection, watches, watch),
                    runs.c.ended_at.is_not(None),
                    runs.c.outcome != Outcome.FAILED.value,
                )
                .group_by(runs.c.source)
            )
            return {row[0]: row[1] for row in connection.execute(query)}

    def dead_letters(self, limit: int = 100) -> pd.DataFrame:
        """The latest rows that could not be used: watch, source, run, line, offset, reason, at; never a text."""
        query = (
            select(watches.c.name, runs.c.source, runs.c.id, dead_letters.c.line, dead_letters.c.offset,
                   dead_letters.c.reason, runs.c.started_at)
            .join(runs, runs.c.id == dead_letters.c.run_id)
            .join(watches, watches.c.id == runs.c.watch_id)
            .order_by(dead_letters.c.id.desc())
            .limit(limit)
        )  # fmt: skip
        with reading(self._engine) as connection:
            return frame(connection.execute(query).all(), _LETTERS)
