"""Announcements that can be told apart, and those that can only be read together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from core.errors import ConfigError
from core.records import Announcement
from core.watches import Watch
from reports.words import joined

APART = timedelta(hours=6)
"""Events with less than this between the end of one and the start of the next are one cluster."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Announcements read together, over every moment [start, end) that their dates and disputed dates allow."""

    announcements: tuple[Announcement, ...]
    start: datetime
    end: datetime

    @property
    def exact(self) -> bool:
        """Whether its moment is known to the minute."""
        return self.end - self.start <= timedelta(minutes=1)

    def name(self, watch: Watch) -> str:
        """What a sentence calls it: the title, or "the events of 14 May together"."""
        if len(self.announcements) == 1:
            return f"“{self.announcements[0].title}” ({self.days(watch)})"
        return f"the {len(self.announcements)} events of {self.days(watch)} together"

    def days(self, watch: Watch) -> str:
        """Its day, or its first and last."""
        # A day is that of the zone in which it was announced, whatever the watch's.
        zone = watch.zone if self.exact else ZoneInfo(self.announcements[0].zone)
        first = self.start.astimezone(zone)
        last = (self.end - timedelta(microseconds=1)).astimezone(zone)
        if first.date() == last.date():
            return f"{first.day} {first:%B %Y}" + (f", {first:%H:%M}" if self.exact else "")
        year = f" {first.year}" if first.year != last.year else ""
        return f"{first.day} {first:%B}{year} to {last.day} {last:%B %Y}"


def clusters(found: Sequence[Announcement], *, present: datetime) -> tuple[Cluster, ...]:
    """The clusters of `found`, by start. A disputed date counts with all its dates, but never after `present`."""
    spans = []
    for event in found:
        start = min([event.start, *(c.start for c in event.conflicts)])
        end = max([event.end, *(c.end for c in event.conflicts if c.start <= present)])
        spans.append((start, end, event))
    made: list[Cluster] = []
    for start, end, event in sorted(spans, key=lambda span: (span[0], span[1])):
        if made and start < made[-1].end + APART:
            last = made.pop()
            made.append(Cluster((*last.announcements, event), last.start, max(last.end, end)))
        else:
            made.append(Cluster((event,), start, end))
    return tuple(made)


def wanted(all_: Sequence[Cluster], announcement: str | None, known: Sequence[Announcement]) -> tuple[Cluster, ...]:
    """Every cluster, or the one that holds the announcement of that id or number (from 1, by start).

    Raises ConfigError naming the known ones.
    """
    if announcement is None:
        return tuple(all_)
    ids = [event.id for event in known]
    if announcement.isdigit() and 1 <= int(announcement) <= len(ids):
        announcement = ids[int(announcement) - 1]
    found = tuple(c for c in all_ if announcement in {event.id for event in c.announcements})
    if not found:
        listed = joined([f"{n}: {name}" for n, name in enumerate(ids, 1)]) or "none that has begun"
        raise ConfigError(f"no announcement {announcement!r}. Known: {listed}")
    return found
