"""Bluesky: search by windows of time with an account, or its live stream (Jetstream) without one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import ClassVar, Self

from collectors.bluesky_records import SOURCE, is_address, seen_of
from collectors.bluesky_search import BlueskySearch
from collectors.bluesky_session import BlueskySession
from collectors.bluesky_xrpc import XrpcReader
from collectors.jetstream import Jetstream
from collectors.json_fields import inside
from collectors.protocol import Limits
from core.errors import ConfigError, MissingSetting, SourceChanged
from core.http import Transport
from core.records import Gone, Page, Query, Seen
from core.settings import Settings

INTERVAL = 0.11  # 3,000 requests in five minutes are allowed per address
_AT_ONCE = 25
_LOOK_UP = "app.bsky.feed.getPosts"
_WAYS = ("search", "jetstream")


class BlueskyCollector:
    """Posts by search, or with the option `via = "jetstream"` from the live stream.

    Search needs an account (UPROAR_BLUESKY_HANDLE, UPROAR_BLUESKY_PASSWORD); the stream needs none and reaches
    back about a day. Both give the same ids, so that a watch may use both. `collectors.bluesky_search` and
    `collectors.jetstream` state what each promises.
    """

    name: ClassVar[str] = SOURCE
    price: ClassVar[float] = 0.0

    def __init__(
        self, settings: Settings, transport: Transport, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        quiet: float = 20.0,
    ) -> None:  # fmt: skip
        password = settings.bluesky_password
        session = None
        if settings.bluesky_handle and password:
            session = BlueskySession(
                transport, settings.home, url=settings.bluesky_url, handle=settings.bluesky_handle,
                password=password.get_secret_value(), clock=clock,
            )  # fmt: skip
        self._has_account = session is not None
        self._reader = XrpcReader(transport, session, public=settings.bluesky_public_url)
        self._search = BlueskySearch(self._reader, lambda: settings.keys, clock=clock)
        self._stream = Jetstream(settings, lambda: settings.keys, clock=clock, quiet=quiet)
        self._clock = clock

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Needs nothing: a search without an account raises MissingSetting when it is first asked."""
        return cls(settings, Transport(settings, interval=INTERVAL))

    def collect(self, query: Query, cursor: str | None, limits: Limits) -> Iterator[Page]:
        """Pages in order of time; see the class for the two ways."""
        way = _checked(query)
        if way == "jetstream":
            yield from self._stream.collect(query, cursor, limits)
            return
        if not self._has_account:
            raise MissingSetting(
                "bluesky: search needs UPROAR_BLUESKY_HANDLE and UPROAR_BLUESKY_PASSWORD, an app password from "
                "https://bsky.app/settings/app-passwords. The live stream needs neither: "
                'options = { via = "jetstream" }'
            )
        yield from self._search.collect(query, cursor, limits)

    def recheck(self, ids: Sequence[str], limits: Limits) -> Iterator[Seen | Gone]:
        """Looks posts up, 25 at a time, with the account where there is one; those not shown any more are gone.

        A list that misses all of several posts is asked for twice before it is believed.
        """
        known = list(dict.fromkeys(filter(is_address, ids)))  # others came by files: nothing can be said of them
        for n in range(0, len(known), _AT_ONCE):
            batch = known[n : n + _AT_ONCE]
            found = self._looked_up(batch, limits)
            if not found and len(batch) > 1:
                found = self._looked_up(batch, limits)
            yield from (found.get(id_, Gone(id_)) for id_ in batch)

    def _looked_up(self, batch: list[str], limits: Limits) -> dict[str, Seen]:
        limits.spend(1, now=self._clock())
        views = inside(self._reader.get(_LOOK_UP, [("uris", id_) for id_ in batch]), "posts")
        if not isinstance(views, list):
            raise SourceChanged("Bluesky answered a look-up without a list of posts")
        return {seen.id: seen for seen in map(seen_of, views)}


def _checked(query: Query) -> str:
    """The way to read. Raises ConfigError for an option that is not known."""
    unknown = sorted(set(query.options) - {"via"})
    way = query.options.get("via", "search")
    if unknown or way not in _WAYS:
        what = f"unknown option {', '.join(unknown)}" if unknown else f"via = {way!r}"
        raise ConfigError(f"bluesky: {what}. Known: via = {' or '.join(map(repr, _WAYS))}")
    return way
