"""Client libraries over our own transport: their requests get its time-outs, retries, caps and checked addresses.

A library may wrap what is raised below it in an error of its own: `cause_of` finds ours again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import requests
from requests.adapters import BaseAdapter

from core.errors import QueryRejected, UproarError
from core.http import Answer, Transport

SAID = frozenset({304, 400, 401, 402, 403, 404, 409, 410, 422})
"""Statuses whose body says why: they go to the library. All others are the transport's to judge."""

_OURS = frozenset({"host", "user-agent", "accept-encoding", "connection", "content-length"})
_UNPACKED = ("content-encoding", "content-length", "transfer-encoding")


class RequestsAdapter(BaseAdapter):
    """For libraries on `requests`: session.mount("https://", RequestsAdapter(transport)).

    GET alone, and POST to paths that end in `sign_in`, where a library fetches its token.
    """

    def __init__(self, transport: Transport, *, sign_in: str = "") -> None:
        super().__init__()
        self._transport = transport
        self._sign_in = sign_in
        self.last: Answer | None = None
        """The newest answer, for what the library's own types would change or refuse."""

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """The answer to a request, with the library's headers except those that are the transport's."""
        self.last = None
        headers, url = _kept(request.headers), request.url or ""
        if request.method == "GET":
            answer = self._transport.get(url, headers=headers, accept=SAID)
        elif self._sign_in and request.method == "POST" and httpx.URL(url).path.endswith(self._sign_in):
            body = request.body.encode() if isinstance(request.body, str) else request.body
            answer = self._transport.post(url, body if isinstance(body, bytes) else b"", headers=headers, accept=SAID)
        else:
            raise QueryRejected(f"{request.method}: collectors only read")
        self.last = answer
        response = requests.Response()
        response.status_code = answer.status
        response.headers.update(_plain(answer))
        response.url = request.url or ""
        response.request = request
        response._content = answer.body
        response.encoding = "utf-8"
        return response

    def close(self) -> None:
        """Nothing to close: connections are the transport's."""


class HttpxTransport(httpx.BaseTransport):
    """For libraries on `httpx`: httpx.Client(transport=HttpxTransport(transport))."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The answer to a request; a POST is sent once and not redirected."""
        headers, url = _kept(request.headers), str(request.url)
        if request.method == "GET":
            answer = self._transport.get(url, headers=headers, accept=SAID)
        else:
            answer = self._transport.post(url, request.read(), headers=headers, accept=SAID)
        return httpx.Response(answer.status, headers=_plain(answer), content=answer.body, request=request)


def session_over(transport: Transport) -> tuple[requests.Session, RequestsAdapter]:
    """A session of `requests` all of whose requests go through `transport`, and its adapter."""
    session, adapter = requests.Session(), RequestsAdapter(transport)
    session.trust_env = False  # no proxies and no .netrc
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session, adapter


def cause_of(error: BaseException) -> UproarError | None:
    """Our own error inside one that a library raised, or None."""
    seen: BaseException | None = error
    for _ in range(10):
        if seen is None or isinstance(seen, UproarError):
            return seen
        seen = seen.__cause__ or seen.__context__
    return None


def _kept(headers: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: value.decode("latin-1") if isinstance(value, bytes) else str(value)
        for name, value in headers.items()
        if name.lower() not in _OURS
    }


def _plain(answer: Answer) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.lower() not in _UNPACKED}
