"""Frame in, Altair chart out. Pure functions, no Streamlit: their specs are tested as dictionaries."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import altair as alt
import pandas as pd

from charts.breaks import break_layers, change_layers, note_layers
from charts.marks import bins, gap_layers, heading, marker_frame, marker_layers, time_axis
from charts.palette import LIGHT, Palette
from core.records import Announcement
from reports.measure import FEWEST
from reports.wording import count, percent, topic_name

CLICK = "hour"
"""Name of the selection that a click on a bin makes; it carries `at`, the bin's start in UTC milliseconds."""
BRUSH = "brush"
PARTS = ("negative", "neutral", "positive")
_Y_WIDTH = 40
_FIT = alt.AutoSizeParams(type="fit-x", contains="padding")
"""The width is the screen's; the height is the plot's own, whatever titles and legends take."""


def volume_chart(
    timeline: pd.DataFrame,
    *,
    by: str,
    zone: ZoneInfo,
    announcements: Sequence[Announcement] = (),
    notice: str = "",
    colours: Palette = LIGHT,
    measure: str = "negative",
    height: int = 280,
    click: bool = True,
    title: str = "",
    breaks: Sequence[tuple[datetime, str]] = (),
    changes: Sequence[tuple[datetime, str]] = (),
    notes: Sequence[tuple[datetime, str]] = (),
) -> alt.LayerChart:
    """Posts per hour or day: pale bars for all posts, in front of them the relevant ones by sentiment.

    Negative lies at the bottom, neutral in the middle, positive on top, so that order tells them apart as well as
    colour. `timeline` is a frame of `reports.timeline.timeline`; gaps are grey bands, announcements numbered
    rules, spike hours triangles, `breaks` (moment, reason) dotted rules, `changes` (moment, sentence) rules of long
    dashes, `notes` (moment, text) squares at the bottom. Raises ValueError beyond 5,000 rows.
    """
    rows = bins(timeline, by, zone)
    markers = marker_frame(announcements, rows, zone)
    base = alt.Chart(rows)
    words = _words(measure)
    # Rectangles, not bars: between two continuous axes Vega-Lite would lay bars on their side.
    behind = base.mark_rect(fill=colours.all_posts).encode(
        x=time_axis(rows), x2="wall_end:T", y=_count_axis(), y2=alt.datum(0)
    )
    layers = [
        *gap_layers(rows, colours),
        behind,
        _stack(base, words, colours),
        *marker_layers(markers, colours),
        *_spike_layer(rows, colours),
        *break_layers(breaks, rows, zone, colours),
        *change_layers(changes, rows, zone, colours),
        _hit_layer(base, colours, words, click=click),
        *note_layers(notes, rows, zone, colours, height=height),
    ]
    order = f"Bottom to top: {words[0]}, {words[1]}, {words[2]}; pale: all."
    return alt.layer(*layers).properties(
        height=height,
        width="container",
        autosize=_FIT,
        title=heading(title or f"Posts per {by}", [order], notice, colours, markers=markers),
    )


