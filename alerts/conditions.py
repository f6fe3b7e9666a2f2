"""Which rules of a watch hold now, besides the hourly spike: share, source silent or flooded, budget spent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from core.records import HOUR, Alarm, Outcome, utc_hour
from core.watches import Watch

if TYPE_CHECKING:
    import pandas as pd

    from store import Reader

VOLUME = "volume"
SHARE, SILENT, BUDGET, COLLECTION, QUIET, FLOOD = "share", "silent", "budget", "collection", "quiet", "flood"
LOOK_BACK = timedelta(days=35)
"""How far back runs are read: a source that was last read before is silent all the same."""
FRESH = timedelta(hours=6)
"""A decided hour that ended longer ago says nothing of now."""


def conditions(reader: Reader, watch: Watch, *, clock: datetime) -> list[Alarm]:
    """What holds of `watch` at its present, gravest first. A replay, which nobody collects, has a share alone."""
    now = watch.now(clock)
    found = list(_share(reader, watch, now))
    if watch.as_of is None and watch.sources and not watch.radar:
        runs = reader.runs(watch.name, since=now - LOOK_BACK, now=clock)
        silent = list(_silent(runs, watch, now))
        if len(silent) == len([rule for rule in watch.sources if rule.name != "files"]) and silent:
            found.append(_stopped(watch, silent, now))
        found += silent + list(_budget(runs, watch, now)) + list(_odd(reader, watch, clock))
    return found


def mood_unknown(watch: Watch, loud: Mapping[datetime, str], now: datetime) -> list[Alarm]:
    """The alarm of the latest hour with volume up and mood unknown, while it is recent; `loud` has their sentences."""
    if watch.radar:
        return []
    recent = [hour for hour in loud if now - (hour + HOUR) <= FRESH]
    return [Alarm(watch.name, VOLUME, "", max(recent), loud[max(recent)])] if recent else []


def _share(reader: Reader, watch: Watch, now: datetime) -> Iterator[Alarm]:
    from analysis.shares import wilson

    floor = watch.alerts.share_above
    if floor is None:
        return
    decided = reader.decisions(watch.name, since=now - FRESH - HOUR, until=now)
    decided = decided[decided["relevant"] >= watch.alerts.minimum_relevant]
    if decided.empty:
        return
    row: dict[Any, Any] = decided.iloc[-1].to_dict()
    low, high = wilson(int(row["negative"]), int(row["relevant"]))
    if float(low) <= floor:
        return
    sentence = (
        f"{row['negative']:,} of {row['relevant']:,} relevant posts were {_word(watch)} in an hour: "
        f"{low * 100:.0f} to {high * 100:.0f} %, above the {floor * 100:.0f} % that the watch sets."
    )
    yield Alarm(
        watch.name, SHARE, "", row["hour"].to_pydatetime(), sentence, int(row["negative"]), int(row["relevant"]),
        float(row["share"]), float(row["expected"]), bool(row["calibrated"]), str(row["model"]),
    )  # fmt: skip


def _silent(runs: pd.DataFrame, watch: Watch, now: datetime) -> Iterator[Alarm]:
    longest = watch.alerts.silent_after
    if longest is None:
        return
    for rule in watch.sources:
        if rule.name == "files":
            continue
        own = runs[runs["source"] == rule.name]
        read = own[own["ended_at"].notna() & ~own["outcome"].isin([Outcome.FAILED.value, "running"])]
        last = read["ended_at"].max().to_pydatetime() if len(read) else None
        since = last or (own["started_at"].min().to_pydatetime() if len(own) else watch.since)
        if now - since <= longest:
            continue
        why = own.iloc[-1]["error"] if len(own) else ""
        reason = f" Its last run failed: {str(why)[:160]}" if why else ""
        never = "has never been read" if last is None else f"was last read {_span(now - last)} ago"
        yield Alarm(
            watch.name, SILENT, rule.name, utc_hour(now),
            f"{rule.name} {never}: what is said there since is not known, which is no calm.{reason}",
        )  # fmt: skip


def _stopped(watch: Watch, silent: list[Alarm], now: datetime) -> Alarm:
    names = ", ".join(alarm.subject for alarm in silent)
    sentence = f"Collection has stopped: no source of the watch is being read ({names}). See: uproar coverage"
    return Alarm(watch.name, COLLECTION, "", utc_hour(now), f"{sentence} {watch.name}")


def _odd(reader: Reader, watch: Watch, clock: datetime) -> Iterator[Alarm]:
    """Sources that are read and bring far less, or far more, than on any of their own 28 days."""
    from reports.health import health

    if watch.alerts.silent_after is None:
        return
    for found in health(reader, watch, clock=clock):
        if found.state in (QUIET, FLOOD):
            said = f"{found.source}: {found.sentence}"
            yield Alarm(watch.name, found.state, found.source, utc_hour(watch.now(clock)), said)


def _budget(runs: pd.DataFrame, watch: Watch, now: datetime) -> Iterator[Alarm]:
    if not watch.alerts.budget:
        return
    for rule in watch.sources:
        own = runs[(runs["source"] == rule.name) & runs["ended_at"].notna()]
        if own.empty or not str(own.iloc[-1]["error"]).startswith("BudgetExhausted"):
            continue
        said = str(own.iloc[-1]["error"]).partition(": ")[2]
        yield Alarm(
            watch.name, BUDGET, rule.name, utc_hour(now),
            f"The budget of {rule.name} is spent, so its counts are a lower bound. {said[:200]}",
        )  # fmt: skip


def _word(watch: Watch) -> str:
    return "against the platform" if watch.measure == "against" else "negative"


def _span(span: timedelta) -> str:
    hours = span / HOUR
    return f"{hours:.0f} hours" if hours < 48 else f"{hours / 24:.0f} days"
