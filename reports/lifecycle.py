"""The course of one controversy: first posts, discovery, first statement, peak, half-life, what is left."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from analysis.coverage import COVERED
from analysis.decay import Decay, decay
from core.records import HOUR, Announcement, AnnouncementKind
from core.watches import Watch
from reports.announcements import announcements
from reports.history import hourly
from reports.window import clamp

if TYPE_CHECKING:
    from store import Reader

_LAG_WORDS = {
    "discovery_lag": "noticed {} after the change",
    "time_to_statement": "first statement {} later",
    "time_to_reversal": "reversal {} later",
}
SMOOTH = 24
"""Hours over which a peak and its decline are smoothed, so that a night is no decline."""
_STARTS = (AnnouncementKind.DISCOVERY, AnnouncementKind.OTHER, AnnouncementKind.PRESS, AnnouncementKind.TERMS_CHANGE)


@dataclass(frozen=True, slots=True)
class Lag:
    """A span in hours; `low` and `high` are what the dates' precision and their conflicts allow."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The course of a watch's controversy; None where a date or a figure is not known.

    `t0` is the discovery, else the earliest other event. `first_post` is the first hour from a week
    before t0 on with more relevant posts than nearly any hour (99 %) before that week. `peak_at` begins the fullest 24
    hours after t0, with `peak_posts` in them; `half_life_hours` runs from there until half of what lay above the level
    before t0 was gone, and `residual` is the share of it that is left.
    """

    watch: str
    title: str
    platform: str
    t0: datetime | None
    first_post: datetime | None
    discovery_lag: Lag | None
    time_to_statement: Lag | None
    time_to_reversal: Lag | None
    peak_at: datetime | None
    peak_posts: float | None
    peak_after_hours: float | None
    usual_posts: float | None
    half_life_hours: float | None
    residual: float | None
    posts: int
    sentence: str


def lifecycle(reader: Reader, watch: Watch, *, clock: datetime) -> Lifecycle:
    """The course of `watch` up to its present."""
    known = announcements(reader, watch, clock=clock)
    start = _start(known)
    hours = hourly(reader, watch, clamp(watch, clock=clock), clock=clock)
    posts = np.where(hours["coverage"].isin(COVERED), hours["posts"].to_numpy(float), np.nan)
    t0 = start.start if start else None
    place = int((hours["hour"] < pd.Timestamp(t0)).sum()) if t0 else 0
    found = decay(posts, place, smooth=SMOOTH) if t0 and place < len(posts) else None
    lags = {
        "discovery_lag": _lag(known, (AnnouncementKind.TERMS_CHANGE,), start, turned=True),
        "time_to_statement": _lag(known, (AnnouncementKind.STATEMENT,), start),
        "time_to_reversal": _lag(known, (AnnouncementKind.REVERSAL,), start),
    }
    peak_at = hours["hour"].iloc[found.peak_at].to_pydatetime() if found else None
    return Lifecycle(
        watch=watch.name,
        title=watch.title,
        platform=watch.platform,
        t0=t0,
        first_post=_first_post(hours, t0),
        **lags,
        peak_at=peak_at,
        peak_posts=found.peak * 24 if found else None,
        peak_after_hours=(peak_at - t0) / HOUR if peak_at and t0 else None,
        usual_posts=found.level * 24 if found else None,
        half_life_hours=float(found.half_life) if found and found.half_life is not None else None,
        residual=found.residual if found else None,
        posts=int(hours["posts"].sum()),
        sentence=_sentence(watch, start, lags, found, peak_at),
    )


def _start(known: Collection[Announcement]) -> Announcement | None:
    """The event that the controversy is counted from."""
    for kind in (_STARTS[0], None):
        fitting = [a for a in known if (a.kind == kind if kind else a.kind in _STARTS[1:])]
        if fitting:
            return min(fitting, key=lambda a: a.start)
    return min(known, key=lambda a: a.start, default=None)


def _lag(
    known: Collection[Announcement], kinds: tuple[AnnouncementKind, ...], start: Announcement | None, *,
    turned: bool = False,
) -> Lag | None:  # fmt: skip
    """From `start` to the first announcement of `kinds` (turned: from that one to `start`)."""
    if start is None or (turned and start.kind in kinds):
        return None
    fitting = [a for a in known if a.kind in kinds and (turned or _latest(a) > start.start)]
    if not fitting:
        return None
    other = min(fitting, key=lambda a: a.start)
    one, two = (other, start) if turned else (start, other)
    low, high = (_earliest(two) - _latest(one)) / HOUR, (_latest(two) - _earliest(one)) / HOUR
    return Lag(max(0.0, low), high) if high > 0 else None


def _earliest(event: Announcement) -> datetime:
    return min([event.start, *(c.start for c in event.conflicts)])


def _latest(event: Announcement) -> datetime:
    return max([event.end, *(c.end for c in event.conflicts)])


def _first_post(hours: pd.DataFrame, t0: datetime | None) -> datetime | None:
    if t0 is None:
        return None
    before = hours["hour"] < t0 - timedelta(days=7)
    usual = float(hours.loc[before, "relevant"].quantile(0.99)) if before.any() else 0.0
    near = hours[~before & (hours["relevant"] > usual)]
    return None if near.empty else near["hour"].iloc[0].to_pydatetime()


def _sentence(
    watch: Watch, start: Announcement | None, lags: dict[str, Lag | None], found: Decay | None, peak_at: datetime | None
) -> str:
    if start is None:
        return f"{watch.platform}: no event is dated, so there is no course to tell. Add one with: uproar announce"
    local = start.start.astimezone(ZoneInfo(start.zone))
    parts = [f"{watch.platform}: counted from {local.day} {local:%B %Y} (“{start.title}”)"]
    for name, words in _LAG_WORDS.items():
        lag = lags[name]
        if lag is not None:
            parts.append(words.format(span_words(lag)))
    if found is None or peak_at is None:
        parts.append("no rise above the level before it was collected")
    else:
        local = peak_at.astimezone(watch.zone)
        times = f", {found.peak / found.level:.0f} times the usual" if found.level > 0 else ""
        parts.append(f"the fullest 24 hours began {local.day} {local:%B, %H:%M} ({found.peak * 24:,.0f} posts{times})")
        faded = found.half_life
        parts.append(f"half of it gone {hours_words(faded)} later" if faded is not None else "not yet halved")
        parts.append(f"{found.residual * 100:.0f} % of it left at the end")
    return "; ".join(parts) + "."


def span_words(lag: Lag) -> str:
    """ "2 to 4 days", "about 3 hours"."""
    if lag.high < 48:
        low, high, unit = round(lag.low), max(1, round(lag.high)), "hours"
    elif lag.high < 24 * 120:
        low, high, unit = round(lag.low / 24), max(1, round(lag.high / 24)), "days"
    else:
        low, high, unit = round(lag.low / 730.5), round(lag.high / 730.5), "months"
    if low == high:
        return f"about {low} {unit if low != 1 else unit[:-1]}"
    return f"{low} to {high} {unit}"


def hours_words(hours: float) -> str:
    """ "5 hours", "3 days"."""
    return span_words(Lag(hours, hours)).removeprefix("about ")
