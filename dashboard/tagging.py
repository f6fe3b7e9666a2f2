"""Tags by readers: on posts, as a filter and a form; on windows, as a list of links and a form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from core.errors import UproarError
from core.watches import Watch
from dashboard import cards
from dashboard.controls import Pages, link_to, pick
from dashboard.data import Reports
from dashboard.people import Role, may, writing
from dashboard.state import State
from reports.wording import count, moment
from store.tags import LONGEST

_FIRST_WORDS = 60
Name = tuple[str, str]


def tag_filter(reports: Reports, watch: Watch, state: State) -> None:
    """A drop-down of the tags that the watch's posts have; nothing where there is none."""
    used = {str(row.tag): int(str(row.posts)) for row in reports.reader.tags(watch.name).itertuples()}
    if state.tag and state.tag not in used:
        used[state.tag] = 0
    if used:
        pick(state, "tag", list(used), label="Tag", names=lambda tag: f"{tag} ({count(used[tag])})", any_name="Any")


def marks_of(reports: Reports, shown: pd.DataFrame, watch: Watch) -> Mapping[Name, Sequence[str]]:
    """What stands under each shown post: its tags, each with who and when."""
    marks: dict[Name, list[str]] = {}
    for row in reports.reader.post_tags(_names(shown)).to_dict("records"):
        said = f"{row['tag']} ({row['author']}, {moment(row['at'], watch.zone)})"
        marks.setdefault((row["source"], row["id"]), []).append(said)
    return marks


def tag_form(shown: pd.DataFrame, first: int) -> None:
    """For analysts: give posts of this page, by their numbers from `first`, a tag, or take it away."""
    if not may(Role.ANALYST):
        return
    names = _names(shown)
    words = [" ".join(str(text).split())[:_FIRST_WORDS] for text in shown["text"]]
    with st.expander("Tag posts of this page"):
        chosen = st.multiselect(
            "Posts", range(len(names)), key="tagged_posts", placeholder="By their numbers",
            format_func=lambda n: f"{first + n}: {words[n]}",
        )  # fmt: skip
        tag = st.text_input("Tag", key="tag_typed", max_chars=LONGEST, placeholder="to answer")
        picked = [names[n] for n in chosen if n < len(names)]

        def give() -> None:
            _written(lambda annotations, who: annotations.tag_posts(picked, tag=tag, author=who, now=datetime.now(UTC)))

        def take() -> None:
            _written(lambda annotations, _: annotations.untag_posts(picked, tag=tag))

        with st.container(horizontal=True):
            st.button("Give the tag", on_click=give, disabled=not picked, type="primary")
            st.button("Take the tag away", on_click=take, disabled=not picked)


def window_tags(
    reports: Reports, watch: Watch, state: State, pages: Pages, *, since: datetime, until: datetime
) -> None:  # fmt: skip
    """The tagged windows as links, each with who and when; for analysts a form for the window that is shown."""
    rows = reports.reader.window_tags(watch.name).to_dict("records")
    if not rows and not may(Role.ANALYST):
        return
    st.subheader("Tagged windows", anchor=False)
    for row in rows:
        _tagged(row, watch, state, pages)
    if may(Role.ANALYST) and watch.name in reports.reader.watches():
        line = st.form("tag_window", clear_on_submit=True, border=False)
        with line, st.container(horizontal=True, vertical_alignment="bottom"):
            tag = st.text_input("Tag the window shown above", max_chars=LONGEST, placeholder="first week", width=320)
            sent = st.form_submit_button("Give the tag")
        if sent and _written(
            lambda annotations, who: annotations.tag_window(
                watch.name, since, until, tag=tag, author=who, now=datetime.now(UTC)
            )
        ):
            st.rerun()


def _tagged(row: Mapping[Any, Any], watch: Watch, state: State, pages: Pages) -> None:
    since, until = row["since"].to_pydatetime(), row["until"].to_pydatetime()
    last = until - timedelta(seconds=1)

    def take() -> None:
        _written(lambda annotations, _: annotations.untag_window(watch.name, since, until, tag=row["tag"]))

    with st.container(horizontal=True, vertical_alignment="center"):
        link_to(pages["timeline"], state, cards.literal(row["tag"]), icon=":material/sell:", since=since, until=until,
                span="", hour=None)  # fmt: skip
        st.text(f"{moment(since, watch.zone)} to {moment(last, watch.zone)}; "
                f"{row['author']}, {moment(row['at'], watch.zone)}")  # fmt: skip
        if may(Role.ANALYST):
            key = f"untag_{since:%Y%m%d%H%M}_{until:%Y%m%d%H%M}_{row['tag']}"
            st.button("Take away", key=key, on_click=take, type="tertiary")


def _written(write: Callable[[Any, str], object]) -> bool:
    try:
        with writing() as (annotations, who):
            write(annotations, who)
    except UproarError as error:
        st.error(cards.literal(str(error)))
        return False
    return True


def _names(shown: pd.DataFrame) -> list[Name]:
    return list(zip(shown["source"].astype(str), shown["id"].astype(str), strict=True))
