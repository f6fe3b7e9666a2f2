"""The timeline: volume, sentiment and negative share round the announcements, with gaps drawn as gaps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from charts.palette import palette
from charts.reaction import BRUSH, CLICK, share_chart, volume_chart
from core.records import HOUR, TOPICS, utc_hour
from core.watches import Watch
from dashboard import cards
from dashboard.beside_timeline import beside, notes_within, told
from dashboard.controls import Pages, go, link_to, pick, pick_several
from dashboard.data import Reports
from dashboard.downloads import chart_download, timeline_download
from dashboard.state import ALL, DEFAULT_SPAN, SPANS, State
from dashboard.tagging import window_tags
from dashboard.trust import corrected, glossary, trust
from dashboard.window import SPAN_NAMES, asked_window, chosen_step
from exports.pictures import EVERYTHING, Only
from reports.change_points import change_points
from reports.wording import count, coverage_words, hour_span, interval, percent, topic_name

_MOST_SPIKES = 8
_EXPLAINED = ("posts", "relevant", "negative", "negative_share", "low", "against", "pending", "not_scored",
              "change_point")  # fmt: skip


def show(reports: Reports, watch: Watch, state: State, pages: Pages) -> None:
    """Draw the timeline of `watch` for the window and the filters of `state`."""
    since, until = asked_window(state, watch, reports.clock)
    by, note = chosen_step(state, since, until)
    st.html(cards.headline("Timeline"))
    with st.container(horizontal=True, vertical_alignment="bottom", key="window_controls"):
        _window_controls(watch, state, since, until, by)
        _filters(reports, watch, state)
    measure = _measure(watch, state)
    frame = _counted(reports, watch, state, since, until, by)
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
        "measure": measure,
    }
    breaks = reports.breaks(watch, since, until)
    only = Only(state.sources, state.languages, state.topic or "all")
    measured = replace(watch, measure=measure)
    changes = change_points(frame, measured, breaks=breaks)
    notes = notes_within(reports, watch, since=since, until=until)
    _volume(frame, watch, state, {
        **drawing, "breaks": [(b.at, b.reason) for b in breaks], "changes": told(changes, "volume"),
        "notes": [(note["at"], f"{note['text']} ({note['author']})") for note in notes],
    })  # fmt: skip
    _chosen(frame, watch, state, pages)
    _share(frame, watch, state, {**drawing, "changes": told(changes, "share")})
    if only == EVERYTHING and measure == watch.measure:
        corrected(reports, watch, since=since, until=until)
    beside(watch, state, pages, changes=changes, breaks=breaks, notes=notes)
    _stood_out(frame, watch, state, pages)
    st.subheader("Announcements", anchor=False)
    listed = cards.announcement_list(known, cards.numbered(known), watch.zone, most=50)
    st.html(listed if known else "<p>None so far.</p>")
    window_tags(reports, watch, state, pages, since=since, until=until)
    with st.expander("The same as a table"):
        st.dataframe(_table(frame, watch, by), hide_index=True, width="stretch")
    timeline_download(
        reports, measured, since=since, until=until, by=by, sources=state.sources, languages=state.languages,
        topic=state.topic or "all",
    )  # fmt: skip
    for kind in ("timeline", "share"):
        chart_download(reports, measured, kind, since=since, until=until, by=by, only=only)
    glossary(_EXPLAINED, states=True)
    trust(reports, watch, since=since, until=until)


def _measure(watch: Watch, state: State) -> str:
    return "against" if state.stacked == "stance" else watch.measure


def _counted(reports: Reports, watch: Watch, state: State, since: datetime, until: datetime, by: str) -> pd.DataFrame:
    """The timeline by sentiment or stance; the state of an hour is by the watch's own measure either way."""
    asked = {
        "since": since, "until": until, "by": by, "sources": state.sources, "languages": state.languages,
        "topic": state.topic or "all",
    }  # fmt: skip
    frame = reports.timeline(watch, **asked)
    if _measure(watch, state) == watch.measure:
        return frame
    stance = reports.timeline(replace(watch, measure="against"), **{**asked, "states": False})
    return stance.assign(state=frame["state"].to_numpy()) if "state" in frame else stance


