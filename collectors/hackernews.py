"""Hacker News by the search API of Algolia: stories and comments, no key needed. https://hn.algolia.com/api"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Self

from collectors.hackernews_hits import post_of
from collectors.json_fields import NotAPost
from collectors.protocol import Limits
from collectors.windows import Window, astray, closed_windows, resume_at
from core.errors import ConfigError, SourceChanged
from core.expressions import Term
from core.http import Transport
from core.keys import Keys
from core.matching import Matcher
from core.records import Interval, Page, Query, Rejected, Sighted
from core.settings import Settings

CAP = 1_000
"""The API gives the first thousand hits of a query and no more (algolia/hn-search#125, #230)."""

OVERLAP = timedelta(hours=1)
"""The index lags by minutes: each run reads the last hour of the one before again."""

PAGE = 100
_DAY = 86_400
_LONGEST = 32 * _DAY
_SHORT = 3_600
_MOST_TERMS = 10
_INTERVAL = 0.4  # 10,000 requests an hour and address are allowed, by the notes on the API's page

Hit = dict[str, Any]


@dataclass(slots=True)
class _Answer:
    """What the API gave for one window: hits by id; `cut` by the cap; `short` of what it counted itself."""

    hits: dict[str, Hit] = field(default_factory=dict)
    cut: bool = False
    short: bool = False

    def add(self, hit: Hit) -> str:
        """Take a hit and return its key. One without an id is kept too, to become a rejected row."""
        key = str(hit.get("objectID", f"?{len(self.hits)}"))
        self.hits[key] = hit
        return key


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
        since = resume_at(cursor, query.since)

        def ask(start: int, end: int) -> tuple[_Answer, bool, int]:
            answer = self._window(asked, start, end, limits)
            again = answer.cut or (answer.short and end - start > _SHORT)
            return answer, again, len(answer.hits)

        windows = closed_windows(
            math.floor(since.timestamp()), math.ceil(query.until.timestamp()), ask,
            first=_DAY, longest=_LONGEST, enough=CAP // 4,
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
            yield Page(
                parts[-1],
                cursor=None if lost else max(end - OVERLAP, since).isoformat(),
                truncated=(_interval(window),) if window.capped or window.answer.short or strayed else (),
                rejected=rejected,
                read=len(window.answer.hits),
            )

    def _window(self, asked: list[str], start: int, end: int, limits: Limits) -> _Answer:
        answer = _Answer()
        for search in asked:
            self._search(search, start, end, limits, answer)
            if answer.cut:
                break
        return answer

    def _search(self, search: str, start: int, end: int, limits: Limits, answer: _Answer) -> None:
        """Add what one search finds. The count that comes along decides nothing alone: it is not always right."""
        page, found = 0, set[str]()
        while True:
            limits.spend(1, now=self._clock())
            hits, total, size = _read(self._transport.get_json(self._url, _parameters(search, start, end, page)))
            before = len(found)
            found.update([answer.add(hit) for hit in hits])
            page += 1
            if total >= CAP or len(found) >= CAP:
                answer.cut = True
                return
            if len(hits) < size or len(found) == before:  # the last page, or one that is given again
                answer.short = answer.short or len(found) < total
                return

    def _held(
        self, window: Window[_Answer], matcher: Matcher, keys: Keys, since: datetime, until: datetime
    ) -> tuple[tuple[Sighted, ...], tuple[Rejected, ...]]:
        """What the watch holds, oldest first, and the hits that are not understood.

        Text and title decide alone, not what was held before: so a run that resumes holds the same posts.
        """
        held: list[Sighted] = []
        rejected: list[Rejected] = []
        now = self._clock()
        for number, hit in enumerate(window.answer.hits.values(), 1):
            try:
                post = post_of(hit, keys, now)
            except NotAPost as error:
                if error.reason:
                    rejected.append(Rejected(number, error.reason))
                continue
            title = hit.get("story_title")
            reason = matcher.reason(post.text, [title] if post.root_id and isinstance(title, str) else ())
            if reason is not None and since <= post.created_at < until:
                held.append(Sighted(post, reason))
        held.sort(key=lambda sighted: (sighted.post.created_at, sighted.post.id))
        return tuple(held), tuple(rejected)


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


def _times(answer: _Answer) -> list[datetime]:
    seconds = (hit.get("created_at_i") for hit in answer.hits.values())
    return [datetime.fromtimestamp(at, UTC) for at in seconds if isinstance(at, int) and 0 < at < 2**33]


def _interval(window: Window[_Answer]) -> Interval:
    return Interval(datetime.fromtimestamp(window.start, UTC), datetime.fromtimestamp(window.end, UTC))
