"""Labelling: posts drawn by chance, read one by one without the model's answer, and what that says of the share."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from core.errors import UproarError
from core.watches import Watch
from dashboard import cards
from dashboard.controls import Pages
from dashboard.data import Reports
from dashboard.people import Role, demand, writing
from dashboard.state import State
from dashboard.window import asked_window
from reports.correction import RELEVANCE, UNCLEAR, answers, given_labels
from reports.wording import count, moment
from store.draws import Drawn

_SIZES = (50, 100, 200, 400)


def show(reports: Reports, watch: Watch, state: State, pages: Pages) -> None:
    """Draw what labels say of the chosen window, the next post to label, and the way to draw more."""
    who = demand(Role.ANALYST).name
    since, until = asked_window(state, watch, reports.clock)
    st.html(cards.headline("Label"))
    st.text(f"{moment(since, watch.zone)} to {moment(until, watch.zone)} ({watch.timezone})")
    found = reports.correction(watch, since=since, until=until)
    for sentence in found.sentences or ["No post of this window is labelled yet. From 30 on the share is corrected."]:
        st.text(sentence)
    draws = reports.reader.draws(watch.name)
    if not draws.empty:
        newest = draws.iloc[0]
        st.text(f"Newest draw: {count(newest['posts'])} of {count(newest['population'])} scored posts, "
                f"{moment(newest['since'], watch.zone)} to {moment(newest['until'], watch.zone)}, "
                f"by {newest['author']}.")  # fmt: skip
        post = reports.reader.next_drawn(int(newest["id"]), who)
        if post is None:
            st.text("Every post of it has your label. A second reader of the same draw measures agreement.")
        else:
            _ask(post, watch)
    _draw(watch, since, until)


def _ask(post: Drawn, watch: Watch) -> None:
    head, classes = answers(watch)

    def answered(answer: str) -> None:
        try:
            with writing() as (annotations, who):
                annotations.label_drawn(post.post, given_labels(head, answer), author=who, now=datetime.now(UTC))
        except UproarError as error:
            st.error(str(error))

    with st.container(border=True, key="to_label"):
        st.text(f"{count(post.left)} to go. {moment(post.created_at, watch.zone)}")
        st.text(post.text)
        with st.container(horizontal=True):
            for answer in (*classes, RELEVANCE[1], UNCLEAR):
                # The post is in the key, so that a second click cannot fall on the next post.
                key = f"answer_{post.draw}_{post.position}_{answer}"
                st.button(answer.capitalize(), key=key, on_click=answered, args=(answer,))
    st.text("The model's answer is not shown, so that it does not lead yours.")


def _draw(watch: Watch, since: datetime, until: datetime) -> None:
    def pressed() -> None:
        try:
            with writing() as (annotations, who):
                size = st.session_state["draw_size"]
                annotations.draw(watch.name, size, since=since, until=until, author=who, now=datetime.now(UTC))
        except UproarError as error:
            st.error(str(error))

    with st.container(horizontal=True, vertical_alignment="bottom", key="draw"):
        st.selectbox("Posts to draw", _SIZES, index=1, key="draw_size", width=150)
        st.button("Draw from this window", on_click=pressed)
