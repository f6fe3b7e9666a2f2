"""How far each listing of Reddit was read, and which threads are followed: the cursor, as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self

OVERLAP = timedelta(hours=3)
"""Reddit's search lags, by up to two hours (reddit-post-notifier#46): each run reads the last three hours again."""
FOLLOWED = timedelta(days=7)
KEPT_THREADS = 300
UNREAD = -1
"""In place of a number of comments: a thread that matched and was not read yet."""
_FULLNAME = re.compile(r"t3_[0-9a-z]{1,13}")


@dataclass(slots=True)
class Marks:
    """Per listing the moment to page back to; per thread the comments that it had, and since when it is followed."""

    since: datetime
    moments: dict[str, datetime] = field(default_factory=dict)
    threads: dict[str, int] = field(default_factory=dict)
    _begun: dict[str, datetime] = field(default_factory=dict)

    @classmethod
    def read(cls, cursor: str | None, since: datetime) -> Self:
        """The marks of a cursor; what of it cannot be read starts at `since`."""
        found = cls(since)
        try:
            told = json.loads(cursor or "")
        except ValueError:
            return found
        for key, value in _table(told, "marks").items():
            if (at := _moment(value)) is not None:
                found.moments[key] = at
        for id_, pair in _table(told, "threads").items():
            if not _FULLNAME.fullmatch(id_) or not isinstance(pair, list) or len(pair) != 2:
                continue
            at = _moment(pair[1])
            if isinstance(pair[0], int) and at is not None:
                found.threads[id_], found._begun[id_] = pair[0], at
        return found

    def mark(self, key: str) -> datetime:
        """Where the listing was read up to, less the overlap."""
        return self.moments.get(key, self.since)

    def move(self, key: str, until: datetime) -> None:
        """The listing was read whole up to `until`."""
        self.moments[key] = max(until - OVERLAP, self.mark(key))

    def expect(self, threads: Mapping[str, int], now: datetime) -> None:
        """These threads are to be read: should the run end before, the next one knows."""
        for id_ in threads:
            if id_ not in self.threads:
                self.threads[id_], self._begun[id_] = UNREAD, now

    def follow(self, threads: Mapping[str, int], now: datetime) -> None:
        """Follow these threads, with the comments that each has; old ones, and the oldest of too many, are let go."""
        begun = {id_: self._begun.get(id_, now) for id_ in threads}
        young = sorted((id_ for id_ in threads if now - begun[id_] < FOLLOWED), key=lambda id_: (begun[id_], id_))
        self.threads = {id_: threads[id_] for id_ in young[-KEPT_THREADS:]}
        self._begun = {id_: begun[id_] for id_ in self.threads}

    def cursor(self) -> str:
        """The marks as the store keeps them."""
        threads = {id_: [number, self._begun[id_].isoformat()] for id_, number in self.threads.items()}
        return json.dumps({"marks": {k: at.isoformat() for k, at in self.moments.items()}, "threads": threads})


def _table(told: Any, name: str) -> dict[str, Any]:
    found = told.get(name) if isinstance(told, dict) else None
    return found if isinstance(found, dict) else {}


def _moment(value: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(value)
    except (ValueError, TypeError):
        return None
    return at.astimezone(UTC) if at.tzinfo else None
