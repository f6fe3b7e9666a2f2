"""Verb `effect`: what an announcement did, in a watch or in a series that is brought."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from core.errors import ConfigError
from uproar.output import say, write_json, write_table
from uproar.session import open_session
from uproar.verbs.arguments import Json

COLUMNS = ("response", "before", "after", "actual", "expected", "effect", "low", "high", "p", "placebo_dates")


def register(app: typer.Typer) -> None:
    """Add this file's verbs."""
    app.command()(effect)


def effect(
    watch: Annotated[str | None, typer.Argument(help="Name of a watch, or path of its TOML file.")] = None,
    announcement: Annotated[str | None, typer.Option(help="One announcement: its number by time, or its id.")] = None,
    series: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="A CSV instead of a watch.")] = None,
    at: Annotated[str | None, typer.Option(help="With --series: time, day, day/day, or row (from 0).")] = None,
    until: Annotated[str | None, typer.Option(help="With --series: the last time or row to read (taken in).")] = None,
    response: Annotated[str | None, typer.Option(help="With --series: its column; the others are controls.")] = None,
    time: Annotated[str | None, typer.Option(help="With --series: the column of times.")] = None,
    json: Json = False,
) -> None:
    """What changed after an announcement, against what was to be expected; or why that cannot be said yet."""
    if (watch is None) == (series is None):
        raise typer.BadParameter("give a WATCH, or --series FILE.csv with --at")
    if series is not None:
        _series(series, at, until, response, time, json=json)
        return
    if at or until or response or time:
        raise typer.BadParameter("--at, --until, --response and --time belong to --series")
    _watch(str(watch), announcement, json=json)


def _watch(name: str, announcement: str | None, *, json: bool) -> None:
    from reports.effect import effects

    session = open_session()
    found = session.watch(name)
    with session.reader() as reader:
        reports = effects(reader, found, clock=session.clock, announcement=announcement, others=session.watches())
    if json:
        write_json([asdict(report) for report in reports])
        return
    for report in reports:
        say(f"{report.name}: {report.sentence}")
        rows = [_row(asdict(reading)) for reading in report.readings if not reading.refusal]
        if rows:
            write_table(rows, COLUMNS)
        for reason in dict.fromkeys(r.refusal for r in report.readings if r.refusal):
            say(f"  no reading of {', '.join(r.response for r in report.readings if r.refusal == reason)}: {reason}")
    if not reports:
        say("no announcement of this watch has begun. Add one with: uproar announce")
    if found.notice:
        say(found.notice)


def _series(
    path: Path, at: str | None, until: str | None, response: str | None, time: str | None, *, json: bool
) -> None:
    from reports.series_effect import series_effect
    from uproar.series_file import place, read_series

    if at is None:
        raise typer.BadParameter("--series needs --at: when the event was")
    given = read_series(path, response=response, time=time)
    first, after = place(at, given)
    # A row or a step that is named outright is the first one after the event; a day in hours is uncertain throughout.
    read = first if after - first == 1 else after
    last = place(until, given, name="--until")[1] if until is not None else len(given.values)
    if last <= read:
        raise ConfigError(f"--until {until!r} leaves nothing to read after --at {at!r}")
    reading = series_effect(given, first=first, read=read, until=last)
    if json:
        write_json(asdict(reading))
        return
    write_table([_row(asdict(reading))], COLUMNS)
    say(reading.sentence)


def _row(reading: dict[str, object]) -> dict[str, object]:
    return {**reading, "before": reading["steps_before"], "after": reading["steps_after"]}
