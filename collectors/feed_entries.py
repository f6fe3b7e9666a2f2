"""Feeds as entries: RSS, Atom and RDF by feedparser, JSON Feed by its specification.

Broken XML is read as far as it goes. https://www.jsonfeed.org/version/1.1/
"""

from __future__ import annotations

import calendar
import hashlib
import io
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import feedparser
import orjson

from collectors.html_text import html_text
from collectors.times import EARLIEST, BadTime, parse_time
from core.errors import SourceChanged
from core.text import clean

MAX_TEXT = 100_000
_MAX_ID = 300
_MAX_URL = 2_000
_FAR = datetime(9990, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry; `at` is when it was published, else updated, None where it says neither. Its text may be ""."""

    id: str
    title: str
    text: str
    url: str
    author: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed's entries in its own order, and its language as a primary subtag or ""."""

    entries: tuple[Entry, ...]
    lang: str = ""


def read_feed(body: bytes, *, url: str, content_type: str = "") -> Feed:
    """The feed in `body`, fetched from `url`. Raises SourceChanged when it is no feed (a web page, nothing at all)."""
    host = urlsplit(url).hostname or ""
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return _json_feed(body, host)
    headers = {"content-location": url, "content-type": content_type or "application/xml"}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of feedparser and its parsers, about what they tolerate
            # Bytes alone: given text, feedparser would open it as a path or an address.
            found = feedparser.parse(
                io.BytesIO(body), response_headers=headers, resolve_relative_uris=False, sanitize_html=False
            )
    except Exception as error:  # it promises never to raise, and hostile bytes have shown otherwise
        raise SourceChanged(f"{host}: what it gave cannot be read as a feed ({type(error).__name__})") from None
    if not found.get("version") and not found.entries:
        raise SourceChanged(f"{host}: what it gave is no feed. Is the address that of the feed, not of the page?")
    entries = tuple(_entry(entry, found.feed, host) for entry in found.entries)
    return Feed(entries, _lang(found.feed.get("language")))


def _entry(entry: Any, feed: Any, host: str) -> Entry:
    title = _plain(entry.get("title"))
    contents = [_plain(part.get("value")) for part in entry.get("content") or () if isinstance(part, Mapping)]
    body = max([_plain(entry.get("summary")), *contents], key=len)
    publisher = entry.get("source")
    author = entry.get("author") or (publisher.get("title") if isinstance(publisher, Mapping) else "")
    return _made(
        entry.get("id"), title, body, entry.get("link"), author or feed.get("author") or host, _date(entry), host
    )


def _json_feed(body: bytes, host: str) -> Feed:
    try:
        found = orjson.loads(body.lstrip(b"\xef\xbb\xbf \t\r\n"))
    except orjson.JSONDecodeError:
        raise SourceChanged(f"{host}: what it gave is no feed, and no whole JSON") from None
    items = found.get("items")
    if not isinstance(items, list):
        raise SourceChanged(f"{host}: the JSON it gave has no list of items: no JSON Feed")
    return Feed(
        tuple(_item(item, found, host) for item in items if isinstance(item, Mapping)), _lang(found.get("language"))
    )


def _item(item: Mapping[str, Any], feed: Mapping[str, Any], host: str) -> Entry:
    body = _text(item.get("content_text")) or _plain(item.get("content_html")) or _plain(item.get("summary"))
    people = item.get("authors") or [item.get("author")]
    first = people[0] if isinstance(people, list) and people else None
    author = first.get("name") or first.get("url") if isinstance(first, Mapping) else ""
    at = None
    for name in ("date_published", "date_modified"):
        try:
            at = at or parse_time(item.get(name), None, _FAR)
        except BadTime:
            continue
    return _made(item.get("id"), _plain(item.get("title")), body, item.get("url"), author or host, at, host)


def _made(id_: Any, title: str, body: str, url: Any, author: Any, at: datetime | None, host: str) -> Entry:
    link = _text(url).strip()
    link = link if link.startswith(("http://", "https://")) and len(link) <= _MAX_URL else ""
    text = f"{title}\n\n{body}" if body and not body.startswith(title) else body or title
    name = _text(id_).strip() if not isinstance(id_, int) else str(id_)
    if name and not name.startswith(("http://", "https://", "tag:", "urn:")):
        name = f"{host}/{name}"  # a number or word is unique within its feed alone
    name = name or link or f"{host}/{_digest(text, str(at))}"
    return Entry(
        name if len(name) <= _MAX_ID else _digest(name), title, text[:MAX_TEXT], link, _text(author).strip(), at
    )


def _date(entry: Any) -> datetime | None:
    for name in ("published_parsed", "updated_parsed", "created_parsed"):
        value = entry[name] if name in entry else None  # noqa: SIM401 (its get() warns of names it maps)
        if isinstance(value, time.struct_time):
            try:
                at = datetime.fromtimestamp(calendar.timegm(value), UTC)
            except (ValueError, OverflowError, OSError):
                continue
            if at >= EARLIEST:
                return at
    return None


def _plain(value: Any) -> str:
    return clean(html_text(value)) if isinstance(value, str) else ""


def _text(value: Any) -> str:
    return clean(value) if isinstance(value, str) else ""


def _lang(value: Any) -> str:
    tag = value.replace("_", "-").partition("-")[0].strip().lower() if isinstance(value, str) else ""
    return tag if 2 <= len(tag) <= 3 and tag.isascii() and tag.isalpha() else ""


def _digest(*said: str) -> str:
    return hashlib.blake2b("\x1f".join(said).encode(), digest_size=12).hexdigest()
