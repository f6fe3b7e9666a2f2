"""The last day up close: its last hour against yesterday's, what spread most, the press by outlet, what is not seen."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.coverage import COVERED
from collectors.registry import COLLECTORS
from core.records import HOUR, utc_hour
from core.watches import Watch
from reports.headline import FEWEST_BEFORE
from reports.history import hourly
from reports.posts import count_posts, posts
from reports.window import Window, last_day
from reports.words import joined

if TYPE_CHECKING:
    from store import Reader

MOST_SPREAD = 5
MOST_ARTICLES = 500
"""Of more articles the newest are counted; `articles` tells how many there are."""
_NOT_SOURCES = ("files", "feeds")
_NEWS = ("feeds", "gdelt", "googlenews")


@dataclass(frozen=True, slots=True)
class Spread:
    """A post that was liked and reposted `spread` times, as the store holds it; its account is left out."""

    source: str
    created_at: datetime
    url: str
    text: str
    spread: int


@dataclass(frozen=True, slots=True)
class LastDay:
    """`hour` compares the last whole hour with the same hour yesterday; `spread` has the most spread relevant posts.

    `press` counts articles by outlet, most first, of `articles` in all. `not_watched` says what is outside the watch.
    """

    hour: str
    spread: tuple[Spread, ...]
    press: tuple[tuple[str, int], ...]
    articles: int
    not_watched: str


def last_day_close(reader: Reader, watch: Watch, *, clock: datetime) -> LastDay:
    """What the overview adds to its figures, of the last day before the watch's present."""
    from store import PostFilter

    window = last_day(watch, clock=clock)
    told = PostFilter(watch.name, since=window.since, until=window.until, relevant=True, order="spread")
    rows: list[Any] = list(posts(reader, watch, told, clock=clock, limit=MOST_SPREAD).itertuples())
    press = PostFilter(watch.name, since=window.since, until=window.until, kind="article", sources=_NEWS)
    articles = count_posts(reader, watch, press, clock=clock)
    outlets = posts(reader, watch, press, clock=clock, limit=MOST_ARTICLES)["community"] if articles else None
    found = [
        Spread(row.source, row.created_at, row.url or "", row.text or "", _number(row.likes) + _number(row.reposts))
        for row in rows
    ]
    return LastDay(
        hour=same_hour(reader, watch, clock=clock),
        spread=tuple(row for row in found if row.spread),
        press=tuple((str(name or "unnamed"), int(n)) for name, n in outlets.value_counts().items())
        if outlets is not None
        else (),
        articles=articles,
        not_watched=not_watched(watch, held=set(reader.collected_until(watch.collected_as))),
    )


def same_hour(reader: Reader, watch: Watch, *, clock: datetime) -> str:
    """The last whole hour against the same hour of the watch's clock the day before, or why they are not compared."""
    end = utc_hour(watch.now(clock))
    now = Window(end - HOUR, end)
    # Arithmetic on an aware local time keeps the wall clock.
    start = (now.since.astimezone(watch.zone) - timedelta(days=1)).astimezone(UTC)
    row, before = (hourly(reader, watch, w, clock=clock).iloc[0] for w in (now, Window(start, start + HOUR)))
    local = now.since.astimezone(watch.zone)
    which = f"From {local:%H:%M} to {end.astimezone(watch.zone):%H:%M}: {int(row['posts']):,} posts"
    if row["coverage"] not in COVERED or before["coverage"] not in COVERED:
        return f"{which}; the same hour yesterday cannot be compared, for one of the two was not collected whole."
    past = int(before["posts"])
    if past < FEWEST_BEFORE:
        return f"{which}, after {past:,} in the same hour yesterday."
    return f"{which}, {row['posts'] / past:.1f} times the same hour yesterday ({past:,})."


def not_watched(watch: Watch, *, held: Collection[str] = ()) -> str:
    """The sources and languages that the watch does not follow, in a sentence; `held` sources brought posts already."""
    asked = {rule.name for rule in watch.sources} | set(held)
    names = sorted(name for name in COLLECTORS if name not in asked and name not in _NOT_SOURCES)
    parts = [f"Not asked: {joined(names)}." if names else "Every source that can be asked is."]
    parts.append(f"Languages other than {', '.join(watch.languages)} are counted, not read.")
    parts.append("Nobody sees private groups and messages, and what is said offline.")
    return " ".join(parts)


def _number(value: Any) -> int:
    return 0 if pd.isna(value) else int(value)
