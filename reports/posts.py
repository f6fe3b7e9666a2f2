"""The posts behind a figure, never later than the watch's present."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import pandas as pd

from core.watches import Watch

if TYPE_CHECKING:
    from store import PostFilter, Reader


def posts(
    reader: Reader, watch: Watch, filter: PostFilter, *, clock: datetime, limit: int = 50, offset: int = 0
) -> pd.DataFrame:
    """At most `limit` posts of `filter` after the first `offset`, with the columns and the order of `Reader.posts`."""
    return reader.posts(clamped(watch, filter, clock=clock), limit=limit, offset=offset)


def count_posts(
    reader: Reader, watch: Watch, filter: PostFilter, *, clock: datetime, at_most: int | None = None
) -> int:  # fmt: skip
    """How many posts `posts` could give; beyond `at_most` the count may stop there, as in `Reader.count_posts`."""
    return reader.count_posts(clamped(watch, filter, clock=clock), at_most=at_most)


def stream_posts(
    reader: Reader, watch: Watch, filter: PostFilter, *, clock: datetime, chunk: int = 2000
) -> Iterator[pd.DataFrame]:
    """All posts of `filter` in frames of at most `chunk`."""
    return reader.stream_posts(clamped(watch, filter, clock=clock), chunk=chunk)


def clamped(watch: Watch, filter: PostFilter, *, clock: datetime) -> PostFilter:
    """`filter` for `watch`, its end cut at the watch's present (which counts to the minute, not to the hour)."""
    present = watch.now(clock)
    return replace(filter, watch=watch.name, until=min(filter.until or present, present))
