"""Verb `brief`: two pages for those who have two minutes."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from uproar.output import say, write_json, write_table
from uproar.session import open_session
from uproar.verbs.arguments import Json, WatchName


def register(app: typer.Typer) -> None:
    """Add this file's verbs."""
    app.command()(brief)


def brief(
    watch: WatchName,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write, .html or .pdf; default: WATCH-brief.html here.")
    ] = None,
    themes: Annotated[bool, typer.Option(help="With what people say by theme, which loads the classifier.")] = True,
    json: Json = False,
) -> None:
    """Two pages: what happened, how bad and how sure, what people say, what our statements did, what to watch."""
    from exports.brief import make_brief, write_brief
    from reports.themes import themes as themes_of

    session = open_session()
    found = session.watch(watch)
    path = out or Path(f"{found.name}-brief.html")
    with session.reader() as reader, session.annotations() as log:
        now = session.clock
        said = themes_of(reader, found, session.classifier(), clock=now) if themes else None
        made = make_brief(reader, found, clock=now, others=session.watches(), themes=said)
        path = write_brief(reader, made, path, log=log, who=getpass.getuser())
    row = {"id": made.stamp.id, "file": str(path)}
    write_json(row) if json else write_table([row])
    if found.notice:
        say(found.notice)
