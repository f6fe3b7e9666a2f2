"""Arguments that several verbs share, and how times are read from the command line."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, TypedDict
from zoneinfo import ZoneInfo

import typer

from core.errors import ConfigError
from core.watches import Watch, parse_duration

WatchName = Annotated[str, typer.Argument(help="Name of a watch, or path of its TOML file.")]
AnyWatch = Annotated[str | None, typer.Argument(help="Name of a watch; without it, every watch.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Since = Annotated[str | None, typer.Option(help="From: a day, a time with offset, or a span back such as 60d.")]
Until = Annotated[str | None, typer.Option(help="Until: a day (taken in) or a time with offset (not taken in).")]


def moment(value: str | None, watch: Watch, *, now: datetime) -> datetime | None:
    """An aware time from "2025-05-09" (a day of the watch's zone), an ISO time with offset, or "7d" back from now.

    Raises ConfigError on anything else, naive times included.
    """
    if value is None:
        return None
    if value[-1:] in "mhd" and value[:-1].isdigit():
        return watch.now(now) - parse_duration(value, "--since")
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        raise ConfigError(f"{value!r} is no time. Write 2025-05-09, 2025-05-09T14:00:00+02:00 or 7d") from None
    if at.tzinfo is not None:
        return at.astimezone(UTC)
    if at.time() != time() or len(value) > 10:
        raise ConfigError(f"{value!r} has no offset. Write 2025-05-09T14:00:00Z or ...+02:00, or a day alone")
    return at.replace(tzinfo=ZoneInfo(watch.timezone)).astimezone(UTC)


def day_after(value: str | None, watch: Watch, *, now: datetime) -> datetime | None:
    """`moment`, but a day alone means its end: `--until 2025-05-09` takes that day in."""
    at = moment(value, watch, now=now)
    if at is not None and value is not None and len(value) == 10:
        local = at.astimezone(watch.zone)
        return (local + timedelta(days=1)).astimezone(UTC)
    return at


def from_then(value: str | None, watch: Watch | None, *, now: datetime) -> datetime | None:
    """`--since` where no watch need be named: "60d", "60 days", a time with offset, or a day (of UTC without a watch).

    A span back counts from the watch's present, that is, from `as_of` in a replay.
    """
    if value is None:
        return None
    short = re.sub(r"^(\d+)\s*(d|h|m)(?:ays?|ours?|inutes?)?$", r"\1\2", value.strip())
    plain = Watch("any", "", "", "", now)
    return moment(short, watch or plain, now=now)


class Span(TypedDict):
    """The arguments `since` and `until` of a report."""

    since: datetime | None
    until: datetime | None


def span(since: str | None, until: str | None, watch: Watch, *, now: datetime) -> Span:
    """`--since` and `--until` as a report takes them; None leaves the choice to it. Raises ConfigError."""
    return {"since": moment(since, watch, now=now), "until": day_after(until, watch, now=now)}
