"""What the timeline charts share: bins on the watch's clock, grey gaps, announcement markers, titles.

Charts are drawn in wall-clock time: UTC plus the watch's offset, on a UTC scale, so that a chart reads the same in
every browser. In the one hour a year that a clock goes back, two hours share a place.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import altair as alt
import pandas as pd

from charts.palette import Palette
from core.records import Announcement
from reports.timeline import GAPS
from reports.wording import KINDS, STATES, announcement_date, coverage_words, hour_span, interval, percent

MOST_ROWS = 5_000
_LANES = 3
_LANE_HEIGHT = 16
_LANE_WIDTH = 0.27  # share of the axis that a marker's label takes on a narrow screen
_LINE_LENGTH = 56  # characters that fit on a screen 390 pixels wide


def wall(at: datetime, zone: ZoneInfo) -> int:
    """Milliseconds at which `at` stands on an axis of `zone`'s wall clock."""
    return int(at.astimezone(zone).replace(tzinfo=UTC).timestamp() * 1000)


def bins(frame: pd.DataFrame, by: str, zone: ZoneInfo) -> pd.DataFrame:
    """The timeline with `wall`, `wall_end` (axis places), `at` (UTC milliseconds) and texts for tooltips.

    Raises ValueError beyond `MOST_ROWS`, which no browser should be sent: ask for days, or for a shorter window.
    """
    if len(frame) > MOST_ROWS:
        raise ValueError(f"{len(frame)} rows are more than {MOST_ROWS}: show days or a shorter window")
    out = frame.copy()
    times = pd.to_datetime(out["time"], utc=True)
    local = times.dt.tz_convert(zone).dt.tz_localize(None).astype("datetime64[ms]").astype("int64")
    out["wall"] = local
    out["wall_end"] = local + (3_600_000 if by == "hour" else 86_400_000)
    out["at"] = times.astype("datetime64[ms, UTC]").astype("int64")
    out["when"] = [_when(t.to_pydatetime(), by, zone) for t in times]
    out["share_text"] = share_texts(out)
    out["coverage_text"] = [coverage_words(value) for value in out["coverage"]]
    states = out["state"] if "state" in out else [""] * len(out)
    out["state_code"] = [str(value) if isinstance(value, str) else "" for value in states]
    out["state_text"] = [STATES.get(value, "") for value in out["state_code"]]
    return out.drop(columns=["time", "state"], errors="ignore")


def share_texts(frame: pd.DataFrame) -> list[str]:
    """The negative share of each row with its interval: "34 % (26 to 42 %)", or "no share"."""
    columns = [frame[name].tolist() for name in ("negative_share", "low", "high")]
    texts = []
    for share, low, high in zip(*columns, strict=True):
        bounds = interval(low, high)
        texts.append(f"{percent(share)} ({bounds})" if bounds else percent(share))
    return texts


def gap_spans(binned: pd.DataFrame) -> pd.DataFrame:
    """Runs of bins whose coverage is a gap: wall, wall_end, coverage, label, and `middle` for the label."""
    is_gap = binned["coverage"].isin(GAPS)
    run = (binned["coverage"] != binned["coverage"].shift()).cumsum()
    spans = (
        binned[is_gap]
        .groupby(run[is_gap], sort=True)
        .agg(wall=("wall", "min"), wall_end=("wall_end", "max"), coverage=("coverage", "first"))
    )
    spans["label"] = [coverage_words(value) for value in spans["coverage"]]
    spans["middle"] = (spans["wall"] + spans["wall_end"]) // 2
    return spans.reset_index(drop=True)


def time_axis(binned: pd.DataFrame) -> alt.X:
    """The horizontal axis for one layer of a chart; padded bins make it span the whole window without more ado."""
    hours = (int(binned["wall_end"].max()) - int(binned["wall"].min())) / 3_600_000
    labels = "%H:%M" if hours <= 30 else "%-d %b"
    return alt.X(
        "wall:T",
        title=None,
        scale=alt.Scale(type="utc", nice=False),
        axis=alt.Axis(format=labels, labelOverlap="greedy", labelFlush=True, grid=False, tickCount=8, domain=True),
    )


def gap_layers(binned: pd.DataFrame, colours: Palette) -> list[alt.Chart]:
    """Grey bands with a dashed edge and a word where posts were not collected in full; no band, no layer."""
    spans = gap_spans(binned)
    if spans.empty:
        return []
    band = (
        alt.Chart(spans)
        .mark_rect(
            fill=colours.gap, fillOpacity=0.18, stroke=colours.gap, strokeDash=[3, 3], strokeOpacity=0.8, clip=True
        )
        .encode(x="wall:T", x2="wall_end:T", tooltip=[alt.Tooltip("label:N", title="Coverage")])
    )
    width = int(binned["wall_end"].max()) - int(binned["wall"].min())
    wide = spans[(spans["wall_end"] - spans["wall"]) >= 0.06 * width]
    if wide.empty:
        return [band]
    label = (
        alt.Chart(wide)
        .mark_text(color=colours.muted, fontSize=11, fontStyle="italic", baseline="top")
        .encode(x="middle:T", y=alt.value(4), text="label:N")
    )
    return [band, label]


