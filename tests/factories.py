"""Small makers of records: everything has a plain value, and a test changes what it is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from core.records import Post, Query

T0 = datetime(2025, 5, 9, tzinfo=UTC)
"""Where the time of most tests begins."""

_POST = Post(
    source="forum",
    id="p1",
    created_at=T0,
    text="the new terms are terrible",
    collected_at=T0 + timedelta(days=1),
    lang="en",
)


def make_post(**changes: object) -> Post:
    """A post of the source "forum" at T0, with `changes`."""
    return replace(_POST, **changes)  # type: ignore[arg-type]


def make_query(**changes: object) -> Query:
    """A question to the source "forum" about the two days from T0, with `changes`."""
    return replace(Query("terms", T0, T0 + timedelta(days=2), source="forum"), **changes)  # type: ignore[arg-type]
