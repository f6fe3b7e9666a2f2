"""The open incident: its state, what changed since the last message, what it is about, and who looks after it."""

from __future__ import annotations

import streamlit as st

from core.watches import Watch
from dashboard import cards
from dashboard.controls import Pages, link_to
from dashboard.data import Reports
from dashboard.figures import figures
from dashboard.state import State
from dashboard.trust import corrected
from dashboard.views import alerts
from reports.wording import count, moment, percent, topic_name

_MOST_TOPICS = 5


def show(reports: Reports, watch: Watch, state: State, pages: Pages) -> None:
    """Draw every open incident of `watch`, latest first; without one, say so and lead on."""
    burning = [incident for incident in reports.incidents(watch) if incident.is_open]
    if not burning:
        st.html(cards.headline("No incident is open"))
        link_to(pages["overview"], state, "Open the overview", icon=":material/dashboard:")
        return
    seen = reports.overview(watch)
    opened = burning[0].row["opened_at"]
    st.html(cards.headline(f"Incident {burning[0].row['id']} is open: {watch.title}"))
    st.html(cards.state_badge(seen.state, seen.state_sentence))
    st.text(f"Open since {moment(opened, watch.zone)}. {seen.headline}")
    st.html(cards.figure_row(figures(seen, measure=watch.measure)))
    corrected(reports, watch, since=seen.window.since, until=seen.window.until)
    if seen.topics:
        st.subheader("What it is about, last 24 hours", anchor=False)
        st.html(cards.fact_list([
            (topic_name(t.topic), f"{count(t.relevant)} relevant posts, {percent(t.negative_share)} of them negative")
            for t in seen.topics[:_MOST_TOPICS]
        ]))  # fmt: skip
    with st.container(horizontal=True):
        link_to(pages["overview"], state, "Overview", icon=":material/dashboard:")
        link_to(pages["timeline"], state, "Timeline", icon=":material/timeline:")
        link_to(pages["posts"], state, "Posts", icon=":material/forum:")
    for incident in burning:
        st.subheader(f"Incident {incident.row['id']}", anchor=False)
        last = incident.updates[-1] if incident.updates else None
        since = f"Last update {moment(last['at'], watch.zone)}: {last['sentence']}" if last else "No update yet."
        st.text(since)
        alerts.draw(incident, watch, state, pages)
