"""A small YouTube Data API: search, videos, threads and replies with the real limits, order and refusals.

Videos and comments are invented.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from werkzeug import Request, Response

KEY = "canary-4711-key"
_COMMON = {"part", "maxResults", "pageToken", "textFormat", "alt", "prettyPrint"}
_ASKED = {
    "search": {"q", "type", "order", "publishedAfter", "publishedBefore"}, "videos": {"id"},
    "commentThreads": {"videoId", "order"}, "comments": {"id", "parentId"},
}  # fmt: skip


def comment(id: str, at: datetime, text: str, *, parent: str = "", author: str = "UCsomeone", likes: int = 0) -> Any:
    snippet: dict[str, Any] = {
        "channelId": "UCowner", "textDisplay": text, "textOriginal": text, "authorDisplayName": "@someone",
        "authorProfileImageUrl": "https://yt3.test/a", "authorChannelUrl": "http://www.youtube.com/@someone",
        "authorChannelId": {"value": author}, "canRate": True, "viewerRating": "none", "likeCount": likes,
        "publishedAt": stamp(at), "updatedAt": stamp(at),
    }  # fmt: skip
    if parent:
        snippet["parentId"] = parent
    return {"kind": "youtube#comment", "etag": "e", "id": id, "snippet": snippet}


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class FakeYoutube:
    """`comments` by video id; a comment with a parentId is a reply. `titles` by video, `off` without comments."""

    comments: dict[str, list[Any]]
    titles: dict[str, str] = field(default_factory=dict)
    off: set[str] = field(default_factory=set)
    quota: int = 10_000
    per_page: int = 100
    embedded: int = 5
    pinned: str = ""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        resource, args = request.path.rpartition("/")[2], dict(request.args)
        self.asked.append((resource, args))
        if request.headers.get("X-Goog-Api-Key") != KEY:
            return refused(400, "badRequest", details="API_KEY_INVALID")
        if set(args) - _COMMON - _ASKED.get(resource, set()):
            return refused(400, "badRequest")
        if len(self.asked) > self.quota:
            return refused(403, "quotaExceeded")
        return getattr(self, f"_{resource}")(args)

    def _search(self, args: dict[str, str]) -> Response:
        assert args["type"] == "video"
        videos = [{"kind": "youtube#searchResult", "id": {"kind": "youtube#video", "videoId": v},
                   "snippet": {"title": self.titles.get(v, "")}} for v in self.titles]  # fmt: skip
        return self._page(videos, args, "youtube#searchListResponse")

    def _videos(self, args: dict[str, str]) -> Response:
        found = [v for v in args["id"].split(",") if v in self.titles]
        items = [{"kind": "youtube#video", "id": v, "snippet": {"title": self.titles[v], "description": ""},
                  "statistics": {"commentCount": str(len(self.comments.get(v, [])))}} for v in found]  # fmt: skip
        return self._page(items, {}, "youtube#videoListResponse")

    def _commentThreads(self, args: dict[str, str]) -> Response:
        video = args["videoId"]
        if video in self.off:
            return refused(403, "commentsDisabled")
        if video not in self.titles:
            return refused(404, "videoNotFound")
        assert (args["order"], args["textFormat"]) == ("time", "plainText")
        tops = [c for c in self.comments.get(video, []) if "parentId" not in c["snippet"]]
        tops.sort(key=lambda c: (c["id"] != self.pinned, [-ord(x) for x in c["snippet"]["publishedAt"]]))
        return self._page([self._thread(video, top) for top in tops], args, "youtube#commentThreadListResponse")

    def _thread(self, video: str, top: Any) -> Any:
        replies = self._under(top["id"])
        thread: dict[str, Any] = {
            "kind": "youtube#commentThread", "id": top["id"],
            "snippet": {"videoId": video, "topLevelComment": top, "canReply": True, "totalReplyCount": len(replies),
                        "isPublic": True},
        }  # fmt: skip
        if replies:
            thread["replies"] = {"comments": replies[: self.embedded]}
        return thread

    def _comments(self, args: dict[str, str]) -> Response:
        if "parentId" in args:
            return self._page(self._under(args["parentId"]), args, "youtube#commentListResponse")
        wanted = args["id"].split(",")
        every = [c for of_video in self.comments.values() for c in of_video]
        return self._page([c for c in every if c["id"] in wanted], args, "youtube#commentListResponse")

    def _under(self, parent: str) -> list[Any]:
        every = [c for of_video in self.comments.values() for c in of_video]
        found = [c for c in every if c["snippet"].get("parentId") == parent]
        return sorted(found, key=lambda c: c["snippet"]["publishedAt"], reverse=True)

    def _page(self, items: list[Any], args: dict[str, str], kind: str) -> Response:
        size = min(int(args.get("maxResults", 20)), self.per_page) if args else 50
        start = int(args.get("pageToken", 0))
        reply: dict[str, Any] = {"kind": kind, "etag": "e", "items": items[start : start + size],
                                 "pageInfo": {"totalResults": len(items), "resultsPerPage": size}}  # fmt: skip
        if start + size < len(items):
            reply["nextPageToken"] = str(start + size)
        return Response(json.dumps(reply), content_type="application/json; charset=UTF-8")


def refused(status: int, reason: str, *, details: str = "") -> Response:
    error: dict[str, Any] = {"code": status, "message": "no", "errors": [{"message": "no", "domain": "youtube",
                             "reason": reason}]}  # fmt: skip
    if details:
        error["details"] = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": details}]
    return Response(json.dumps({"error": error}), status, content_type="application/json; charset=UTF-8")
