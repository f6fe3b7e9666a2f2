"""From a row of a file to a post, or the reason why not."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, tzinfo
from typing import Any

from collectors.columns import Columns
from collectors.times import BadTime, parse_time
from core.keys import Keys
from core.records import Post
from core.text import clean

MAX_TEXT = 100_000
_MAX_ID = 300
_MAX_URL = 2_000
_MAX_COUNT = 2**53
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")
_GONE = frozenset({"[deleted]", "[removed]"})
_KINDS = {
    "comment": "comment", "reply": "comment", "repost": "repost", "retweet": "repost", "reblog": "repost",
    "true": "repost", "quote": "quote", "review": "review", "article": "article", "news": "article",
}  # fmt: skip


class BadRow(ValueError):
    """Not a post. The message is the reason; it never holds what the row says."""


class RowReader:
    """Makes posts of rows. `platform` is the source of rows that name none, `zone` that of times without offset."""

    def __init__(self, keys: Keys, columns: Columns, *, platform: str, zone: tzinfo | None, now: datetime) -> None:
        self._keys = keys
        self._columns = columns
        self._platform = platform
        self._zone = zone
        self.now = now
        self.latest = now

    def post(self, row: dict[str, Any]) -> Post:
        """The post of one row. Raises BadRow with the reason."""
        (id_, source, created_at, text, author, url, community, kind, parent_id, root_id, lang, likes, reposts, replies,
         views) = self._columns.plan(tuple(row))  # fmt: skip
        words = _text(_first(row, text))
        try:
            at = parse_time(_first(row, created_at), self._zone, self.latest)
        except BadTime as error:
            raise BadRow(str(error)) from None
        platform = self._source(_first(row, source)) if source else self._platform
        account = _word(_first(row, author)) if author else ""
        account = "" if account in _GONE else account
        parent = _word(_first(row, parent_id))[:_MAX_ID] if parent_id else ""
        what = _word(_first(row, kind)).lower() if kind else ""
        # Fields that no column holds are not looked at: most rows have few, and a big import has many rows.
        return Post(
            platform,
            _id(_first(row, id_), platform, at, words, account),
            at,
            words,
            self.now,
            _url(_first(row, url)) if url else "",
            self._keys.author(platform, account),
            _word(_first(row, community))[:_MAX_ID] if community else "",
            _KINDS.get(what, "comment" if parent and not what else "post"),
            parent,
            _word(_first(row, root_id))[:_MAX_ID] if root_id else "",
            _lang(_first(row, lang)) if lang else "",
            _count(_first(row, likes)) if likes else None,
            _count(_first(row, reposts)) if reposts else None,
            _count(_first(row, replies)) if replies else None,
            _count(_first(row, views)) if views else None,
        )

    def _source(self, value: Any) -> str:
        if isinstance(value, str):
            name = value.strip().lower()
            # X's own exports keep the posting app in "source": no name of a platform.
            if _NAME.fullmatch(name):
                return name
        return self._platform


def _first(row: dict[str, Any], names: tuple[str, ...]) -> Any:
    for name in names:
        value = row.get(name)
        if value is not None and value != "":
            return value
    return None


def _text(value: Any) -> str:
    if value is None:
        raise BadRow("no text")
    if not isinstance(value, str):
        raise BadRow("text is not text")
    if len(value) > MAX_TEXT:
        raise BadRow(f"text over {MAX_TEXT:,} characters")
    if "\0" in value:
        raise BadRow("NUL byte")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise BadRow("lone surrogate") from None
    if not value or value.isspace():
        raise BadRow("no text")
    return value


def _word(value: Any) -> str:
    """A short value as text that every store accepts; "" for none, and for lists and tables."""
    if isinstance(value, str):
        return value.strip() if value.isascii() and "\0" not in value else clean(value).strip()
    if value is None or not isinstance(value, bool | int):
        return ""
    return str(value)


def _id(value: Any, source: str, at: datetime, text: str, account: str) -> str:
    given = _word(value)
    if len(given) > _MAX_ID:
        raise BadRow(f"id over {_MAX_ID} characters")
    if given:
        return given
    said = "\x1f".join((source, at.isoformat(), text, account))
    return hashlib.blake2b(said.encode(), digest_size=12).hexdigest()


def _url(value: Any) -> str:
    url = _word(value)
    return url if url.startswith(("https://", "http://")) and len(url) <= _MAX_URL else ""


def _lang(value: Any) -> str:
    tag = _word(value).replace("_", "-").partition("-")[0].lower()
    return tag if tag != "und" and 2 <= len(tag) <= 3 and tag.isascii() and tag.isalpha() else ""


def _count(value: Any) -> int | None:
    if value is None or isinstance(value, bool):
        return None
    try:
        count = int(value if isinstance(value, int) else float(value))
    except (TypeError, ValueError, OverflowError):
        return None
    return count if abs(count) < _MAX_COUNT else None
