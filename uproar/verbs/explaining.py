"""Verb `explain`: why today's figures are not those that were shown."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from uproar.output import say, write_json, write_table
from uproar.session import open_session
from uproar.verbs.arguments import Json


def register(app: typer.Typer) -> None:
    """Add this file's verbs."""
    app.command()(explain)


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
