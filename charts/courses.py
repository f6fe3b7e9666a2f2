"""Courses of several controversies beside one another. Frame in, Altair chart out."""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt
import pandas as pd

from charts.marks import heading
from charts.palette import DARK, LIGHT, Palette

MOST = 4
"""So many lines can be told apart."""
_SHAPES = ("circle", "square", "triangle-up", "diamond")
_DASHES = ([1, 0], [7, 3], [2, 2], [9, 2, 2, 2])
_LIGHT_LINES = ("#d55e00", "#0072b2", "#1b242c", "#007a5a")
_DARK_LINES = ("#e69f00", "#56b4e9", "#e8edf1", "#2fd6a3")


def course_chart(
    days: pd.DataFrame, titles: Mapping[str, str], *, field: str = "share_of_peak", notice: str = "",
    colours: Palette = LIGHT,
) -> alt.LayerChart:  # fmt: skip
    """`field` of `reports.compare.Comparison.days` by days since each beginning, one line per watch of `titles`.

    Lines differ by colour, dash and shape of mark. A day without a base, or that was not collected, breaks the line;
    one collected in part is hollow. `field` is "share_of_peak" or "negative_share".
    """
    rows = _padded(days, titles, field)
    names = list(titles.values())
    lines = (_DARK_LINES if colours == DARK else _LIGHT_LINES)[: len(names)]
    title = {"share_of_peak": "Posts, as a share of the fullest day", "negative_share": "Negative share"}[field]
    legend = alt.Legend(orient="bottom", direction="vertical", labelLimit=320, symbolStrokeWidth=2, columns=1)
    base = alt.Chart(rows).encode(
        x=alt.X("day:Q", title="days since it began", axis=_axis()),
        y=alt.Y(f"{field}:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".0%", tickCount=4)),
        color=alt.Color("name:N", title=None, scale=alt.Scale(domain=names, range=list(lines)), legend=legend),
    )
    dash = alt.StrokeDash("name:N", legend=None, scale=alt.Scale(domain=names, range=list(_DASHES[: len(names)])))
    shape = alt.Shape(
        "name:N", title=None, scale=alt.Scale(domain=names, range=list(_SHAPES[: len(names)])), legend=legend
    )
    tips = [
        alt.Tooltip("name:N", title="Watch"), alt.Tooltip("day:Q", title="Day", format="+d"),
        alt.Tooltip("posts:Q", title="Posts", format=",d"), alt.Tooltip("relevant:Q", title="Relevant", format=",d"),
        alt.Tooltip(f"{field}:Q", title=title, format=".0%"), alt.Tooltip("covered_hours:Q", title="Hours collected"),
    ]  # fmt: skip
    known = base.transform_filter(f"isValid(datum.{field})").encode(shape=shape, tooltip=tips)
    whole = known.transform_filter("datum.covered_hours >= 24").mark_point(size=45, opacity=1, filled=True)
    part = known.transform_filter("datum.covered_hours < 24").mark_point(
        size=45, opacity=1, fill=colours.paper, strokeWidth=1.5
    )
    start = alt.Chart(pd.DataFrame({"day": [0]})).mark_rule(color=colours.ink, strokeDash=[5, 4]).encode(x="day:Q")
    return alt.layer(
        start,
        base.mark_line(strokeWidth=2).encode(strokeDash=dash),
        whole,
        part,
    ).properties(
        height=240,
        width="container",
        autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
        title=heading(title, ["Dashed: the beginning. Hollow: a day collected in part."], notice, colours),
    )


def _axis() -> alt.Axis:
    signed = "datum.value == 0 ? '0' : format(datum.value, '+d')"
    return alt.Axis(labelExpr=signed, tickMinStep=1, grid=False)


def _padded(days: pd.DataFrame, titles: Mapping[str, str], field: str) -> pd.DataFrame:
    """A row for every day from each watch's first to its last: one that is missing is no line through it."""
    parts = []
    for watch, name in titles.items():
        own = days[days["watch"] == watch].drop(columns=["since"])
        if own.empty:
            continue
        every = pd.RangeIndex(int(own["day"].min()), int(own["day"].max()) + 1, name="day")
        parts.append(own.set_index("day").reindex(every).reset_index().assign(watch=watch, name=name))
    columns = ["day", "name", field]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
