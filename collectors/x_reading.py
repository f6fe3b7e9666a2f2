"""Counting and reading X: every request is paid for before it is sent, and what was not used is given back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Protocol

from collectors.json_fields import NotAPost, inside, rows
from collectors.protocol import Limits
from collectors.x_plan import Bucket, Window, buckets_of, next_token
from collectors.x_posts import included, post_id, post_of
from core.keys import Keys
from core.matching import Matcher
from core.records import Interval, Page, Query, Rejected, Sampled, Sighted

PRICE = 0.005
"""US dollars for one post read."""
COUNT_PRICE, ARCHIVE_COUNT_PRICE = 0.005, 0.010
RECENT_PAGE, ARCHIVE_PAGE, LEAST = 100, 500, 10
_MOST_PAGES = 1_000
_NEARLY_ALL = 0.999


class Client(Protocol):
    """What is asked: `x_client.XClient`, or a fake."""

    def search(
        self, query: str, *, archive: bool, start: datetime | None, end: datetime, since_id: str = "",
        token: str = "", most: int = 100, originals: bool = False,
    ) -> Any:  # fmt: skip
        """One page of posts, newest first."""
        ...

    def counts(self, query: str, *, archive: bool, start: datetime, end: datetime, token: str = "") -> Any:
        """One page of hourly counts."""
        ...


def counted(
    client: Client, said: str, start: datetime, end: datetime, limits: Limits, *, archive: bool, now: datetime
) -> tuple[list[Bucket], float]:
    """The hourly counts of [start, end), and what asking has cost."""
    found: dict[datetime, Bucket] = {}
    price, spent, token, tokens = ARCHIVE_COUNT_PRICE if archive else COUNT_PRICE, 0.0, "", set[str]()
    while token not in tokens:
        tokens.add(token)
        limits.spend(price, now=now)
        spent += price
        answer = client.counts(said, archive=archive, start=start, end=end, token=token)
        found |= {bucket.start: bucket for bucket in buckets_of(answer, start, end)}
        token = next_token(answer)
    return sorted(found.values(), key=lambda bucket: bucket.start), spent


class Reading:
    """The reading of one run: window by window, with what each has brought."""

    def __init__(
        self, client: Client, keys: Keys, query: Query, limits: Limits, clock: Callable[[], datetime], *, reposts: bool
    ) -> None:
        self._client = client
        self._keys = keys
        self._query = query
        self._limits = limits
        self._clock = clock
        self._reposts = reposts
        self._matcher = Matcher(query.expression)
        self._seen: set[str] = set()
        self._read = 0
        self._broken = False
        self.newest = ""
        """The newest post of the window that was read last, by its id; "" where it had none."""

    @property
    def unit(self) -> float:
        """What one post costs at most: a repost brings its original along."""
        return PRICE * 2 if self._reposts else PRICE

    def whole(self, window: Window, said: str, *, archive: bool, since_id: str) -> Iterator[Page]:
        """All of a window, newest first."""
        self._begin()
        yield from self._pages(window.span, said, window.volume, archive=archive, since_id=since_id)

    def sampled(self, window: Window, said: str, *, archive: bool) -> Iterator[Page]:
        """The drawn moments of a window."""
        self._begin()
        share = window.volume / max((window.end - window.start).total_seconds(), 1.0)
        for part in window.slices:
            expected = round(share * (part.end - part.start).total_seconds())
            yield from self._pages(part, said, expected, archive=archive, since_id="")

    def cut(self, window: Window) -> tuple[Interval, ...]:
        """The window, where not even a sample of it could be read."""
        lost = self._broken or (window.slices and not self._read and window.volume)
        return (window.span,) if lost else ()

    def part(self, window: Window) -> tuple[Sampled, ...]:
        """Which share of the window's posts was read, where it was sampled."""
        if not window.slices or self._broken or not self._read or not window.volume:
            return ()
        return (Sampled(window.span, min(self._read / window.volume, _NEARLY_ALL), window.volume),)

    def _begin(self) -> None:
        self._read, self._broken, self.newest = 0, False, ""

    def _pages(self, span: Interval, said: str, expected: int, *, archive: bool, since_id: str) -> Iterator[Page]:
        token, tokens, left = "", set[str](), expected
        for _ in range(_MOST_PAGES):
            tokens.add(token)
            most = min(ARCHIVE_PAGE if archive else RECENT_PAGE, max(LEAST, left + left // 10 + 1))
            answer = self._paid(
                most, lambda most=most, token=token: self._client.search(  # type: ignore[misc]
                    said, archive=archive, start=span.start, end=span.end, since_id=since_id, token=token, most=most,
                    originals=self._reposts,
                ),
            )  # fmt: skip
            records = rows(answer, "data")
            fresh = [record for record in records if self._is_new(record)]
            self._read += len(fresh)
            left -= len(records)
            yield self._page(fresh, answer, span)
            token = next_token(answer)
            if not records and rows(answer, "errors"):
                self._broken = True  # errors in place of posts, with 200
            if not token:
                return
            if token in tokens or not fresh:
                break
        self._broken = True  # pages that come again: what follows is not known

    def _paid(self, most: int, ask: Callable[[], Any]) -> Any:
        """The answer; set aside beforehand is what a full page costs, and the rest is given back."""
        self._limits.spend(most * self.unit, now=self._clock())
        budget, came = self._limits.budget, 0
        try:
            answer = ask()
            came = len(rows(answer, "data")) + (len(included(answer)) if self._reposts else 0)
            return answer
        finally:
            if budget is not None:
                budget.release(max(0.0, most * self.unit - came * PRICE))

    def _is_new(self, record: Any) -> bool:
        id_ = post_id(record)
        if not id_:
            return True  # to become a rejected row
        if len(id_) > len(self.newest) or (len(id_) == len(self.newest) and id_ > self.newest):
            self.newest = id_
        if id_ in self._seen:
            return False
        self._seen.add(id_)
        return True

    def _page(self, records: list[Any], answer: Any, span: Interval) -> Page:
        """What the watch holds of a page, oldest first; its text decides alone."""
        held: list[Sighted] = []
        now, others = self._clock(), included(answer)
        rejected = [
            Rejected(number, f"X gave no post: {_words(inside(error, 'title'))}")
            for number, error in enumerate(rows(answer, "errors"), 1)
        ]
        for number, record in enumerate(records, 1):
            try:
                post = post_of(record, self._keys, now, others)
            except NotAPost as error:
                rejected.append(Rejected(number, error.reason))
                continue
            reason = self._matcher.reason(post.text)
            if reason is not None and min(self._query.since, span.start) <= post.created_at < self._query.until:
                held.append(Sighted(post, reason))
        held.sort(key=lambda sighted: (sighted.post.created_at, sighted.post.id))
        return Page(tuple(held), rejected=tuple(rejected), read=len(records))


def _words(value: Any) -> str:
    """The title of an error, if it is one of words."""
    plain = isinstance(value, str) and len(value) <= 60 and value.replace(" ", "").isalpha()
    return value if plain else "an error"
