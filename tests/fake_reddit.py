"""A small Reddit for real PRAW: signs apps in, lists, searches and folds threads as the service does, caps included.

Submissions and comments are invented.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from werkzeug import Request, Response

LISTING_CAP = 1_000
SEARCH_CAP = 250
_SPANS = {"hour": 3_600, "day": 86_400, "week": 604_800, "month": 2_592_000, "year": 31_536_000}


def submission(id: str, at: float, title: str, *, subreddit: str = "test", **more: Any) -> dict[str, Any]:
    return {"kind": "t3", "data": {
        "id": id, "name": f"t3_{id}", "created_utc": float(at), "title": title, "selftext": "", "author": f"user_{id}",
        "subreddit": subreddit, "permalink": f"/r/{subreddit}/comments/{id}/some_title/", "score": 3, "num_comments": 0,
        "removed_by_category": None, "is_self": True, "url": "https://example.org/", **more}}  # fmt: skip


def comment(
    id: str, at: float, body: str, *, under: str, parent: str = "", subreddit: str = "test", **more: Any
) -> dict[str, Any]:
    return {"kind": "t1", "data": {
        "id": id, "name": f"t1_{id}", "created_utc": float(at), "body": body, "author": f"user_{id}",
        "subreddit": subreddit, "link_id": f"t3_{under}", "parent_id": parent or f"t3_{under}", "score": -2,
        "permalink": f"/r/{subreddit}/comments/{under}/some_title/{id}/", "replies": "", **more}}  # fmt: skip


@dataclass
class FakeReddit:
    """Serves `things`. `faults` are answers given in turn before the real ones; `asked` holds (path, args).

    `shown` is how many comments a thread shows before it folds the rest; `refused` names private subreddits.
    """

    things: list[dict[str, Any]]
    now: float
    shown: int = 500
    refused: tuple[str, ...] = ()
    prefix: str = "/reddit"
    faults: list[Callable[[], Response]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    tokens: int = 0
    agents: list[str] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        path, args = request.path.removeprefix(self.prefix), dict(request.args)
        self.agents.append(request.headers.get("User-Agent", ""))
        if path == "/api/v1/access_token":
            self.tokens += 1
            if not request.authorization or request.authorization.username != "app":
                return Response("{}", 401)
            return _json({"access_token": f"token-canary-{self.tokens}", "expires_in": 3600, "token_type": "bearer",
                          "scope": "*"})  # fmt: skip
        if request.headers.get("Authorization") != f"bearer token-canary-{self.tokens}":
            return Response("{}", 401)
        self.asked.append((path, args))
        if self.faults:
            return self.faults.pop(0)()
        answer = self._answer(path, args)
        answer.headers.update(self.headers)
        return answer

    def _answer(self, path: str, args: dict[str, str]) -> Response:
        if args.get("raw_json") != "1":
            return Response("raw_json is missing", 400)
        if match := re.fullmatch(r"(?:/r/(\w+))?/(new|comments|search)", path):
            if match[1] in self.refused:
                return _json({"reason": "private", "message": "Forbidden", "error": 403}, 403)
            return self._listing(match[1], match[2], args)
        if path == "/api/info":
            names = args["id"].split(",")
            if len(names) > 100:
                return Response("too many", 400)
            found = [thing for thing in self.things if thing["data"]["name"] in names]
            return _json(_listing([self._counted(thing) for thing in found], None))
        if match := re.fullmatch(r"/comments/(\w+)(?:/_/(\w+))?", path):
            return self._thread(match[1], match[2])
        return Response("{}", 404)

    def _listing(self, subreddit: str | None, kind: str, args: dict[str, str]) -> Response:
        wanted = "t1" if kind == "comments" else "t3"
        found = [t for t in self.things if t["kind"] == wanted and subreddit in (None, t["data"]["subreddit"])]
        cap, order = LISTING_CAP, "new"
        if kind == "search":
            if (args.get("restrict_sr") == "1") != (subreddit is not None):
                return Response("{}", 400)
            needle = args["q"].strip('"').lower()
            found = [t for t in found if needle in f"{t['data']['title']} {t['data']['selftext']}".lower()]
            found = [t for t in found if t["data"]["created_utc"] > self.now - _SPANS.get(args.get("t", "all"), 1e12)]
            cap, order = SEARCH_CAP, args.get("sort", "relevance")
        key = "created_utc" if order == "new" else "score"
        found = sorted(found, key=lambda t: (-t["data"][key], t["data"]["id"]))[:cap]
        names = [t["data"]["name"] for t in found]
        start = names.index(args["after"]) + 1 if args.get("after") in names else 0
        page = found[start : start + min(int(args.get("limit", 25)), 100)]
        more = start + len(page) < len(found)
        return _json(_listing([self._counted(t) for t in page], page[-1]["data"]["name"] if more and page else None))

    def _counted(self, thing: dict[str, Any]) -> dict[str, Any]:
        if thing["kind"] != "t3":
            return thing
        below = sum(t["kind"] == "t1" and t["data"]["link_id"] == thing["data"]["name"] for t in self.things)
        return {**thing, "data": {**thing["data"], "num_comments": below}}

    def _thread(self, id: str, branch: str | None) -> Response:
        roots = [self._counted(t) for t in self.things if t["data"]["name"] == f"t3_{id}"]
        if not roots:
            return Response("{}", 404)
        below = [t for t in self.things if t["kind"] == "t1" and t["data"]["link_id"] == f"t3_{id}"]
        if branch:
            top = [t for t in below if branch in (t["data"]["id"], t["data"]["parent_id"][3:])]
            return _json([_listing(roots, None), _listing(top, None)])
        top = [t for t in below if t["data"]["parent_id"] == f"t3_{id}"]
        children = [self._nested(t, below) for t in top[: self.shown]]
        folded = top[self.shown :]
        if folded:
            ids = [t["data"]["id"] for t in folded]
            children.append({"kind": "more", "data": {"count": len(ids), "children": ids, "parent_id": f"t3_{id}"}})
        return _json([_listing(roots, None), _listing(children, None)])

    def _nested(self, thing: dict[str, Any], below: list[dict[str, Any]]) -> dict[str, Any]:
        """One level of replies; deeper ones hide behind "continue this thread"."""
        replies = [t for t in below if t["data"]["parent_id"] == thing["data"]["name"]]
        if not replies:
            return thing
        shown = []
        for reply in replies:
            deeper = [t for t in below if t["data"]["parent_id"] == reply["data"]["name"]]
            more = {"kind": "more", "data": {"count": 0, "children": [], "id": "_", "parent_id": reply["data"]["name"]}}
            shown.append({**reply, "data": {**reply["data"], "replies": _listing([more], None) if deeper else ""}})
        return {**thing, "data": {**thing["data"], "replies": _listing(shown, None)}}


def _listing(children: list[dict[str, Any]], after: str | None) -> dict[str, Any]:
    return {"kind": "Listing", "data": {"children": children, "after": after, "before": None, "modhash": ""}}


def _json(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value), status, content_type="application/json; charset=UTF-8")
