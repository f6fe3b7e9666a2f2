"""The state of each hour: what was decided and kept, else what the rule says now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import nan
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.episodes import CALIBRATED_HOURS
from analysis.spikes import DECIDED, judge_hours
from analysis.topic_spikes import TopicSpike
from core.records import TOPICS, Decision, SpikeState, utc_hour
from core.watches import Watch
from reports.comparable import breaks
from reports.history import hourly
from reports.measure import measured, word
from reports.window import Window, clamp

if TYPE_CHECKING:
    from store import Reader

HISTORY = timedelta(days=120)
"""Read before a window: 60 days that decide, and for the oldest of these their own 60."""
DECIDE_BACK = timedelta(days=60)
"""Older hours are shown as the rule sees them now, and never kept as decided."""
_KEPT = ("state", "negative", "relevant", "share", "expected", "score", "calibrated", "sentence")


def hour_states(
    reader: Reader, watch: Watch, *, clock: datetime, since: datetime | None = None, until: datetime | None = None
) -> pd.DataFrame:
    """One row per hour, in order: hour, state, negative, relevant, share, expected, score, calibrated, provisional,
    sentence, model, decided_at.

    A decision that was kept stands as it was made, with its model and time, whatever has been collected since;
    other hours have the active model and `decided_at` NaT. Columns as in `analysis.spikes.judge_hours`.
    """
    window = clamp(watch, clock=clock, since=since, until=until)
    return _states(reader, watch, window, clock=clock).drop(columns=["evidence", "topics"])


def _states(reader: Reader, watch: Watch, window: Window, *, clock: datetime) -> pd.DataFrame:
    states = judged(watch, past_hours(reader, watch, window, clock=clock), clock=clock)
    states = states[states["hour"] >= window.since].reset_index(drop=True)
    kept = reader.decisions(watch.name, since=window.since, until=window.until).set_index("hour")
    at = states["hour"]
    stored = at.isin(kept.index)
    states["model"] = pd.Series(reader.active_model() or "", index=states.index, dtype="str")
    states["decided_at"] = pd.Series(pd.NaT, index=states.index, dtype="datetime64[us, UTC]")
    if stored.any():
        rows = kept.loc[at[stored]]
        for name in (*_KEPT, "model", "decided_at"):
            states.loc[stored, name] = rows[name].to_numpy() if name != "decided_at" else rows[name].array
        states.loc[stored, "provisional"] = False
    return states


@dataclass(frozen=True, slots=True)
class Found:
    """`closed`: decisions to keep. `running`: spikes of hours not yet closed, told and never kept as decided. `looks`:
    how high every hour not yet closed stands. `topics`: per closed hour of `closed` and per open one, the topics beyond
    the record. `loud`: what is said of hours with volume up and mood unknown."""

    closed: tuple[Decision, ...] = ()
    running: tuple[Decision, ...] = ()
    looks: Mapping[datetime, float] = field(default_factory=dict)
    topics: Mapping[datetime, tuple[TopicSpike, ...]] = field(default_factory=dict)
    loud: Mapping[datetime, str] = field(default_factory=dict)


def decide_hours(reader: Reader, watch: Watch, *, clock: datetime) -> list[Decision]:
    """The closed hours of `look`."""
    return list(look(reader, watch, clock=clock).closed)


def look(reader: Reader, watch: Watch, *, clock: datetime) -> Found:
    """What can be decided of the closed hours of the last 60 days and has not been, and how the open ones stand now.

    Each oldest first. Hours without data, stale or pending are left for later; a watch without an active model has
    none.
    """
    now = watch.now(clock)
    if reader.active_model() is None:
        return Found()
    window = clamp(watch, clock=clock, since=max(watch.since, now - DECIDE_BACK))
    states = _states(reader, watch, window, clock=clock)
    new = states["decided_at"].isna() & states["state"].isin(DECIDED)
    running = states[new & states["provisional"]]
    known = running[running["evidence"].notna()]
    return Found(
        _decisions(states[new & ~states["provisional"]], now),
        _decisions(running[running["state"] == SpikeState.SPIKE.value], now),
        dict(zip(known["hour"].dt.to_pydatetime(), known["evidence"].tolist(), strict=True)),
        _by_hour(states[new & states["topics"].map(bool)], "topics"),
        _by_hour(states[states["state"] == SpikeState.VOLUME.value], "sentence"),
    )


def _by_hour(rows: pd.DataFrame, column: str) -> dict[datetime, Any]:
    return dict(zip(rows["hour"].dt.to_pydatetime(), rows[column].tolist(), strict=True))


def _decisions(rows: pd.DataFrame, now: datetime) -> tuple[Decision, ...]:
    found: list[Any] = list(rows.itertuples())
    return tuple(
        Decision(
            row.hour.to_pydatetime(), SpikeState(row.state), int(row.negative), int(row.relevant), float(row.share),
            float(row.expected), float(row.score), bool(row.calibrated), str(row.model), now, str(row.sentence),
        )
        for row in found
    )  # fmt: skip


def past_hours(reader: Reader, watch: Watch, window: Window, *, clock: datetime) -> pd.DataFrame:
    """`reports.history.hourly` of `window` and the days that decide it, with look, broken, topics and authors.

    look is the most evidence that an hour showed before it closed, NaN where nobody looked; broken, that with this
    hour the numbers become others (`reports.comparable`; sampled hours are weighed and break nothing). authors is
    None where nothing hangs on it, and where no post of the hour names its author.
    """
    past = Window(window.since - HISTORY, window.until)
    hours = hourly(reader, watch, past, clock=clock)
    at = [hour.to_pydatetime() for hour in hours["hour"]]
    broken = {utc_hour(found.at) for found in breaks(reader, watch, past, clock=clock, sampling=False)}
    looks = reader.looks(watch.name, since=past.since, until=past.until)
    hours = hours.assign(broken=[hour in broken for hour in at], look=[looks.get(hour, nan) for hour in at])
    hours = hours.assign(topics=_by_topic(reader, watch, past, hours["hour"]))
    asked = hours.loc[_by_floor(hours, watch), "hour"]
    authors = reader.authors_by_hour(watch.name, [hour.to_pydatetime() for hour in asked])
    return hours.assign(authors=pd.Series([authors.get(hour) for hour in at], index=hours.index, dtype=object))


def _by_topic(reader: Reader, watch: Watch, past: Window, at: pd.Series[pd.Timestamp]) -> pd.Series[Any]:
    """Per hour the negative posts on each of `TOPICS`, reposts left out."""
    counts = reader.rollup(watch.name, since=past.since, until=past.until, topic=None, split=("topic",))
    counts = measured(counts, watch)
    said = (counts["negative"] - counts["negative_reposts"]).clip(lower=0)
    table = counts.assign(said=said).pivot_table(index="hour", columns="topic", values="said", aggfunc="sum")
    table = table.reindex(index=at, columns=list(TOPICS)).fillna(0).astype("int64")
    return pd.Series(list(map(tuple, table.to_numpy().tolist())), index=at.index, dtype=object)


def _by_floor(hours: pd.DataFrame, watch: Watch) -> pd.Series[bool]:
    """Where the floor rule may have to decide whether this is a spike."""
    rules = watch.alerts
    since_break = hours["broken"].cumsum()
    young = hours["posts"].gt(0).groupby(since_break).cumsum().le(CALIBRATED_HOURS)
    # Of a watch with posts from the first day on, the floor rule decides no hour of the window by its youth.
    grown = since_break.eq(0) & bool(hours["posts"].iloc[:24].any())
    enough = hours["negative"].ge(rules.minimum_negative) & hours["measured"].ge(rules.minimum_relevant)
    return young & ~grown & enough


def judged(watch: Watch, hours: pd.DataFrame, *, clock: datetime) -> pd.DataFrame:
    """`analysis.spikes.judge_hours` over the hours of `past_hours`, by the rules of `watch`."""
    return judge_hours(
        # The share's denominator: it is 0 where the model lacks the head that the watch measures.
        _as_if_read(_of_measured(hours), least=watch.alerts.minimum_negative),
        rules=watch.alerts,
        lateness=max((rule.lateness for rule in watch.sources), default=timedelta()),
        now=watch.now(clock),
        breaks=[hour.to_pydatetime() for hour in hours.loc[hours["broken"], "hour"]],
        word=word(watch),
        topics=TOPICS,
    )


def _of_measured(hours: pd.DataFrame) -> pd.DataFrame:
    # Reposts that the measure's head did not read are none of its denominator.
    reposts = hours["relevant_reposts"].clip(upper=hours["measured"] - hours["negative"] + hours["negative_reposts"])
    return hours.assign(relevant=hours["measured"], relevant_reposts=reposts)


def _as_if_read(hours: pd.DataFrame, *, least: int) -> pd.DataFrame:
    """Sampled hours with the counts that all their posts would have: spent money is no calm.

    With fewer negative posts in hand than the watch asks of a spike the counts stay: chance alone could make one.
    """
    partly = (hours["weighted_square"] != hours["weighted_measured"]) & (hours["negative"] >= least)
    if not partly.any():
        return hours
    found = hours.copy()
    for name, by in (("negative", "weighted_negative"), ("relevant", "weighted_measured")):
        found[name] = hours[name].where(~partly, hours[by].round()).astype("int64")
        reposts = f"{name}_reposts"
        scaled = (hours[reposts] * found[name] / hours[name].clip(lower=1)).round()
        found[reposts] = hours[reposts].where(~partly, scaled).astype("int64")
    return found
