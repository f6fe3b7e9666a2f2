"""The comment threads of one video, newest first, each with all its replies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from collectors.json_fields import count, inside, moment, name, rows
from collectors.youtube_api import VideoMissing, YoutubeApi
from core.errors import SourceChanged

RECENT = timedelta(hours=6)
"""Comments are answered soon: threads that are so much older than the last run are looked at again in each."""

_FAR = datetime(9999, 1, 1, tzinfo=UTC)
_REPLIES = 100


class Threads:
    """(comment, text of the comment above it, number of replies) of a video: all (`deep`), or those of late.

    The order is of time, but a pinned comment comes first: reading ends with a page that is old as a whole.
    `looped` is set where YouTube gives the same page token again and again.
    """

    def __init__(self, api: YoutubeApi, video: str, *, since: datetime, deep: bool, spend: Callable[[], None]) -> None:
        self._api = api
        self._video = video
        self._oldest = None if deep else since - RECENT
        self._spend = spend
        self.looped = False

    def __iter__(self) -> Iterator[tuple[Any, str, Any]]:
        for page in self._pages(self._api.threads, videoId=self._video):
            for thread in page:
                top = inside(thread, "snippet", "topLevelComment")
                total = inside(thread, "snippet", "totalReplyCount")
                yield top, "", total
                said = inside(top, "snippet", "textDisplay")
                for reply in self._replies(thread, top, count(total) or 0):
                    yield reply, said if isinstance(said, str) else "", None
            if self._oldest is not None and page and all(self._is_old(thread) for thread in page):
                return

    def _replies(self, thread: Any, top: Any, total: int) -> list[Any]:
        """The replies that come along are a few; where there are more, all are asked for."""
        given = rows(thread, "replies", "comments")
        parent = name(inside(top, "id"))
        if total <= len(given) or not parent or (self._oldest is not None and self._is_old(thread)):
            return given
        try:
            return [r for page in self._pages(self._api.comments, parentId=parent, maxResults=_REPLIES) for r in page]
        except VideoMissing:
            return given  # the thread was deleted in between

    def _is_old(self, thread: Any) -> bool:
        at = moment(inside(thread, "snippet", "topLevelComment", "snippet", "publishedAt"), _FAR)
        return self._oldest is not None and at is not None and at < self._oldest

    def _pages(self, ask: Callable[..., Any], **params: str | int) -> Iterator[list[Any]]:
        token, asked, again = "", set[str](), False
        while True:
            self._spend()
            answer = ask(**params, **({"pageToken": token} if token else {}))
            page, following = inside(answer, "items"), inside(answer, "nextPageToken")
            if not isinstance(page, list):
                raise SourceChanged("YouTube answered without a list of comments")
            yield page
            asked.add(token)
            if not isinstance(following, str) or not following:
                return
            if following in asked:
                if again:
                    self.looped = True
                    return
                again = True
                continue
            token, again = following, False
