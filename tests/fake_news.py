"""Small news services: a feed with validators, the search feed of Google News, and GDELT's DOC API. All invented."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from xml.sax.saxutils import escape

from werkzeug import Request, Response


@dataclass(frozen=True)
class Item:
    """One article of any of the services."""

    id: str
    at: datetime | None
    title: str
    text: str = ""
    author: str = "A. Writer"

    @property
    def url(self) -> str:
        return f"https://news.example/{self.id}"


def rss(items: list[Item], *, publisher: str = "") -> bytes:
    """The items as RSS 2.0."""
    parts = []
    for item in items:
        date = f"<pubDate>{format_datetime(item.at, usegmt=True)}</pubDate>" if item.at else ""
        source = f'<source url="https://{publisher}">{publisher}</source>' if publisher else ""
        parts.append(
            f'<item><guid isPermaLink="false">{item.id}</guid><link>{item.url}</link>{date}{source}'
            f"<title>{escape(item.title)}</title><description>{escape(item.text)}</description>"
            f"<author>{item.author}</author></item>"
        )
    head = '<?xml version="1.0"?><rss version="2.0"><channel><title>News</title><language>en-GB</language>'
    return f"{head}{''.join(parts)}</channel></rss>".encode()


@dataclass
class FakeFeed:
    """A feed of the newest `shows` items that answers conditional requests."""

    items: list[Item]
    shows: int = 10_000
    asked: list[dict[str, str]] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        self.asked.append(dict(request.headers))
        newest = sorted(self.items, key=lambda i: i.at or datetime.max.replace(tzinfo=UTC), reverse=True)[: self.shows]
        body = rss(newest)
        tag = f'"{hash(body) & 0xFFFFFF:x}"'
        if request.headers.get("If-None-Match") == tag:
            return Response("", 304, {"ETag": tag})
        return Response(body, headers={"ETag": tag}, content_type="application/rss+xml")


@dataclass
class FakeGoogleNews:
    """`/rss/search` with phrases, OR, after: and before:, and its cap of 100."""

    items: list[Item]
    asked: list[dict[str, str]] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        args = dict(request.args)
        self.asked.append(args)
        days = {word: datetime.fromisoformat(f"{day}T00:00:00+00:00")
                for word, day in re.findall(r"(after|before):(\S+)", args["q"])}  # fmt: skip
        found = [i for i in self.items if days["after"] <= i.at < days["before"] and _holds(args["q"], i.title)]
        return Response(rss(found[:100], publisher="paper.example"), content_type="application/xml")


@dataclass
class FakeGdelt:
    """`/doc`: artlist, timelinevolraw and timelinetone; both ends taken in; 250 records; errors are plain text."""

    items: list[Item]
    asked: list[dict[str, str]] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        args = dict(request.args)
        self.asked.append(args)
        start, end = (datetime.strptime(args[f"{w}datetime"], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
                      for w in ("start", "end"))  # fmt: skip
        if any(len(phrase) < 3 for phrase in re.findall(r'"([^"]*)"', args["query"])):
            return Response("The specified phrase is too short.\n", content_type="text/html")
        found = [i for i in self.items if start <= i.at <= end and _holds(args["query"], i.title)]
        found.sort(key=lambda i: i.at, reverse=args.get("sort") != "dateasc")
        if args["mode"] == "artlist":
            articles = [_article(i) for i in found[: int(args.get("maxrecords", 75))]]
            return _json({"articles": articles} if articles else {})
        days = sorted({i.at.replace(hour=0, minute=0, second=0) for i in found})
        tone = args["mode"] == "timelinetone"
        data = [{"date": f"{d:%Y%m%dT%H%M%SZ}", "value": -2.5 if tone else sum(i.at.date() == d.date() for i in found),
                 **({} if tone else {"norm": 100_000})} for d in days]  # fmt: skip
        return _json({"timeline": [{"series": "Average Tone" if tone else "Article Count", "data": data}]})


def _article(item: Item) -> dict[str, Any]:
    return {"url": item.url, "url_mobile": "", "title": item.title, "seendate": f"{item.at:%Y%m%dT%H%M%SZ}",
            "socialimage": "", "domain": "news.example", "language": "English", "sourcecountry": "Malta"}  # fmt: skip


def _holds(query: str, title: str) -> bool:
    return any(phrase.lower() in title.lower() for phrase in re.findall(r'"([^"]*)"', query))


def _json(value: object) -> Response:
    return Response(json.dumps(value), content_type="application/json; charset=utf-8")
