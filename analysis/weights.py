"""How much one post of an hour stands for, where only a part of the hour's posts was read, by chance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from analysis.coverage import SAMPLE, hour_coverage
from core.records import HOUR, utc_hour


def hour_weights(runs: pd.DataFrame, since: datetime, until: datetime) -> pd.DataFrame:
    """The hours of [since, until) that were sampled: hour, source, weight (above 1), by source, then hour.

    A weight is one over the share of the hour's posts that was read (Horvitz and Thompson, "A generalization of
    sampling without replacement from a finite universe", J. Am. Stat. Assoc. 47 (1952) 663-685). An hour that some
    run has read whole is not among them; nor is one that was imported, of which no rate is known.
    """
    parts = [(str(run.source), part) for run in runs.itertuples() for part in getattr(run, "sampled", ())]
    kinds = {"source": "str", "weight": "float64"}
    if not parts:
        hours = pd.Series(dtype="datetime64[us, UTC]")
        return pd.DataFrame({"hour": hours, **{name: pd.Series(dtype=kind) for name, kind in kinds.items()}})
    states = hour_coverage(runs, since, until)
    open_hours = states[states["coverage"] == SAMPLE].set_index(["source", "hour"]).index
    # Per hour: how much of it was sampled, and how much of its posts that brought.
    length: dict[tuple[str, datetime], float] = defaultdict(float)
    read: dict[tuple[str, datetime], float] = defaultdict(float)
    for source, part in parts:
        _spread(source, part, length, read)
    rows = []
    for key in sorted(length):
        if key in open_hours and utc_hour(since) <= key[1] < until:
            share = read[key] / max(length[key], 1.0) + max(0.0, 1.0 - length[key])
            rows.append((key[1], key[0], 1.0 / share))
    frame = pd.DataFrame(rows, columns=["hour", "source", "weight"])
    frame["hour"] = pd.to_datetime(frame["hour"], utc=True).dt.as_unit("us")
    return frame.astype(kinds)


def weighted(counts: pd.DataFrame, weights: pd.DataFrame, *, by: Sequence[str] = ("hour",)) -> pd.DataFrame:
    """One row per value of `by`: those columns, volume, weighted_relevant (where `counts` has relevant),
    weighted_negative, weighted_measured, weighted_square.

    `counts` has hour, source, posts, negative and measured; every post counts as often as its hour's weight says.
    (weighted_measured squared) / weighted_square is the number of posts that such a sum is worth (L. Kish, Survey
    Sampling, 1965).
    """
    joined = counts.merge(weights, on=["hour", "source"], how="left")
    weight = joined["weight"].fillna(1.0).to_numpy()
    measured = joined["measured"].to_numpy(dtype=float)
    sums = {"volume": joined["posts"].to_numpy(dtype=float) * weight}
    if "relevant" in joined:
        sums["weighted_relevant"] = joined["relevant"].to_numpy(dtype=float) * weight
    sums |= {
        "weighted_negative": joined["negative"].to_numpy(dtype=float) * weight,
        "weighted_measured": measured * weight,
        "weighted_square": measured * weight * weight,
    }
    found = joined[list(by)].assign(**sums).groupby(list(by), as_index=False).sum()
    found["volume"] = np.rint(found["volume"]).astype("int64")
    return found


def _spread(source: str, part: Any, length: dict[Any, float], read: dict[Any, float]) -> None:
    at = utc_hour(part.span.start)
    while at < part.span.end:
        share = (min(part.span.end, at + HOUR) - max(part.span.start, at)) / HOUR
        length[source, at] += share
        read[source, at] += share * part.rate
        at += HOUR
