"""Moments of a replay: the points in time to which a watch with `as_of` can be set."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.records import Announcement, AnnouncementKind
from core.watches import Watch
from reports.wording import KINDS, moment

_AFTER = timedelta(hours=12)
_TAIL = timedelta(days=3)
_WEIGHT = (
    AnnouncementKind.STATEMENT,
    AnnouncementKind.REVERSAL,
    AnnouncementKind.TERMS_CHANGE,
    AnnouncementKind.DISCOVERY,
    AnnouncementKind.PRESS,
    AnnouncementKind.OTHER,
)


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time with the words for it."""

    label: str
    at: datetime


def moments(watch: Watch) -> tuple[Moment, ...]:
    """The steps of a replay in order of time; none for a live watch.

    They come from the watch file: half a day before its first announcement, the file's own `as_of`, half a day
    after each announcement (the weightiest where several share a day), and three days after the last.
    """
    if watch.as_of is None:
        return ()
    inside = sorted((a for a in watch.announcements if a.start >= watch.since), key=lambda a: a.start)
    found = {watch.as_of: "As the replay opens"}
    if inside:
        found.setdefault(inside[0].start - _AFTER, "Before anything was announced")
        for end in sorted({a.end for a in inside}):
            weightiest = min((a for a in inside if a.end == end), key=lambda a: _WEIGHT.index(a.kind))
            found.setdefault(end + _AFTER, f"After the {_name(weightiest)}")
        found.setdefault(max(a.end for a in inside) + _TAIL, "End of the replay")
    return tuple(Moment(f"{label}: {moment(at, watch.zone)}", at) for at, label in sorted(found.items()))


def at_moment(watch: Watch, as_of: datetime | None) -> Watch:
    """The replay `watch` set to `as_of`; the watch itself when it is live or the time lies outside the replay."""
    if as_of is None or watch.as_of is None:
        return watch
    if not watch.since < as_of <= max(m.at for m in moments(watch)):
        return watch
    return replace(watch, as_of=as_of)


def _name(announcement: Announcement) -> str:
    first = announcement.title.split(":")[0].strip()
    kind = KINDS[announcement.kind].lower()
    return f"{kind} ({first})" if len(first) <= 40 else kind
