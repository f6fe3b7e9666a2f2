"""One run over the timelines of Mastodon: how far each has come, and which of them fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson

from collectors.json_fields import inside
from collectors.mastodon_timeline import Timeline
from collectors.windows import TRIES, resume_at
from core.errors import ConfigError, RetryLater, SourceError

OVERLAP = timedelta(hours=6)
"""Statuses of other instances arrive late, under the id of their own moment: the last hours are read again."""


class Run:
    """Reads the timelines by adjoining windows, each from its own mark on, and keeps the marks.

    A timeline that fails is left alone for the rest of the run, and its mark stays: the next run reads on from there.
    So it does, up to `TRIES` times, for one that gave the same page again and again.
    """

    def __init__(self, timelines: Sequence[Timeline], cursor: str | None, since: datetime) -> None:
        self._living = list(timelines)
        self._first, self._tries = _read(timelines, cursor, since)
        self._marks = dict(self._first)
        self._refused: set[str] = set()
        self._stuck: set[str] = set()
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
            if timeline.looped and self._tries.get(timeline.key, 0) < TRIES:
                self._stuck.add(timeline.key)
            if timeline.key not in self._stuck:
                self._marks[timeline.key] = max(end - OVERLAP, first)
        if not self._living:
            raise self.down or refused or ConfigError("mastodon: nothing to read")
        return found

    def cut(self, end: datetime) -> bool:
        """Whether a timeline withheld some of the window that ends there: one that is down is no matter of that."""
        looped = any(timeline.looped for timeline in self._living)
        return looped or any(self._first[key] < end for key in self._refused)

    def cursor(self) -> str:
        """The marks: one moment, and those of the timelines that are not there."""
        at = max(self._marks.values())
        behind = {
            key: [mark.isoformat(), self._tries.get(key, 0) + 1 if key in self._stuck else 0]
            for key, mark in sorted(self._marks.items())
            if mark != at or key in self._stuck
        }
        return orjson.dumps({"at": at.isoformat(), "behind": behind}).decode() if behind else at.isoformat()


def _read(
    timelines: Sequence[Timeline], cursor: str | None, since: datetime
) -> tuple[dict[str, datetime], dict[str, int]]:
    """(mark, tries) by the key of each timeline; what cannot be read begins at `since`."""
    kept: Any = cursor
    if cursor and cursor.startswith("{"):
        try:
            kept = orjson.loads(cursor)
        except orjson.JSONDecodeError:
            kept = None
    held = inside(kept, "behind") if isinstance(kept, Mapping) else {}
    behind = held if isinstance(held, Mapping) else {}
    at = resume_at(_text(inside(kept, "at") if isinstance(kept, Mapping) else kept), since)
    marks, tries = {}, {}
    for timeline in timelines:
        own = behind.get(timeline.key)
        mark, count = own if isinstance(own, list) and len(own) == 2 else (None, 0)
        marks[timeline.key] = resume_at(mark, since) if isinstance(mark, str) else at
        tries[timeline.key] = count if isinstance(count, int) else 0
    return marks, tries


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
