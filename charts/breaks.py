"""What stands on a timeline beside announcements: breaks, change points and readers' notes, each with its words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import altair as alt
import pandas as pd

from charts.marks import wall
from charts.palette import Palette

Told = Sequence[tuple[datetime, str]]
"""Moments with what is to say of each."""


def break_layers(breaks: Told, binned: pd.DataFrame, zone: ZoneInfo, colours: Palette) -> list[alt.Chart]:
    """A dotted rule with the word "break" for each (moment, reason) inside the bins; none, no layer."""
    return _rules(breaks, binned, zone, colours, word="break", title="Break", dash=[1, 3], height=20)


def change_layers(changes: Told, binned: pd.DataFrame, zone: ZoneInfo, colours: Palette) -> list[alt.Chart]:
    """A rule of long and short dashes with the word "change" for each (moment, sentence) inside the bins."""
    return _rules(changes, binned, zone, colours, word="change", title="Change point", dash=[10, 3, 2, 3], height=34)


def note_layers(notes: Told, binned: pd.DataFrame, zone: ZoneInfo, colours: Palette, *, height: int) -> list[alt.Chart]:
    """A square at the bottom for each (moment, text) inside the bins, with the text for whoever points at it."""
    inside = _inside(notes, binned, zone)
    if inside.empty:
        return []
    mark = alt.Chart(inside).mark_point(
        shape="square", filled=True, size=90, color=colours.ink, stroke=colours.paper, strokeWidth=1, opacity=1
    )
    return [mark.encode(x="wall:T", y=alt.value(height - 6), tooltip=[alt.Tooltip("told:N", title="Note")])]


def _rules(
    told: Told, binned: pd.DataFrame, zone: ZoneInfo, colours: Palette, *, word: str, title: str, dash: list[int],
    height: int,
) -> list[alt.Chart]:  # fmt: skip
    inside = _inside(told, binned, zone).assign(word=word)
    if inside.empty:
        return []
    base = alt.Chart(inside).encode(x="wall:T", tooltip=[alt.Tooltip("told:N", title=title)])
    width = int(binned["wall_end"].max()) - int(binned["wall"].min())
    layers = [base.mark_rule(color=colours.muted, strokeWidth=2, strokeDash=dash)]
    for late in (False, True):
        part = inside[((inside["wall"] - int(binned["wall"].min())) > 0.9 * width) == late]
        if not part.empty:
            layers.append(
                alt.Chart(part)
                .mark_text(align="right" if late else "left", baseline="top", dx=-3 if late else 3,
                           color=colours.muted, fontSize=11)
                .encode(x="wall:T", y=alt.value(height), text="word:N")
            )  # fmt: skip
    return layers


def _inside(told: Told, binned: pd.DataFrame, zone: ZoneInfo) -> pd.DataFrame:
    low, high = int(binned["wall"].min()), int(binned["wall_end"].max())
    rows = [(wall(at, zone), words) for at, words in told]
    return pd.DataFrame([row for row in rows if low < row[0] < high], columns=["wall", "told"])
