"""The topics of any window, and its share: the figures of the overview for a span that is chosen."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from core.watches import Watch
from reports.coverage import known_runs
from reports.history import counted
from reports.measure import Share, share_of
from reports.window import Window

if TYPE_CHECKING:
    from store import Reader


def window_share(
    reader: Reader, watch: Watch, window: Window, *, clock: datetime, sources: Collection[str] = (),
    languages: Collection[str] = (), topic: str = "all",
) -> tuple[Share, int]:  # fmt: skip
    """The negative share of the window with its interval, and how many posts it had (by the sampling rate)."""
    runs = known_runs(reader, watch, window, clock=clock, sources=sources)
    counts = counted(reader, watch, window, runs, sources=sources, languages=languages, topic=topic)
    return share_of(counts), int(counts["volume"].sum())


def topic_rows(
    reader: Reader, watch: Watch, window: Window, *, clock: datetime, sources: Collection[str] = (),
    languages: Collection[str] = (),
) -> pd.DataFrame:  # fmt: skip
    """One row per topic, most frequent first: topic, relevant, share_of_relevant, negative_share (NaN: no base).

    Where a part of the posts was read by chance, all of it counts a post as often as the sampling rate says.
    """
    runs = known_runs(reader, watch, window, clock=clock, sources=sources)
    only: dict[str, Any] = {"sources": sources, "languages": languages}
    total = float(counted(reader, watch, window, runs, **only)["weighted_relevant"].sum())
    rows = counted(reader, watch, window, runs, topic=None, split=("topic",), **only)
    sums = rows[rows["topic"] != "all"].groupby("topic", as_index=False)[list(_SUMS)].sum()
    sums = sums[sums["weighted_relevant"] > 0].sort_values(
        ["weighted_relevant", "topic"], ascending=[False, True], ignore_index=True
    )
    relevant, base = sums["weighted_relevant"], sums["weighted_measured"]
    return pd.DataFrame({
        "topic": sums["topic"],
        "relevant": relevant.round().astype("int64"),
        "share_of_relevant": relevant / total if total else relevant,
        "negative_share": (sums["weighted_negative"] / base).where(base > 0),
    })  # fmt: skip


_SUMS = ("weighted_relevant", "weighted_negative", "weighted_measured")
