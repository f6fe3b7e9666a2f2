"""Verbs that show figures: `timeline`, `spikes`, `coverage`. They compute nothing: all figures come from reports."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from uproar.output import rows_of, say, write_json, write_table
from uproar.session import open_session
from uproar.verbs.arguments import Json, Since, Until, WatchName, span

if TYPE_CHECKING:
    import pandas as pd

TIMELINE = ("time", "posts", "volume", "scored", "relevant", "negative", "neutral", "positive", "negative_share",
            "low", "high", "coverage")  # fmt: skip
"""The columns of the printed table; --json gives all."""


class By(StrEnum):
    """Length of a row of the timeline."""

    HOUR = "hour"
    DAY = "day"


def register(app: typer.Typer) -> None:
    """Add this file's verbs."""
    app.command()(timeline)
    app.command()(spikes)
    app.command()(coverage)


def timeline(
    watch: WatchName,
    by: Annotated[By, typer.Option(help="Rows of an hour (UTC) or of a day of the watch's zone.")] = By.DAY,
    since: Since = None,
    until: Until = None,
    source: Annotated[list[str] | None, typer.Option(help="Only this platform (repeatable).")] = None,
    language: Annotated[list[str] | None, typer.Option(help="Only this language (repeatable).")] = None,
    topic: Annotated[str, typer.Option(help="Only relevant posts on this topic.")] = "all",
    json: Json = False,
) -> None:
    """The reaction over time: posts, what was scored and relevant, sentiment and negative share, with coverage."""
    from reports.comparable import breaks
    from reports.timeline import timeline as report
    from reports.window import clamp

    session = open_session()
    found = session.watch(watch)
    window = span(since, until, found, now=session.clock)
    with session.reader() as reader:
        frame = report(
            reader, found, clock=session.clock, by=by.value, topic=topic, sources=tuple(source or ()),
            languages=tuple(language or ()), **window,
        )  # fmt: skip
        broken = breaks(reader, found, clamp(found, clock=session.clock, **window), clock=session.clock)
    _show(frame, json=json, notice=found.notice, columns=TIMELINE)
    for one in broken:
        say(f"Not compared across {one.at.astimezone(found.zone):%d %B %Y %H:%M}: {one.reason}.")


def spikes(watch: WatchName, since: Since = None, until: Until = None,
           every: Annotated[bool, typer.Option("--all", help="Every hour, not only spikes.")] = False,
           replay: Annotated[bool, typer.Option("--replay", help="Past alerts at each sensitivity.")] = False,
           json: Json = False) -> None:  # fmt: skip
    """Hours whose negative reaction is beyond what this watch has shown, each with its sentence."""
    from reports.replay import replay as past_alerts
    from reports.spikes import hour_states

    session = open_session()
    found = session.watch(watch)
    with session.reader() as reader:
        if replay:
            told = past_alerts(reader, found, clock=session.clock, **span(since, until, found, now=session.clock))
            _show(told, json=json, notice=found.notice)
            return
        frame = hour_states(reader, found, clock=session.clock, **span(since, until, found, now=session.clock))
    _show(frame if every else frame[frame["state"] == "spike"], json=json, notice=found.notice)


def coverage(watch: WatchName, since: Since = None, until: Until = None, json: Json = False) -> None:
    """Per source: what is known to be complete, truncated, failed or never asked."""
    from reports.coverage import coverage as report

    session = open_session()
    found = session.watch(watch)
    with session.reader() as reader:
        frame = report(reader, found, clock=session.clock, **span(since, until, found, now=session.clock))
        uncounted = reader.uncounted_hours(found.name)
    _show(frame, json=json, notice=found.notice)
    if uncounted:
        hours = "1 hour has" if uncounted == 1 else f"{uncounted:,} hours have"
        say(f"{hours} posts that are not counted yet: uproar rollup {found.name}")


def _show(frame: pd.DataFrame, *, json: bool, notice: str, columns: tuple[str, ...] = ()) -> None:
    rows = rows_of(frame)
    if json:
        write_json(rows)
        return
    write_table(rows, columns or [str(name) for name in frame.columns])
    if notice:
        say(notice)
