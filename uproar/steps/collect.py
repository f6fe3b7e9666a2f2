"""Stage one: ask the sources, or read files, and save page by page with what was asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict

from collectors.protocol import Collector, Limits
from core.errors import BudgetExhausted, ConfigError, SourceError, UproarError
from core.permissions import Permission
from core.records import Interval, Outcome, Page, Query
from core.watches import SourceRule, Watch
from store import Store
from uproar.steps.budget import SourceBudget

Load = Callable[[str], Collector]
Progress = Callable[[str, int], None]
_TICK = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class SourceReport:
    """How one source of one watch came out of a run; `window` is what was asked."""

    source: str
    outcome: Outcome
    window: tuple[datetime, datetime]
    read: int = 0
    new: int = 0
    seen: int = 0
    rejected: int = 0
    gone: int = 0
    truncated: int = 0
    error: UproarError | None = None
    sampled: int = 0
    cost: float = 0.0


def query_for(watch: Watch, rule: SourceRule, *, since: datetime | None, now: datetime) -> Query:
    """What `watch` asks of one source, from `since` (default: the watch's own) until its present."""
    return Query(watch.expression, since or watch.since, watch.now(now), rule.name, rule.options)


def collect_source(
    store: Store, watch: Watch, query: Query, collector: Collector, *, limits: Limits, clock: Callable[[], datetime],
    fresh: bool = False, progress: Progress | None = None, permission: Permission | None = None,
) -> SourceReport:  # fmt: skip
    """Run one source once. Never raises for a failing source: the report carries the error.

    A run resumes at the stored cursor (`fresh` starts at `query.since` instead) and claims only the time since the
    newest closed run, so that coverage never says more than was asked. `permission` is kept with the run.
    """
    cursor = None if fresh else store.cursor(watch.name, query)
    claimed, cut_before = (query, ()) if cursor is None else store.claim(watch.name, query)
    run = store.begin_run(watch.name, claimed, now=clock(), permission=str(permission or ""))
    tally = _Tally()
    outcome = Outcome.FAILED
    error: UproarError | None = None
    try:
        # The whole question, not the claim: what the cursor's overlap reads again lies before the claim.
        for page in collector.collect(query, cursor, limits):
            tally.add(store, watch.name, query, page, run)
            if progress:
                progress(query.source, tally.read)
        outcome = Outcome.TRUNCATED if tally.truncated or cut_before else Outcome.OK if tally.read else Outcome.EMPTY
    except BudgetExhausted as spent:
        outcome, error = Outcome.TRUNCATED, spent
    except (SourceError, ConfigError) as failure:
        error = failure
    cost = limits.budget.spent if isinstance(limits.budget, SourceBudget) else 0.0
    store.end_run(
        run, outcome, now=clock(), truncated=cut_before, error=_reason(error), cost=cost, **tally.counts()
    )  # fmt: skip
    return tally.report(query.source, outcome, (claimed.since, claimed.until), error, cost=cost)


def import_file(
    store: Store, watch: Watch, collector: Collector, options: Mapping[str, str], *, clock: Callable[[], datetime],
    progress: Progress | None = None,
) -> SourceReport:  # fmt: skip
    """Read one file (options `path`, `map`, `timezone`, `platform`, `match`) into the watch.

    A file is a sample, never complete coverage: the run is closed as `sample` over the span of its posts. Raises
    InputUnusable when not one row could be used; the rows' reasons are then among the dead letters.
    """
    # What span the file holds is known at its end; until then the run claims next to nothing.
    query = Query(watch.expression, clock(), clock() + _TICK, "files", options)
    run = store.begin_run(watch.name, query, now=clock())
    tally = _Tally()
    try:
        for page in collector.collect(query, None, Limits()):
            tally.add(store, watch.name, query, page, run)
            if progress:
                progress("files", tally.read)
    except UproarError as failure:
        store.end_run(run, Outcome.FAILED, now=clock(), error=_reason(failure), **tally.counts())
        raise
    store.end_run(run, Outcome.SAMPLE, now=clock(), spans=tally.spans, **tally.counts())
    return tally.report("files", Outcome.SAMPLE, (query.since, clock()), None)


class _Counts(TypedDict):
    read: int
    new: int
    seen: int


class _Tally:
    """Counts of a run while its pages are saved, and the span of posts per platform."""

    def __init__(self) -> None:
        self.read = self.new = self.seen = self.rejected = self.gone = self.truncated = self.sampled = 0
        self.spans: dict[str, Interval] = {}

    def add(self, store: Store, watch: str, query: Query, page: Page, run: int) -> None:
        saved = store.save(watch, query, page, run=run)
        self.read += page.read
        self.new += saved.new
        self.seen += saved.seen
        self.gone += saved.gone
        self.rejected += len(page.rejected)
        self.truncated += len(page.truncated)
        self.sampled += len(page.sampled)
        for sighted in page.posts:
            self._widen(sighted.post.source, sighted.post.created_at)

    def counts(self) -> _Counts:
        return {"read": self.read, "new": self.new, "seen": self.seen}

    def _widen(self, source: str, at: datetime) -> None:
        span = self.spans.get(source)
        if span is None:
            self.spans[source] = Interval(at, at + _TICK)
        elif at < span.start:
            self.spans[source] = Interval(at, span.end)
        elif at >= span.end:
            self.spans[source] = Interval(span.start, at + _TICK)

    def report(
        self, source: str, outcome: Outcome, window: tuple[datetime, datetime], error: UproarError | None,
        cost: float = 0.0,
    ) -> SourceReport:  # fmt: skip
        return SourceReport(
            source, outcome, window, self.read, self.new, self.seen, self.rejected, self.gone, self.truncated, error,
            self.sampled, cost,
        )  # fmt: skip


def _reason(error: UproarError | None) -> str:
    return f"{type(error).__name__}: {error}" if error else ""
