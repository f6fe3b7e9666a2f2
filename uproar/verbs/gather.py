"""Verbs `collect` and `import`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress as Bar
from rich.progress import SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from collectors.protocol import Collector, Limits, Priced
from collectors.registry import load_collector
from core.errors import BudgetExhausted, ConfigError, InputUnusable, UproarError
from core.records import Outcome, Query
from core.watches import SourceRule, Watch
from uproar.output import plain, say, write_json, write_table
from uproar.session import Session, open_session
from uproar.steps.budget import SourceBudget
from uproar.steps.collect import Progress, SourceReport, collect_source, import_file, query_for
from uproar.verbs.arguments import AnyWatch, Json, Since, WatchName, moment

if TYPE_CHECKING:
    from store import Store


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
        rows = [_plan(session, w, r, since) for w, r in jobs]
    else:
        reports = collect_all(session, jobs, since=since)
        rows = [{"watch": w.name, **_row(report)} for (w, _), report in zip(jobs, reports, strict=True)]
    write_json(rows) if json else write_table(rows)
    if not dry_run:
        code = exit_code([r.error for r in reports])
        if code:
            raise typer.Exit(code)


def collect_all(session: Session, jobs: list[tuple[Watch, SourceRule]], *, since: str | None) -> list[SourceReport]:
    """Collect every (watch, source) in turn, each failure kept to its own source."""
    reports = []
    with session.store() as store, progress_bar() as progress:
        for watch, rule in jobs:
            store.register_watch(watch.name, subject=watch.platform)
            query = query_for(watch, rule, since=moment(since, watch, now=session.clock), now=session.clock)
            try:
                collector = load_collector(rule.name, session.settings)
            except ConfigError as error:
                report = SourceReport(rule.name, Outcome.FAILED, (query.since, query.until), error=error)
            else:
                report = collect_source(
                    store, watch, query, collector,
                    limits=limits_for(session, store, rule.name), clock=session.now, fresh=since is not None,
                    progress=progress, permission=session.settings.permissions.get(rule.name),
                )  # fmt: skip
            if report.error:
                say(f"{watch.name}: {rule.name}: {report.error}")
            reports.append(report)
    return reports


def limits_for(session: Session, store: Store, source: str) -> Limits:
    """What a run of `source` may spend: its caps of the settings, where there are any."""
    caps = session.settings.budgets.get(source)
    return Limits(budget=SourceBudget(store, source, caps, session.now) if caps else None)


def import_(
    watch: WatchName,
    files: Annotated[list[str], typer.Argument(help="CSV or JSONL files, plain, gzip or zstd; - reads stdin.")],
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


def _plan(session: Session, watch: Watch, rule: SourceRule, since: str | None) -> dict[str, object]:
    collector = load_collector(rule.name, session.settings)  # a missing key shows here, before anything is asked
    query = query_for(watch, rule, since=moment(since, watch, now=session.clock), now=session.clock)
    row = {"watch": watch.name, "source": rule.name, "since": plain(query.since), "until": plain(query.until),
           "price_usd_per_post": collector.price}  # fmt: skip
    return row | (_price(session, watch, query, collector, fresh=since is not None) if collector.price else {})


def _price(session: Session, watch: Watch, query: Query, collector: Collector, *, fresh: bool) -> dict[str, object]:
    """What the run would cost and what may be spent now. Asking for the price may itself cost a little: `spent_usd`."""
    if not isinstance(collector, Priced):
        return {}
    with session.store() as store:
        limits = limits_for(session, store, query.source)
        found = collector.estimate(query, None if fresh else store.cursor(watch.name, query), limits)
        allowed = limits.budget.allowance() if limits.budget else None
    return {"posts": found.posts, "price_usd": round(found.cost, 4), "spent_usd": found.spent,
            "allowed_now_usd": None if allowed is None else round(allowed, 4)}  # fmt: skip


def _row(report: SourceReport) -> dict[str, object]:
    return {"source": report.source, "outcome": report.outcome.value, "read": report.read, "new": report.new,
            "seen": report.seen, "rejected": report.rejected, "truncated": report.truncated,
            "sampled": report.sampled, "cost": report.cost,
            "since": plain(report.window[0]), "until": plain(report.window[1]),
            "error": str(report.error or "")}  # fmt: skip


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
