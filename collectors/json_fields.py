"""Fields of records as platforms send them: what is absent, null or of another kind is "" or None, never a crash."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from collectors.times import BadTime, parse_time
from core.text import clean

MAX_TEXT = 100_000
MAX_ID = 300
_MAX_URL = 2_000
_MAX_COUNT = 2**53


class NotAPost(ValueError):
    """A record that is no post. `reason` is "" where that is nothing to report (deleted, withheld, another kind)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def inside(record: Any, *path: str) -> Any:
    """The value at a path of keys, or None where one of them is missing."""
    for key in path:
        if not isinstance(record, Mapping):
            return None
        record = record.get(key)
    return record


def rows(answer: Any, *path: str) -> list[Any]:
    """The list at a path; an empty one where there is none."""
    found = inside(answer, *path) if path else answer
    return found if isinstance(found, list) else []


def text(value: Any) -> str:
    """A text that every store accepts; "" for anything else. Raises NotAPost for one that is no post by its length."""
    if not isinstance(value, str):
        return ""
    if len(value) > MAX_TEXT:
        raise NotAPost(f"text over {MAX_TEXT:,} characters")
    return clean(value)


def name(value: Any) -> str:
    """An id or short name, a number too; "" for anything else and for one that is too long."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 2**63 else ""
    found = clean(value).strip() if isinstance(value, str) else ""
    return found if len(found) <= MAX_ID else ""


def count(value: Any) -> int | None:
    """A counter; numbers in quotes are read too."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MAX_COUNT else None


def web_address(value: Any) -> str:
    """An http address, or ""."""
    found = clean(value).strip() if isinstance(value, str) else ""
    return found if found.startswith(("https://", "http://")) and len(found) <= _MAX_URL else ""


def language(value: Any) -> str:
    """The primary subtag of a language tag, or ""."""
    tag = value.replace("_", "-").partition("-")[0].lower() if isinstance(value, str) else ""
    return tag if 2 <= len(tag) <= 3 and tag.isascii() and tag.isalpha() and tag != "und" else ""


def moment(value: Any, latest: datetime) -> datetime | None:
    """An ISO 8601 time with its offset, or None: not understood, before 1990, or after `latest`."""
    if not isinstance(value, str):
        return None
    try:
        return parse_time(value, None, latest)
    except BadTime:
        return None
