"""The DOC 2.0 API of GDELT: articles, volume and tone of the last three months, one request in five seconds.

https://blog.gdeltproject.org/gdelt-doc-2-0-api-debuts/. It answers errors as plain text with status 200, and
writes JSON that is not always valid.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from core.errors import QueryRejected, RetryLater, SourceChanged
from core.http import Transport

CAP = 250
"""Records that one answer gives at most (gdelt-doc-api#5)."""

INTERVAL = 5.0
"""Seconds between two requests (gdelt-doc-api#68)."""

_SAID = (
    ("limit requests", None), ("too many", None), ("timespan", "the span of time"), ("too short", "a term, too short"),
    ("too long", "the terms, too long"), ("too common", "a term, too common"), ("invalid", "the query"),
    ("query", "the query"), ("phrase", "the query"), ("keyword", "the query"),
)  # fmt: skip
_TIME = "%Y%m%d%H%M%S"
_ESCAPE = re.compile(r'\\(?!["\\/bfnrt]|u[0-9a-fA-F]{4})')


@dataclass(frozen=True, slots=True)
class Point:
    """One step of a timeline: `value` is articles or average tone; `of` all articles that GDELT saw, if it says."""

    at: datetime
    value: float
    of: int | None = None


class GdeltApi:
    """Asks and understands. All failures are `core.errors`; messages never hold the query."""

    def __init__(self, transport: Transport, url: str) -> None:
        self._transport = transport
        self._url = url

    def articles(self, search: str, start: datetime, end: datetime) -> list[Mapping[str, Any]]:
        """Up to 250 articles of [start, end], oldest first."""
        answer = self._ask("artlist", search, start, end, maxrecords=CAP, sort="dateasc")
        found = answer.get("articles", [])
        if not isinstance(found, list):
            raise SourceChanged("GDELT answered without a list of articles")
        return [article if isinstance(article, dict) else {} for article in found]

    def timeline(self, mode: str, search: str, start: datetime, end: datetime) -> list[Point]:
        """A timeline: "timelinevolraw" counts articles, "timelinetone" is their average tone (-100 to 100)."""
        answer = self._ask(mode, search, start, end)
        series = answer.get("timeline", [])
        if not isinstance(series, list) or not all(isinstance(part, dict) for part in series):
            raise SourceChanged("GDELT answered without a timeline")
        data = series[0].get("data") if series else []
        return [point for row in data or () if (point := _point(row)) is not None]

    def _ask(self, mode: str, search: str, start: datetime, end: datetime, **more: str | int) -> Mapping[str, Any]:
        asked = {"query": search, "mode": mode, "format": "json", "startdatetime": start.strftime(_TIME),
                 "enddatetime": end.strftime(_TIME), **more}  # fmt: skip
        return _understood(self._transport.get_bytes(self._url, asked))


def seen_at(value: object) -> datetime | None:
    """The moment of a date such as 20250509T141500Z, or None."""
    try:
        return datetime.strptime(str(value), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def _understood(body: bytes) -> Mapping[str, Any]:
    text = body.decode("utf-8", "replace").strip()
    if not text:
        return {}
    if text[0] == "{":
        for parse in (orjson.loads, lambda t: json.loads(t, strict=False), lambda t: _mended(t)):
            try:
                found = parse(text)
            except (ValueError, RecursionError):
                continue
            if isinstance(found, dict):
                return found
        raise RetryLater("GDELT answered with JSON that breaks off or is garbled")
    said = text[:300].lower()
    if text[0] != "<":
        for words, what in _SAID:
            if words in said:
                if what is None:
                    raise RetryLater("GDELT asks for one request in five seconds", after=INTERVAL)
                raise QueryRejected(f"GDELT does not accept {what}. Shorten or simplify the watch's terms")
    raise SourceChanged("GDELT answered with a web page" if text[0] == "<" else "GDELT answered with an unknown text")


def _mended(text: str) -> Any:
    return json.loads(_ESCAPE.sub(r"\\\\", text), strict=False)


def _point(row: object) -> Point | None:
    if not isinstance(row, dict) or not isinstance(row.get("value"), int | float):
        return None
    at, of = seen_at(row.get("date")), row.get("norm")
    return Point(at, float(row["value"]), of if isinstance(of, int) else None) if at else None
