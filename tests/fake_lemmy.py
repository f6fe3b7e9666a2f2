"""A small Lemmy instance: search, comments below a post and look-ups, with the real order, limits and refusals.

Posts are invented.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

PAGE = 50


def _person(author: str) -> dict[str, Any]:
    return {"id": 7, "name": author, "banned": False, "published": "2023-06-01T00:00:00Z", "local": True,
            "actor_id": f"https://l.test/u/{author}", "deleted": False, "bot_account": False,
            "instance_id": 1}  # fmt: skip


def _community() -> dict[str, Any]:
    return {"id": 3, "name": "tech", "title": "Tech", "removed": False, "deleted": False, "local": True,
            "actor_id": "https://l.test/c/tech", "hidden": False, "visibility": "Public", "instance_id": 1}  # fmt: skip


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond:06d}Z"


def post(number: int, at: datetime, title: str, body: str | None = None, *, author: str = "ann", **more: Any) -> Any:
    """The view of a post; `more` are fields of the post itself."""
    record = {
        "id": number, "name": title, "creator_id": 7, "community_id": 3, "removed": False, "locked": False,
        "published": _stamp(at), "deleted": False, "nsfw": False, "ap_id": f"https://l.test/post/{number}",
        "local": True, "language_id": 0, "featured_community": False, "featured_local": False, **more,
    }  # fmt: skip
    if body is not None:
        record["body"] = body
    counts = {"post_id": number, "comments": 0, "score": 4, "upvotes": 5, "downvotes": 1, "published": _stamp(at)}
    return {"post": record, "creator": _person(author), "community": _community(), "counts": counts,
            "creator_banned_from_community": False, "subscribed": "NotSubscribed", "saved": False,
            "read": False, "unread_comments": 0}  # fmt: skip


def comment(number: int, at: datetime, content: str, under: Any, *, author: str = "bob", **more: Any) -> Any:
    """The view of a comment below the post of the view `under`, whose count of comments it raises."""
    under["counts"]["comments"] += 1
    record = {
        "id": number, "creator_id": 7, "post_id": under["post"]["id"], "content": content, "removed": False,
        "published": _stamp(at), "deleted": False, "ap_id": f"https://l.test/comment/{number}", "local": True,
        "path": f"0.{number}", "distinguished": False, "language_id": 0, **more,
    }  # fmt: skip
    counts = {"comment_id": number, "score": 2, "upvotes": 3, "downvotes": 1, "published": _stamp(at), "child_count": 0}
    return {"comment": record, "creator": _person(author), "post": under["post"], "community": _community(),
            "counts": counts, "creator_banned_from_community": False, "subscribed": "NotSubscribed",
            "saved": False}  # fmt: skip


@dataclass
class FakeLemmy:
    """One instance. `closed` answers 401, `down` 503, `limited` as often as it says with a limit of requests."""

    views: list[Any]
    closed: bool = False
    down: bool = False
    limited: int = 0
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def start(self) -> FakeLemmy:
        self._server = HTTPServer(host="127.0.0.1")
        self._server.expect_request(re.compile(".*")).respond_with_handler(self)
        self._server.start()
        return self

    def close(self) -> None:
        self._server.stop()

    @property
    def url(self) -> str:
        return self._server.url_for("").rstrip("/")

    def __call__(self, request: Request) -> Response:
        args = dict(request.args)
        self.asked.append((request.path, args))
        if self.down:
            return answer({"error": "down"}, 503)
        if self.limited:
            self.limited -= 1
            return answer({"error": "rate_limit_error"}, 400)
        if self.closed:
            return answer({"error": "instance_is_private"}, 401)
        kind = args.get("type_", "").lower()
        if request.path == "/api/v3/search":
            words = args["q"].lower()
            found = self._cut([v for v in self._of(kind) if words in _said(v).lower()], args)
            return answer({"type_": args["type_"], "posts": [], "comments": [], "communities": [], "users": [],
                           kind: found})  # fmt: skip
        if request.path == "/api/v3/comment/list":
            below = [v for v in self._of("comments") if str(v["comment"]["post_id"]) == args["post_id"]]
            return answer({"comments": self._cut(below, args)})
        one = re.fullmatch(r"/api/v3/(post|comment)", request.path)
        if one:
            named = [v for v in self._of(f"{one[1]}s") if str(v[one[1]]["id"]) == args["id"]]
            said = {"error": f"couldnt_find_{one[1]}"}
            return answer({f"{one[1]}_view": named[0]}) if named else answer(said, 404)
        return answer({"error": "unknown"}, 404)

    def _of(self, kind: str) -> list[Any]:
        return [view for view in self.views if ("comment" in view) == (kind == "comments")]

    def _cut(self, views: list[Any], args: dict[str, str]) -> list[Any]:
        assert args["sort"] == "New"
        page, limit = int(args["page"]), int(args["limit"])
        assert limit <= PAGE
        assert 1 <= page <= 100
        newest = sorted(views, key=lambda view: str(view["counts"]["published"]), reverse=True)
        return newest[(page - 1) * limit : page * limit]


def _said(view: Any) -> str:
    if "comment" in view:
        return str(view["comment"]["content"])
    return f"{view['post']['name']} {view['post'].get('body', '')}"


def answer(content: Any, status: int = 200) -> Response:
    return Response(json.dumps(content), status, content_type="application/json")
