"""Verb `compare`: the course of one controversy, or of several, each from its own beginning."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from uproar.output import plain, rows_of, say, write_json, write_table
from uproar.session import open_session
from uproar.verbs.arguments import Json

COLUMNS = ("watch", "t0", "first_post", "discovery_lag", "time_to_statement", "time_to_reversal", "peak_at",
           "peak_posts", "half_life_hours", "residual", "posts")  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add this file's verb."""
    app.command()(compare)


def compare(
    watch: Annotated[list[str], typer.Argument(help="One watch or more.")],
    days: Annotated[bool, typer.Option("--days", help="Print the days since t0 instead of one row per watch.")] = False,
    json: Json = False,
) -> None:
    """First posts, discovery lag, time to the first statement, peak, half-life and residual, aligned at t0."""
    from reports.compare import COLUMNS as DAY_COLUMNS
    from reports.compare import compare as report
    from reports.lifecycle import Lag, span_words

    session = open_session()
    watches = [session.watch(name) for name in dict.fromkeys(watch)]
    with session.reader() as reader:
        found = report(reader, watches, clock=session.clock)
    rows = rows_of(found.days)
    if json:
        write_json({"sentence": found.sentence, "courses": [asdict(c) for c in found.courses], "days": rows})
        return
    if days:
        write_table(rows, DAY_COLUMNS)
    else:
        shown = []
        for course in found.courses:
            row = {name: getattr(course, name) for name in COLUMNS}
            shown.append({k: span_words(v) if isinstance(v, Lag) else plain(v) for k, v in row.items()})
        write_table(shown, COLUMNS)
    for course in found.courses:
        say(course.sentence)
    if len(found.courses) > 1:
        say(found.sentence)
    for notice in dict.fromkeys(w.notice for w in watches if w.notice):
        say(notice)
