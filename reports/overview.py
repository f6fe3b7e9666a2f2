"""The first screen's figures: how bad, getting worse, about what, said by how many, and how far to trust it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.coverage import COVERED
from analysis.hours import pad_hours
from core.records import HOUR, Announcement, SpikeState, utc_hour
from core.watches import Watch
from reports.accuracy import accuracy_note
from reports.advice import advice
from reports.announcements import announcements
from reports.coverage import coverage, hourly_coverage, known_runs
from reports.headline import Said, headline
from reports.history import counted
from reports.measure import Change, Share, change_between, share_of
from reports.spikes import hour_states
from reports.topics import topic_rows
from reports.window import Window, day_before, last_day

if TYPE_CHECKING:
    from store import People, Reader

USUAL_DAYS = 28
"""Days before the window from which the usual number of posts is taken; a quarter of them must be covered."""
LOOK_BACK = 3
"""A spike so many hours old is still told when the hours since then could not be judged."""
RECENT = 6
"""Gaps in so many last hours are said before any figure."""
_ALERTS = (SpikeState.SPIKE.value, SpikeState.VOLUME.value)
_LOUD = (*_ALERTS, SpikeState.ELEVATED.value)
_UNKNOWN = (SpikeState.NO_DATA.value, SpikeState.PENDING.value, SpikeState.STALE.value)


@dataclass(frozen=True, slots=True)
class TopicRow:
    """A topic among the relevant posts (by the sampling rate, where only a part was read); `negative_share` is by the
    watch's measure, NaN where it has no base."""

    topic: str
    relevant: int
    share_of_relevant: float
    negative_share: float


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source with its posts in the window and what is known of its coverage."""

    source: str
    posts: int
    coverage: str
    collected_until: datetime | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Overview:
    """What one glance tells. `window` is the last day in whole hours, `before` the share of the day before it.

    `posts` is how many there were, `read` how many of them are in hand: fewer where a part was read, by chance.
    `people` counts the authors of all posts of the window, `expected_posts` is the median of the four weeks before
    (None where fewer than seven days of them are covered), `announcements` are the latest first, `incident` the
    open one. `advice` says what to do when there is something to do, else it is "".
    """

    title: str
    notice: str
    as_of: datetime
    state: SpikeState
    state_sentence: str
    headline: str
    window: Window
    share: Share
    before: Share
    change: Change | None
    posts: int
    read: int
    posts_before: int
    expected_posts: float | None
    people: People
    topics: tuple[TopicRow, ...]
    sources: tuple[SourceRow, ...]
    not_scored: int
    pending: int
    model: str
    accuracy: str
    announcements: tuple[Announcement, ...]
    incident: int | None
    advice: str


def overview(reader: Reader, watch: Watch, *, clock: datetime) -> Overview:
    """The overview of `watch` at its present: nothing later than that is counted."""
    window = last_day(watch, clock=clock)
    earlier = day_before(watch, window)
    counts, past = _counts(reader, watch, window, clock=clock), _counts(reader, watch, earlier, clock=clock)
    states = hourly_coverage(reader, watch, Window(earlier.since, window.until), clock=clock)
    state, sentence = _state(reader, watch, window, clock=clock)
    rows = _sources(reader, watch, window, clock=clock)
    topics = tuple(TopicRow(*row) for row in topic_rows(reader, watch, window, clock=clock).itertuples(index=False))
    posts, scored, pending = (int(counts[name].sum()) for name in ("volume", "scored", "pending"))
    gaps = states.index[~states.isin(COVERED)]
    said = Said(
        share=share_of(counts),
        posts=posts,
        read=int(counts["posts"].sum()),
        scored=scored,
        pending=pending,
        not_scored=int(counts["not_scored"].sum()),
        relevant=round(counts["weighted_relevant"].sum()),
        posts_before=int(past["volume"].sum()),
        comparable=gaps.empty,
        gap_hours=int((gaps >= window.until - RECENT * HOUR).sum()),
        recent_hours=RECENT,
        people=reader.people(watch.name, since=window.since, until=window.until, relevant_only=True),
        topics=tuple((row.topic, row.relevant) for row in topics),
        languages=_languages(counts),
    )
    model = reader.active_model() or ""
    return Overview(
        title=watch.title,
        notice=watch.notice,
        as_of=watch.now(clock),
        state=state,
        state_sentence=sentence,
        headline=headline(said, watch),
        window=window,
        share=said.share,
        before=share_of(past),
        change=change_between(share_of(past), said.share),
        posts=posts,
        read=said.read,
        posts_before=said.posts_before,
        expected_posts=_expected_posts(reader, watch, window, clock=clock),
        people=reader.people(watch.name, since=window.since, until=window.until),
        topics=topics,
        sources=rows,
        not_scored=said.not_scored,
        pending=pending,
        model=model,
        accuracy=accuracy_note(model),
        announcements=announcements(reader, watch, clock=clock)[::-1],
        incident=_incident(reader, watch, clock=clock),
        advice=advice(watch, state, said, {row.source: row.coverage for row in rows}),
    )


def _counts(reader: Reader, watch: Watch, window: Window, *, clock: datetime) -> pd.DataFrame:
    runs = known_runs(reader, watch, window, clock=clock)
    return counted(reader, watch, window, runs, split=("language",))


def _languages(counts: pd.DataFrame) -> tuple[str, ...]:
    relevant = counts.groupby("language")["weighted_relevant"].sum().sort_values(ascending=False)
    return tuple(str(code) for code, n in relevant.items() if n > 0)


def _state(reader: Reader, watch: Watch, window: Window, *, clock: datetime) -> tuple[SpikeState, str]:
    """The last closed hour, told with its time; an open hour where that is already a spike.

    Where the last closed hours could not be judged, a spike or elevated hour just before them is still told.
    """
    rows = hour_states(reader, watch, clock=clock, since=window.since)
    open_hours = rows[rows["provisional"] & rows["state"].isin(_ALERTS)]
    closed = rows[~rows["provisional"]].tail(LOOK_BACK + 1)
    if not open_hours.empty:
        row = open_hours.iloc[-1]
    elif closed.empty:
        return SpikeState.NO_DATA, "No hour of this watch has closed yet."
    else:
        row = closed.iloc[-1]
        loud = closed[closed["state"].isin(_LOUD)]
        if (
            row["state"] in _UNKNOWN
            and not loud.empty
            and closed.loc[loud.index[-1] + 1 :, "state"].isin(_UNKNOWN).all()
        ):
            row = loud.iloc[-1]
    local = row["hour"].to_pydatetime().astimezone(watch.zone)
    end = (row["hour"].to_pydatetime() + HOUR).astimezone(watch.zone)
    return SpikeState(row["state"]), f"{local:%H:%M} to {end:%H:%M}, {local.day} {local:%B}: {row['sentence']}"


def _sources(reader: Reader, watch: Watch, window: Window, *, clock: datetime) -> tuple[SourceRow, ...]:
    frame = coverage(reader, watch, clock=clock, since=window.since, until=window.until)
    present = watch.now(clock)
    until = {name: min(at, present) for name, at in reader.collected_until(watch.collected_as).items()}
    rows: list[Any] = list(frame.itertuples())
    return tuple(SourceRow(row.source, row.posts, row.state, until.get(row.source), row.sentence) for row in rows)


def _expected_posts(reader: Reader, watch: Watch, window: Window, *, clock: datetime) -> float | None:
    """The median of the same hours of the 28 days before, over the days that are wholly covered; None under seven."""
    since = window.since - timedelta(days=USUAL_DAYS)
    before = Window(since, window.since)
    runs = known_runs(reader, watch, before, clock=clock)
    counts = counted(reader, watch, before, runs)[["hour", "volume"]]
    padded = pad_hours(counts, before.since, before.until)
    covered = hourly_coverage(reader, watch, before, clock=clock).isin(COVERED).to_numpy()
    day = (padded["hour"] - utc_hour(since)) // timedelta(days=1)
    known = pd.Series(covered).groupby(day.to_numpy()).all()
    totals = padded["volume"].groupby(day).sum()[known[known].index]
    # An import says nothing of days without a single post.
    totals = totals[totals.cumsum() > 0]
    return float(totals.median()) if len(totals) >= USUAL_DAYS // 4 else None


def _incident(reader: Reader, watch: Watch, *, clock: datetime) -> int | None:
    rows = reader.incidents(watch.name)
    now = pd.Timestamp(watch.now(clock))
    is_open = (rows["hour"] < now) & (rows["closed_at"].isna() | (rows["closed_at"] > now))
    found = rows[is_open].sort_values("hour")
    return None if found.empty else int(found["id"].iloc[-1])
