"""What was collected, source by source, and which hours may be read as whole."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.coverage import NONE, combine, hour_coverage
from analysis.hours import hour_index
from core.permissions import NEEDED
from core.platform_breaks import platform_breaks
from core.records import Outcome
from core.watches import Watch
from reports.health import health
from reports.window import Window, clamp
from reports.words import COVERAGE

if TYPE_CHECKING:
    from store import Reader

IMPORTER = "files"
"""The collector whose runs bring posts of any platform; only their imported spans say anything."""
_COLUMNS = ("source", "state", "since", "until", "runs", "posts", "truncated_hours", "failed_runs", "last_success",
            "cost", "permission", "health", "sentence")  # fmt: skip
_TIMES = ("since", "until", "last_success")
_COUNTS = ("runs", "posts", "truncated_hours", "failed_runs")


def coverage(
    reader: Reader, watch: Watch, *, clock: datetime, since: datetime | None = None, until: datetime | None = None
) -> pd.DataFrame:
    """One row per source, by name: source, state, since, until, runs, posts, truncated_hours, failed_runs,
    last_success, cost (in the source's unit), permission (on what basis it was last asked, "" where none is kept),
    health (against the source's own 28 days, as `analysis.health` says it), sentence.

    `state` is that of the newest hour the source was asked for within the window, "mixed" never among them;
    since and until bound what was asked (NaT where nothing was), `last_success` is the end of the newest span that
    a closed run read. Sources of the watch that were never asked have state "none".
    """
    window = clamp(watch, clock=clock, since=since, until=until)
    runs = known_runs(reader, watch, window, clock=clock)
    posts = reader.rollup(watch.name, since=window.since, until=window.until, split=("source",))
    counted = posts.groupby("source")["posts"].sum()
    hours = hour_coverage(runs, window.since, window.until)
    names = {rule.name for rule in watch.sources} | set(counted.index) | set(runs["source"])
    imported = runs[runs["source"] == IMPORTER]
    if not imported.empty and any(name not in set(runs["source"]) for name in counted.index):
        names.discard(IMPORTER)  # its posts stand under their own platforms
    healths = {found.source: found for found in health(reader, watch, clock=clock)}
    rows = []
    for name in sorted(map(str, names)):
        own = runs[runs["source"] == name]
        brought = imported if own.empty and name in counted.index else own
        states = hours[hours["source"] == (IMPORTER if brought is imported else name)]
        row = _row(name, brought, states, int(counted.get(name, 0)), window)
        if name in NEEDED and not row["permission"] and name in {rule.name for rule in watch.sources}:
            row["sentence"] += " It is collected only with a recorded permission, and none is kept with its runs."
        row["sentence"] += _changed(name, row)
        own_health = healths.get(name)
        row["health"] = own_health.state if own_health else "unknown"
        if own_health and own_health.sentence:
            row["sentence"] = f"{row['sentence']} {own_health.sentence}"
        rows.append(row)
    frame = pd.DataFrame(rows, columns=list(_COLUMNS))
    for column in _TIMES:
        frame[column] = pd.to_datetime(frame[column], utc=True).dt.as_unit("us")
    return frame.astype(dict.fromkeys(_COUNTS, "int64"))


def hourly_coverage(
    reader: Reader, watch: Watch, window: Window, *, clock: datetime, sources: Collection[str] = ()
) -> pd.Series[str]:
    """The state of every hour of `window` over all sources (or those given), indexed by hour."""
    return covered_hours(known_runs(reader, watch, window, clock=clock, sources=sources), window)


def covered_hours(runs: pd.DataFrame, window: Window) -> pd.Series[str]:
    """The state of every hour of `window` by these runs, over all their sources, indexed by hour."""
    states = combine(hour_coverage(runs, window.since, window.until)).set_index("hour")["coverage"]
    found: pd.Series[str] = states.reindex(hour_index(window.since, window.until)).fillna(NONE)
    return found


def known_runs(
    reader: Reader, watch: Watch, window: Window, *, clock: datetime, sources: Collection[str] = ()
) -> pd.DataFrame:
    """The runs of `window` that say something of its coverage.

    An import says something where it brought posts; one that failed asked for nothing in particular. `sources`
    narrows to their runs, and to imports, which may have brought posts of any of them.
    """
    runs = reader.runs(watch.collected_as, since=window.since, until=window.until, now=clock)
    sample = runs["outcome"] == Outcome.SAMPLE
    keep = sample | (runs["source"] != IMPORTER)
    if sources:
        keep &= runs["source"].isin(list(sources)) | (sample & (runs["source"] == IMPORTER))
    return runs[keep]


def _row(name: str, runs: pd.DataFrame, states: pd.DataFrame, posts: int, window: Window) -> dict[str, Any]:
    state = str(states["coverage"].iloc[-1]) if len(states) else NONE
    asked = states[states["coverage"] != NONE]["coverage"]
    if state == NONE and len(asked):
        state = str(asked.iloc[-1])
    truncated = int((states["coverage"] == "truncated").sum())
    failed = int((runs["outcome"] == Outcome.FAILED).sum())
    read = runs[~runs["outcome"].isin([Outcome.FAILED.value, "running"])]
    # An import of unknown span asks for the far future; what was asked after the present is no news.
    until, last = (min(part["until"].max(), window.until) if len(part) else pd.NaT for part in (runs, read))
    return {
        "source": name, "state": state, "since": runs["since"].min(), "until": until, "runs": len(runs),
        "posts": posts, "truncated_hours": truncated, "failed_runs": failed, "last_success": last,
        "cost": float(runs["cost"].sum()), "permission": _permission(runs),
        "sentence": _sentence(state, truncated, failed) + _rates(runs),
    }  # fmt: skip


def _changed(name: str, row: dict[str, Any]) -> str:
    """What is known of the platform itself within the time that was asked for."""
    said = [
        f" On {known.start.day} {known.start:%B %Y} {known.reason}: figures before and after do not compare."
        for known in platform_breaks()
        if known.source == name and row["since"] < known.end and row["until"] > known.start
    ]
    return "".join(said)


def _permission(runs: pd.DataFrame) -> str:
    given = runs["permission"][runs["permission"] != ""]
    return str(given.iloc[-1]) if len(given) else ""


def _rates(runs: pd.DataFrame) -> str:
    rates = [part.rate for parts in runs["sampled"] for part in parts]
    if not rates:
        return ""
    return (
        f" The budget did not allow all of it: {min(rates):.1%} to {max(rates):.1%} of the posts were read, at moments "
        "drawn by chance, and count as often as that says."
    )


def _sentence(state: str, truncated: int, failed: int) -> str:
    parts = [COVERAGE[state]]
    if truncated:
        parts.append(f"{truncated:,} {'hour was' if truncated == 1 else 'hours were'} cut short in this window.")
    if failed:
        parts.append(f"{failed:,} {'run has' if failed == 1 else 'runs have'} failed in this window.")
    return " ".join(parts)
