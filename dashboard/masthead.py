"""The frame round every view: the watch, the moment of a replay, and the notice."""

from __future__ import annotations

import streamlit as st

from core.watches import Watch
from dashboard.cards import notice_banner
from dashboard.controls import go
from dashboard.moments import moments
from dashboard.state import State
from reports.wording import moment


def masthead(state: State, watches: tuple[Watch, ...], watch: Watch) -> None:
    """Draw the top of a view."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="masthead"):
        _pick_watch(state, watches, watch)
        if watch.as_of:
            _pick_moment(state, watches, watch)
    if watch.notice:
        st.html(notice_banner(watch.notice))


def _pick_watch(state: State, watches: tuple[Watch, ...], watch: Watch) -> None:
    titles = {w.name: w.title for w in watches}
    st.session_state["watch"] = watch.name
    st.selectbox(
        "Watch",
        list(titles),
        key="watch",
        width=290,
        format_func=lambda name: titles[name],
        # Filters and windows belong to one watch, so another one starts afresh.
        on_change=lambda: go(State(watch=st.session_state["watch"])),
    )


def _pick_moment(state: State, watches: tuple[Watch, ...], watch: Watch) -> None:
    original = next(w for w in watches if w.name == watch.name)
    labels = {m.at: m.label for m in moments(original)}
    if watch.as_of not in labels and watch.as_of is not None:
        labels = dict(
            sorted({**labels, watch.as_of: f"As the address says: {moment(watch.as_of, watch.zone)}"}.items())
        )
    st.session_state["moment"] = watch.as_of

    def moved() -> None:
        at = st.session_state["moment"]
        go(state, as_of=None if at == original.as_of else at, since=None, until=None, hour=None)

    st.selectbox(
        "Moment of the replay",
        sorted(labels),
        key="moment",
        width=420,
        format_func=lambda at: labels[at],
        on_change=moved,
        help="This watch replays a past case: every figure is as it stood at this moment.",
    )
