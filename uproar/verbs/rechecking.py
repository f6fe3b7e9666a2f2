"""Verb `recheck`: which posts are gone at their source, and what is erased here for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from collectors.protocol import Collector, Recheckable
from collectors.registry import COLLECTORS, load_collector
from core.errors import ConfigError, SourceChanged, UproarError
from core.watches import Watch
from uproar.output import rows_of, say, write_json, write_table
from uproar.session import Session, open_session
from uproar.steps.recheck import LIMIT, RecheckReport, recheck_source
from uproar.steps.retention import Expired, purge_expired
from uproar.steps.side_by_side import side_by_side
from uproar.verbs.arguments import AnyWatch, Json
from uproar.verbs.gather import exit_code, limits_for

if TYPE_CHECKING:
    from store import Store

PATIENCE = timedelta(minutes=2)
"""What a round of the service gives to asking after posts; the next round goes on."""


def register(app: typer.Typer) -> None:
    """Add this file's verb."""
    app.command()(recheck)


def recheck(
    watch: AnyWatch = None,
    source: Annotated[list[str] | None, typer.Option("--source", help="Only this source (repeatable).")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Ask after every post, due or not.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show how many are due and the price.")] = False,
    log: Annotated[bool, typer.Option("--log", help="List what was erased: when, why, how many, never whose.")] = False,
    json: Json = False,
) -> None:
    """Ask the sources which posts are gone and erase those here; counts stay. Counters are refreshed on the way.

    A post is asked after at the age of 1 hour, 24 hours, 7 days and 30 days, then every 30 days. What has been kept
    for longer than retention_days allows is erased as well.
    """
    session = open_session()
    if log:
        with session.reader() as reader:
            rows = rows_of(reader.erasures())
        write_json(rows) if json else write_table(rows)
        return
    chosen = session.watches(watch)
    live = [found for found in chosen if found.as_of is None]
    for found in (found for found in chosen if found.as_of is not None and watch):
        say(f"{found.name}: a replay has no present in which its posts could be asked after")
    with session.store() as store:
        if dry_run:
            rows = [_plan(session, store, name, live, everything) for name in _sources(store, live, source)]
            write_json(rows) if json else write_table(rows)
            return
        reports = recheck_all(session, store, live, only=source, everything=everything)
        expired = retain(session, store)
    write_json([_row(report) for report in reports]) if json else write_table([_row(report) for report in reports])
    files = {name for report in reports for name in report.exports} | {n for done in expired for n in done.exports}
    for name in sorted(files):
        say(f"{name} holds posts that are erased now: make it again, or delete it (uproar export --stale)")
    asked_for = {rule.name for found in live for rule in found.sources} | set(source or ())
    code = exit_code([report.error for report in reports if report.source in asked_for])
    if code:
        raise typer.Exit(code)


def recheck_all(
    session: Session, store: Store, watches: Sequence[Watch], *, only: Sequence[str] | None = None,
    everything: bool = False, patience: timedelta | None = None,
) -> list[RecheckReport]:  # fmt: skip
    """Ask every source that holds posts of these watches, side by side, each failure kept to its own."""
    names = [found.name for found in watches]
    # By the clock that collectors themselves look at.
    deadline = datetime.now(UTC) + patience if patience else None

    def run(source: str) -> RecheckReport | None:
        try:
            collector = load_collector(source, session.settings)
            limits = replace(limits_for(session, store, source), deadline=deadline)
            return recheck_source(
                store, collector, watches=names, limits=limits, clock=session.now, everything=everything
            )
        except ConfigError as error:
            return RecheckReport(source, error=error)
        except UproarError:  # of the store: nobody can go on
            raise
        except Exception as bug:  # its text may hold a post or a key: the kind alone is told
            fault = SourceChanged(f"unexpected {type(bug).__name__} in this collector: please report it")
            return RecheckReport(source, error=fault)

    sources = _sources(store, watches, only)
    reports = [report for report in side_by_side(sources, run, lane=str) if report is not None]
    if any(report.erased for report in reports):
        store.refresh_rollups()
    for report in reports:
        if report.error:
            say(f"recheck: {report.source}: {report.error}")
    return reports


def retain(session: Session, store: Store) -> list[Expired]:
    """Erase what has been kept for as long as the settings and all watches allow."""
    done = purge_expired(store, session.watches(), session.settings.retention_days, now=session.now())
    for found in done:
        say(f"{found.source}: {found.posts:,} posts erased after {found.days} days; what they counted stays")
    return done


def _sources(store: Store, watches: Sequence[Watch], only: Sequence[str] | None) -> list[str]:
    """The sources that can be asked and of which these watches hold posts, wherever those came from."""
    held = store.sources_of([watch.name for watch in watches])
    for name in only or ():
        if name not in COLLECTORS:
            raise ConfigError(f"no collector {name!r}. Known: {', '.join(sorted(COLLECTORS))}")
    return [name for name in held if name in COLLECTORS and (not only or name in only)]


def _plan(session: Session, store: Store, source: str, watches: Sequence[Watch], everything: bool) -> dict[str, object]:
    try:
        collector: Collector = load_collector(source, session.settings)
    except ConfigError as error:
        return {"source": source, "due": None, "price_usd": None, "remark": str(error)}
    if not isinstance(collector, Recheckable):
        return {"source": source, "due": None, "price_usd": None, "remark": "cannot be asked: use uproar forget"}
    due = store.due_for_recheck(
        source, watches=[watch.name for watch in watches], now=session.now(), limit=LIMIT, everything=everything,
        collecting_counts=collector.price > 0,
    )  # fmt: skip
    return {"source": source, "due": len(due), "price_usd": round(len(due) * collector.price, 4), "remark": ""}


def _row(report: RecheckReport) -> dict[str, object]:
    return {"source": report.source, "asked": report.asked, "alive": report.alive, "gone": report.gone,
            "copies": report.copies, "silent": report.silent, "erased": report.erased, "cost": report.cost,
            "exports": list(report.exports), "error": str(report.error or "")}  # fmt: skip
