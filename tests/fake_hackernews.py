"""A small Hacker News search: honours the API's real parameters, order and caps. Items are invented."""

from __future__ import annotations

import json
import operator
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from werkzeug import Request, Response

CAP = 1_000
_SIGNS = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt, "=": operator.eq}
_SEARCHED = ("title", "story_text", "comment_text", "story_title", "author", "url")


def story(id: int, at: int, title: str, **more: Any) -> dict[str, Any]:
    return _item(id, at, ["story", f"story_{id}"], title=title, num_comments=0, points=1, **more)


def comment(
    id: int, at: int, text: str | None, *, parent: int = 1, root: int = 1, title: str = "", **more: Any
) -> dict[str, Any]:
    return _item(
        id,
        at,
        ["comment", f"story_{root}"],
        comment_text=text,
        parent_id=parent,
        story_id=root,
        story_title=title,
        **more,
    )


def _item(id: int, at: int, tags: list[str], **fields: Any) -> dict[str, Any]:
    nothing = dict.fromkeys(("title", "url", "points", "story_text", "comment_text", "num_comments", "story_id",
                             "story_title", "story_url", "parent_id"))  # fmt: skip
    return {
        **nothing, "author": f"user{id}", "created_at_i": at, "objectID": str(id),
        "created_at": datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"), "_tags": tags, **fields,
    }  # fmt: skip


@dataclass
class FakeHackerNews:
    """`search_by_date` over `items`. `per_page` is the most it gives at once; `counted` distorts nbHits.

    A query is read as the API reads it: quoted phrases as they are, other words each, the last one as a beginning.
    """

    items: list[dict[str, Any]]
    per_page: int = CAP
    counted: Any = lambda total: total
    asked: list[dict[str, str]] = field(default_factory=list)
    _texts: dict[str, str] = field(default_factory=dict)

    def __call__(self, request: Request) -> Response:
        args = dict(request.args)
        self.asked.append(args)
        known = {"query", "tags", "numericFilters", "hitsPerPage", "page", "advancedSyntax", "typoTolerance"}
        if set(args) - known:
            return Response(json.dumps({"message": "Unknown parameter"}), 400, content_type="application/json")
        found = sorted(self._search(args), key=lambda item: (-item["created_at_i"], item["objectID"]))
        size = min(int(args.get("hitsPerPage", 20)), self.per_page, CAP)
        page = int(args.get("page", 0))
        reply: dict[str, Any] = {
            "hits": found[:CAP][page * size : (page + 1) * size], "nbHits": self.counted(len(found)), "page": page,
            "nbPages": -(-min(len(found), CAP) // size), "hitsPerPage": size, "query": args.get("query", ""),
        }  # fmt: skip
        if page * size >= CAP:
            reply["message"] = "you can only fetch the 1000 hits for this query, contact us to increase the limit"
        return Response(json.dumps(reply), content_type="application/json; charset=utf-8")

    def _search(self, args: dict[str, str]) -> list[dict[str, Any]]:
        found = self.items
        for rule in filter(None, args.get("numericFilters", "").split(",")):
            name, sign, value = re.fullmatch(r"(\w+)(>=|<=|>|<|=)(\d+)", rule).groups()
            found = [item for item in found if _SIGNS[sign](item[name], int(value))]
        wanted = set(re.fullmatch(r"\(?([\w,]*)\)?", args.get("tags", ""))[1].split(","))
        found = [item for item in found if wanted == {""} or wanted & set(item["_tags"])]
        query = args.get("query", "").lower()
        phrases = [_words(phrase) for phrase in re.findall(r'"([^"]*)"', query)]
        *whole, last = _words(re.sub(r'"[^"]*"', " ", query)).split() or [""]
        needles = [f" {phrase} " for phrase in [*phrases, *whole] if phrase] + [f" {last}"]
        return [item for item in found if all(needle in self._text(item) for needle in needles)]

    def _text(self, item: dict[str, Any]) -> str:
        if item["objectID"] not in self._texts:
            said = " ".join(str(item[name] or "") for name in _SEARCHED)
            self._texts[item["objectID"]] = f" {_words(said.lower())} "
        return self._texts[item["objectID"]]


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text))
