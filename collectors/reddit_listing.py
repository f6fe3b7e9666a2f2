"""Reddit's listings, newest first, paged back to a moment: never a stream, which loses what one page does not hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from collectors.json_fields import inside
from collectors.reddit_things import created, id_of
from core.errors import QueryRejected, SourceChanged

Ask = Callable[[str, Mapping[str, str | int]], Any]
PAGE = 100
LISTING_CAP = 900
"""A listing ends near 1,000 (praw#430, #614), less what is filtered out of it: an end from here on is the cap."""
SEARCH_CAP = 200
"""A search ends at some 220 to 250 (snoowrap#162)."""
_EMPTY_TRIES = 3
"""15 of 100 identical searches came back empty (praw#813, #814)."""
_MOST_PAGES = 30


@dataclass(slots=True)
class Listing:
    """One listing on its way back to `mark`. After the last page `capped` says whether it ended before the mark."""

    path: str
    params: Mapping[str, str | int]
    mark: datetime
    cap: int = LISTING_CAP
    oldest: datetime | None = None
    capped: bool = False
    _seen: set[str] = field(default_factory=set)

    def pages(self, ask: Ask) -> Iterator[list[Any]]:
        """The things of each page, those seen on an earlier page left out. Ends at the mark, the end, or a loop."""
        after, total = "", 0
        for number in range(_MOST_PAGES):
            things, following = self._page(ask, after, first=number == 0)
            fresh = [thing for thing in things if self._is_new(thing)]
            total += len(things)
            if fresh:
                yield fresh
            reached = bool(things) and self._all_before_mark(things)
            if reached or not following or not fresh or following == after:
                # A page that only repeats, or no next one: the listing has ended, by its own end or by the cap.
                self.capped = not reached and (total >= self.cap or (bool(following) and bool(things)))
                return
            after = following
        self.capped = True

    def _page(self, ask: Ask, after: str, *, first: bool) -> tuple[list[Any], str]:
        params: dict[str, str | int] = {**self.params, "limit": PAGE}
        if after:
            params["after"] = after
        tries = _EMPTY_TRIES if first and self.cap == SEARCH_CAP else 1
        for _ in range(tries):
            things, following = read_listing(ask(self.path, params), self.path)
            if things:
                break
        return things, following

    def _is_new(self, thing: Any) -> bool:
        id_ = id_of(thing)
        if not id_:
            return True  # to become a rejected row
        if id_ in self._seen:
            return False
        self._seen.add(id_)
        return True

    def _all_before_mark(self, things: list[Any]) -> bool:
        """Whether the whole page is older than the mark: a search is not strictly in order."""
        times = [at for thing in things if id_of(thing) and (at := created(thing)) is not None]
        for at in times:
            if self.oldest is None or at < self.oldest:
                self.oldest = at
        return bool(times) and max(times) < self.mark


def read_listing(answer: Any, path: str) -> tuple[list[Any], str]:
    """(things, the name to go on `after`). Raises SourceChanged, QueryRejected where subreddits came instead."""
    things = inside(answer, "data", "children")
    if not isinstance(things, list):
        raise SourceChanged(f"Reddit {path} answered without a listing")
    if things and all(inside(thing, "kind") == "t5" for thing in things):
        raise QueryRejected(f"Reddit {path}: there is no such subreddit")
    after = inside(answer, "data", "after")
    return things, after if isinstance(after, str) else ""