def marker_frame(announcements: Sequence[Announcement], binned: pd.DataFrame, zone: ZoneInfo) -> pd.DataFrame:
    """The announcements inside the window, oldest first, each with a number, a lane and texts for its tooltip.

    Numbers count all of `announcements` by start, so that one keeps its number in every window of a view.
    """
    low, high = int(binned["wall"].min()), int(binned["wall_end"].max())
    rows, ends = [], [float("-inf")] * _LANES
    for number, item in enumerate(sorted(announcements, key=lambda a: a.start), start=1):
        start, end = wall(item.start, zone), wall(item.end, zone)
        if end <= low or start >= high:
            continue
        place = max(start, low)
        from_right = (high - place) / (high - low) < _LANE_WIDTH
        left = place - _LANE_WIDTH * (high - low) if from_right else place
        free = [lane for lane in range(_LANES) if ends[lane] <= left]
        lane = free[0] if free else min(range(_LANES), key=lambda i: ends[i])
        ends[lane] = place if from_right else place + _LANE_WIDTH * (high - low)
        rows.append(
            {
                "wall": place,
                "wall_end": min(max(end, place + 60_000), high),
                "exact": item.precision == "minute",
                "label": f"{number} {KINDS[item.kind]}",
                "number": number,
                "lane": lane,
                "from_right": from_right,
                "title": item.title,
                "date": announcement_date(item, zone),
                "sources": "; ".join(item.sources) or "no source given",
            }
        )
    columns = ["wall", "wall_end", "exact", "label", "number", "lane", "from_right", "title", "date", "sources"]
    return pd.DataFrame(rows, columns=columns)


def marker_layers(markers: pd.DataFrame, colours: Palette, *, labels: bool = True) -> list[alt.Chart]:
    """Vertical rules (dashed where the hour is not known), a bar over the known span, and numbered labels above."""
    layers = []
    tips = [alt.Tooltip(f"{name}:N", title=name.capitalize()) for name in ("title", "date", "sources")]
    for exact, dash in ((True, [1, 0]), (False, [5, 4])):
        part = markers[markers["exact"] == exact]
        if not part.empty:
            layers.append(
                alt.Chart(part)
                .mark_rule(color=colours.announcement, strokeWidth=1.5, strokeDash=dash)
                .encode(x="wall:T", tooltip=tips)
            )
    if not labels or markers.empty:
        return layers
    places = sorted(set(zip(markers["lane"].tolist(), markers["from_right"].tolist(), strict=True)))
    for lane, from_right in places:
        part = markers[(markers["lane"] == lane) & (markers["from_right"] == from_right)]
        height = -(4 + _LANE_HEIGHT * lane)
        layers.append(
            alt.Chart(part)
            .mark_bar(color=colours.announcement, height=3, clip=False)
            .encode(x="wall:T", x2="wall_end:T", y=alt.value(height + 2), tooltip=tips)
        )
        layers.append(
            alt.Chart(part)
            .mark_text(
                align="right" if from_right else "left",
                baseline="bottom",
                dx=-3 if from_right else 3,
                color=colours.ink,
                fontSize=12,
                fontWeight="bold",
                clip=False,
            )
            .encode(x="wall:T", y=alt.value(height), text="label:N", tooltip=tips)
        )
    return layers


def heading(
    text: str, lines: Sequence[str], notice: str, colours: Palette, *, markers: pd.DataFrame | None = None
) -> alt.TitleParams:
    """A chart's title with its notes; `notice` (invented posts) is part of the picture, not only of the page."""
    notes = [f"Note: {notice}", *lines] if notice else list(lines)
    wrapped = [part for note in notes for part in textwrap.wrap(note, _LINE_LENGTH)]
    lanes = 0 if markers is None or markers.empty else int(markers["lane"].max()) + 1
    return alt.TitleParams(
        text=text,
        subtitle=wrapped,
        anchor="start",
        frame="bounds",
        color=colours.ink,
        subtitleColor=colours.muted,
        subtitleFontSize=12,
        subtitleLineHeight=16,
        subtitlePadding=4,
        offset=10 + _LANE_HEIGHT * lanes,
    )


def _when(at: datetime, by: str, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return hour_span(at, zone) if by == "hour" else f"{local:%a} {local.day} {local:%b %Y}"
