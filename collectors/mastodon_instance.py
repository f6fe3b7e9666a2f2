"""One Mastodon instance, asked by Mastodon.py over our transport, answered as plain JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import orjson

from collectors.client_http import cause_of, session_over
from collectors.json_fields import inside
from collectors.packages import needed
from core.errors import AccessDenied, QueryRejected, SourceChanged
from core.http import Answer, Transport

PAGE = 40


class MastodonInstance:
    """Reads hashtag timelines, full-text search and single statuses of the instance at `url`.

    What the library asks is its own; its answers are taken from below it, since its types change or refuse odd
    records. Raises AccessDenied for a timeline or an account that is closed.
    """

    def __init__(self, transport: Transport, url: str, *, token: str = "") -> None:
        session, self._adapter = session_over(transport)
        self.url = url
        self.host = urlsplit(url).hostname or url
        self.has_token = bool(token)
        self._client = _client_class()(
            api_base_url=url, access_token=token or None, session=session, ratelimit_method="throw",
            version_check_mode="none",
        )  # fmt: skip

    def hashtag(self, tag: str, **bounds: int | str) -> list[Any]:
        """Up to 40 statuses, newest first; with `min_id` the ones next above it, with `max_id` next below."""
        return self._list(lambda: self._client.timeline_hashtag(tag, limit=PAGE, **bounds), ())

    def search(self, words: str, **bounds: int | str) -> list[Any]:
        """Up to 40 statuses that hold the words, newest first."""
        return self._list(
            lambda: self._client.search_v2(words, resolve=False, result_type="statuses", limit=PAGE, **bounds),
            ("statuses",),
        )

    def status(self, id_: str) -> Answer:
        """The answer about one status, whatever its status code."""
        return self._ask(lambda: self._client.status(id_))

    def hides_hashtags(self) -> bool:
        """Whether the instance says that it shows no hashtag timeline to us (4.5: it answers with an empty list)."""
        answer = self._ask(lambda: self._client.instance_v2())
        access = inside(_decoded(answer, self.host), "configuration", "timelines_access", "hashtag_feeds")
        shown = {"public", "authenticated"} if self.has_token else {"public"}
        feeds = [inside(access, "local"), inside(access, "remote")]
        return all(isinstance(feed, str) and feed not in shown for feed in feeds)

    def _list(self, ask: Callable[[], object], path: tuple[str, ...]) -> list[Any]:
        answer = self._ask(ask)
        if answer.status in (401, 403):
            raise AccessDenied(
                f"{self.host} shows this only with an account (HTTP {answer.status}): UPROAR_MASTODON_TOKENS, or "
                "another instance"
            )
        if answer.status in (400, 409, 422):
            raise QueryRejected(f"{self.host} does not accept this query (HTTP {answer.status})")
        if answer.status != 200:
            raise SourceChanged(f"{self.host} has no such timeline (HTTP {answer.status}). Is it a Mastodon instance?")
        content = _decoded(answer, self.host)
        found = inside(content, *path) if path else content
        if not isinstance(found, list):
            raise SourceChanged(f"{self.host} answered without a list of statuses")
        return found

    def _ask(self, ask: Callable[[], object]) -> Answer:
        """What came back, even where the library raised because it does not like it."""
        self._adapter.last = None
        try:
            ask()
        except Exception as error:  # its own, and whatever its types raise on odd records: the answer is judged here
            ours = cause_of(error)
            if ours is not None:
                raise ours from None
            if self._adapter.last is None:
                raise SourceChanged(f"{self.host}: Mastodon.py gave up ({type(error).__name__})") from None
        if self._adapter.last is None:
            raise SourceChanged(f"{self.host}: Mastodon.py asked nothing")
        return self._adapter.last


def _decoded(answer: Answer, host: str) -> Any:
    try:
        return orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        what = "a web page" if answer.body.lstrip()[:1] == b"<" else "something that is not JSON"
        raise SourceChanged(f"{host} answered with {what}") from None


def _client_class() -> Any:
    library = needed("mastodon", "mastodon")

    class Client(library.Mastodon):  # type: ignore[misc, name-defined]
        """Does not ask an instance for its version or whether a timeline is open: the answer says so."""

        def verify_minimum_version(self, *_: object, **__: object) -> bool:
            return True

        def timeline_is_available(self, *_: object, **__: object) -> bool:
            return True

    return Client
