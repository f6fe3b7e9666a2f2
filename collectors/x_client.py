"""X's API by tweepy: sending is tweepy's; waiting, time-outs, addresses and what an error means are ours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import httpx
import orjson
import requests
import tweepy

from collectors.client_http import RequestsAdapter, cause_of
from core.errors import (
    AccessDenied,
    BudgetExhausted,
    MissingSetting,
    QueryRejected,
    RetryLater,
    SourceChanged,
    UproarError,
)
from core.http import Transport
from core.redaction import guard, quieten
from core.settings import Settings

INTERVAL = 3.0
"""300 requests in 15 minutes: what the slowest of these addresses allows."""
HOST = "https://api.twitter.com"
"""Where tweepy sends everything; the contract says api.x.com."""
FIELDS = ["author_id", "conversation_id", "created_at", "lang", "note_tweet", "public_metrics", "referenced_tweets"]
_NEW_NAMES = {"tweet.fields": "post.fields", "note_tweet": "note_post", "referenced_tweets": "referenced_posts"}


class XClient:
    """Searches, counts and look-ups with an app's bearer token. Raises `core.errors` alone.

    tweepy never waits here: it recurses on a 429 without a reset, and spins on a reset that has passed.
    """

    def __init__(self, settings: Settings, transport: Transport | None = None) -> None:
        if settings.x_bearer_token is None:
            raise MissingSetting("X needs UPROAR_X_BEARER_TOKEN, the bearer token of an app: https://console.x.com")
        self._token = settings.x_bearer_token.get_secret_value()
        self._adapter = _HostAdapter(
            transport or Transport(settings, timeout=30.0, interval=INTERVAL, pace="x"), settings.x_url
        )
        self._tweepy: tweepy.Client | None = None

    def search(
        self, query: str, *, archive: bool, start: datetime | None, end: datetime, since_id: str = "",
        token: str = "", most: int = 100, originals: bool = False,
    ) -> Any:  # fmt: skip
        """One page of posts, newest first, of [start, end) or, with `since_id`, newer than that post and before end."""
        asked: dict[str, Any] = {"end_time": end, "max_results": most, "tweet_fields": FIELDS}
        if since_id:
            asked["since_id"] = since_id
        else:
            asked["start_time"] = start
        if token:
            asked["next_token"] = token
        if originals:
            asked["expansions"] = ["referenced_tweets.id"]
        client = self._client()
        return self._ask(client.search_all_tweets if archive else client.search_recent_tweets, query, **asked)

    def counts(self, query: str, *, archive: bool, start: datetime, end: datetime, token: str = "") -> Any:
        """One page of hourly counts of [start, end)."""
        asked: dict[str, Any] = {"start_time": start, "end_time": end, "granularity": "hour"}
        if token:
            asked["next_token"] = token
        client = self._client()
        return self._ask(client.get_all_tweets_count if archive else client.get_recent_tweets_count, query, **asked)

    def lookup(self, ids: Sequence[str]) -> Any:
        """Up to a hundred posts by id; those that are gone come as errors beside them."""
        return self._ask(self._client().get_tweets, list(ids), tweet_fields=["public_metrics"])

    def _client(self) -> tweepy.Client:
        if self._tweepy is None:
            guard(self._token)
            quieten("tweepy", "requests_oauthlib", "oauthlib")
            client = tweepy.Client(self._token, return_type=requests.Response, wait_on_rate_limit=False)
            client.session.trust_env = False
            for scheme in ("https://", "http://", HOST):
                client.session.mount(scheme, self._adapter)
            self._tweepy = client
        return self._tweepy

    def _ask(self, method: Callable[..., Any], *args: Any, **asked: Any) -> Any:
        for again in (True, False):
            try:
                return _decoded(method(*args, **asked))
            except Exception as error:
                if again and self._adapter.learn(error):
                    continue
                raise _ours(error) from None
        raise AssertionError("unreachable: the second try returns or raises")


class _HostAdapter(RequestsAdapter):
    """Sends what is meant for tweepy's host to ours, and speaks X's newer names once X asks for them."""

    def __init__(self, transport: Transport, url: str) -> None:
        super().__init__(transport)
        self._url = url.rstrip("/")
        self._new_names = False

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        url = (request.url or "").replace(HOST, self._url, 1)
        if self._new_names:
            for old, new in _NEW_NAMES.items():
                url = url.replace(old, new)
        request.url = url
        return super().send(request, *args, **kwargs)

    def learn(self, error: Exception) -> bool:
        """Whether X refused an old name just now; the next request then uses the new ones."""
        if self._new_names or not isinstance(error, tweepy.BadRequest):
            return False
        self._new_names = b"tweet.fields" in error.response.content and b"post.fields" in error.response.content
        return self._new_names


def _decoded(response: requests.Response) -> Any:
    try:
        answer = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        what = "a web page" if response.content.lstrip()[:1] == b"<" else "something that is not JSON"
        raise SourceChanged(f"X answered with {what}") from None
    if not isinstance(answer, dict) or not {"data", "meta", "errors"} & set(answer):
        raise SourceChanged("X answered in a shape that is not known")
    return answer


def _ours(error: Exception) -> UproarError:
    found = cause_of(error)
    if found is not None:
        return found
    if isinstance(error, tweepy.HTTPException):
        status = error.response.status_code
        if status == 402:
            return BudgetExhausted("X: the credits of this account are used up: https://console.x.com")
        if status in (401, 403):
            return AccessDenied(f"X refuses this token, or its plan has no such access (HTTP {status})")
        if status in (400, 404, 409, 422):
            return QueryRejected(f"X does not accept this query (HTTP {status}). Shorten or simplify the watch's terms")
        return RetryLater(f"X is down or asks to wait (HTTP {status})")
    if isinstance(error, requests.RequestException | httpx.HTTPError):
        return RetryLater(f"X: the connection failed ({type(error).__name__})")
    return SourceChanged(f"X: the answer was not understood ({type(error).__name__})")
