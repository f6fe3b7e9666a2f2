"""What announcements did, one mark and one interval per figure. Frame in, Altair chart out."""

from __future__ import annotations

import altair as alt
import pandas as pd

from charts.marks import heading
from charts.palette import LIGHT, Palette

COLUMNS = ("figure", "effect", "low", "high", "sure")


def effect_chart(
    readings: pd.DataFrame, *, notice: str = "", colours: Palette = LIGHT, wide: bool = False
) -> alt.LayerChart:
    """Changes of shares in percentage points with their 95 % intervals, in the order of `readings` (`COLUMNS`).

    A filled mark has an interval that leaves out no change; a hollow one could be no change at all. `effect`, `low`
    and `high` are shares (0.12 is 12 points). `wide` leaves room for figures that name their event.
    """
    rows = readings.copy()
    for name in ("effect", "low", "high"):
        rows[name] = rows[name].astype(float) * 100
    signed = [rows[name].map(lambda v: f"{v:+.0f}") for name in ("effect", "low", "high")]
    rows["text"] = [f"{e} points ({low} to {high})" for e, low, high in zip(*signed, strict=True)]
    y = alt.Y(
        "figure:N", sort=None, title=None, axis=alt.Axis(labelLimit=360 if wide else 190, ticks=False, domain=False)
    )
    tips = [alt.Tooltip("figure:N", title="Figure"), alt.Tooltip("text:N", title="Change")]
    axis = alt.Axis(labelExpr="datum.value == 0 ? '0' : format(datum.value, '+d')", tickCount=5)
    x = alt.X("low:Q", title="percentage points", axis=axis, scale=alt.Scale(nice=True))
    base = alt.Chart(rows).encode(y=y, tooltip=tips)
    none = alt.Chart(pd.DataFrame({"none": [0]})).mark_rule(color=colours.muted, strokeDash=[4, 3]).encode(x="none:Q")
    span = base.mark_rule(color=colours.ink, strokeWidth=2).encode(x=x, x2="high:Q")
    mark = base.mark_point(size=80, stroke=colours.ink, strokeWidth=2, opacity=1).encode(
        x="effect:Q",
        fill=alt.Fill("sure:N", legend=None, scale=alt.Scale(domain=[True, False], range=[colours.ink, colours.paper])),
    )
    note = "Line: 95 % interval. Hollow: could be no change. Dashed: no change."
    return alt.layer(none, span, mark).properties(
        height=26 * max(len(rows), 1) + 6,
        width="container",
        autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
        title=heading("Change of shares", [note], notice, colours),
    )
