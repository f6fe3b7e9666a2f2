"""The first screen: how bad, getting worse or not, about what, said by how many people, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta

import pandas as pd
import streamlit as st

from charts.palette import palette
from charts.reaction import topics_chart, volume_chart
from core.records import Announcement, SpikeState, utc_hour
from core.watches import Watch
from dashboard import cards
from dashboard.all_watches import all_watches
from dashboard.controls import Pages, link_to
from dashboard.data import Reports
from dashboard.downloads import brief_download
from dashboard.figures import figures
from dashboard.state import State
from dashboard.trust import corrected, glossary
from reports.day import LastDay
from reports.overview import Overview
from reports.wording import count, moment

_EXPLAINED = ("relevant", "negative_share", "change", "expected_posts", "people", "top_ten_posts", "not_scored")
_CHART_DAYS = timedelta(days=7)


def show(reports: Reports, watch: Watch, state: State, pages: Pages) -> None:
    """Draw the overview of `watch`."""
    seen = reports.overview(watch)
    known = reports.announcements(watch)
    day = reports.last_day(watch)
    if table := all_watches(reports, watch):
        st.html(table)
    st.html(cards.headline(seen.headline) + f'<p class="up-lead">{cards.escape(day.hour)}</p>')
    _advice(seen)
    left, right = st.columns([1, 2.6], gap="small")
    with left:
        st.html(cards.state_badge(seen.state, seen.state_sentence))
    with right:
        st.html(cards.figure_row(figures(seen, measure=watch.measure)))
        corrected(reports, watch, since=seen.window.since, until=seen.window.until)
    chart, drives = st.columns([1.9, 1], gap="medium")
    with chart:
        _week(reports, watch, known)
        with st.container(horizontal=True):
            link_to(pages["timeline"], state, "Open the timeline", icon=":material/timeline:")
            link_to(pages["posts"], state, "Read the posts", icon=":material/forum:")
    with drives:
        _topics(seen, watch)
    sources, dates = st.columns(2, gap="medium")
    with sources:
        st.subheader("Where it was said", anchor=False)
        st.html(
            cards.source_list(seen.sources, watch.zone) if seen.sources else "<p>No source has brought a post yet.</p>"
        )
    with dates:
        st.subheader("What was announced", anchor=False)
        _announced(known, watch)
    _close(day, watch)
    _small_print(seen, day, watch)
    brief_download(reports, watch)


def _close(day: LastDay, watch: Watch) -> None:
    spread, press = st.columns(2, gap="medium")
    with spread:
        st.subheader("Most spread posts, last 24 hours", anchor=False)
        if day.spread:
            st.html(cards.spread_list(day.spread, watch.zone))
        else:
            st.text("No source told of likes or reposts of relevant posts.")
    with press:
        st.subheader("Press by outlet, last 24 hours", anchor=False)
        if day.press:
            st.html(cards.fact_list([(name, f"{count(n)} articles") for name, n in day.press[:10]]))
        else:
            st.text("No article was collected. News come from the sources feeds, googlenews and gdelt.")


def _advice(seen: Overview) -> None:
    if not seen.advice:
        return
    urgent = seen.state in (SpikeState.STALE, SpikeState.NO_DATA)
    with st.container(border=True, key="advice_urgent" if urgent else "advice"):
        st.text(seen.advice)


def _week(reports: Reports, watch: Watch, known: Sequence[Announcement]) -> None:
    until = watch.now(reports.clock)
    frame = reports.timeline(watch, since=utc_hour(until) - _CHART_DAYS, until=until, by="hour")
    if frame.empty:
        st.text("No hours to draw yet.")
        return
    chart = volume_chart(
        frame,
        by="hour",
        zone=watch.zone,
        announcements=known,
        notice=watch.notice,
        colours=palette(st.context.theme.type),
        measure=watch.measure,
        height=250,
        click=False,
        title="Posts per hour, last 7 days",
    )
    st.altair_chart(chart, width="stretch", alt="Posts per hour over the last seven days, by sentiment")


def _topics(seen: Overview, watch: Watch) -> None:
    if not seen.topics:
        st.subheader("What it is about", anchor=False)
        st.text("No relevant post has a topic yet.")
        return
    frame = pd.DataFrame([asdict(row) for row in seen.topics[:6]])
    chart = topics_chart(frame, notice=watch.notice, colours=palette(st.context.theme.type), measure=watch.measure)
    st.altair_chart(chart, width="stretch", alt="Topics of the relevant posts, most frequent first")


def _announced(known: Sequence[Announcement], watch: Watch) -> None:
    if not known:
        st.text("Nothing is on record. Add an announcement with:")
        st.code(f'uproar announce {watch.name} --kind statement --at 2025-05-09 --title "..."', language=None)
        return
    st.html(cards.announcement_list(list(reversed(known)), cards.numbered(known), watch.zone))


def _small_print(seen: Overview, day: LastDay, watch: Watch) -> None:
    facts = [("As of", f"{moment(seen.as_of, watch.zone)} ({watch.timezone})")]
    facts.append(("Model", f"{seen.model or 'none yet'}. {seen.accuracy}".strip()))
    facts.append(
        ("Not scored", f"{count(seen.not_scored)} posts, in languages that the model does not know, or without words")
    )
    facts.append(("Waiting for a score", f"{count(seen.pending)} posts"))
    facts.append(("Not watched", day.not_watched))
    st.html(cards.fact_list(facts))
    glossary(_EXPLAINED, states=True)
