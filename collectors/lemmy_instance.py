"""One Lemmy instance, asked by the public API of version 3: no key."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from collectors.json_fields import inside
from core.errors import AccessDenied, QueryRejected, RetryLater, SourceChanged
from core.http import Answer, Transport

PAGE = 50
PAGES = 100
"""Version 0.19 refuses later pages (LemmyNet/lemmy#6252)."""
_JSON = {"Accept": "application/json"}
_REFUSALS = (400, 401, 403, 404, 410)


class LemmyInstance:
    """Searches the instance at `url`, lists the comments below a post and looks single ones up."""

    def __init__(self, transport: Transport, url: str) -> None:
        self.url = url
        self.host = urlsplit(url).hostname or url
        self._transport = transport

    def search(self, words: str, kind: str, page: int) -> list[Any]:
        """Up to 50 views of `kind` ("posts" or "comments") that hold the words, newest first; pages count from 1."""
        asked: dict[str, str | int] = {"q": words, "type_": kind.capitalize(), "sort": "New", "listing_type": "All"}
        return self._list("search", kind, {**asked, "page": page, "limit": PAGE})

    def comments(self, post: str, page: int) -> list[Any]:
        """Up to 50 comments below the post of that number on this instance, newest first; none where it is gone."""
        asked: dict[str, str | int] = {"post_id": post, "type_": "All", "sort": "New", "page": page, "limit": PAGE}
        return self._list("comment/list", "comments", asked)

    def look_up(self, kind: str, number: str) -> Answer:
        """The answer about one post or comment of this instance, whatever its status code."""
        return self._ask(kind, {"id": number})

    def _list(self, method: str, key: str, asked: dict[str, str | int]) -> list[Any]:
        answer = self._ask(method, asked)
        content = decoded(answer)
        said = inside(content, "error")
        if answer.status == 404 and said == "couldnt_find_post":
            return []
        if answer.status in (401, 403):
            raise AccessDenied(f"{self.host} shows this only to its members (HTTP {answer.status}): another instance")
        if answer.status == 400:
            raise QueryRejected(f"{self.host} does not accept this query")
        if content is None:
            raise SourceChanged(f"{self.host} answered with something that is not JSON (HTTP {answer.status})")
        found = inside(content, key)
        if answer.status != 200 or not isinstance(found, list):
            raise SourceChanged(f"{self.host} has no API of version 3 as Lemmy has it (HTTP {answer.status})")
        return found

    def _ask(self, method: str, asked: dict[str, str | int]) -> Answer:
        answer = self._transport.get(f"{self.url}/api/v3/{method}", asked, headers=_JSON, accept=_REFUSALS)
        # A limit of requests comes as a refused query, and in words.
        if "rate_limit" in str(inside(decoded(answer), "error")):
            raise RetryLater(f"{self.host} asks to wait")
        return answer


def decoded(answer: Answer) -> Any:
    """The JSON of an answer, or None."""
    try:
        return json.loads(answer.body)
    except ValueError:
        return None
