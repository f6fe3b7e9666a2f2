"""The one HTTP transport: time-outs, retries, Retry-After, size caps, checked addresses, honest User-Agent."""

from __future__ import annotations

import importlib.metadata
import random
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

import httpx
import orjson

from core.addresses import Resolve, Target, check, resolve
from core.bodies import MAX_BODY, BrokenBody, read_body
from core.errors import AccessDenied, QueryRejected, RetryLater, SourceChanged, SourceError
from core.pacing import Pacer, process_pacer
from core.retrying import LONGEST_SLEEP, LONGEST_WAIT, asked_pause, pause
from core.settings import Settings

ATTEMPTS = 4
REDIRECTS = 3
_CONNECT = 5.0
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
_DENIED = frozenset({401, 403, 407, 451})
_MOVED = frozenset({301, 302, 303, 307, 308})
_GONE = frozenset({404, 405, 410})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a source answered: its body is unpacked, and `headers` are read without regard to case."""

    status: int
    headers: httpx.Headers
    body: bytes


class Transport:
    """Requests to sources. Every failure is one of RetryLater, AccessDenied, QueryRejected, SourceChanged.

    `timeout` is the longest silence in seconds, `longest` the longest answer (six times the silence), `most` its
    largest size; `interval` the least time between two requests to one host (or of one `pace`, such as an account),
    over the whole process; with one, a pause that a source asks for holds for the whole process. `agent` is for
    sources that ask for a User-Agent of their own form. No cookies, no proxies from the environment, nothing logged;
    messages hold host and path, never a query.
    """

    def __init__(
        self, settings: Settings, *, timeout: float = 20.0, longest: float | None = None, most: int = MAX_BODY,
        interval: float = 0.0, pacer: Pacer | None = None,
        sleep: Callable[[float], object] = time.sleep, clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        jitter: Callable[[], float] = random.random, resolver: Resolve = resolve,
        http: httpx.BaseTransport | None = None, agent: str = "", pace: str = "",
    ) -> None:  # fmt: skip
        self._allow_private = settings.allow_private_addresses
        self._agent = agent or user_agent(settings.contact)
        self._pace = pace
        self._timeout = timeout
        self._longest = longest or 6 * timeout
        self._most = most
        self._interval = interval
        self._pacer = pacer or process_pacer()
        self._sleep = sleep
        self._clock = clock
        self._jitter = jitter
        self._resolver = resolver
        self._http = http or httpx.HTTPTransport(trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get_json(self, url: str, params: Mapping[str, str | int], *, headers: Mapping[str, str] | None = None) -> Any:
        """The decoded JSON answer. SourceChanged when it is something else (an HTML page, half a document)."""
        body = self.get_bytes(url, params, headers={"Accept": "application/json", **(headers or {})})
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError:
            what = "a web page" if body.lstrip()[:1] == b"<" else "something that is not JSON"
            raise SourceChanged(f"{_named(httpx.URL(url))} answered with {what}") from None

    def get_bytes(
        self, url: str, params: Mapping[str, str | int] | None = None, *, headers: Mapping[str, str] | None = None
    ) -> bytes:
        """The body of a 200 answer, unpacked, at most 20 MB. Retries up to three times, with jitter."""
        return self.get(url, params, headers=headers).body

    def get(
        self, url: str, params: Mapping[str, str | int] | None = None, *, headers: Mapping[str, str] | None = None,
        accept: Collection[int] = (),
    ) -> Answer:  # fmt: skip
        """A 200 answer, or one with a status of `accept`, for callers who read what a refusal says."""
        try:
            asked = httpx.URL(url).copy_merge_params(dict(params or {}))
        except (httpx.InvalidURL, TypeError):
            raise QueryRejected("an address or a parameter cannot be written as a URL") from None
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._follow(asked, dict(headers or {}), accept)
            except RetryLater as error:
                if self._interval and error.after:
                    self._pacer.hold(self._pace or asked.host, error.after)
                if attempt == ATTEMPTS or (error.after or 0) > LONGEST_SLEEP:
                    raise
                self._sleep(pause(attempt, error.after, self._jitter()))
        raise AssertionError("unreachable: the last attempt returns or raises")

    def post(
        self, url: str, body: bytes, *, headers: Mapping[str, str] | None = None, accept: Collection[int] = ()
    ) -> Answer:
        """The answer to one POST: never tried twice, and a redirect is a failure, for the body may be a password."""
        target = check(httpx.URL(url), allow_private=self._allow_private, resolver=self._resolver)
        answer = self._ask(target, dict(headers or {}), accept, body)
        if isinstance(answer, httpx.URL):
            raise SourceChanged(f"{_named(target.url)} redirects what is sent to it")
        return answer

    def _follow(self, url: httpx.URL, headers: dict[str, str], accept: Collection[int]) -> Answer:
        first = url
        for _ in range(REDIRECTS + 1):
            target = check(url, allow_private=self._allow_private, resolver=self._resolver)
            answer = self._ask(target, headers, accept)
            if isinstance(answer, Answer):
                return answer
            url, before = answer, url
            if (url.scheme, url.host, url.port) != (before.scheme, before.host, before.port):
                headers = {k: v for k, v in headers.items() if k.lower() == "accept"}  # keys stay with their host
            if before.scheme == "https" and url.scheme == "http":
                raise SourceChanged(f"{_named(first)} redirects to an unencrypted address")
        raise SourceChanged(f"{_named(first)} redirects more than {REDIRECTS} times")

    def _ask(
        self, target: Target, headers: Mapping[str, str], accept: Collection[int], sent: bytes | None = None
    ) -> Answer | httpx.URL:
        """The answer, or the address of a redirect."""
        name = _named(target.url)
        request = self._request(target, headers, name, sent)
        self._take_turn(self._pace or target.url.host, name)
        try:
            answer = self._http.handle_request(request)
            try:
                error = None if answer.status_code in accept else self._refusal(answer, name)
                if error is not None:
                    raise error
                if answer.status_code in _MOVED:
                    return _location(answer, target.url, name)
                return Answer(answer.status_code, answer.headers, self._read(answer))
            finally:
                answer.close()
        except httpx.TimeoutException:
            raise RetryLater(f"{name} did not answer within {self._timeout:g} s") from None
        except (httpx.TransportError, BrokenBody) as fault:
            raise RetryLater(f"{name}: the connection failed ({type(fault).__name__})") from None

    def _take_turn(self, key: str, name: str) -> None:
        """Wait for the next free turn. Raises RetryLater where the source has asked this process for a long pause."""
        due = self._pacer.due(key) if self._interval else 0.0
        if due > LONGEST_SLEEP:
            raise RetryLater(f"{name} has asked this process to wait", after=min(due, LONGEST_WAIT))
        self._pacer.wait(key, self._interval)

    def _read(self, answer: httpx.Response) -> bytes:
        return read_body(answer, seconds=self._longest, most=self._most)

    def _request(self, target: Target, headers: Mapping[str, str], name: str, body: bytes | None) -> httpx.Request:
        silence = {"connect": min(_CONNECT, self._timeout)} | dict.fromkeys(("read", "write", "pool"), self._timeout)
        sent = {"Host": target.url.netloc.decode("ascii"), "User-Agent": self._agent, "Accept-Encoding": "gzip"}
        if any(not value.isprintable() for value in headers.values()):
            raise QueryRejected(f"{name}: a header holds characters that cannot be sent")
        # The name goes into TLS, so that the certificate is checked against it and not against the address.
        more = {"timeout": silence, "sni_hostname": target.url.host}
        try:
            method = "GET" if body is None else "POST"
            return httpx.Request(method, target.pinned, headers={**sent, **headers}, content=body, extensions=more)
        except UnicodeEncodeError:
            raise QueryRejected(f"{name}: a header holds characters that cannot be sent") from None

    def _refusal(self, answer: httpx.Response, name: str) -> SourceError | None:
        status = answer.status_code
        if status == 200 or status in _MOVED:
            return None
        if status in _AGAIN:
            after = asked_pause(answer.headers, now=self._clock())
            return RetryLater(f"{name} asks to wait, or is down (HTTP {status})", after=after)
        if status in _DENIED:
            return AccessDenied(f"{name} refuses this key, account or address (HTTP {status})")
        if status in _GONE or status < 400 or status >= 500:
            return SourceChanged(f"{name} is not where it was (HTTP {status})")
        return QueryRejected(
            f"{name} does not accept this query (HTTP {status}). Shorten or simplify the watch's terms"
        )


def user_agent(contact: str) -> str:
    """ "uproar/<version> (+contact)": who asks, and how to reach them."""
    try:
        version = importlib.metadata.version("uproar")
    except importlib.metadata.PackageNotFoundError:
        version = "unreleased"
    reachable = "".join(char for char in contact if char.isascii() and char.isprintable())
    return f"uproar/{version} (+{reachable})" if reachable else f"uproar/{version}"


def _named(url: httpx.URL) -> str:
    return f"{url.host}{url.path}"


def _location(answer: httpx.Response, base: httpx.URL, name: str) -> httpx.URL:
    location = answer.headers.get("Location")
    if not location:
        raise SourceChanged(f"{name} redirects to nowhere (HTTP {answer.status_code})")
    try:
        return base.join(location)
    except (httpx.InvalidURL, ValueError):
        raise SourceChanged(f"{name} redirects to something that is no address") from None
