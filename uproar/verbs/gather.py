"""Verbs `collect` and `import`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress as Bar
from rich.progress import SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from collectors.protocol import Collector, Limits, Priced
from collectors.registry import load_collector
from core.errors import (
    AccessDenied,
    BudgetExhausted,
    ConfigError,
    InputUnusable,
    QueryRejected,
    RetryLater,
    SourceChanged,
    SourceError,
    UproarError,
)
from core.records import Outcome, Query
from core.watches import SourceRule, Watch
from uproar.output import plain, say, write_json, write_table
from uproar.session import Session, open_session
from uproar.steps.budget import SourceBudget
from uproar.steps.collect import Progress, SourceReport, collect_source, import_file, query_for
from uproar.steps.side_by_side import side_by_side
from uproar.verbs.arguments import AnyWatch, Json, Since, WatchName, moment

if TYPE_CHECKING:
    from store import Store


COLUMNS = ("watch", "source", "outcome", "new", "seen", "window", "truncated", "cost", "next")
"""The columns of the printed table; --json gives all."""
PLANNED = ("watch", "source", "since", "until", "posts", "price_usd", "spent_usd", "allowed_now_usd", "missing")
"""The same of a dry run."""


def register(app: typer.Typer) -> None:
    """Add this file's verbs."""
    app.command()(collect)
    app.command("import")(import_)


