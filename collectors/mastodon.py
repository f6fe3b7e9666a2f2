"""Mastodon: hashtag timelines on several instances, and full-text search where a token allows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

import orjson

from collectors.instances import addresses
from collectors.json_fields import NotAPost, inside
from collectors.mastodon_instance import MastodonInstance
from collectors.mastodon_records import SOURCE, post_of, seen_of
from collectors.mastodon_run import Run
from collectors.mastodon_timeline import Timeline
from collectors.protocol import Limits
from core.errors import ConfigError, SourceError
from core.expressions import Term
from core.http import Answer, Transport
from core.keys import Keys
from core.matching import Matcher
from core.records import Gone, Interval, Page, Query, Rejected, Seen, Sighted
from core.settings import Settings
from core.words import is_word

WINDOW = timedelta(days=2)
PAGE = 100
_INTERVAL = 1.0  # 300 requests in five minutes per account and address
_OPTIONS = ("instances", "tags")
_DEFAULT = "mastodon.social"
_NUMBERED = re.compile(r"/statuses/(\d{1,24})/?$")
_ACTIVITY = "application/activity+json"


class MastodonCollector:
    """Public statuses under the hashtags of a watch, on each instance of the option `instances` (hosts, by commas).

    Hashtags are those of the option `tags`, else the single words and hashtags that every match needs. An instance
    with a token (UPROAR_MASTODON_TOKENS) is searched too; without one, posts without a hashtag are not seen.
    Works through windows of two days, oldest first, with a cursor after each. Where one instance of several refuses,
    the window is truncated; where one is down, the others are read, and RetryLater ends the run. Either way the cursor
    knows how far each has come, and the next run reads on from there.
    """

    name: ClassVar[str] = SOURCE
    price: ClassVar[float] = 0.0

    def __init__(
        self, settings: Settings, transport: Transport, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._tokens = {host: token.get_secret_value() for host, token in settings.mastodon_tokens.items()}
        self._transport = transport
        self._keys: Callable[[], Keys] = lambda: settings.keys
        self._clock = clock

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Needs nothing: tokens are optional."""
        return cls(settings, Transport(settings, interval=_INTERVAL))

    def collect(self, query: Query, cursor: str | None, limits: Limits) -> Iterator[Page]:
        """Pages of up to 100 posts; the last page of each window carries the cursor."""
        matcher, keys = Matcher(query.expression), self._keys()
        timelines = self._timelines(query, matcher.expression.cover, limits)
        run = Run(timelines, cursor, query.since)
        start, seen = run.start, set[str]()
        while start < query.until:
            end = run.window_end(start, WINDOW, query.until)
            statuses = run.window(start, end)
            held, rejected = _held(statuses, matcher, keys, self._clock(), (start, end), seen)
            cut = (Interval(start, end),) if run.cut(end) else ()
            parts = [held[n : n + PAGE] for n in range(0, len(held), PAGE)] or [held]
            for part in parts[:-1]:
                yield Page(part)
            yield Page(parts[-1], run.cursor(), cut, rejected, len(statuses))
            start = end
        if run.down:
            raise run.down

    def recheck(self, ids: Sequence[str], limits: Limits) -> Iterator[Seen | Gone]:
        """Asks the instance where each status was written; gone is what it says it does not have any more.

        An instance that is down, refuses or answers with a page of another kind leaves the question open.
        """
        instances: dict[str, MastodonInstance] = {}
        for id_ in dict.fromkeys(ids):
            parts = urlsplit(id_)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                continue
            limits.spend(1, now=self._clock())
            try:
                answer = self._looked_up(id_, f"{parts.scheme}://{parts.netloc}", instances)
            except SourceError:
                continue
            found = _verdict(id_, answer)
            if found is not None:
                yield found

    def _looked_up(self, id_: str, url: str, instances: dict[str, MastodonInstance]) -> Answer:
        number = _NUMBERED.search(id_)
        if number is None:  # other software of the fediverse
            return self._transport.get(id_, headers={"Accept": _ACTIVITY}, accept=(401, 403, 404, 410))
        if url not in instances:
            instances[url] = self._instance(url)
        return instances[url].status(number[1])

    def _timelines(self, query: Query, cover: tuple[Term, ...], limits: Limits) -> list[Timeline]:
        unknown = sorted(set(query.options) - set(_OPTIONS))
        if unknown:
            raise ConfigError(f"mastodon: unknown option {', '.join(unknown)}. Known: {', '.join(_OPTIONS)}")

        def spend() -> None:
            limits.spend(1, now=self._clock())

        instances = [self._instance(url) for url in addresses(SOURCE, query.options.get("instances", _DEFAULT))]
        tags = _tags(query.options.get("tags", ""), cover)
        found = [Timeline(instance, tag, tag=True, spend=spend) for instance in instances for tag in tags]
        words = list(dict.fromkeys(_quoted(term) for term in cover))
        searched = [instance for instance in instances if instance.has_token]
        found += [Timeline(instance, said, tag=False, spend=spend) for instance in searched for said in words]
        if not found:
            raise ConfigError('mastodon: the terms hold no word to follow as a hashtag: options = { tags = "name" }')
        return found

    def _instance(self, url: str) -> MastodonInstance:
        host = urlsplit(url).netloc
        return MastodonInstance(self._transport, url, token=self._tokens.get(host, ""))


def _held(
    statuses: list[tuple[Any, Timeline]], matcher: Matcher, keys: Keys, now: datetime, span: tuple[datetime, datetime],
    seen: set[str],
) -> tuple[tuple[Sighted, ...], tuple[Rejected, ...]]:  # fmt: skip
    """What the watch holds, oldest first, each once over all timelines, and the statuses that are not understood."""
    held: list[Sighted] = []
    rejected: list[Rejected] = []
    for number, (status, timeline) in enumerate(statuses, 1):
        try:
            post = post_of(status, timeline.instance.host, keys, now, searched=timeline.searched)
        except NotAPost as error:
            if error.reason:
                rejected.append(Rejected(number, error.reason))
            continue
        if post.id not in seen and span[0] <= post.created_at < span[1] and matcher.reason(post.text):
            seen.add(post.id)
            held.append(Sighted(post))
    held.sort(key=lambda sighted: (sighted.post.created_at, sighted.post.id))
    return tuple(held), tuple(rejected)


def _verdict(id_: str, answer: Answer) -> Seen | Gone | None:
    try:
        content = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return Gone(id_) if answer.status == 410 else None
    if answer.status in (404, 410) and isinstance(content, dict):
        return Gone(id_)
    if answer.status != 200 or not isinstance(content, dict):
        return None
    hidden = inside(content, "visibility") in ("private", "direct") or inside(content, "type") == "Tombstone"
    return Gone(id_) if hidden else seen_of(content, id_)


def _tags(given: str, cover: tuple[Term, ...]) -> list[str]:
    words = [part.strip() for part in given.split(",")] if given else [t.text for t in cover if not t.prefix]
    bare = [word.lstrip("#") for word in words]
    return list(dict.fromkeys(word for word in bare if word and all(is_word(char) for char in word)))


def _quoted(term: Term) -> str:
    plain = all(is_word(char) for char in term.text.lstrip("#"))
    return term.text if plain else '"{}"'.format(term.text.replace('"', " "))
