"""The timeline: volume, sentiment and negative share round the announcements, with gaps drawn as gaps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from charts.palette import palette
from charts.reaction import CLICK, share_chart, volume_chart
from core.watches import Watch
from dashboard import cards
from dashboard.controls import Pages, go, link_to, pick_several
from dashboard.data import Reports
from dashboard.downloads import timeline_download
from dashboard.state import ALL, DEFAULT_SPAN, SPANS, State
from dashboard.window import SPAN_NAMES, asked_window, chosen_step
from reports.wording import count, coverage_words, hour_span, interval, percent

_MOST_SPIKES = 8


def show(reports: Reports, watch: Watch, state: State, pages: Pages) -> None:
    """Draw the timeline of `watch` for the window and the filters of `state`."""
    since, until = asked_window(state, watch, reports.clock)
    by, note = chosen_step(state, since, until)
    st.html(cards.headline("Timeline"))
    _window_controls(watch, state, since, until, by)
    _filters(reports, watch, state)
    asked = {"since": since, "until": until, "by": by, "sources": state.sources, "languages": state.languages}
    frame = reports.timeline(watch, **asked)
    if note:
        st.text(note)
    if frame.empty:
        st.text("There is no hour to draw in this window. Choose a longer one above.")
        return
    known = reports.announcements(watch)
    drawing: dict[str, Any] = {
        "by": by,
        "zone": watch.zone,
        "announcements": known,
        "notice": watch.notice,
        "colours": palette(st.context.theme.type),
        "measure": watch.measure,
    }
    _volume(frame, watch, state, drawing)
    _chosen(frame, watch, state, pages)
    st.altair_chart(
        share_chart(frame, **drawing), width="stretch", alt="Negative share of relevant posts over time, with interval"
    )
    _stood_out(frame, watch, state, pages)
    st.subheader("Announcements", anchor=False)
    listed = cards.announcement_list(known, cards.numbered(known), watch.zone, most=50)
    st.html(listed if known else "<p>None so far.</p>")
    with st.expander("The same as a table"):
        st.dataframe(_table(frame, watch, by), hide_index=True, width="stretch")
    timeline_download(reports, watch, since=since, until=until, by=by, sources=state.sources, languages=state.languages)


def _window_controls(watch: Watch, state: State, since: datetime, until: datetime, by: str) -> None:
    custom = bool(state.since or state.until)
    st.session_state["span"] = None if custom else state.span or DEFAULT_SPAN
    st.session_state["step"] = state.by or "auto"
    first, last = since.astimezone(watch.zone).date(), (until - timedelta(seconds=1)).astimezone(watch.zone).date()
    st.session_state["dates"] = (first, last)

    def span_chosen() -> None:
        go(state, span=st.session_state["span"] or "", since=None, until=None, hour=None)

    def dates_chosen() -> None:
        chosen = st.session_state["dates"]
        if len(chosen) == 2:  # with one date the reader is still choosing
            go(state, span="", since=_midnight(chosen[0], watch), until=_midnight(chosen[1], watch, days=1), hour=None)

    def step_chosen() -> None:
        step = st.session_state["step"]
        go(state, by="" if step in (None, "auto") else step)

    with st.container(horizontal=True, vertical_alignment="bottom", key="window_controls"):
        st.segmented_control(
            "Window",
            [*SPANS, ALL],
            key="span",
            format_func=lambda s: SPAN_NAMES[s],
            on_change=span_chosen,
            wrap=True,
        )
        st.date_input("From and to", key="dates", format="YYYY-MM-DD", on_change=dates_chosen, width=230)
        names = {"auto": f"Auto ({by})", "hour": "Hours", "day": "Days"}
        st.segmented_control(
            "Step", list(names), key="step", format_func=lambda s: names[s], on_change=step_chosen, required=True
        )


def _midnight(day: date, watch: Watch, *, days: int = 0) -> datetime:
    return datetime.combine(day + timedelta(days=days), time(), watch.zone).astimezone(UTC)


def _filters(reports: Reports, watch: Watch, state: State) -> None:
    choices = reports.choices(watch)
    if len(choices.sources) < 2 and len(choices.languages) < 2 and not (state.sources or state.languages):
        return
    left, right = st.columns(2)
    with left:
        pick_several(state, "sources", choices.sources, label="Sources")
    with right:
        pick_several(state, "languages", choices.languages, label="Languages")


def _volume(frame: pd.DataFrame, watch: Watch, state: State, drawing: Mapping[str, Any]) -> None:
    key, by = "volume", drawing["by"]

    def clicked() -> None:
        bins = st.session_state[key]["selection"].get(CLICK) or []
        if not bins:
            go(state, hour=None)
            return
        at = datetime.fromtimestamp(float(bins[0]["at"]) / 1000, UTC)
        if by == "hour":
            go(state, hour=at)
        else:
            day = at.astimezone(watch.zone).date()
            go(state, span="", by="hour", since=at, until=_midnight(day, watch, days=1), hour=None)

    st.altair_chart(
        volume_chart(frame, **drawing),
        width="stretch",
        key=key,
        on_select=clicked,
        selection_mode=CLICK,
        alt="Posts over time by sentiment, with announcements; the table below has the same figures",
    )
    hint = "an hour to see it and its posts" if by == "hour" else "a day to see its hours"
    st.caption(
        f"Click {hint}. Grey bands: not collected, cut short or failed. Triangles: spike hours. "
        f"Times in {watch.timezone}."
    )


def _chosen(frame: pd.DataFrame, watch: Watch, state: State, pages: Pages) -> None:
    if state.hour is None:
        return
    rows = frame[frame["time"] == pd.Timestamp(state.hour)]
    with st.container(border=True, key="chosen_hour"):
        st.text(f"Chosen hour: {hour_span(state.hour, watch.zone)}")
        if not rows.empty:
            st.text(_sentence(rows.iloc[0]))
        with st.container(horizontal=True):
            link_to(pages["posts"], state, "Read the posts of this hour", icon=":material/forum:")
            st.button("Clear", on_click=lambda: go(state, hour=None), type="tertiary")


def _sentence(row: pd.Series) -> str:
    share = "no relevant posts"
    if row["relevant"]:
        bounds = interval(row["low"], row["high"])
        share = f"{percent(row['negative_share'])} ({bounds}) of {count(row['relevant'])} relevant posts are negative"
    return f"{count(row['posts'])} posts; {share}; coverage: {coverage_words(row['coverage'])}."


def _stood_out(frame: pd.DataFrame, watch: Watch, state: State, pages: Pages) -> None:
    """The way from spike to posts for those who do not click on charts."""
    if "state" not in frame:
        return
    spikes = frame[frame["state"] == "spike"].tail(_MOST_SPIKES)
    if spikes.empty:
        return
    st.subheader("Spike hours, latest last", anchor=False)
    for row in spikes.to_dict("records"):
        hour = row["time"].to_pydatetime()
        with st.container(horizontal=True, vertical_alignment="center", gap=None):
            link_to(pages["posts"], state, hour_span(hour, watch.zone), icon=":material/forum:", hour=hour)
            st.text(_sentence(pd.Series(row)))


def _table(frame: pd.DataFrame, watch: Watch, by: str) -> pd.DataFrame:
    out = frame.copy()
    local = out["time"].dt.tz_convert(watch.zone)
    out["time"] = local.dt.strftime("%Y-%m-%d %H:%M" if by == "hour" else "%Y-%m-%d")
    for column in ("negative_share", "low", "high"):
        out[column] = out[column].round(3)
    return out
