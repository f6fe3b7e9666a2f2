"""Hacker News by the search API of Algolia: stories and comments, no key needed. https://hn.algolia.com/api"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Self

from collectors.hackernews_hits import post_of
from collectors.json_fields import name
from collectors.protocol import Limits
from collectors.search_windows import Found, Search, search_pages
from core.errors import ConfigError, SourceChanged
from core.expressions import Term
from core.http import Transport
from core.keys import Keys
from core.matching import Matcher
from core.records import Page, Query, Sighted
from core.settings import Settings

CAP = 1_000
"""The API gives the first thousand hits of a query and no more (algolia/hn-search#125, #230)."""

OVERLAP = timedelta(hours=1)
"""The index lags by minutes: each run reads the last hour of the one before again."""

_DAY = 86_400
_LONGEST = 32 * _DAY
_MOST_TERMS = 10
_INTERVAL = 0.4  # 10,000 requests an hour and address are allowed, by the notes on the API's page


class HackerNewsCollector:
    """Stories and comments that hold one of the terms that a match needs, and comments below such a title.

    Works through closed windows, oldest first, with a cursor after each; a window with 1,000 hits or more is
    halved, down to a second, which is then truncated; a window of an hour or less that brings fewer hits than the
    API counts is truncated too. Replies to a matching comment below another title are not asked for.
    """

    name: ClassVar[str] = "hackernews"
    price: ClassVar[float] = 0.0

    def __init__(
        self, transport: Transport, keys: Callable[[], Keys], *, url: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:  # fmt: skip
        self._transport = transport
        self._keys = keys
        self._url = f"{url.rstrip('/')}/search_by_date"
        self._clock = clock

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Needs no key; `hackernews_url` is where the API is."""
        return cls(Transport(settings, interval=_INTERVAL), lambda: settings.keys, url=settings.hackernews_url)

    def collect(self, query: Query, cursor: str | None, limits: Limits) -> Iterator[Page]:
        """Pages of up to 100 posts; the last page of each window carries the cursor."""
        if query.options:
            raise ConfigError(f"hackernews has no options; found {', '.join(sorted(query.options))}")
        matcher, keys = Matcher(query.expression), self._keys()
        asked = searches(matcher.expression.cover)

        def ask(search: str, start: int, end: int, found: Found) -> None:
            self._search(search, start, end, limits, found)

        def take(hit: Any) -> Sighted | None:
            """Text and title decide alone, not what was held before: so a run that resumes holds the same posts."""
            post = post_of(hit, keys, self._clock())
            title = hit.get("story_title")
            reason = matcher.reason(post.text, [title] if post.root_id and isinstance(title, str) else ())
            return None if reason is None else Sighted(post, reason)

        yield from search_pages(Search(asked, ask, take, _times, CAP, _LONGEST, OVERLAP), query, cursor)

    def _search(self, search: str, start: int, end: int, limits: Limits, answer: Found) -> None:
        """Add what one search finds. The count that comes along decides nothing alone: it is not always right."""
        page, found = 0, set[str]()
        while True:
            limits.spend(1, now=self._clock())
            hits, total, size = _read(self._transport.get_json(self._url, _parameters(search, start, end, page)))
            before = len(found)
            found.update([answer.add(name(hit.get("objectID")), hit) for hit in hits])
            page += 1
            if total >= CAP or len(found) >= CAP:
                answer.cut = True
                return
            if len(hits) < size or len(found) == before:  # the last page, or one that is given again
                answer.short = answer.short or len(found) < total
                answer.looped = answer.looped or len(hits) == size
                return


def searches(cover: tuple[Term, ...]) -> list[str]:
    """What to ask for so that nothing that matches is missed: one search per term, or one for everything.

    A phrase goes in quotes (advancedSyntax); the beginning of a word without, since the API completes the last
    word of a search.
    """
    if len(cover) > _MOST_TERMS:
        return [""]
    asked = [term.text.strip("-#") if term.prefix else f'"{term.text.lstrip("#")}"' for term in cover]
    return list(dict.fromkeys(asked))


def _parameters(search: str, start: int, end: int, page: int) -> dict[str, str | int]:
    return {
        "query": search,
        "tags": "(story,comment,poll)",
        "numericFilters": f"created_at_i>={start},created_at_i<{end}",
        "hitsPerPage": CAP,
        "page": page,
        "advancedSyntax": "true",
        "typoTolerance": "false",
    }


def _read(answer: Any) -> tuple[list[dict[str, Any]], int, int]:
    """(hits, hits that there are, hits per page). Raises SourceChanged."""
    if not isinstance(answer, dict) or not isinstance(answer.get("hits"), list):
        raise SourceChanged("Hacker News search answered without a list of hits")
    hits, total, size = answer["hits"], answer.get("nbHits", 0), answer.get("hitsPerPage", CAP)
    if not all(isinstance(hit, dict) for hit in hits) or not isinstance(total, int) or not isinstance(size, int):
        raise SourceChanged("Hacker News search answered with hits or counts of another kind")
    return hits, total, max(size, 1)


def _times(hit: Any) -> list[datetime]:
    at = hit.get("created_at_i")
    return [datetime.fromtimestamp(at, UTC)] if isinstance(at, int) and 0 < at < 2**33 else []
