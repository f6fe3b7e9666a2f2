"""The topics of any window, and its share: the figures of the overview for a span that is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from core.watches import Watch
from reports.measure import Share, measured, share_of
from reports.window import Window

if TYPE_CHECKING:
    from store import Reader


def window_share(reader: Reader, watch: Watch, window: Window) -> tuple[Share, int]:
    """The negative share of the window with its interval, and the number of all its posts."""
    counts = measured(reader.rollup(watch.name, since=window.since, until=window.until), watch)
    return share_of(counts), int(counts["posts"].sum())


def topic_rows(reader: Reader, watch: Watch, window: Window) -> pd.DataFrame:
    """One row per topic, most frequent first: topic, relevant, share_of_relevant, negative_share (NaN: no base)."""
    since, until = window.since, window.until
    total = int(reader.rollup(watch.name, since=since, until=until)["relevant"].sum())
    rows = measured(reader.rollup(watch.name, since=since, until=until, topic=None, split=("topic",)), watch)
    sums = rows.groupby("topic", as_index=False)[["relevant", "negative", "measured"]].sum()
    sums = sums[sums["relevant"] > 0].sort_values(["relevant", "topic"], ascending=[False, True], ignore_index=True)
    share = sums["relevant"] / total if total else sums["relevant"].astype(float)
    negative = (sums["negative"] / sums["measured"]).where(sums["measured"] > 0)
    return sums[["topic", "relevant"]].assign(share_of_relevant=share, negative_share=negative)
