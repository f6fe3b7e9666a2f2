"""Questions to Bluesky's servers (XRPC queries), answered as plain JSON: strict models break on new fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import orjson

from collectors.bluesky_session import BlueskySession
from collectors.json_fields import inside
from core.errors import AccessDenied, QueryRejected, SourceChanged
from core.http import Answer, Transport

_EXPIRED = ("ExpiredToken", "InvalidToken", "AuthMissing", "AuthenticationRequired")


class XrpcReader:
    """GET requests to the account's server, the session renewed once when it is refused."""

    def __init__(self, transport: Transport, session: BlueskySession | None, *, public: str = "") -> None:
        self._transport = transport
        self._session = session
        self._public = public.rstrip("/")

    def get(self, method: str, params: Sequence[tuple[str, str | int]]) -> Any:
        """The decoded answer. AccessDenied for a page instead of JSON: that is how Bluesky blocks."""
        answer = self._ask(method, params)
        if self._session and (answer.status == 401 or _error(answer) in _EXPIRED):
            self._session.renew()
            answer = self._ask(method, params)
        if answer.status in (401, 403):
            page = answer.body.lstrip()[:1] == b"<"
            why = "blocks this address or account" if page else "refuses this account"
            raise AccessDenied(f"Bluesky {why} (HTTP {answer.status})")
        if answer.status == 400:
            raise QueryRejected("Bluesky does not accept this query (HTTP 400). Shorten or simplify the watch's terms")
        return _decoded(answer)

    def _ask(self, method: str, params: Sequence[tuple[str, str | int]]) -> Answer:
        server, headers = self._session.access() if self._session else (self._public, {})
        sent = {"Accept": "application/json", **headers}
        url = f"{server}/xrpc/{method}?{urlencode(params)}"
        return self._transport.get(url, headers=sent, accept=(400, 401, 403))


def _error(answer: Answer) -> str:
    if answer.status not in (400, 401, 403):
        return ""
    try:
        said = inside(orjson.loads(answer.body), "error")
    except orjson.JSONDecodeError:
        return ""
    return said if isinstance(said, str) else ""


def _decoded(answer: Answer) -> Any:
    try:
        return orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        what = "a web page" if answer.body.lstrip()[:1] == b"<" else "something that is not JSON"
        raise SourceChanged(f"Bluesky answered with {what}") from None
