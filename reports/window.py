"""Windows of time that never reach beyond the watch's present."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.records import HOUR, utc_hour
from core.watches import Watch


@dataclass(frozen=True, slots=True)
class Window:
    """[since, until) in aware UTC; `until` is never before `since`."""

    since: datetime
    until: datetime

    @property
    def hours(self) -> float:
        """Length in hours."""
        return (self.until - self.since) / HOUR


def clamp(watch: Watch, *, clock: datetime, since: datetime | None = None, until: datetime | None = None) -> Window:
    """Whole hours from `since` (default: the watch's) until `until`, cut at the watch's present.

    The present hour of a live watch is in it, for its posts so far are all there are. That of a replay is not: its
    rollup holds posts of after `as_of`. Empty (until == since) where nothing is left.
    """
    present = watch.now(clock)
    end = utc_hour(present) if watch.as_of else _hour_up(present)
    last = min(_hour_up(until), end) if until else end
    first = utc_hour(since or watch.since)
    return Window(min(first, last), last)


def last_day(watch: Watch, *, clock: datetime) -> Window:
    """The whole hours since this time yesterday in the watch's zone: 24, or 23 or 25 round a clock change."""
    return _day_ending(watch, utc_hour(watch.now(clock)))


def day_before(watch: Watch, window: Window) -> Window:
    """The day that ends where `window`, a `last_day`, begins."""
    return _day_ending(watch, window.since)


def _day_ending(watch: Watch, until: datetime) -> Window:
    # Arithmetic on an aware local time keeps the wall clock: the same hour of the day before.
    return Window((until.astimezone(watch.zone) - timedelta(days=1)).astimezone(UTC), until.astimezone(UTC))


def _hour_up(at: datetime) -> datetime:
    start = utc_hour(at)
    return start if start == at else start + HOUR