def share_chart(
    timeline: pd.DataFrame,
    *,
    by: str,
    zone: ZoneInfo,
    announcements: Sequence[Announcement] = (),
    notice: str = "",
    colours: Palette = LIGHT,
    measure: str = "negative",
    height: int = 220,
    brush: bool = False,
    changes: Sequence[tuple[datetime, str]] = (),
) -> alt.LayerChart:
    """The negative share with its 95 % interval; the line breaks where there is nothing to divide by.

    With `brush`, dragging across it selects a span (`BRUSH`, places on the axis of the watch's wall clock).
    `timeline` and `changes` as in `volume_chart`. Raises ValueError beyond 5,000 rows.
    """
    rows = bins(timeline, by, zone)
    rows["centre"] = (rows["wall"] + rows["wall_end"]) // 2
    markers = marker_frame(announcements, rows, zone)
    base = alt.Chart(rows)
    scale = alt.Scale(domain=[0, 1])
    axis = alt.Axis(format=".0%", minExtent=_Y_WIDTH, maxExtent=_Y_WIDTH, values=[0, 0.25, 0.5, 0.75, 1])
    band = base.mark_rect(fill=colours.negative).encode(
        x=time_axis(rows),
        x2="wall_end:T",
        y=alt.Y("low:Q", title=None, scale=scale, axis=axis),
        y2="high:Q",
        opacity=alt.condition(f"datum.relevant >= {FEWEST}", alt.value(0.22), alt.value(0.08)),
    )
    shown = base.transform_filter("isValid(datum.negative_share)")
    # Between shares of a few posts a line would zigzag from 0 to 100 %, and mean nothing.
    enough = f"datum.relevant >= {FEWEST}"
    line = (
        base.transform_calculate(joined=f"{enough} ? datum.negative_share : null")
        .mark_line(color=colours.negative, strokeWidth=1.5, opacity=0.4)
        .encode(x="centre:T", y="joined:Q")
    )
    dots = shown.mark_point(filled=True, color=colours.negative).encode(
        x="centre:T",
        y="negative_share:Q",
        opacity=alt.condition(enough, alt.value(1), alt.value(0.35)),
        size=alt.Size("relevant:Q", legend=None, scale=alt.Scale(range=[6, 60])),
    )
    words = _words(measure)
    hit = _hit_layer(base, colours, words, click=False)
    layers = [
        *gap_layers(rows, colours),
        band,
        line,
        dots,
        *marker_layers(markers, colours, labels=False),
        *change_layers(changes, rows, zone, colours),
        _brushed(hit) if brush else hit,
    ]
    word = "Negative" if measure == "negative" else "Against"
    note = f"Bands: 95 % interval. Larger dots: more relevant posts; pale ones stand for fewer than {FEWEST}."
    return alt.layer(*layers).properties(
        height=height,
        width="container",
        autosize=_FIT,
        title=heading(f"{word} share of relevant posts", [note], notice, colours),
    )


def _brushed(layer: alt.Chart) -> alt.Chart:
    return layer.add_params(alt.selection_interval(name=BRUSH, encodings=["x"]))


def topics_chart(
    topics: pd.DataFrame, *, notice: str = "", colours: Palette = LIGHT, measure: str = "negative"
) -> alt.LayerChart:
    """One bar per topic: its share of the relevant posts, with n and, from 20 posts on, its negative share in words.

    `topics` has topic, relevant, share_of_relevant, negative_share, most frequent first.
    """
    rows = topics.copy()
    rows["name"] = [topic_name(t) for t in rows["topic"]]
    word = "negative" if measure == "negative" else "against"
    counted = zip(rows["relevant"].tolist(), rows["negative_share"].tolist(), strict=True)
    rows["text"] = [_topic_text(n, share, word) for n, share in counted]
    y = alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=140, ticks=False, domain=False, labelPadding=8))
    bar = (
        alt.Chart(rows)
        .mark_bar(color=colours.positive, cornerRadiusEnd=2, height=10, yOffset=9, y2Offset=9)
        .encode(
            x=alt.X(
                "share_of_relevant:Q",
                title=None,
                scale=alt.Scale(domainMin=0, nice=True),
                axis=alt.Axis(format=".0%", tickCount=4),
            ),
            y=y,
            tooltip=[alt.Tooltip("name:N", title="Topic"), alt.Tooltip("text:N", title="Relevant posts")],
        )
    )
    label = (
        alt.Chart(rows)
        .mark_text(align="left", baseline="middle", dx=2, dy=-7, color=colours.ink, fontSize=12)
        .encode(y=y, x=alt.datum(0), text="text:N")
    )
    note = "Share of relevant posts; a post may have several topics."
    return alt.layer(bar, label).properties(
        height=40 * max(len(rows), 1),
        width="container",
        autosize=_FIT,
        title=heading("What it is about", [note], notice, colours),
    )


