"""How far each of several listings was read: a cursor of many marks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import orjson

from collectors.json_fields import inside
from collectors.windows import TRIES, resume_at


class Marks:
    """Per listing, by its key, the moment from which the next run reads it; what cannot be read begins at `since`.

    `first` are the marks that the run began with, `notes` what else a collector keeps with them. A listing that is
    not moved keeps its mark: so one that fails is read on from there by the next run, whatever the others do.
    """

    def __init__(self, keys: Iterable[str], cursor: str | None, since: datetime) -> None:
        kept: Any = cursor
        if cursor and cursor.startswith("{"):
            try:
                kept = orjson.loads(cursor)
            except orjson.JSONDecodeError:
                kept = None
        notes, behind = inside(kept, "notes"), inside(kept, "behind")
        at = resume_at(_text(inside(kept, "at") if isinstance(kept, Mapping) else kept), since)
        self.notes: dict[str, Any] = notes if isinstance(notes, dict) else {}
        self.first: dict[str, datetime] = {}
        self._tries: dict[str, int] = {}
        for key in keys:
            own = inside(behind, key)
            mark, tries = own if isinstance(own, list) and len(own) == 2 else (None, 0)
            self.first[key] = resume_at(mark, since) if isinstance(mark, str) else at
            self._tries[key] = tries if isinstance(tries, int) else 0
        self._marks = dict(self.first)
        self._held: set[str] = set()

    def move(self, key: str, to: datetime) -> None:
        """The listing was read up to `to`; unless it is held."""
        if key not in self._held:
            self._marks[key] = max(to, self.first[key])

    def hold(self, key: str) -> None:
        """The listing gave the same page again and again: leave its mark for the next run, `TRIES` times at most."""
        if self._tries[key] < TRIES:
            self._held.add(key)

    def cursor(self) -> str:
        """One moment where that says all; else JSON."""
        at = max(self._marks.values())
        behind = {
            key: [mark.isoformat(), self._tries[key] + 1 if key in self._held else 0]
            for key, mark in sorted(self._marks.items())
            if mark != at or key in self._held
        }
        if not behind and not self.notes:
            return at.isoformat()
        return orjson.dumps({"at": at.isoformat(), "behind": behind, "notes": self.notes}).decode()


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
