"""The figures whose change is read: how they are counted, step by step, and on what scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.impact import Series
from core.records import TOPICS
from core.topic_names import topic_name
from core.watches import Watch
from reports.effect_reading import Scale

if TYPE_CHECKING:
    from reports.steps import Span, StepTable


@dataclass(frozen=True, slots=True)
class Figure:
    """Per step: `values` as they are modelled (NaN unknown), the `counts` that carry them, `noise` of a share.

    Volume is modelled as log(1 + posts); a share as it is, with the noise of its number of posts.
    """

    name: str
    values: np.ndarray
    counts: np.ndarray
    base: np.ndarray
    noise: np.ndarray | None = None

    def posts(self, span: Span) -> tuple[int, int]:
        """The posts before and after that carry it."""
        return (
            int(np.nansum(self.base[span.first : span.before])),
            int(np.nansum(self.base[span.after : span.until])),
        )

    def series(
        self, table: StepTable, controls: Mapping[str, np.ndarray], *, kept: tuple[int, int] | None = None
    ) -> Series:
        """The figure as a series that an impact is read from; steps outside `kept` count as unknown."""
        seconds = np.array([t.timestamp() for t in table.times[:-1]])
        clock = ((seconds + 3 * 86_400) // (3600 * table.step.hours)).astype(int)  # Monday 29 December 1969
        values = self.values.copy()
        if kept is not None:
            values[: kept[0]] = np.nan
            values[kept[1] :] = np.nan
        return Series(values, controls, self.noise, clock, table.step.periods)


def figure_names(watch: Watch) -> tuple[tuple[str, Scale], ...]:
    """The figures of every report, in order: volume, negative share, stance, each topic."""
    shares = ["negative share", *(["share against"] if watch.measure != "against" else [])]
    named = [*shares, *(_topic(topic) for topic in TOPICS)]
    return (("volume", Scale.TIMES), *((name, Scale.POINTS) for name in named))


def figures(frame: pd.DataFrame, known: np.ndarray, watch: Watch) -> dict[str, Figure]:
    """Every figure of `frame` (the counts of `reports.history.hourly`, with a column per topic)."""
    posts = np.where(known, frame["posts"].to_numpy(float), np.nan)
    found = {"volume": Figure("volume", np.log1p(posts), posts, posts)}
    stance = frame[["against", "stance_neutral", "in_favour"]].sum(axis=1)
    found["negative share"] = _share("negative share", frame["negative"], frame["measured"], known)
    if watch.measure != "against":
        found["share against"] = _share("share against", frame["against"], stance, known)
    for topic in TOPICS:
        column = f"topic:{topic}"
        counts = frame[column] if column in frame else frame["relevant"] * 0
        found[_topic(topic)] = _share(_topic(topic), counts, frame["relevant"], known)
    return found


def _topic(topic: str) -> str:
    return f"share on {topic_name(topic)}"


def _share(name: str, part: pd.Series[int], base: pd.Series[int], known: np.ndarray) -> Figure:
    k, n = part.to_numpy(float), base.to_numpy(float)
    use = known & (n > 0)
    values = np.divide(k, n, out=np.full(len(n), np.nan), where=use)
    usual = float(n[use].mean()) if use.any() else 1.0
    noise = np.where(use, usual / np.maximum(n, 1), 1.0)
    return Figure(name, values, np.where(known, k, np.nan), np.where(known, n, np.nan), noise)
