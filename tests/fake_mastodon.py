"""A small Mastodon instance: hashtag timelines, search and statuses with the real order, limits and refusals.

Statuses are invented.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

PAGE = 40


def status(number: int, at: datetime, text: str, *, author: str = "someone", account: Any = None, **more: Any) -> Any:
    """A status as the API shows it; `number` tells two of one moment apart, hashtags are read from the text."""
    id_ = str((int(at.timestamp() * 1000) << 16) + number)
    tags = re.findall(r"#(\w+)", text)
    html = re.sub(
        r"#(\w+)", r'<a href="https://m.test/tags/\1" class="mention hashtag" rel="tag">#<span>\1</span></a>', text
    )
    when = at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
    return {
        "id": id_, "created_at": when, "in_reply_to_id": None, "in_reply_to_account_id": None, "sensitive": False,
        "spoiler_text": "", "visibility": "public", "language": "en",
        "uri": f"https://m.test/users/{author}/statuses/{id_}", "url": f"https://m.test/@{author}/{id_}",
        "replies_count": 1, "reblogs_count": 2, "favourites_count": 3, "edited_at": None, "content": f"<p>{html}</p>",
        "reblog": None, "application": None, "media_attachments": [], "mentions": [], "emojis": [], "card": None,
        "poll": None, "tags": [{"name": tag.lower(), "url": f"https://m.test/tags/{tag}"} for tag in tags],
        "account": {
            "id": "7", "username": author, "acct": author, "display_name": author, "locked": False, "bot": False,
            "discoverable": True, "indexable": True, "noindex": False, "group": False, "note": "", "fields": [],
            "created_at": "2020-01-01T00:00:00.000Z", "url": f"https://m.test/@{author}",
            "uri": f"https://m.test/users/{author}", "emojis": [], "roles": [], **(account or {}),
        },
        **more,
    }  # fmt: skip


@dataclass
class FakeMastodon:
    """One instance. `closed` answers 401 to timelines, `hidden` an empty list; search needs `token`."""

    statuses: list[Any]
    token: str = "canary-4711-token"
    closed: bool = False
    hidden: bool = False
    down: bool = False
    page: int = PAGE
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def start(self) -> FakeMastodon:
        self._server = HTTPServer(host="127.0.0.1")
        self._server.expect_request(re.compile(".*")).respond_with_handler(self)
        self._server.start()
        return self

    def close(self) -> None:
        self._server.stop()

    @property
    def url(self) -> str:
        return self._server.url_for("").rstrip("/")

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://")

    def __call__(self, request: Request) -> Response:
        self.asked.append((request.path, dict(request.args)))
        known = request.headers.get("Authorization") == f"Bearer {self.token}"
        if self.down:
            return answer({"error": "down"}, 503)
        if request.path.rstrip("/") == "/api/v2/instance":
            said = "disabled" if self.hidden else "authenticated" if self.closed else "public"
            feeds = {"local": said, "remote": said}
            access = {"live_feeds": feeds, "hashtag_feeds": feeds, "trending_link_feeds": feeds}
            return answer({"domain": "m.test", "version": "4.5.0", "configuration": {"timelines_access": access}})
        found = re.fullmatch(r"/api/v1/timelines/tag/(\w+)", request.path)
        if found:
            if self.closed and not known:
                return answer({"error": "This method requires an authenticated user"}, 401)
            tagged = [s for s in self.statuses if found[1].lower() in [t["name"] for t in s["tags"]]]
            return answer([] if self.hidden else self._cut(tagged, request))
        if request.path == "/api/v2/search":
            if not known:
                return answer({"error": "The access token is invalid"}, 401)
            words = request.args["q"].strip('"').lower()
            found = [s for s in self.statuses if words in re.sub("<[^>]*>", "", s["content"]).lower()]
            return answer({"accounts": [], "statuses": self._cut(found, request), "hashtags": []})
        found = re.fullmatch(r"/api/v1/statuses/(\d+)", request.path)
        if found:
            one = [s for s in self.statuses if s["id"] == found[1]]
            return answer(one[0]) if one else answer({"error": "Record not found"}, 404)
        return answer({"error": "Not Found"}, 404)

    def _cut(self, statuses: list[Any], request: Request) -> list[Any]:
        """Newest first; min_id gives the page next above it, as Mastodon does."""
        args = request.args
        assert set(args) <= {"limit", "max_id", "min_id", "since_id", "q", "type", "resolve", "exclude_unreviewed"}
        limit = min(int(args.get("limit", 20)), self.page)
        rows = sorted(statuses, key=lambda s: int(s["id"]), reverse=True)
        if "max_id" in args:
            rows = [s for s in rows if int(s["id"]) < int(args["max_id"])]
        if "min_id" in args:
            return [s for s in rows if int(s["id"]) > int(args["min_id"])][-limit:]
        return rows[:limit]


def answer(content: Any, status: int = 200) -> Response:
    return Response(json.dumps(content), status, content_type="application/json; charset=utf-8")