def collect(
    watch: AnyWatch = None,
    since: Since = None,
    source: Annotated[list[str] | None, typer.Option("--source", help="Only this source (repeatable).")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be asked and its price.")] = False,
    json: Json = False,
) -> None:
    """Ask the sources of a watch for posts. One failing source never stops another (exit 4 when some failed)."""
    session = open_session()
    jobs = [(w, r) for w in session.watches(watch) for r in w.sources if not source or r.name in source]
    if not jobs:
        raise ConfigError(f"{watch or 'no watch'}: nothing to collect: no [[sources]] in the watch file"
                          + (f" named {', '.join(source)}" if source else "")
                          + ". Files come in by: uproar import WATCH FILE")  # fmt: skip
    if dry_run:
        rows, errors = plans(session, jobs, since=since)
    else:
        reports = collect_all(session, jobs, since=since)
        rows = [{"watch": w.name, **_row(report, session.clock)} for (w, _), report in zip(jobs, reports, strict=True)]
        errors = [report.error for report in reports]
    write_json(rows) if json else write_table(rows, PLANNED if dry_run else COLUMNS)
    code = exit_code(errors)
    if dry_run and code and all(isinstance(error, ConfigError) for error in errors if error):
        code = ConfigError.exit_code
    if code:
        raise typer.Exit(code)


def collect_all(
    session: Session, jobs: list[tuple[Watch, SourceRule]], *, since: str | None, tick: Progress | None = None
) -> list[SourceReport]:
    """Collect every (watch, source), sources side by side, each failure kept to its own, and count what came.

    `tick` is called after each saved page and may end that source's run by raising one of `core.errors`.
    """
    spans = [moment(since, watch, now=session.clock) for watch, _ in jobs]
    with session.store() as store, progress_bar() as bar:
        progress = tick or bar
        for watch in dict.fromkeys(watch.name for watch, _ in jobs):
            subject = next(found.platform for found, _ in jobs if found.name == watch)
            store.register_watch(watch, subject=subject)

        def run(job: tuple[Watch, SourceRule, datetime | None]) -> SourceReport:
            watch, rule, start = job
            query = query_for(watch, rule, since=start, now=session.clock)
            if progress:
                progress(rule.name, 0)
            try:
                report = collect_source(
                    store, watch, query, load_collector(rule.name, session.settings),
                    limits=limits_for(session, store, rule.name), clock=session.now, fresh=start is not None,
                    progress=progress, permission=session.settings.permissions.get(rule.name),
                )  # fmt: skip
            except ConfigError as error:
                report = SourceReport(rule.name, Outcome.FAILED, (query.since, query.until), error=error)
            except UproarError:  # of the store: nobody can go on
                raise
            except Exception as bug:  # its text may hold a post or a key: the kind alone is told
                fault = SourceChanged(f"unexpected {type(bug).__name__} in this collector: please report it")
                report = SourceReport(rule.name, Outcome.FAILED, (query.since, query.until), error=fault)
            if report.error:
                say(f"{watch.name}: {rule.name}: {report.error}")
            return report

        every = [(watch, rule, start) for (watch, rule), start in zip(jobs, spans, strict=True)]
        reports = side_by_side(every, run, lane=lambda job: job[1].name)
        for watch in dict.fromkeys(watch.name for watch, _ in jobs):  # else it would not be counted before the score
            store.refresh_rollups(watch=watch)
        return reports


def next_step(report: SourceReport, now: datetime) -> str:
    """When or after what the source can be asked again."""
    error = report.error
    if isinstance(error, RetryLater) and error.after is not None:
        return f"after {plain((now + timedelta(seconds=error.after)).replace(microsecond=0))}"
    for kind, words in _NEXT:
        if isinstance(error, kind):
            return words
    return "any time"


_NEXT: tuple[tuple[type[UproarError], str], ...] = (
    (BudgetExhausted, "when the budget allows: next hour or day (UTC)"), (ConfigError, "set what the message names"),
    (RetryLater, "in a few minutes"), (AccessDenied, "renew the key or the approval"),
    (QueryRejected, "change the watch's terms or options"), (SourceChanged, "update Uproar"),
)  # fmt: skip


def limits_for(session: Session, store: Store, source: str) -> Limits:
    """What a run of `source` may spend: its caps of the settings, where there are any."""
    caps = session.settings.budgets.get(source)
    return Limits(budget=SourceBudget(store, source, caps, session.now) if caps else None)


def import_(
    watch: WatchName,
    files: Annotated[list[str], typer.Argument(help="CSV, JSON, Parquet or a platform's export; - reads stdin.")],
    mapping: Annotated[str, typer.Option("--map", help="Columns, as text=body,created_at=date.")] = "",
    timezone: Annotated[str, typer.Option(help="IANA zone of times without an offset.")] = "",
    platform: Annotated[str, typer.Option(help="Platform of rows that do not say.")] = "",
    match: Annotated[bool, typer.Option("--match", help="Keep only rows that match the watch's terms.")] = False,
    json: Json = False,
) -> None:
    """Import posts from files. Bad rows go to the dead letters, the rest is taken; twice the same adds nothing."""
    session = open_session()
    found = session.watch(watch)
    given = {"map": mapping, "timezone": timezone, "platform": platform, "match": "yes" if match else ""}
    reports, unusable = [], []
    collector = load_collector("files", session.settings)
    with session.store() as store, progress_bar() as progress:
        store.register_watch(found.name, subject=found.platform)
        for path in files:
            options = {"path": path, **{k: v for k, v in given.items() if v}}
            try:
                reports.append(import_file(store, found, collector, options, clock=session.now, progress=progress))
            except InputUnusable as error:
                say(f"uproar: {error}")
                unusable.append(error)
        store.refresh_rollups(watch=found.name)
    total = {key: sum(getattr(r, key) for r in reports) for key in ("read", "new", "seen", "rejected")}
    write_json(total) if json else write_table([total])
    if total["rejected"]:
        say(f"{total['rejected']:,} rows were not taken; see them with: uproar rejected")
    if unusable:
        raise typer.Exit(InputUnusable.exit_code)


def exit_code(errors: list[UproarError | None]) -> int:
    """0 when nothing failed, 5 when only budgets were spent, else 4."""
    raised = [e for e in errors if e]
    if not raised:
        return 0
    return BudgetExhausted.exit_code if all(isinstance(e, BudgetExhausted) for e in raised) else 4


def plans(
    session: Session, jobs: list[tuple[Watch, SourceRule]], *, since: str | None
) -> tuple[list[dict[str, object]], list[UproarError | None]]:
    """What each (watch, source) would be asked and at what price, or what is missing for it; with its error."""
    rows: list[dict[str, object]] = []
    errors: list[UproarError | None] = []
    for watch, rule in jobs:
        query = query_for(watch, rule, since=moment(since, watch, now=session.clock), now=session.clock)
        row: dict[str, object] = {"watch": watch.name, "source": rule.name, "since": plain(query.since),
                                  "until": plain(query.until), **dict.fromkeys(_PRICES), "missing": ""}  # fmt: skip
        error: UproarError | None = None
        try:
            row |= _price(session, watch, query, load_collector(rule.name, session.settings), fresh=since is not None)
        except (ConfigError, SourceError, BudgetExhausted) as found:
            row["missing"], error = str(found), found
        rows.append(row)
        errors.append(error)
    return rows, errors


_PRICES = ("price_usd_per_post", "posts", "price_usd", "spent_usd", "allowed_now_usd")


def _price(session: Session, watch: Watch, query: Query, collector: Collector, *, fresh: bool) -> dict[str, object]:
    """What the run would cost and what may be spent now. Asking for the price may itself cost a little: `spent_usd`."""
    if not isinstance(collector, Priced):
        return {"price_usd_per_post": collector.price}
    with session.store() as store:
        limits = limits_for(session, store, query.source)
        found = collector.estimate(query, None if fresh else store.cursor(watch.name, query), limits)
        allowed = limits.budget.allowance() if limits.budget else None
    return {"price_usd_per_post": collector.price, "posts": found.posts, "price_usd": round(found.cost, 4),
            "spent_usd": found.spent, "allowed_now_usd": None if allowed is None else round(allowed, 4)}  # fmt: skip


def _row(report: SourceReport, now: datetime) -> dict[str, object]:
    return {"source": report.source, "outcome": report.outcome.value, "read": report.read, "new": report.new,
            "seen": report.seen, "rejected": report.rejected, "truncated": report.truncated,
            "sampled": report.sampled, "cost": report.cost,
            "since": plain(report.window[0]), "until": plain(report.window[1]),
            "window": " to ".join(f"{at:%Y-%m-%d %H:%M}" for at in report.window),
            "next": next_step(report, now), "error": str(report.error or "")}  # fmt: skip


@contextmanager
def progress_bar() -> Iterator[Progress | None]:
    """A live count on stderr when it is a terminal, else nothing."""
    if not sys.stderr.isatty():
        yield None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description} {task.completed:,} read"), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def show(source: str, read: int) -> None:
            if source not in tasks:
                tasks[source] = bar.add_task(source, total=None)
            bar.update(tasks[source], completed=read)

        yield show
