"""Breaks on a timeline: moments across which the numbers are of another kind, as dotted rules with their reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import altair as alt
import pandas as pd

from charts.marks import wall
from charts.palette import Palette


def break_layers(
    breaks: Sequence[tuple[datetime, str]], binned: pd.DataFrame, zone: ZoneInfo, colours: Palette
) -> list[alt.Chart]:
    """A rule with the word "break" for each (moment, reason) inside the bins; none, no layer."""
    low, high = int(binned["wall"].min()), int(binned["wall_end"].max())
    rows = [{"wall": wall(at, zone), "reason": reason, "word": "break"} for at, reason in breaks]
    inside = pd.DataFrame([row for row in rows if low < int(str(row["wall"])) < high])
    if inside.empty:
        return []
    base = alt.Chart(inside).encode(x="wall:T", tooltip=[alt.Tooltip("reason:N", title="Break")])
    return [
        base.mark_rule(color=colours.muted, strokeWidth=2, strokeDash=[1, 3]),
        base.mark_text(align="left", baseline="top", dx=3, color=colours.muted, fontSize=11).encode(
            y=alt.value(20), text="word:N"
        ),
    ]
