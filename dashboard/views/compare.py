"""Compare: several controversies beside one another, each counted from its own beginning."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from charts.courses import MOST, course_chart
from charts.palette import palette
from core.watches import Watch
from dashboard import cards
from dashboard.controls import Pages, go
from dashboard.data import Reports
from dashboard.moments import at_moment
from dashboard.state import State
from dashboard.trust import glossary, trust
from reports.lifecycle import Lag, Lifecycle, hours_words, span_words
from reports.wording import count, moment, percent

_FIGURES = ("share_of_peak", "negative_share", "discovery_lag", "half_life_hours", "residual", "peak_posts")


def show(reports: Reports, watch: Watch, state: State, pages: Pages) -> None:
    """Draw the chosen watches aligned at their beginnings; by default this one and others that hold posts."""
    chosen = _chosen(reports, watch, state)
    st.html(cards.headline("Compare"))
    _pick(reports, chosen, state)
    found = reports.compare(chosen)
    if len(chosen) > 1:
        st.text(found.sentence)
    else:
        st.text("Choose another watch that holds posts to set beside this one.")
    st.html(cards.sentence_list([course.sentence for course in found.courses]))
    titles = {w.name: w.title for w in chosen if (found.days["watch"] == w.name).any()}
    if titles:
        notice = "; ".join(dict.fromkeys(f"{w.title}: {w.notice}" for w in chosen if w.notice))
        left, right = st.columns(2, gap="medium")
        for place, field, alt in (
            (left, "share_of_peak", "Posts per day as a share of the fullest day, by days since the beginning"),
            (right, "negative_share", "Negative share per day, by days since the beginning"),
        ):
            chart = course_chart(found.days, titles, field=field, notice=notice, colours=palette(st.context.theme.type))
            place.altair_chart(chart, width="stretch", alt=alt)
    else:
        st.text("None of these watches has a dated event and collected hours round it yet.")
    st.html(cards.table(_table(found.courses, chosen)))
    glossary(_FIGURES)
    trust(reports, watch)


def _chosen(reports: Reports, watch: Watch, state: State) -> tuple[Watch, ...]:
    """This watch first (as its moment has it), then those asked for, else others that hold posts."""
    holding = {w.name: w for w in reports.holding() if w.name != watch.name}
    asked = [w for w in reports.watches if w.name in state.compared and w.name != watch.name]
    others = asked or ([] if state.compared else list(holding.values()))
    return (watch, *(at_moment(w, None) for w in others[: MOST - 1]))


def _pick(reports: Reports, chosen: Sequence[Watch], state: State) -> None:
    first, titles = chosen[0], {w.name: w.title for w in reports.watches}
    st.session_state["pick_compared"] = [w.name for w in chosen[1:]]
    st.multiselect(
        f"Beside {first.title}",
        [name for name in titles if name != first.name],
        key="pick_compared",
        format_func=lambda name: titles[name],
        max_selections=MOST - 1,
        placeholder="No other watch",
        # The watch itself stands for "no other", so that an emptied choice is not the usual one.
        on_change=lambda: go(state, compared=tuple(st.session_state["pick_compared"]) or (first.name,)),
    )


def _table(courses: Sequence[Lifecycle], chosen: Sequence[Watch]) -> pd.DataFrame:
    rows = []
    for course, watch in zip(courses, chosen, strict=True):
        rows.append({
            "Watch": course.title,
            "Counted from": moment(course.t0, watch.zone) if course.t0 else "no dated event",
            "Noticed after the change": _lag(course.discovery_lag),
            "First statement after": _lag(course.time_to_statement),
            "Reversal after": _lag(course.time_to_reversal),
            "Fullest 24 hours": count(course.peak_posts) + " posts" if course.peak_posts is not None else "no rise",
            "Half gone after": hours_words(course.half_life_hours) if course.half_life_hours is not None else "not yet",
            "Left": percent(course.residual) if course.residual is not None else "not known",
            "Posts": count(course.posts),
        })  # fmt: skip
    return pd.DataFrame(rows)


def _lag(lag: Lag | None) -> str:
    return span_words(lag) if lag is not None else "not known"
