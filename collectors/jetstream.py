"""Bluesky's live stream of posts (Jetstream): a websocket without a key, replayed from a time, matched here.

https://github.com/bluesky-social/jetstream
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import httpx
import orjson

from collectors.bluesky_records import COLLECTION, post_of_event
from collectors.json_fields import NotAPost, inside
from collectors.protocol import Limits
from collectors.windows import resume_at
from core.addresses import check
from core.errors import QueryRejected, RetryLater
from core.http import user_agent
from core.keys import Keys
from core.matching import Matcher
from core.records import Interval, Page, Query, Rejected, Sighted
from core.settings import Settings

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

BATCH = 5_000
"""Events read per page; a page holds the few that match."""

SILENCE = timedelta(seconds=60)
"""The whole network writes dozens of posts a second: a minute without one is an outage, or lies before what is kept."""

OVERLAP = timedelta(seconds=10)
"""Replay begins this much before the cursor, as the stream's authors advise."""

_MESSAGE = 2 * 2**20
_ATTEMPTS = 3
_QUIET = 20.0


class Jetstream:
    """Reads the stream from the cursor up to the end of the query, which is the present of a run.

    The time of an event, when it was indexed, is the cursor: after a kill or a broken connection the stream is
    replayed from there. The servers keep about a day. What lies before that, and any minute without a single post
    of anybody, is truncated. `quiet` is the longest silence in seconds.
    """

    def __init__(
        self, settings: Settings, keys: Callable[[], Keys], *, clock: Callable[[], datetime], quiet: float = _QUIET
    ) -> None:  # fmt: skip
        self._settings = settings
        self._url = settings.jetstream_url
        self._keys = keys
        self._clock = clock
        self._quiet = quiet

    def collect(self, query: Query, cursor: str | None, limits: Limits) -> Iterator[Page]:
        """A page with a cursor for each 5,000 events; the last one at the end of the query."""
        matcher, keys = Matcher(query.expression), self._keys()
        reading = _Reading(resume_at(cursor, query.since))
        failures = 0
        while not reading.ended:
            limits.spend(1, now=self._clock())
            before = reading.at
            try:
                with self._connected(reading.at - OVERLAP) as stream:
                    for batch in self._batches(stream, reading, query.until):
                        limits.spend(0, now=self._clock())
                        yield self._page(batch, reading, matcher, keys, query)
            except RetryLater:
                failures = 1 if reading.at > before else failures + 1
                if failures >= _ATTEMPTS:
                    raise

    def _batches(self, stream: ClientConnection, reading: _Reading, until: datetime) -> Iterator[list[Any]]:
        """Events up to the first one at or after `until`, in batches. Raises RetryLater when the stream breaks off.

        What was read before it broke comes first.
        """
        batch: list[Any] = []
        fault: RetryLater | None = None
        while not reading.ended and fault is None:
            try:
                event = _decoded(stream.recv(timeout=self._quiet))
            except (OSError, _websocket_error()) as error:
                fault = RetryLater(f"Jetstream broke off ({type(error).__name__})")
            else:
                reading.hear(event, until)
                batch.append(event)
            if batch and (len(batch) == BATCH or reading.ended or fault):
                yield batch
                batch = []
        if fault:
            raise fault

    def _page(self, batch: list[Any], reading: _Reading, matcher: Matcher, keys: Keys, query: Query) -> Page:
        """What the watch holds of a batch: the text decides, before anything else of an event is looked at."""
        held: dict[str, Sighted] = {}
        rejected: list[Rejected] = []
        read, now = 0, self._clock()
        for number, event in enumerate(batch, 1):
            if not isinstance(event, dict):
                rejected.append(Rejected(number, "message that is no JSON object"))
            if not _is_post(event):
                continue
            read += 1
            text = inside(event, "commit", "record", "text")
            if isinstance(text, str) and not matcher.expression.matches(text):
                continue
            try:
                post = post_of_event(event, keys, now)
            except NotAPost as error:
                if error.reason:
                    rejected.append(Rejected(number, error.reason))
                continue
            if query.since <= post.created_at < query.until and matcher.reason(post.text):
                held[post.id] = Sighted(post)
        at = min(reading.at, query.until)
        return Page(tuple(held.values()), at.isoformat(), reading.gaps(query), tuple(rejected), read)

    @contextmanager
    def _connected(self, start: datetime) -> Iterator[ClientConnection]:
        from websockets.sync.client import connect

        asked = {"wantedCollections": COLLECTION, "cursor": int(start.timestamp() * 1e6)}
        url = httpx.URL(self._url)
        if url.scheme not in ("ws", "wss"):
            raise QueryRejected("UPROAR_JETSTREAM_URL is no ws:// or wss:// address")
        plain = url.copy_with(scheme="https" if url.scheme == "wss" else "http")
        target = check(plain, allow_private=self._settings.allow_private_addresses)
        port = url.port or (443 if url.scheme == "wss" else 80)
        options: dict[str, Any] = {
            "address": (target.address, port), "open_timeout": self._quiet, "max_size": _MESSAGE, "proxy": None,
            "user_agent_header": user_agent(self._settings.contact), "compression": None, "logger": _silent(),
        }  # fmt: skip
        with ExitStack() as stack:
            try:
                stream = stack.enter_context(connect(f"{self._url}?{urlencode(asked)}", **options))
            except (OSError, _websocket_error()) as error:
                raise RetryLater(f"{url.host}: Jetstream cannot be reached ({type(error).__name__})") from None
            stack.callback(_hang_up, stream)
            yield stream


@dataclass(slots=True)
class _Reading:
    """How far the stream was read, by the times of its events, and where it was silent."""

    at: datetime
    ended: bool = False
    _silences: list[Interval] = field(default_factory=list)

    def hear(self, event: Any, until: datetime) -> None:
        """Note the time of an event."""
        seconds = inside(event, "time_us")
        if not isinstance(seconds, int) or isinstance(seconds, bool) or not 0 < seconds < 2**53:
            return
        heard = datetime.fromtimestamp(seconds / 1e6, UTC)
        if heard - self.at > SILENCE:
            self._silences.append(Interval(self.at, heard))
        if heard >= until:
            self.ended = True
        self.at = max(self.at, heard)

    def gaps(self, query: Query) -> tuple[Interval, ...]:
        """The silences since the last call, as far as they lie in the query."""
        found = [(max(s.start, query.since), min(s.end, query.until)) for s in self._silences]
        self._silences = []
        return tuple(Interval(start, end) for start, end in found if start < end)


def _is_post(event: Any) -> bool:
    commit = inside(event, "commit")
    wanted = inside(commit, "operation") in ("create", "update")
    return wanted and inside(commit, "collection") == COLLECTION


def _decoded(message: str | bytes) -> Any:
    try:
        return orjson.loads(message)
    except orjson.JSONDecodeError:
        return None


def _hang_up(stream: ClientConnection) -> None:
    """End it without a farewell: the server would go on sending while that is waited for."""
    with suppress(OSError):
        stream.socket.shutdown(socket.SHUT_RDWR)


def _silent() -> logging.Logger:
    """At level DEBUG the library logs every message, and so the posts."""
    logger = logging.getLogger("uproar.jetstream")
    logger.setLevel(logging.WARNING)
    return logger


def _websocket_error() -> type[Exception]:
    from websockets.exceptions import WebSocketException

    return WebSocketException
