"""Google News by its RSS search, day by day: headlines that hold a term. No key; links are redirects of Google's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar, Self

from collectors.feed_entries import Feed, read_feed
from collectors.feeds import LONGEST, MAX_FEED, article
from collectors.news_terms import any_of, exact
from collectors.protocol import Limits
from collectors.windows import astray, resume_at
from core.errors import ConfigError
from core.http import Transport
from core.keys import Keys
from core.matching import Matcher
from core.records import Interval, Page, Query, Rejected, Sighted
from core.settings import Settings

CAP = 100
"""A search gives a hundred articles and no more (pygooglenews#9, #11)."""

OVERLAP = timedelta(days=1)
"""Articles are found late, and in which time zone `after:` and `before:` count is not documented."""

_DAY = timedelta(days=1)
_EDITION = re.compile(r"([a-z]{2,3})-([A-Z]{2})")
_INTERVAL = 2.0


class GoogleNewsCollector:
    """Asks for each day by itself, oldest first, with a cursor after each; a day with 100 articles is truncated.

    `options["edition"]` is language and country, "en-US" where none is given. Titles alone are matched, for the feed
    holds no more. Terms that are beginnings of words are asked for as words: their days are truncated.
    """

    name: ClassVar[str] = "googlenews"
    price: ClassVar[float] = 0.0

    def __init__(
        self, transport: Transport, keys: Callable[[], Keys], *, url: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:  # fmt: skip
        self._transport = transport
        self._keys = keys
        self._url = url
        self._clock = clock

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Needs no key; `googlenews_url` is where the search is."""
        transport = Transport(settings, timeout=LONGEST, longest=LONGEST, most=MAX_FEED, interval=_INTERVAL)
        return cls(transport, lambda: settings.keys, url=settings.googlenews_url)

    def collect(self, query: Query, cursor: str | None, limits: Limits) -> Iterator[Page]:
        """One page a day, of up to 100 posts a search."""
        edition, matcher, keys = _edition(query.options), Matcher(query.expression), self._keys()
        searches, whole = any_of(matcher.expression.cover), exact(matcher.expression.cover)
        since = resume_at(cursor, query.since)
        day, last = (since - _DAY).date(), (query.until + _DAY).date()
        seen: set[str] = set()
        before: list[tuple[str, ...]] = []
        lost = False
        while day <= last:
            held: dict[str, Sighted] = {}
            rejected: list[Rejected] = []
            answers: list[tuple[str, ...]] = []
            read, cut = 0, not whole
            for search in searches:
                limits.spend(1, now=self._clock())
                feed = self._day(search, day, edition)
                read += len(feed.entries)
                answers.append(tuple(entry.id for entry in feed.entries))
                strayed = answers[-1:] != [()] and (answers[-1] in before or _elsewhere(feed, day))
                lost, cut = lost or strayed, cut or strayed or len(feed.entries) >= CAP
                for number, entry in enumerate(feed.entries, 1):
                    if entry.at is None or not entry.title:
                        rejected.append(Rejected(number, "article without a time or a title"))
                    elif since <= entry.at < query.until and entry.id not in seen:
                        post = article(self.name, entry, keys, self._clock(), entry.author, edition[0])
                        held |= {sighted.post.id: sighted for sighted in matcher.sight([post])}
            before = answers
            seen = set(held)  # a day's articles may stand in its neighbour's answer too
            yield Page(
                tuple(sorted(held.values(), key=lambda s: (s.post.created_at, s.post.id))),
                cursor=None if lost else max(since, min(_midnight(day + _DAY), query.until) - OVERLAP).isoformat(),
                truncated=_span(day, since, query.until) if cut else (), rejected=tuple(rejected), read=read,
            )  # fmt: skip
            day += _DAY

    def _day(self, search: str, day: date, edition: tuple[str, str]) -> Feed:
        language, country = edition
        asked = {
            "q": f"{search} after:{day.isoformat()} before:{(day + _DAY).isoformat()}", "hl": f"{language}-{country}",
            "gl": country, "ceid": f"{country}:{language}",
        }  # fmt: skip
        answer = self._transport.get(self._url, asked)
        return read_feed(answer.body, url=self._url, content_type=answer.headers.get("Content-Type", ""))


def _edition(options: Mapping[str, str]) -> tuple[str, str]:
    unknown = sorted(set(options) - {"edition"})
    if unknown:
        raise ConfigError(f"googlenews: unknown option {', '.join(unknown)}. Known: edition")
    found = _EDITION.fullmatch(options.get("edition", "en-US"))
    if not found:
        raise ConfigError(f"googlenews: edition {options['edition']!r} is no language and country, such as de-DE")
    return found[1], found[2]


def _elsewhere(feed: Feed, day: date) -> bool:
    """Whether all articles are of other days, the neighbours not counted, for whose midnight it is nobody says."""
    start, end = _midnight(day - _DAY), _midnight(day + 2 * _DAY)
    return astray((e.at for e in feed.entries if e.at), int(start.timestamp()), int(end.timestamp()))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _span(day: date, since: datetime, until: datetime) -> tuple[Interval, ...]:
    start, end = max(_midnight(day), since), min(_midnight(day + _DAY), until)
    return (Interval(start, end),) if start < end else ()
