"""One run over the timelines of Mastodon: how far each has come, and which of them fail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from collectors.marks import Marks
from collectors.mastodon_timeline import Timeline
from core.errors import ConfigError, RetryLater, SourceError

OVERLAP = timedelta(hours=6)
"""Statuses of other instances arrive late, under the id of their own moment: the last hours are read again."""


class Run:
    """Reads the timelines by adjoining windows, each from its own mark on, and keeps the marks.

    A timeline that fails is left alone for the rest of the run; one that repeats itself is read on, and held.
    """

    def __init__(self, timelines: Sequence[Timeline], cursor: str | None, since: datetime) -> None:
        self._living = list(timelines)
        self._marks = Marks([timeline.key for timeline in timelines], cursor, since)
        self._first = self._marks.first
        self._refused: set[str] = set()
        self.down: SourceError | None = None

    @property
    def start(self) -> datetime:
        """Where the timeline that is furthest behind has to be read from."""
        return min(self._first.values())

    def window_end(self, start: datetime, longest: timedelta, until: datetime) -> datetime:
        """The end of the window that begins at `start`: a span that no living timeline has to read is one window."""
        due = min((self._first[timeline.key] for timeline in self._living), default=until)
        return min(max(start + longest, due), until)

    def window(self, start: datetime, end: datetime) -> list[tuple[Any, Timeline]]:
        """(status, timeline) of what the living timelines give. Raises when none is left."""
        found: list[tuple[Any, Timeline]] = []
        refused: SourceError | None = None
        for timeline in [t for t in self._living if self._first[t.key] < end]:
            first = self._first[timeline.key]
            try:
                for page in timeline.between(max(start, first), end, first=first):
                    found += [(status, timeline) for status in page]
            except SourceError as error:
                self._living.remove(timeline)
                if isinstance(error, RetryLater):
                    self.down = error
                else:
                    self._refused.add(timeline.key)
                    refused = error
                continue
            if timeline.looped:
                self._marks.hold(timeline.key)
            self._marks.move(timeline.key, end - OVERLAP)
        if not self._living:
            raise self.down or refused or ConfigError("mastodon: nothing to read")
        return found

    def cut(self, end: datetime) -> bool:
        """Whether a timeline withheld some of the window that ends there: one that is down is no matter of that."""
        looped = any(timeline.looped for timeline in self._living)
        return looped or any(self._first[key] < end for key in self._refused)

    def cursor(self) -> str:
        """The marks, as the store keeps them."""
        return self._marks.cursor()
