"""What people say, one bar and one interval per theme. Frame in, Altair chart out."""

from __future__ import annotations

import altair as alt
import pandas as pd

from charts.marks import heading
from charts.palette import LIGHT, Palette

COLUMNS = ("name", "share", "low", "high", "text")
MOST = 12


def themes_chart(themes: pd.DataFrame, *, notice: str = "", colours: Palette = LIGHT) -> alt.LayerChart:
    """Shares of the different relevant texts by theme with their 95 % intervals, in the order of `themes` (`COLUMNS`).

    Shares are 0 to 1; `text` stands over the bar. At most the first `MOST` are drawn.
    """
    rows = themes.head(MOST)
    y = alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=260, ticks=False, domain=False))
    axis = alt.Axis(format=".0%", tickCount=5)
    x = alt.X("share:Q", title="share of different relevant texts", axis=axis, scale=alt.Scale(domainMin=0, nice=True))
    base = alt.Chart(rows).encode(y=y)
    bar = base.mark_bar(color=colours.positive, height=10, yOffset=8, y2Offset=8).encode(x=x)
    span = base.mark_rule(color=colours.ink, strokeWidth=2, yOffset=8).encode(x="low:Q", x2="high:Q")
    text = base.mark_text(align="left", baseline="middle", dx=2, dy=-7, color=colours.ink, fontSize=12)
    note = "Line: 95 % interval. A text belongs to one theme."
    return alt.layer(bar, span, text.encode(x=alt.datum(0), text="text:N")).properties(
        height=40 * max(len(rows), 1),
        width="container",
        autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
        title=heading("What people say", [note], notice, colours),
    )
