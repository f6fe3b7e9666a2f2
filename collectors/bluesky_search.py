"""Bluesky's search, app.bsky.feed.searchPosts, through the server of an account."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from collectors.bluesky_records import post_of_view
from collectors.bluesky_xrpc import XrpcReader
from collectors.json_fields import NotAPost, count, inside, moment
from collectors.protocol import Limits
from collectors.windows import Window, astray, closed_windows, resume_at
from core.errors import SourceChanged
from core.expressions import Term
from core.keys import Keys
from core.matching import Matcher
from core.records import Interval, Page, Query, Rejected, Sighted
from core.words import is_word

CAP = 10_000
"""Search ends near ten thousand posts."""

OVERLAP = timedelta(hours=1)
"""Posts are indexed seconds to minutes late: each run reads the last hour of the one before again."""

PAGE = 100
METHOD = "app.bsky.feed.searchPosts"
_DAY = 86_400
_SHORT = 3_600
_FAR = datetime(9990, 1, 1, tzinfo=UTC)
_MISSING = 0.9  # of the posts that search counts, so many come: it counts hidden and deleted ones too


@dataclass(slots=True)
class _Answer:
    """What search gave for one window: views by address; `cut` by the cap; `short` where paging ended early."""

    views: dict[str, Any] = field(default_factory=dict)
    cut: bool = False
    short: bool = False

    def add(self, view: Any) -> str:
        key = inside(view, "uri")
        key = key if isinstance(key, str) else f"?{len(self.views)}"
        self.views[key] = view
        return key


class BlueskySearch:
    """Pages of what search holds, by closed windows, oldest first, with a cursor after each.

    A window with 10,000 posts or more is halved, down to a second, which is then truncated. Paging may stop early
    (the cursor is missing or comes again): where search counted notably more, the window is halved too, down to an
    hour, which is then truncated. A prefix* that no other term covers cannot be searched for: all is truncated.
    """

    def __init__(self, reader: XrpcReader, keys: Callable[[], Keys], *, clock: Callable[[], datetime]) -> None:
        self._reader = reader
        self._keys = keys
        self._clock = clock

    def collect(self, query: Query, cursor: str | None, limits: Limits) -> Iterator[Page]:
        """Pages of up to 100 posts; the last page of each window carries the cursor."""
        matcher, keys = Matcher(query.expression), self._keys()
        cover = matcher.expression.cover
        asked, partial = searches(cover), any(term.prefix for term in cover)
        since = resume_at(cursor, query.since)

        def ask(start: int, end: int) -> tuple[_Answer, bool, int]:
            answer = self._window(asked, start, end, limits)
            return answer, answer.cut or (answer.short and end - start > _SHORT), len(answer.views)

        windows = closed_windows(
            math.floor(since.timestamp()), math.ceil(query.until.timestamp()), ask,
            first=_DAY, longest=8 * _DAY, enough=CAP // 4,
        )  # fmt: skip
        lost = False
        for window in windows:
            strayed = astray(_times(window.answer), window.start, window.end)
            lost = lost or strayed
            held, rejected = self._held(window, matcher, keys, since, query.until)
            end = min(datetime.fromtimestamp(window.end, UTC), query.until)
            parts = [held[n : n + PAGE] for n in range(0, len(held), PAGE)] or [held]
            for part in parts[:-1]:
                yield Page(part)
            withheld = partial or window.capped or window.answer.short or strayed
            yield Page(
                parts[-1],
                cursor=None if lost else max(end - OVERLAP, since).isoformat(),
                truncated=(_interval(window),) if withheld else (),
                rejected=rejected,
                read=len(window.answer.views),
            )

    def _window(self, asked: list[str], start: int, end: int, limits: Limits) -> _Answer:
        answer = _Answer()
        for search in asked:
            self._search(search, start, end, limits, answer)
            if answer.cut:
                break
        return answer

    def _search(self, search: str, start: int, end: int, limits: Limits, answer: _Answer) -> None:
        """Add what one search finds, page by page until it ends, repeats itself or reaches the cap."""
        cursor, found, total, asked, again = "", set[str](), 0, set[str](), False
        while True:
            limits.spend(1, now=self._clock())
            views, following, counted = _read(self._reader.get(METHOD, _parameters(search, start, end, cursor)))
            before = len(found)
            found.update([answer.add(view) for view in views])
            total = max(total, counted)
            if max(total, len(found)) >= CAP:
                answer.cut = True
                return
            asked.add(cursor)
            repeated = (following != "" and following in asked) or (bool(views) and len(found) == before)
            if not following or (repeated and again):
                answer.short = answer.short or repeated or len(found) < total * _MISSING
                return
            cursor, again = (cursor, True) if repeated else (following, False)

    def _held(
        self, window: Window[_Answer], matcher: Matcher, keys: Keys, since: datetime, until: datetime
    ) -> tuple[tuple[Sighted, ...], tuple[Rejected, ...]]:
        """What the watch holds, oldest first, and the views that are not understood. Text alone decides."""
        held: list[Sighted] = []
        rejected: list[Rejected] = []
        now = self._clock()
        for number, view in enumerate(window.answer.views.values(), 1):
            try:
                post = post_of_view(view, keys, now)
            except NotAPost as error:
                if error.reason:
                    rejected.append(Rejected(number, error.reason))
                continue
            reason = matcher.reason(post.text)
            if reason is not None and since <= post.created_at < until:
                held.append(Sighted(post, reason))
        held.sort(key=lambda sighted: (sighted.post.created_at, sighted.post.id))
        return tuple(held), tuple(rejected)


def searches(cover: tuple[Term, ...]) -> list[str]:
    """One search per term: a word and a #hashtag as they are, anything else in quotes, a prefix without its star."""
    asked = []
    for term in cover:
        bare = term.text.lstrip("#")
        plain = all(is_word(char) for char in bare)
        asked.append(term.text if plain else '"{}"'.format(term.text.replace('"', " ")))
    return list(dict.fromkeys(asked))


def _parameters(search: str, start: int, end: int, cursor: str) -> list[tuple[str, str | int]]:
    params: list[tuple[str, str | int]] = [
        ("q", search), ("sort", "latest"), ("limit", PAGE), ("since", _stamp(start)), ("until", _stamp(end)),
    ]  # fmt: skip
    return [*params, ("cursor", cursor)] if cursor else params


def _stamp(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _read(answer: Any) -> tuple[list[Any], str, int]:
    """(views, the next cursor or "", posts counted or 0). Raises SourceChanged where there is no list of posts."""
    views, cursor = inside(answer, "posts"), inside(answer, "cursor")
    if not isinstance(views, list):
        raise SourceChanged("Bluesky search answered without a list of posts")
    return views, cursor if isinstance(cursor, str) else "", count(inside(answer, "hitsTotal")) or 0


def _times(answer: _Answer) -> list[datetime]:
    """When the posts were made and indexed, both: by which of them search keeps time is not documented."""
    said = (
        v for view in answer.views.values() for v in (inside(view, "record", "createdAt"), inside(view, "indexedAt"))
    )
    return [at for value in said if (at := moment(value, _FAR)) is not None]


def _interval(window: Window[_Answer]) -> Interval:
    return Interval(datetime.fromtimestamp(window.start, UTC), datetime.fromtimestamp(window.end, UTC))
