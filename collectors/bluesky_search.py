"""Bluesky's search, app.bsky.feed.searchPosts, through the server of an account."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from collectors.bluesky_records import post_of_view
from collectors.bluesky_xrpc import XrpcReader
from collectors.json_fields import count, inside, moment
from collectors.protocol import Limits
from collectors.search_windows import PAGE, Found, Search, search_pages
from core.errors import SourceChanged
from core.expressions import Term
from core.keys import Keys
from core.matching import Matcher
from core.records import Page, Query, Sighted
from core.words import is_word

CAP = 10_000
"""Search ends near ten thousand posts."""

OVERLAP = timedelta(hours=1)
"""Posts are indexed seconds to minutes late: each run reads the last hour of the one before again."""

METHOD = "app.bsky.feed.searchPosts"
_DAY = 86_400
_FAR = datetime(9990, 1, 1, tzinfo=UTC)
_MISSING = 0.9  # of the posts that search counts, so many come: it counts hidden and deleted ones too


class BlueskySearch:
    """Pages of what search holds, by closed windows, oldest first, with a cursor after each.

    A window with 10,000 posts or more is halved, down to a second, which is then truncated. Paging may stop early
    (the cursor is missing or comes again): where search counted notably more, the window is halved too, down to an
    hour, which is then truncated; where a page came again and again, three later runs ask again. A prefix* that no
    other term covers cannot be searched for: all is truncated.
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

        def ask(search: str, start: int, end: int, found: Found) -> None:
            self._search(search, start, end, limits, found)

        def take(view: Any) -> Sighted | None:
            """Text alone decides."""
            post = post_of_view(view, keys, self._clock())
            reason = matcher.reason(post.text)
            return None if reason is None else Sighted(post, reason)

        yield from search_pages(Search(asked, ask, take, _times, CAP, 8 * _DAY, OVERLAP, partial), query, cursor)

    def _search(self, search: str, start: int, end: int, limits: Limits, answer: Found) -> None:
        """Add what one search finds, page by page until it ends, repeats itself or reaches the cap."""
        cursor, found, total, asked, again = "", set[str](), 0, set[str](), False
        while True:
            limits.spend(1, now=self._clock())
            views, following, counted = _read(self._reader.get(METHOD, _parameters(search, start, end, cursor)))
            before = len(found)
            found.update([answer.add(inside(view, "uri"), view) for view in views])
            total = max(total, counted)
            if max(total, len(found)) >= CAP:
                answer.cut = True
                return
            asked.add(cursor)
            repeated = (following != "" and following in asked) or (bool(views) and len(found) == before)
            if not following or (repeated and again):
                answer.short = answer.short or repeated or len(found) < total * _MISSING
                answer.looped = answer.looped or repeated
                return
            cursor, again = (cursor, True) if repeated else (following, False)


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


def _times(view: Any) -> list[datetime]:
    """When a post was made and indexed, both: by which of them search keeps time is not documented."""
    said = (inside(view, "record", "createdAt"), inside(view, "indexedAt"))
    return [at for value in said if (at := moment(value, _FAR)) is not None]
