"""Verb `volume`: how much online news there is about a watch, and in what tone, as GDELT counts it."""

from __future__ import annotations

from datetime import timedelta

import typer

from uproar.output import say, write_json, write_table
from uproar.session import open_session
from uproar.verbs.arguments import Json, Since, Until, WatchName, day_after, moment

_REACH = timedelta(days=90)


def register(app: typer.Typer) -> None:
    """Add this file's verb."""
    app.command()(volume)


def volume(watch: WatchName, since: Since = None, until: Until = None, json: Json = False) -> None:
    """News articles that hold one of the watch's terms, and their average tone, by GDELT; nothing is stored."""
    from collectors.gdelt import volume as ask

    session = open_session()
    found = session.watch(watch)
    end = day_after(until, found, now=session.clock) or found.now(session.clock)
    start = moment(since, found, now=session.clock) or max(found.since, end - _REACH)
    rows = ask(session.settings, found.expression, start, end)
    write_json(rows) if json else write_table(rows)
    if not json:
        say("Tone runs from -100 to 100 and is the article's, not its readers'. Source: the GDELT Project.")
