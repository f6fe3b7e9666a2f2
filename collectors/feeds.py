"""Named RSS, Atom and JSON feeds: what they show now, asked for only where it has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

import orjson

from collectors.feed_entries import Entry, Feed, read_feed
from collectors.protocol import Limits
from core.errors import ConfigError, SourceError
from core.http import Transport
from core.keys import Keys
from core.matching import Matcher
from core.records import Interval, Page, Post, Query, Rejected
from core.settings import Settings

PAGE = 100
MAX_FEED = 5 * 2**20
LONGEST = 10.0
_KNOWN = 300
_ACCEPT = "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"

State = dict[str, Any]
"""What is remembered of one feed: its validators, when it was read, and which entries it showed then."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """What one feed showed: entries in time, those that are no posts, and what it did not reach back to."""

    posts: tuple[Post, ...]
    rejected: tuple[Rejected, ...]
    truncated: tuple[Interval, ...]
    state: State
    read: int


class FeedsCollector:
    """Reads the feeds of `options["urls"]` (apart by white space), each whole, one cursor after each.

    A feed shows its newest entries alone: where they share none with what it showed before, and do not reach back
    to it, the time between is truncated; so is the time before its oldest entry on the first run. The cursor keeps
    the validators (ETag, Last-Modified), so an unchanged feed costs one empty answer. A failing feed never stops
    another: the others are read, then the failures are raised together.
    """

    name: ClassVar[str] = "feeds"
    price: ClassVar[float] = 0.0

    def __init__(
        self, transport: Transport, keys: Callable[[], Keys], *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:  # fmt: skip
        self._transport = transport
        self._keys = keys
        self._clock = clock

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Needs no key."""
        transport = Transport(settings, timeout=LONGEST / 2, longest=LONGEST, most=MAX_FEED, interval=1.0)
        return cls(transport, lambda: settings.keys)

    def collect(self, query: Query, cursor: str | None, limits: Limits) -> Iterator[Page]:
        """Pages of up to 100 posts, oldest first within a feed; the last page of each feed carries the cursor."""
        urls, matcher, keys = _urls(query.options), Matcher(query.expression), self._keys()
        states = {url: state for url, state in _states(cursor).items() if url in urls}
        failed: dict[str, SourceError] = {}
        for url in urls:
            limits.spend(1, now=self._clock())
            try:
                shown = self._shown(url, states.get(url), query, keys)
            except SourceError as error:
                failed[url] = error
                continue
            states[url] = shown.state
            held = matcher.sight(shown.posts)
            parts = [held[n : n + PAGE] for n in range(0, len(held), PAGE)] or [held]
            for part in parts[:-1]:
                yield Page(part)
            yield Page(
                parts[-1], cursor=orjson.dumps(states).decode(), truncated=shown.truncated, rejected=shown.rejected,
                read=shown.read,
            )  # fmt: skip
        if failed:
            raise _together(failed, len(urls))

    def _shown(self, url: str, before: State | None, query: Query, keys: Keys) -> _Shown:
        validators = {"If-None-Match": "etag", "If-Modified-Since": "modified"}
        headers = {name: str(before[key]) for name, key in validators.items() if before and before.get(key)}
        answer = self._transport.get(url, headers={"Accept": _ACCEPT, **headers}, accept=[304])
        now = self._clock()
        if answer.status == 304 and before:
            return _Shown((), (), (), {**before, "at": now.isoformat()}, 0)
        feed = read_feed(answer.body, url=url, content_type=answer.headers.get("Content-Type", ""))
        state: State = {"at": now.isoformat(), "known": [_mark(entry) for entry in feed.entries[:_KNOWN]]}
        if all(entry.at is None or entry.at < query.until for entry in feed.entries):
            # Else an entry dated ahead would never be seen again, once its feed has not changed since.
            state |= {"etag": answer.headers.get("ETag", ""), "modified": answer.headers.get("Last-Modified", "")}
        posts, rejected = _sorted_out(feed, url, before, query, keys, now)
        return _Shown(posts, rejected, _not_shown(feed, before, query), state, len(feed.entries))


def _sorted_out(
    feed: Feed, url: str, before: State | None, query: Query, keys: Keys, now: datetime
) -> tuple[tuple[Post, ...], tuple[Rejected, ...]]:
    known = set((before or {}).get("known", ()))
    posts: dict[str, Post] = {}
    rejected = []
    for number, entry in enumerate(feed.entries, 1):
        if entry.at is None or not entry.text:
            if _mark(entry) not in known:  # once is enough
                rejected.append(
                    Rejected(number, "entry without a time" if entry.at is None else "entry without a text")
                )
        elif query.since <= entry.at < query.until:
            posts.setdefault(entry.id, article(FeedsCollector.name, entry, keys, now, _host(url), feed.lang))
    return tuple(sorted(posts.values(), key=lambda post: (post.created_at, post.id))), tuple(rejected)


def article(source: str, entry: Entry, keys: Keys, now: datetime, community: str, lang: str) -> Post:
    """The post of an entry that has a time and a text."""
    assert entry.at is not None
    return Post(
        source, entry.id, entry.at, entry.text, now, entry.url, keys.author(source, f"{community}/{entry.author}"),
        community, "article", lang=lang,
    )  # fmt: skip


def _not_shown(feed: Feed, before: State | None, query: Query) -> tuple[Interval, ...]:
    """The time that the feed no longer shows, as far as this source was never seen to show it."""
    oldest = min((entry.at for entry in feed.entries if entry.at is not None), default=None)
    start = query.since
    if before:
        if any(_mark(entry) in set(before["known"]) for entry in feed.entries):
            return ()
        start = max(start, datetime.fromisoformat(before["at"]))
    end = None if oldest is None else min(oldest, query.until)
    return (Interval(start, end),) if end is not None and end > start else ()


def _states(cursor: str | None) -> Mapping[str, State]:
    """The states of a cursor; of one that is not understood, none."""
    try:
        found = orjson.loads(cursor or "{}")
        for state in found.values():
            datetime.fromisoformat(state["at"])
            list(state["known"])
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError, ValueError):
        return {}
    return dict(found)


def _urls(options: Mapping[str, str]) -> list[str]:
    unknown = sorted(set(options) - {"urls"})
    if unknown:
        raise ConfigError(f"feeds: unknown option {', '.join(unknown)}. Known: urls")
    urls = list(dict.fromkeys(options.get("urls", "").split()))
    if not urls:
        raise ConfigError('feeds: which ones? options = { urls = "https://example.org/feed https://..." } in the watch')
    return urls


def _together(failed: Mapping[str, SourceError], asked: int) -> SourceError:
    """The failures as one error: of the kind of the first, naming each."""
    first = next(iter(failed.values()))
    said = "; ".join(map(str, failed.values()))
    first.args = (f"{len(failed)} of {asked} feeds failed: {said}" if asked > 1 else said,)
    return first


def _mark(entry: Entry) -> str:
    return hashlib.blake2b(f"{entry.id}\x1f{entry.at or ''}".encode(), digest_size=6).hexdigest()


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
