"""The YouTube Data API by Google's client over our transport: each refusal told apart, each call counted."""

from __future__ import annotations

import logging
from typing import Any

import orjson

from collectors.client_http import SAID, cause_of
from collectors.json_fields import inside, rows
from collectors.packages import needed
from collectors.youtube_quota import SEARCHES, UNITS, DailyQuota
from core.errors import AccessDenied, BudgetExhausted, QueryRejected, RetryLater, SourceChanged, SourceError
from core.http import Answer, Transport

_SPENT = {"quotaExceeded", "dailyLimitExceeded", "dailyLimitExceededUnreg"}
_FAST = {"rateLimitExceeded", "userRateLimitExceeded", "processingFailure", "backendError", "internalError"}
_MISSING = {"videoNotFound", "commentThreadNotFound", "commentNotFound", "notFound", "parentCommentNotFound"}
_KEY = "check UPROAR_YOUTUBE_KEY (https://console.cloud.google.com/apis/credentials)"


class CommentsOff(AccessDenied):
    """The owner of a video has switched its comments off."""


class VideoMissing(QueryRejected):
    """A video, or a comment, is not there (any more)."""


class YoutubeApi:
    """Calls of the API v3, answered as plain JSON. Raises what `collectors.youtube` tells apart."""

    def __init__(self, transport: Transport, key: str, url: str, quota: DailyQuota) -> None:
        self._http = _Http(transport, key)
        self._url = url.rstrip("/") + "/"
        self._quota = quota
        self._service: Any = None

    def search(self, **params: str | int) -> Any:
        """One page of videos: one of a hundred searches a day."""
        return self._call("search", SEARCHES, part="snippet", type="video", **params)

    def videos(self, ids: list[str]) -> Any:
        """Up to 50 videos by id; those that are gone are left out."""
        return self._call("videos", UNITS, part="snippet,statistics", id=",".join(ids), maxResults=50)

    def threads(self, **params: str | int) -> Any:
        """One page of comment threads of a video, newest first; `replies` holds a few of each."""
        return self._call(
            "commentThreads", UNITS, part="snippet,replies", order="time", maxResults=100, textFormat="plainText",
            **params,
        )  # fmt: skip

    def comments(self, **params: str | int) -> Any:
        """One page of comments: the replies to one (`parentId`), or some by `id`."""
        return self._call("comments", UNITS, part="snippet", textFormat="plainText", **params)

    def _call(self, resource: str, kind: str, **params: str | int) -> Any:
        self._quota.reserve(kind)
        self._http.last = None
        try:
            getattr(self._client(), resource)().list(**params).execute(num_retries=0)
        except Exception as error:  # the client's own, for refusals and odd answers: the answer is judged here
            ours = cause_of(error)
            if ours is not None:
                raise ours from None
            if self._http.last is None:
                raise SourceChanged(f"YouTube: its client gave up ({type(error).__name__})") from None
        return self._read(self._http.last)

    def _client(self) -> Any:
        if self._service is None:
            logging.getLogger("googleapiclient").setLevel(logging.WARNING)  # at DEBUG it logs what is searched for
            discovery = needed("googleapiclient.discovery", "youtube")
            self._service = discovery.build(
                "youtube", "v3", http=self._http, static_discovery=True, cache_discovery=False,
                client_options={"api_endpoint": self._url},
            )  # fmt: skip
        return self._service

    def _read(self, answer: Answer | None) -> Any:
        try:
            content = orjson.loads(answer.body if answer else b"")
        except orjson.JSONDecodeError:
            content = None
        if answer is None or (answer.status == 200 and not isinstance(content, dict)):
            raise SourceChanged("YouTube answered with something that is not a JSON object")
        if answer.status == 200:
            return content
        error = refusal(answer.status, content)
        if isinstance(error, BudgetExhausted):
            self._quota.exhaust()
        raise error


def refusal(status: int, content: Any) -> SourceError | BudgetExhausted:
    """The error for an answer that refuses, by the reasons it gives."""
    errors = [inside(content, "error", "status"), *(inside(e, "reason") for e in rows(content, "error", "errors"))]
    errors += [inside(detail, "reason") for detail in rows(content, "error", "details")]
    reasons = {reason for reason in errors if isinstance(reason, str)}
    said = f"HTTP {status}{', ' + ', '.join(sorted(r for r in reasons if r.isidentifier())) if reasons else ''}"
    if reasons & _SPENT:
        return BudgetExhausted("youtube: the day's quota of this key is spent; it starts anew at midnight Pacific time")
    if reasons & _FAST:
        return RetryLater(f"YouTube asks to wait ({said})", after=60.0)
    if "commentsDisabled" in reasons:
        return CommentsOff("YouTube: comments are switched off for this video")
    if reasons & _MISSING or status == 404:
        return VideoMissing("YouTube: there is no such video or comment")
    if status in (401, 403) or "API_KEY_INVALID" in reasons or "keyInvalid" in reasons:
        return AccessDenied(f"YouTube refuses this key or address ({said}): {_KEY}")
    return QueryRejected(f"YouTube does not accept this query ({said})")


class _Http:
    """What Google's client takes for httplib2.Http. The key goes into a header, so that no address holds it."""

    def __init__(self, transport: Transport, key: str) -> None:
        self._transport = transport
        self._key = key
        self.last: Answer | None = None

    def request(
        self, uri: str, method: str = "GET", body: object = None, headers: dict[str, str] | None = None, **_: object
    ) -> tuple[Any, bytes]:
        """The answer to a GET, as (httplib2.Response, body)."""
        if method != "GET":
            raise QueryRejected(f"{method}: collectors only read")
        sent = {"Accept": "application/json", "X-Goog-Api-Key": self._key}
        self.last = self._transport.get(uri, headers=sent, accept=SAID)
        response = needed("httplib2", "youtube").Response({"status": str(self.last.status)})
        return response, self.last.body

    def close(self) -> None:
        """Nothing to close."""