def _topic_text(relevant: int, share: float, word: str) -> str:
    posts = f"{count(relevant)} {'post' if relevant == 1 else 'posts'}"
    return posts if relevant < FEWEST or math.isnan(share) else f"{posts}, {percent(share)} {word}"


def _words(measure: str) -> tuple[str, str, str]:
    # A watch that measures stance has its counts in the same columns; only their names change.
    return ("against", "neutral", "in favour") if measure == "against" else PARTS


def _count_axis(field: str = "posts:Q") -> alt.Y:
    axis = alt.Axis(minExtent=_Y_WIDTH, maxExtent=_Y_WIDTH, tickCount=4, format=",d", tickMinStep=1)
    return alt.Y(field, title=None, axis=axis, scale=alt.Scale(domainMin=0, nice=True))


def _stack(base: alt.Chart, words: Sequence[str], colours: Palette) -> alt.Chart:
    position = f"indexof({list(PARTS)!r}, datum.part)"
    colour = alt.Color(
        "word:N",
        title=None,
        scale=alt.Scale(domain=list(words), range=[colours.negative, colours.neutral, colours.positive]),
        legend=alt.Legend(
            orient="bottom", direction="horizontal", symbolType="square", symbolStrokeWidth=0, padding=0, offset=6
        ),
    )
    return (
        base.transform_fold(list(PARTS), as_=["part", "number"])
        .transform_calculate(order=position, word=f"{list(words)!r}[{position}]")
        .transform_stack(
            stack="number", as_=["from", "to"], groupby=["at"], sort=[alt.SortField("order", order="ascending")]
        )
        .mark_rect()
        .encode(x="wall:T", x2="wall_end:T", y=_count_axis("from:Q"), y2="to:Q", color=colour)
    )


def _spike_layer(rows: pd.DataFrame, colours: Palette) -> list[alt.Chart]:
    spikes = rows[rows["state_code"] == "spike"]
    if spikes.empty:
        return []
    return [
        alt.Chart(spikes)
        .mark_point(
            shape="triangle-up",
            filled=True,
            size=70,
            color=colours.negative,
            stroke=colours.ink,
            strokeWidth=1,
            opacity=1,
        )
        .transform_calculate(centre="(datum.wall + datum.wall_end) / 2")
        .encode(x="centre:T", y=alt.value(8))
    ]


def _hit_layer(base: alt.Chart, colours: Palette, words: Sequence[str], *, click: bool) -> alt.Chart:
    """An unseen bar of full height over each bin: something to point at and to click, also where nothing stands."""
    tips = [
        alt.Tooltip("when:N", title="When"),
        alt.Tooltip("posts:Q", title="Posts", format=",d"),
        alt.Tooltip("relevant:Q", title="Relevant", format=",d"),
        *[alt.Tooltip(f"{c}:Q", title=w.capitalize(), format=",d") for c, w in zip(PARTS, words, strict=True)],
        alt.Tooltip("share_text:N", title=f"{words[0].capitalize()} share"),
        alt.Tooltip("pending:Q", title="Waiting for a score", format=",d"),
        alt.Tooltip("coverage_text:N", title="Coverage"),
        alt.Tooltip("state_text:N", title="State"),
    ]
    hover = alt.selection_point(name="hover", fields=["at"], on="pointerover", clear="pointerout", empty=False)
    hit = base.mark_rect(fill=colours.ink, cursor="pointer" if click else "default")
    if not click:
        return hit.encode(x="wall:T", x2="wall_end:T", tooltip=tips, opacity=alt.value(0))
    chosen = alt.selection_point(name=CLICK, fields=["at"], on="click", empty=False)
    opacity = alt.when(chosen).then(alt.value(0.22)).when(hover).then(alt.value(0.1)).otherwise(alt.value(0))
    return hit.encode(x="wall:T", x2="wall_end:T", tooltip=tips, opacity=opacity).add_params(chosen, hover)