def _share(frame: pd.DataFrame, watch: Watch, state: State, drawing: Mapping[str, Any]) -> None:
    key = "share"

    def brushed() -> None:
        places = (st.session_state[key]["selection"].get(BRUSH) or {}).get("wall") or []
        if len(places) == 2:
            since, until = sorted(_from_wall(float(place), watch) for place in places)
            go(state, span="", since=utc_hour(since), until=utc_hour(until) + HOUR, hour=None)

    st.altair_chart(
        share_chart(frame, brush=True, **drawing),
        width="stretch",
        key=key,
        on_select=brushed,
        selection_mode=BRUSH,
        alt="Negative share of relevant posts over time, with interval; the table below has the same figures",
    )
    st.caption("Drag across this chart to choose a window; the dates above do the same.")


def _from_wall(place: float, watch: Watch) -> datetime:
    """The moment at a place on the axis, which shows the watch's wall clock."""
    local = datetime.fromtimestamp(place / 1000, UTC).replace(tzinfo=None)
    return local.replace(tzinfo=watch.zone).astimezone(UTC)


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

    st.segmented_control(
        "Window", [*SPANS, ALL], key="span", format_func=lambda s: SPAN_NAMES[s], on_change=span_chosen, wrap=True
    )
    st.date_input("From and to", key="dates", format="YYYY-MM-DD", on_change=dates_chosen, width=230)
    names = {"auto": f"Auto ({by})", "hour": "Hours", "day": "Days"}
    st.segmented_control(
        "Step", list(names), key="step", format_func=lambda s: names[s], on_change=step_chosen, required=True
    )


def _midnight(day: date, watch: Watch, *, days: int = 0) -> datetime:
    return datetime.combine(day + timedelta(days=days), time(), watch.zone).astimezone(UTC)


def _filters(reports: Reports, watch: Watch, state: State) -> None:
    """Folded away, so that the chart stands on the first screen of a phone; what is set stands on the button."""
    choices = reports.choices(watch)
    chosen = [state.stacked, state.topic and topic_name(state.topic), *state.sources, *state.languages]
    told = ", ".join(filter(None, chosen))
    with st.popover(cards.literal(f"Filters: {told}" if told else "Filters"), icon=":material/filter_list:"):
        usual = "Stance" if watch.measure == "against" else "Sentiment"
        others = [] if watch.measure == "against" else ["stance"]
        pick(state, "stacked", others, label="Show", names=str.capitalize, any_name=usual)
        pick(state, "topic", TOPICS, label="Topic", names=topic_name, any_name="Any")
        pick_several(state, "sources", choices.sources, label="Sources")
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
            st.text(_sentence(rows.iloc[0], _word(watch, state)))
        with st.container(horizontal=True):
            link_to(pages["posts"], state, "Read the posts of this hour", icon=":material/forum:")
            st.button("Clear", on_click=lambda: go(state, hour=None), type="tertiary")


def _word(watch: Watch, state: State) -> str:
    return "negative" if _measure(watch, state) == "negative" else f"against {watch.platform}"


def _sentence(row: pd.Series, word: str) -> str:
    share = "no relevant posts"
    if row["relevant"]:
        bounds = interval(row["low"], row["high"])
        share = f"{percent(row['negative_share'])} ({bounds}) of {count(row['relevant'])} relevant posts are {word}"
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
            st.text(_sentence(pd.Series(row), _word(watch, state)))


def _table(frame: pd.DataFrame, watch: Watch, by: str) -> pd.DataFrame:
    out = frame.copy()
    local = out["time"].dt.tz_convert(watch.zone)
    out["time"] = local.dt.strftime("%Y-%m-%d %H:%M" if by == "hour" else "%Y-%m-%d")
    for column in ("negative_share", "low", "high"):
        out[column] = out[column].round(3)
    return out
