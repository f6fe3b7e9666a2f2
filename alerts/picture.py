"""What an update compares: an incident's figures at one moment, kept as a document of numbers and names."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import orjson

from alerts.demanded import demanded, label
from analysis.coverage import COVERED
from core.records import HOUR, utc_hour
from core.watches import Watch
from reports.history import hourly
from reports.window import Window
from reports.words import joined, topic_name

if TYPE_CHECKING:
    from store import Reader

RECENT = timedelta(hours=6)
"""Topics are counted over so long."""
CLEAR = 2.0
"""A rise or fall is told when it is so many standard errors of the difference of two Poisson counts."""
THEME_POSTS, THEME_SHARE = 5, 0.1
"""A topic is a theme from so many relevant posts and so large a share of them on."""
SOURCE_POSTS = 3


@dataclass(frozen=True, slots=True)
class Picture:
    """One moment: the newest whole hour and its negative posts (None where no hour is whole), topics, sources."""

    hour: str | None
    negative: int | None
    relevant: int
    topics: dict[str, int]
    sources: dict[str, int]
    announcement: str = ""
    demands: dict[str, int] = field(default_factory=dict)

    def written(self) -> str:
        """As a document for the store."""
        return orjson.dumps(asdict(self)).decode()


def read_picture(document: str) -> Picture:
    """The picture that `written` made."""
    return Picture(**orjson.loads(document))


def take_picture(reader: Reader, watch: Watch, *, clock: datetime, announcement: str = "") -> Picture:
    """The figures of `watch` at its present."""
    now = watch.now(clock)
    closed = utc_hour(now - max((rule.lateness for rule in watch.sources), default=timedelta()))
    hours = hourly(reader, watch, Window(closed - 24 * HOUR, closed), clock=clock)
    whole = hours[hours["coverage"].isin(COVERED) & (hours["pending"] == 0)].tail(1)
    since = utc_hour(now) - RECENT
    topics = reader.rollup(watch.name, since=since, until=now, topic=None, split=("topic",))
    counted = topics.groupby("topic")["relevant"].sum()
    day = reader.rollup(watch.name, since=utc_hour(now) - 24 * HOUR, until=now, split=("source",))
    sources = day.groupby("source")["posts"].sum()
    return Picture(
        hour=whole["hour"].iloc[0].isoformat() if len(whole) else None,
        negative=int(whole["negative"].iloc[0]) if len(whole) else None,
        relevant=int(reader.rollup(watch.name, since=since, until=now)["relevant"].sum()),
        topics={str(k): int(v) for k, v in counted.items() if v > 0},
        sources={str(k): int(v) for k, v in sources.items() if v > 0},
        announcement=announcement,
        demands=demanded(reader, watch, since=since, clock=clock),
    )  # fmt: skip


def changes(before: Picture, now: Picture) -> list[str]:
    """What is told of the time between two pictures: rise or fall, new themes, new demands, new sources."""
    parts = (trend(before, now), new_themes(before, now), new_demands(before, now), new_sources(before, now))
    return [text for text in parts if text]


def trend(before: Picture, now: Picture) -> str:
    """Rise, fall or neither between the newest whole hours, in a sentence with both counts."""
    if now.negative is None or before.negative is None or now.hour == before.hour:
        return "No further hour was collected whole, so neither a rise nor a fall is read."
    counts = f"{now.negative:,} negative posts in the last whole hour, {before.negative:,} when last told"
    if rises(before, now):
        return f"It rises: {counts}."
    if rises(now, before):
        return f"It falls: {counts}."
    return f"Neither a clear rise nor a clear fall: {counts}."


def rises(before: Picture, now: Picture) -> bool:
    """Whether there are clearly more negative posts an hour now."""
    if now.negative is None or before.negative is None:
        return False
    error = math.sqrt(now.negative + before.negative)
    return now.negative > 1.25 * before.negative and now.negative - before.negative > CLEAR * error


def new_themes(before: Picture, now: Picture) -> str:
    """Topics that are a theme now and were none before, with their counts."""
    new = [topic for topic in _themes(now) if topic not in _themes(before)]
    if not new:
        return ""
    named = joined([f"{topic_name(topic)} ({now.topics[topic]:,} of {now.relevant:,} relevant posts)" for topic in new])
    return f"New among the themes of the last six hours: {named}."


def new_demands(before: Picture, now: Picture) -> str:
    """What at least five people demand now and nobody, or fewer, did before."""
    new = sorted((code for code in now.demands if code not in before.demands), key=lambda c: -now.demands[c])
    named = joined([f"to {label(code)} ({now.demands[code]:,} people)" for code in new])
    return f"New among the demands of the last six hours: {named}." if new else ""


def new_sources(before: Picture, now: Picture) -> str:
    """Sources that speak of it now and did not before."""
    new = sorted(name for name, posts in now.sources.items()
                 if posts >= SOURCE_POSTS and before.sources.get(name, 0) < SOURCE_POSTS)  # fmt: skip
    return (
        f"It has reached {joined([f'{name} ({now.sources[name]:,} posts in a day)' for name in new])}." if new else ""
    )


def _themes(picture: Picture) -> list[str]:
    floor = max(THEME_POSTS, THEME_SHARE * picture.relevant)
    return sorted((t for t, n in picture.topics.items() if n >= floor), key=lambda t: -picture.topics[t])
