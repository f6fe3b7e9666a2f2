"""Runs: what was asked, how it ended, what was cut, and where to resume."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import orjson
from sqlalchemy import Connection, and_, func, or_, select, update

from core.records import Interval, Outcome, Page, Query, Rejected, Sampled
from core.text import clean
from store.engine import changing, reading
from store.handle import Handle
from store.schema import cursors, dead_letters, runs, sampled, truncated, watches
from store.statements import chunks, insert_into, upsert, watch_number


class RunWriter(Handle):
    """The part of `Store` that keeps the coverage: runs, cursors, truncated spans and dead letters."""

    def begin_run(self, watch: str, query: Query, *, now: datetime, permission: str = "") -> int:
        """Commit what is about to be asked, before the first request; returns the run's number.

        A run that nobody ends counts as failed. `permission` says on what basis the source is asked.
        """
        asked = {"expression": clean(query.expression), "options": {k: clean(v) for k, v in query.options.items()}}
        with changing(self._engine) as connection:
            row = {
                "watch_id": watch_number(connection, watch), "source": query.source, "query_hash": query.hash,
                "asked": orjson.dumps(asked).decode(), "since": query.since, "until": query.until, "started_at": now,
                "error": "", "read": 0, "new": 0, "seen": 0, "cost": 0.0,
                "permission": clean(permission),
            }  # fmt: skip
            number = connection.execute(runs.insert().returning(runs.c.id), row).scalar_one()
        return int(number)

    def end_run(
        self,
        run: int,
        outcome: Outcome,
        *,
        now: datetime,
        truncated: Sequence[Interval] = (),
        error: str = "",
        read: int = 0,
        new: int = 0,
        seen: int = 0,
        cost: float = 0.0,
        spans: Mapping[str, Interval] | None = None,
    ) -> None:
        """Close a run with its outcome and counts. Spans already noted with a page are not doubled.

        `error` is a sentence for people, never a post's text. Closing twice keeps the last outcome. A file holds
        posts of one or several platforms: `spans` says which, and over which time; the run is then kept as one run
        per platform over that time, the counts with the first.
        """
        values = {"ended_at": now, "outcome": outcome.value, "error": clean(error), "read": read, "new": new,
                  "seen": seen, "cost": cost}  # fmt: skip
        with changing(self._engine) as connection:
            connection.execute(update(runs).where(runs.c.id == run).values(values))
            _save_truncated(connection, run, truncated)
            _split(connection, run, spans or {})

    def claim(self, watch: str, query: Query) -> tuple[Query, tuple[Interval, ...]]:
        """What a run that resumes at the cursor of `query` may say it covers, and what was cut on the way there.

        The span begins where the newest run of this question ended that came to its end, so that a completed run also
        answers for the failed ones between; the intervals are those that these failed or killed runs had to leave
        incomplete.
        """
        same = (runs.c.source == query.source, runs.c.query_hash == query.hash)
        # A run that its budget ended has an error: it did not come as far as it asked.
        whole = and_(runs.c.outcome == Outcome.TRUNCATED.value, runs.c.error == "")
        done = or_(runs.c.outcome.in_([Outcome.OK.value, Outcome.EMPTY.value]), whole)
        with reading(self._engine) as connection:
            mine = (runs.c.watch_id == watch_number(connection, watch), *same)
            newest = select(func.max(runs.c.until, type_=runs.c.until.type), func.max(runs.c.id)).where(*mine, done)
            until, last = connection.execute(newest).one()
            since = min(until, query.until) if until is not None else query.since
            cut = select(truncated.c.start, truncated.c.end).join(runs).where(*mine, runs.c.id > (last or 0))
            spans = sorted({Interval(row.start, row.end) for row in connection.execute(cut)}, key=lambda i: i.start)
        return replace(query, since=since), tuple(spans)

    def cursor(self, watch: str, query: Query) -> str | None:
        """Where to resume this question of `watch`: the last cursor saved for its source and hash, or None."""
        found = (
            select(cursors.c.cursor)
            .join(watches, watches.c.id == cursors.c.watch_id)
            .where(watches.c.name == watch, cursors.c.source == query.source, cursors.c.query_hash == query.hash)
        )
        with reading(self._engine) as connection:
            return connection.scalar(found)


def save_marks(
    connection: Connection, watch_id: int, query: Query, page: Page, *, run: int, rejected: Iterable[Rejected]
) -> None:
    """What a page brings beside its posts: cursor, truncated spans and dead letters (`rejected`)."""
    if page.cursor is not None:
        row = {"watch_id": watch_id, "source": query.source, "query_hash": query.hash, "cursor": page.cursor}
        connection.execute(upsert(connection, cursors, ("watch_id", "source", "query_hash"), ("cursor",)), [row])
    _save_truncated(connection, run, page.truncated)
    _save_sampled(connection, run, page.sampled)
    letters = ({"run_id": run, "line": r.line, "offset": r.offset, "reason": clean(r.reason)} for r in rejected)
    for part in chunks(letters):
        connection.execute(insert_into(connection, dead_letters), part)


def _save_truncated(connection: Connection, run: int, spans: Iterable[Interval]) -> None:
    rows = [{"run_id": run, "start": span.start, "end": span.end} for span in spans]
    if rows:
        connection.execute(upsert(connection, truncated, ("run_id", "start", "end"), ()), rows)


def _save_sampled(connection: Connection, run: int, spans: Iterable[Sampled]) -> None:
    rows = [
        {"run_id": run, "start": s.span.start, "end": s.span.end, "rate": s.rate, "volume": s.volume} for s in spans
    ]
    if rows:
        connection.execute(upsert(connection, sampled, ("run_id", "start", "end"), ("rate", "volume")), rows)


def _split(connection: Connection, run: int, spans: Mapping[str, Interval]) -> None:
    if not spans:
        return
    row = dict(connection.execute(select(runs).where(runs.c.id == run)).one()._mapping)
    parts = [{"source": name, "since": span.start, "until": span.end} for name, span in sorted(spans.items())]
    connection.execute(update(runs).where(runs.c.id == run).values(parts[0]))
    none = {"read": 0, "new": 0, "seen": 0, "cost": 0.0}
    rows = [{**{k: v for k, v in row.items() if k != "id"}, **none, **part} for part in parts[1:]]
    if rows:
        connection.execute(runs.insert(), rows)
