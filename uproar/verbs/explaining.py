"""Verbs `explain` and `verify`: why today's figures are not those that were shown, and whether a pack is whole."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from core.errors import ConfigError
from uproar.output import say, write_json, write_table
from uproar.session import open_session
from uproar.verbs.arguments import Json


def register(app: typer.Typer) -> None:
    """Add this file's verbs."""
    app.command()(explain)
    app.command()(verify)


def explain(
    name: Annotated[str, typer.Argument(metavar="ID", help="Id of an export, chart, brief or pack, or alert-N.")],
    json: Json = False,
) -> None:
    """Why today's figures differ from those shown under an id: late, deleted, rescored, relabelled, edited."""
    from reports.shown import ALERT, shown_alert
    from reports.shown import explain as report

    session = open_session()
    with session.reader() as reader:
        shown = shown_alert(reader, name) if name.startswith(ALERT) or name.isdigit() else reader.shown(name)
        found = report(reader, session.watch(shown.watch), shown, clock=session.clock)
    if json:
        write_json(asdict(found))
        return
    write_table([{"figure": key, "then": then, "today": found.now[key]} for key, then in found.then.items()])
    say(f"{found.kind} of {found.watch}, shown {found.shown_at:%d %B %Y, %H:%M} UTC. {found.sentence}")


def verify(
    pack: Annotated[Path, typer.Argument(help="An evidence pack of uproar export pack.")], json: Json = False
) -> None:
    """Check an evidence pack and compute it again: n of m posts since deleted; a changed file is refused by name."""
    from exports.verify import manifest_of
    from exports.verify import verify as check

    session = open_session()
    name = manifest_of(pack)["watch"]
    with ExitStack() as stack:
        try:
            reader = stack.enter_context(session.reader())
        except ConfigError as error:
            say(f"{error} Only the pack itself is checked.")
            reader = None
        # Found by its name alone: a path out of somebody's manifest is never opened.
        watch = {known.name: known for known in session.watches()}.get(name)
        found = check(pack, reader, watch)
    if json:
        write_json(asdict(found))
        return
    row = {"id": found.id, "watch": found.watch, "files": found.files, "posts": found.posts}
    write_table([{**row, "deleted since": found.deleted, "hours": found.hours, "differ": found.hours_differing}])
    say(found.sentence)
