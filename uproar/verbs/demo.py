"""Verbs `demo`, `dashboard` and `run`."""

from __future__ import annotations

import subprocess
import sys
from typing import Annotated

import typer

from collectors.registry import load_collector
from core.errors import ConfigError
from core.settings import PROJECT
from core.watches import parse_duration
from uproar.metrics import Metrics
from uproar.output import say
from uproar.schedule import Schedule
from uproar.session import MODEL, Session, open_session
from uproar.steps.analyse import analyse
from uproar.steps.collect import import_file
from uproar.steps.score import score
from uproar.steps.terms import import_folder, update_documents
from uproar.verbs.terms import follow_terms

DEMO_WATCH = "soundcloud-ai-terms"
DEMO_POSTS = PROJECT / "data" / "demo" / "posts.jsonl.gz"
DEMO_TERMS = PROJECT / "data" / "demo" / "terms"
Port = Annotated[int, typer.Option(min=1, max=65535, help="Port on 127.0.0.1.")]
Headless = Annotated[bool, typer.Option("--headless", help="Open no browser window.")]


def register(app: typer.Typer) -> None:
    """Add this file's verbs."""
    app.command()(demo)
    app.command()(dashboard)
    app.command()(run)


def demo(
    port: Port = 8501,
    headless: Headless = False,
    show: Annotated[bool, typer.Option("--dashboard/--no-dashboard", help="Open the dashboard at the end.")] = True,
) -> None:
    """Load the replay of invented posts, score it, and open the dashboard on it. Needs no key and no network."""
    session = open_session()
    load_demo(session)
    if show:
        _open_dashboard(session, port, headless=headless, query=f"?watch={DEMO_WATCH}")


def load_demo(session: Session) -> None:
    """Import, score and analyse the replay; running it again changes nothing."""
    watch = session.watch(DEMO_WATCH)
    with session.store() as store, session.reader() as reader:
        store.register_watch(watch.name, subject=watch.platform)
        collector = load_collector("files", session.settings)
        report = import_file(store, watch, collector, {"path": str(DEMO_POSTS)}, clock=session.now)
        say(f"{report.read:,} invented posts read, {report.new:,} new. Scoring the distinct texts ...")
        done = score(store, session.classifier(MODEL), watch)
        verdict = analyse(store, reader, watch, clock=session.clock)
        _, touched = import_folder(store, DEMO_TERMS, service=watch.platform)
        update_documents(store, reader, touched, now=session.clock)
        follow_terms(session, store, reader, watch)
    say(f"{done:,} distinct texts scored; {len(verdict.opened)} incident opened.")


def dashboard(port: Port = 8501, headless: Headless = False) -> None:
    """Open the dashboard on this machine (127.0.0.1 only)."""
    _open_dashboard(open_session(), port, headless=headless)


def run(
    every: Annotated[str, typer.Option(help="Time between rounds, such as 15m.")] = "15m",
    once: Annotated[bool, typer.Option("--once", help="One round, then end.")] = False,
    metrics: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port on 127.0.0.1 for Prometheus; without it none.")
    ] = None,
) -> None:
    """The service: collect, score, analyse and alert for every watch, round after round, until stopped.

    Several on one database share the work: each watch is one worker's at a time.
    """
    pause = parse_duration(every, "--every")
    if not pause:
        raise ConfigError("--every must be longer than nothing, such as 15m")
    figures = Metrics()
    if metrics is not None:
        figures.serve(metrics)
    schedule = Schedule(open_session(), pause, figures)
    schedule.install_signals()
    if not once:
        schedule.run()
    elif schedule.round():
        raise typer.Exit(4)


def _open_dashboard(session: Session, port: int, *, headless: bool, query: str = "") -> None:
    say(f"Dashboard: http://127.0.0.1:{port}/{query}   (Ctrl-C ends it)")
    command = [
        sys.executable, "-m", "streamlit", "run", str(PROJECT / "dashboard" / "app.py"),
        "--server.address", "127.0.0.1", "--server.port", str(port), "--server.headless", str(headless).lower(),
    ]  # fmt: skip
    try:
        code = subprocess.run(command, cwd=PROJECT, check=False).returncode
    except KeyboardInterrupt:
        code = 0
    if code:
        raise ConfigError(f"the dashboard ended with code {code}. Is port {port} taken? Try: --port {port + 1}")
