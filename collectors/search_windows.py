"""The walk of a search that takes bounds of time and caps its answers: windows in, pages with cursors out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from collectors.json_fields import NotAPost
from collectors.windows import TRIES, astray, closed_windows, resume_at
from core.records import Interval, Page, Query, Rejected, Sighted

PAGE = 100
_DAY = 86_400
_SHORT = 3_600
_AGAIN = ";"


@dataclass(slots=True)
class Found:
    """What a source gave for one window: records by key; `cut` by its cap, `short` of what it should have given.

    `looped`: it is short because the same page came again and again, which another time may not be so.
    """

    records: dict[str, Any] = field(default_factory=dict)
    cut: bool = False
    short: bool = False
    looped: bool = False

    def add(self, key: object, record: Any) -> str:
        """Take a record and return its key. One without a key of its own is kept too, to become a rejected row."""
        name = key if isinstance(key, str) and key else f"?{len(self.records)}"
        self.records[name] = record
        return name


@dataclass(frozen=True, slots=True)
class Search:
    """How one source is searched. `ask` adds what one of the searches `asked` finds in the seconds [start, end).

    `take` makes a record the post that the watch holds, or None, or raises NotAPost; `times` are the moments by which
    the source may keep time. An answer near `cap` doubles no window; `overlap` is read again by the next run.
    """

    asked: Sequence[str]
    ask: Callable[[str, int, int, Found], None]
    take: Callable[[Any], Sighted | None]
    times: Callable[[Any], Iterable[datetime]]
    cap: int
    longest: int
    overlap: timedelta
    partial: bool = False
    """What is searched for finds only a part of what matches: all is truncated."""


def search_pages(search: Search, query: Query, cursor: str | None) -> Iterator[Page]:
    """Pages of up to 100 posts, oldest window first; the last page of each window carries the cursor.

    A cut window is halved, down to a second, a short one down to an hour: what remains is truncated. Where a page came
    again and again, the cursor stays for the next `TRIES` runs. An answer to another question gives none at all.
    """
    place, _, count = (cursor or "").partition(_AGAIN)
    tries = int(count) if count.isdecimal() and len(count) < 3 else 0
    since = resume_at(place, query.since)

    def ask(start: int, end: int) -> tuple[Found, bool, int]:
        found = Found()
        for words in search.asked:
            search.ask(words, start, end, found)
            if found.cut:
                break
        return found, found.cut or (found.short and end - start > _SHORT), len(found.records)

    windows = closed_windows(
        math.floor(since.timestamp()), math.ceil(query.until.timestamp()), ask,
        first=_DAY, longest=search.longest, enough=search.cap // 4,
    )  # fmt: skip
    lost, stuck = False, None
    for window in windows:
        found = window.answer
        times = (at for record in found.records.values() for at in search.times(record))
        strayed = astray(times, window.start, window.end)
        lost = lost or strayed
        start, end = (datetime.fromtimestamp(at, UTC) for at in (window.start, window.end))
        if found.looped and stuck is None and tries < TRIES:
            stuck = max(start, since)
        held, rejected = _held(found, search, since, query.until)
        parts = [held[n : n + PAGE] for n in range(0, len(held), PAGE)] or [held]
        for part in parts[:-1]:
            yield Page(part)
        resume = max(min(end, query.until) - search.overlap, since).isoformat()
        if stuck is not None:
            resume = f"{stuck.isoformat()}{_AGAIN}{tries + 1}"
        yield Page(
            parts[-1],
            cursor=None if lost else resume,
            truncated=(Interval(start, end),) if search.partial or window.capped or found.short or strayed else (),
            rejected=rejected,
            read=len(found.records),
        )


def _held(
    found: Found, search: Search, since: datetime, until: datetime
) -> tuple[tuple[Sighted, ...], tuple[Rejected, ...]]:
    """What the watch holds of [since, until), oldest first, and the records that are not understood."""
    held: list[Sighted] = []
    rejected: list[Rejected] = []
    for number, record in enumerate(found.records.values(), 1):
        try:
            sighted = search.take(record)
        except NotAPost as error:
            if error.reason:
                rejected.append(Rejected(number, error.reason))
            continue
        if sighted is not None and since <= sighted.post.created_at < until:
            held.append(sighted)
    held.sort(key=lambda sighted: (sighted.post.created_at, sighted.post.id))
    return tuple(held), tuple(rejected)
