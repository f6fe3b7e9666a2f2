"""Verbs `export posts` and `export timeline`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from uproar.output import say, write_json, write_table
from uproar.session import open_session
from uproar.verbs.arguments import Json, Since, Until, WatchName, span
from uproar.verbs.reading import By

exports = typer.Typer(
    no_args_is_help=True, help="CSV files, formula-safe, stamped with query, model, coverage and time."
)
Out = Annotated[Path, typer.Option("--out", "-o", help="File to write; replaced only when complete.")]


def register(app: typer.Typer) -> None:
    """Add this file's verbs."""
    app.add_typer(exports, name="export")


@exports.command()
def posts(watch: WatchName, out: Out, since: Since = None, until: Until = None, json: Json = False) -> None:
    """The posts of a watch with their labels and probabilities, as the source's export policy allows."""
    from exports.posts import export_posts, posts_in
    from store import PostFilter

    session = open_session()
    found = session.watch(watch)
    now = session.clock
    wanted = PostFilter(found.name, **span(since, until, found, now=now))
    with session.reader() as reader, session.annotations() as annotations:
        done = export_posts(reader, found, out, clock=now, filter=wanted)
        annotations.log_export(found.name, "posts", out.name, done.rows, {"sha256": done.sha256}, posts_in(out), now)
    _tell(done.rows, out, found.notice, json=json)


@exports.command()
def timeline(
    watch: WatchName,
    out: Out,
    by: Annotated[By, typer.Option(help="Rows of an hour (UTC) or of a day of the watch's zone.")] = By.HOUR,
    since: Since = None,
    until: Until = None,
    json: Json = False,
) -> None:
    """The timeline of a watch, every hour or day present, with coverage."""
    from exports.timeline import export_timeline

    session = open_session()
    found = session.watch(watch)
    now = session.clock
    with session.reader() as reader, session.annotations() as annotations:
        done = export_timeline(
            reader, found, out, clock=now, by=by.value, **span(since, until, found, now=now)
        )  # fmt: skip
        annotations.log_export(found.name, "timeline", out.name, done.rows, {"sha256": done.sha256}, (), now)
    _tell(done.rows, out, found.notice, json=json)


def _tell(rows: int, out: Path, notice: str, *, json: bool) -> None:
    row = {"rows": rows, "file": str(out)}
    write_json(row) if json else write_table([row])
    if notice:
        say(notice)
