"""The posts behind an hour or a window: search, filter, read, and take away as CSV."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from analysis.copies import copy_groups
from core.records import HOUR, SENTIMENTS, STANCES, TOPICS
from core.watches import Watch
from dashboard import cards
from dashboard.controls import Pages, go, link_to, pick, pick_several
from dashboard.data import MOST_COUNTED, PAGE_LENGTH, Reports
from dashboard.downloads import posts_download
from dashboard.state import ORDERS, State
from dashboard.tagging import marks_of, tag_filter, tag_form
from dashboard.trust import trust
from dashboard.window import asked_window
from reports.wording import count, hour_span, moment, topic_name
from store import PostFilter

_ORDERS = {
    "": "Newest first", "time_asc": "Oldest first", "spread": "Most spread first", "negative": "Surest negative first",
}  # fmt: skip


def show(reports: Reports, watch: Watch, state: State, pages: Pages) -> None:
    """List the posts that `state` names, in its order; near-copies on a page are folded under the first of them."""
    found = _filter(reports, watch, state)
    st.html(cards.headline("Posts"))
    _window_line(watch, state, found, pages)
    _filters(reports, watch, state)
    total = reports.count_posts(watch, found)
    if not total:
        _nothing(state)
        return
    last_page = (total + PAGE_LENGTH - 1) // PAGE_LENGTH
    page = min(state.page, last_page)
    with st.container(horizontal=True, vertical_alignment="center", key="above_posts"):
        first = (page - 1) * PAGE_LENGTH + 1
        last = min(page * PAGE_LENGTH, total)
        told = f"More than {count(MOST_COUNTED)}" if total == MOST_COUNTED + 1 else count(total)
        st.text(f"{told} posts, {_ORDERS[state.order].lower()}; these are {count(first)} to {count(last)}.")
        posts_download(reports, watch, found, total)
    shown = reports.posts(watch, found, page=page)
    tag_form(shown, first)
    groups = copy_groups([str(text) for text in shown["text"]]).tolist()
    st.html(cards.post_list(shown, watch.zone, groups=groups, first=first, marks=marks_of(reports, shown, watch)))
    _paging(state, page, last_page)
    trust(reports, watch, since=found.since, until=found.until)


def _filter(reports: Reports, watch: Watch, state: State) -> PostFilter:
    since, until = (state.hour, state.hour + HOUR) if state.hour else asked_window(state, watch, reports.clock)
    return PostFilter(
        watch=watch.name,
        since=since,
        until=until,
        sources=state.sources,
        languages=state.languages,
        sentiment=state.sentiment,
        stance=state.stance,
        topic=state.topic,
        order=state.order or "time",
        # A sentiment, a stance or a topic counts among relevant posts, here as on the timeline.
        relevant=True if state.sentiment or state.stance or state.topic else None,
        search=state.search,
        tag=state.tag,
    )


def _window_line(watch: Watch, state: State, found: PostFilter, pages: Pages) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="window_line"):
        if state.hour:
            st.text(f"Hour: {hour_span(state.hour, watch.zone)} ({watch.timezone})")
            st.button("Show the whole window", on_click=lambda: go(state, hour=None), type="tertiary")
        elif found.since and found.until:
            last = found.until - timedelta(seconds=1)
            st.text(f"{moment(found.since, watch.zone)} to {moment(last, watch.zone)} ({watch.timezone})")
        link_to(pages["timeline"], state, "Choose another on the timeline", icon=":material/timeline:")


def _filters(reports: Reports, watch: Watch, state: State) -> None:
    choices = reports.choices(watch)
    search, sentiment, stance, topic, order = st.columns([2, 1, 1, 1.3, 1.3])
    with search:
        st.session_state["search"] = state.search
        st.text_input(
            "Search the text",
            key="search",
            max_chars=200,
            on_change=lambda: go(state, search=" ".join(st.session_state["search"].split())),
        )
    with sentiment:
        pick(state, "sentiment", SENTIMENTS, label="Sentiment", names=str.capitalize, any_name="Any")
    with stance:
        pick(state, "stance", STANCES, label="Stance", names=str.capitalize, any_name="Any")
    with topic:
        pick(state, "topic", TOPICS, label="Topic", names=topic_name, any_name="Any")
    with order:
        pick(state, "order", ORDERS, label="Sorted by", names=lambda name: _ORDERS[name], any_name=_ORDERS[""])
    left, middle, right = st.columns(3)
    if len(choices.sources) > 1 or len(choices.languages) > 1 or state.sources or state.languages:
        with left:
            pick_several(state, "sources", choices.sources, label="Sources")
        with middle:
            pick_several(state, "languages", choices.languages, label="Languages")
    with right:
        tag_filter(reports, watch, state)


def _nothing(state: State) -> None:
    st.text("No post matches. Take a filter away, or choose a longer window.")
    fresh = State(watch=state.watch, as_of=state.as_of)
    if state != fresh:
        st.button("Clear all filters", on_click=lambda: go(fresh))


def _paging(state: State, page: int, last_page: int) -> None:
    if last_page == 1:
        return
    # The page and their number are in the key: a pager left over from another filter could stand beyond the last page.
    key = f"page_{page}_of_{last_page}"
    st.pagination(last_page, default=page, key=key, on_change=lambda: go(state, page=st.session_state[key]))
