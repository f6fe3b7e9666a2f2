"""News articles by GDELT: what online media of the world published, by headline, of the last three months. No key."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Self

from collectors.gdelt_api import CAP, INTERVAL, GdeltApi, seen_at
from collectors.news_terms import any_of, exact
from collectors.protocol import Limits
from collectors.windows import astray, closed_windows, resume_at
from core.errors import ConfigError
from core.http import Transport
from core.keys import Keys
from core.matching import Matcher
from core.records import Interval, Page, Post, Query, Rejected, Sighted
from core.settings import Settings
from core.text import clean

REACH = timedelta(days=90)
"""How far back the API searches; what a watch asks for before that is truncated."""

OVERLAP = timedelta(hours=3)
"""Articles enter the index in steps of 15 minutes, some of them late."""

PAGE = 100
_DAY = 86_400
_STEP = 900  # times are whole quarters of an hour: a shorter window brings nothing more
_LANGUAGES = {
    "english": "en", "german": "de", "french": "fr", "spanish": "es", "italian": "it", "portuguese": "pt",
    "dutch": "nl", "polish": "pl", "russian": "ru", "ukrainian": "uk", "chinese": "zh", "japanese": "ja",
    "korean": "ko", "arabic": "ar", "turkish": "tr", "swedish": "sv", "norwegian": "no", "danish": "da",
    "finnish": "fi", "greek": "el", "czech": "cs", "hungarian": "hu", "romanian": "ro", "indonesian": "id",
    "vietnamese": "vi", "hindi": "hi", "hebrew": "he", "persian": "fa", "thai": "th", "bulgarian": "bg",
}  # fmt: skip


class GdeltCollector:
    """Articles whose title matches, dated by when GDELT saw them; the publisher's domain stands for the author.

    Works through closed windows, oldest first, with a cursor after each; a window with 250 articles is halved, down
    to a quarter of an hour, which is then truncated. `options["language"]` ("english") narrows the search.
    """

    name: ClassVar[str] = "gdelt"
    price: ClassVar[float] = 0.0

    def __init__(
        self, transport: Transport, keys: Callable[[], Keys], *, url: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:  # fmt: skip
        self._api = GdeltApi(transport, url)
        self._keys = keys
        self._clock = clock

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Needs no key; `gdelt_url` is where the API is."""
        return cls(Transport(settings, interval=INTERVAL), lambda: settings.keys, url=settings.gdelt_url)

    def collect(self, query: Query, cursor: str | None, limits: Limits) -> Iterator[Page]:
        """Pages of up to 100 posts; the last page of each window carries the cursor."""
        matcher, keys, now = Matcher(query.expression), self._keys(), self._clock()
        cover = matcher.expression.cover
        asked = [search + _language(query.options) for search in any_of(cover)]
        since, whole = resume_at(cursor, query.since), exact(cover)
        if since < now - REACH:
            yield Page((), truncated=(Interval(since, min(now - REACH, query.until)),))
            since = now - REACH

        def ask(start: int, end: int) -> tuple[list[Mapping[str, Any]], bool, int]:
            found: list[Mapping[str, Any]] = []
            cut = False
            for search in asked:
                limits.spend(1, now=self._clock())
                part = self._api.articles(search, _utc(start), _utc(end))
                found += part
                cut = cut or len(part) >= CAP
            return found, cut, len(found)

        if since >= query.until:
            return
        lost = False
        for window in closed_windows(
            math.floor(since.timestamp()), math.ceil(query.until.timestamp()), ask,
            first=_DAY, longest=32 * _DAY, enough=CAP // 4, shortest=_STEP,
        ):  # fmt: skip
            times = [at for article in window.answer if (at := seen_at(article.get("seendate"))) is not None]
            strayed = astray(times, window.start, window.end + 1)  # both ends of a search are taken in
            lost = lost or strayed
            start, end = max(since, _utc(window.start)), min(query.until, _utc(window.end))
            held, rejected = _held(window.answer, matcher, keys, now, start, end)
            for n in range(0, max(len(held) - PAGE, 0), PAGE):
                yield Page(held[n : n + PAGE])
            cut = window.capped or strayed or not whole
            yield Page(
                held[(max(len(held) - 1, 0) // PAGE) * PAGE :], 
                cursor=None if lost else max(end - OVERLAP, since).isoformat(),
                truncated=(Interval(start, end),) if cut else (), rejected=rejected, read=len(window.answer),
            )  # fmt: skip


def volume(
    settings: Settings, expression: str, since: datetime, until: datetime, *, transport: Transport | None = None
) -> list[dict[str, object]]:
    """Articles (`articles`, of `all_articles` that GDELT saw) and their average `tone` by step of time, oldest first.

    The terms are those that every match holds one of: an upper bound where a watch joins them by AND.
    """
    api = GdeltApi(transport or Transport(settings, interval=INTERVAL), settings.gdelt_url)
    steps: dict[datetime, dict[str, object]] = {}
    cover = Matcher(expression).expression.cover
    (search,) = any_of(cover, most=len(cover))
    for point in api.timeline("timelinevolraw", search, since, until):
        steps[point.at] = {"time": point.at, "articles": int(point.value), "all_articles": point.of, "tone": None}
    for point in api.timeline("timelinetone", search, since, until):
        steps.setdefault(point.at, {"time": point.at, "articles": None, "all_articles": None})
        steps[point.at]["tone"] = point.value
    return [steps[at] for at in sorted(steps)]


def _held(
    articles: list[Mapping[str, Any]], matcher: Matcher, keys: Keys, now: datetime, start: datetime, end: datetime
) -> tuple[tuple[Sighted, ...], tuple[Rejected, ...]]:
    posts: dict[str, Post] = {}
    rejected = []
    for number, article in enumerate(articles, 1):
        at, url, title = seen_at(article.get("seendate")), article.get("url"), article.get("title")
        if at is None or not isinstance(url, str) or not isinstance(title, str) or not title.strip() or not url:
            rejected.append(Rejected(number, "article without a time, a title or an address"))
        elif start <= at < end:
            post = _post(article, clean(url), clean(title), at, keys, now)
            posts.setdefault(post.id, post)
    ordered = sorted(posts.values(), key=lambda post: (post.created_at, post.id))
    return matcher.sight(ordered), tuple(rejected)


def _post(article: Mapping[str, Any], url: str, title: str, at: datetime, keys: Keys, now: datetime) -> Post:
    domain = clean(article["domain"])[:300] if isinstance(article.get("domain"), str) else ""
    known = url.startswith(("http://", "https://")) and len(url) <= 2_000
    return Post(
        GdeltCollector.name, url if len(url) <= 300 else hashlib.blake2b(url.encode(), digest_size=12).hexdigest(),
        at, title.strip(), now, url if known else "", keys.author(GdeltCollector.name, domain), domain, "article",
        lang=_LANGUAGES.get(str(article.get("language")).lower(), ""),
    )  # fmt: skip


def _language(options: Mapping[str, str]) -> str:
    unknown = sorted(set(options) - {"language"})
    if unknown:
        raise ConfigError(f"gdelt: unknown option {', '.join(unknown)}. Known: language")
    language = options.get("language", "").lower()
    if language and language not in _LANGUAGES:
        raise ConfigError(f"gdelt: language {language!r} is unknown. Known: {', '.join(sorted(_LANGUAGES))}")
    return f" sourcelang:{language}" if language else ""


def _utc(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
