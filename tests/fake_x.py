"""A small X for real tweepy: searches, counts and look-ups with the service's parameters, order, limits and spellings.

Posts are invented.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from werkzeug import Request, Response

_EPOCH = datetime(2010, 11, 4, 1, 42, 54, 657_000, tzinfo=UTC)
_FIELDS = {"tweet.fields", "post.fields", "expansions"}
_SEARCH = {
    "query",
    "start_time",
    "end_time",
    "since_id",
    "until_id",
    "max_results",
    "next_token",
    "sort_order",
    *_FIELDS,
}
_COUNT = {"query", "start_time", "end_time", "granularity", "next_token", "since_id", "until_id"}


def snowflake(at: datetime, number: int = 0) -> str:
    return str((int((at - _EPOCH) / timedelta(milliseconds=1)) << 22) + number)


def post(at: datetime, text: str, number: int = 0, **more: Any) -> dict[str, Any]:
    id_ = snowflake(at, number)
    return {
        "id": id_, "text": text, "created_at": at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z",
        "author_id": f"77{number}", "conversation_id": id_, "lang": "en", "edit_history_tweet_ids": [id_],
        "public_metrics": {"retweet_count": 1, "reply_count": 2, "like_count": 3, "quote_count": 0,
                           "bookmark_count": 0, "impression_count": 40},
        **more}  # fmt: skip


@dataclass
class FakeX:
    """Serves `posts`. `faults` are given in turn before real answers; `new_names` spells everything the newer way.

    `read` counts the posts that were handed out, which is what X bills; `gone` ids are errors of a look-up.
    """

    posts: list[dict[str, Any]]
    now: datetime
    new_names: bool = False
    demand_new_names: bool = False
    archive: bool = True
    prefix: str = ""
    counted: Callable[[int], int] = lambda number: number
    faults: list[Callable[[], Response]] = field(default_factory=list)
    gone: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    read: int = 0
    counts_read: int = 0

    def __call__(self, request: Request) -> Response:
        path, args = request.path.removeprefix(self.prefix), dict(request.args)
        self.asked.append((path, args))
        if request.headers.get("Authorization", "").count("Bearer ") != 1:
            return _problem(401, "Unauthorized")
        if self.faults:
            return self.faults.pop(0)()
        if self.demand_new_names and "tweet.fields" in args:
            return _problem(400, "The query parameter [tweet.fields] is not one of [query,post.fields,max_results]")
        if match := re.fullmatch(r"/2/tweets/(search|counts)/(recent|all)", path):
            return self._span(match[1], match[2], args)
        if path == "/2/tweets":
            return self._lookup(args)
        return _problem(404, "Not Found")

    def _span(self, kind: str, reach: str, args: dict[str, str]) -> Response:
        unknown = set(args) - (_SEARCH if kind == "search" else _COUNT)
        if unknown or (reach == "all" and not self.archive):
            return _problem(403 if not unknown else 400, f"unknown {unknown}")
        if len(args["query"]) > (512 if reach == "recent" else 1_024):
            return _problem(400, "query too long")
        end = _time(args["end_time"]) if "end_time" in args else self.now - timedelta(seconds=30)
        start = _time(args["start_time"]) if "start_time" in args else self.now - timedelta(days=7)
        oldest = self.now - timedelta(days=7) if reach == "recent" else _EPOCH
        if not oldest <= start < end or end > self.now - timedelta(seconds=10):
            return _problem(400, "start_time or end_time is out of range")
        found = [p for p in self.posts if _holds(p["text"], args["query"])]
        if "since_id" in args:
            if start > end or int(args["since_id"]) < int(snowflake(oldest)):
                return _problem(400, "since_id is too old")
            found = [p for p in found if int(p["id"]) > int(args["since_id"]) and _time(p["created_at"]) < end]
        else:
            found = [p for p in found if start <= _time(p["created_at"]) < end]
        if kind == "counts":
            return self._counts(found, start, end)
        return self._page(sorted(found, key=lambda p: -int(p["id"])), reach, args)

    def _page(self, found: list[dict[str, Any]], reach: str, args: dict[str, str]) -> Response:
        size = int(args.get("max_results", 10))
        if not 10 <= size <= (100 if reach == "recent" else 500):
            return _problem(400, "max_results is out of range")
        first = int(args.get("next_token", "t0")[1:])
        page, more = found[first : first + size], len(found) > first + size
        self.read += len(page)
        meta: dict[str, Any] = {"result_count": len(page)}
        if page:
            meta |= {"newest_id": page[0]["id"], "oldest_id": page[-1]["id"]}
        if more:
            meta["next_token"] = f"t{first + size}"
        answer: dict[str, Any] = {"meta": meta}
        if page:
            answer["data"] = [self._spelt(p) for p in page]
        return _json(answer)

    def _counts(self, found: list[dict[str, Any]], start: datetime, end: datetime) -> Response:
        self.counts_read += 1
        name = "post_count" if self.new_names else "tweet_count"
        rows, at = [], start
        while at < end:
            stop = min((at + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0), end)
            number = sum(at <= _time(p["created_at"]) < stop for p in found)
            rows.append({"start": _iso(at), "end": _iso(stop), name: self.counted(number)})
            at = stop
        return _json({"data": rows, "meta": {f"total_{name}": sum(row[name] for row in rows)}})

    def _lookup(self, args: dict[str, str]) -> Response:
        ids = args["ids"].split(",")
        if len(ids) > 100:
            return _problem(400, "too many ids")
        found = [p for p in self.posts if p["id"] in ids and p["id"] not in self.gone]
        self.read += len(found)
        errors = [
            {"resource_id": i, "title": "Not Found Error", "value": i,
             "type": f"https://api.twitter.com/2/problems/{self.gone.get(i, 'resource-not-found')}"}
            for i in ids if i not in {p["id"] for p in found}
        ]  # fmt: skip
        answer: dict[str, Any] = {"data": [self._spelt(p) for p in found]} if found else {}
        return _json(answer | ({"errors": errors} if errors else {}))

    def _spelt(self, record: dict[str, Any]) -> dict[str, Any]:
        if not self.new_names:
            return record
        names = {"referenced_tweets": "referenced_posts", "edit_history_tweet_ids": "edit_history_post_ids"}
        return {names.get(name, name): value for name, value in record.items()}


def _holds(text: str, query: str) -> bool:
    query = query.replace("-is:retweet", "")
    if "-is:retweet" not in query and text.startswith("RT @") and "is:retweet" in query:
        return False
    terms = re.findall(r'"([^"]+)"|([#\w]+)', query)
    return any((a or b).lower() in text.lower() for a, b in terms if b != "OR")


def _time(value: str) -> datetime:
    return datetime.fromisoformat(value)


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _problem(status: int, detail: str) -> Response:
    return _json({"title": "Problem", "detail": detail, "status": status, "errors": [{"message": detail}]}, status)


def _json(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value), status, content_type="application/json; charset=utf-8")
