"""The coverage: per source what was read whole, cut short, failed or never asked, its cost, permission and health."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from core.watches import Watch
from dashboard import cards
from dashboard.controls import Pages, link_to
from dashboard.data import Reports
from dashboard.state import State
from dashboard.window import asked_window
from reports.wording import count, coverage_words, moment

_MOST_RUNS = 50
_HOURS = {"complete": "complete", "sample": "a sample", "truncated": "cut short", "failed": "failed",
          "none": "never asked", "running": "being read"}  # fmt: skip
_HEALTH = {"unknown": "not known yet", "usual": "as usual", "quiet": "gone quiet", "flood": "flooded",
           "high": "higher than usual"}  # fmt: skip
_UNITS = {"x": "US dollars", "youtube": "units"}


def show(reports: Reports, watch: Watch, state: State, pages: Pages) -> None:
    """Draw the sources of `watch` in the chosen window, then the runs that did not go well."""
    since, until = asked_window(state, watch, reports.clock)
    st.html(cards.headline("Coverage"))
    with st.container(horizontal=True, vertical_alignment="center", key="window_line"):
        st.text(f"{moment(since, watch.zone)} to {moment(until, watch.zone)} ({watch.timezone})")
        link_to(pages["timeline"], state, "Choose another on the timeline", icon=":material/timeline:")
    sources = reports.coverage(watch, since=since, until=until)
    if sources.empty:
        st.text("No source has been asked for this watch. Ask them with")
        st.code(f"uproar collect {watch.name}", language=None)
        return
    for row in sources.to_dict("records"):
        st.html(_source(row, watch))
    st.subheader("Hours of this window by source", anchor=False)
    hours = reports.coverage_hours(watch, since=since, until=until)
    st.dataframe(hours.rename(columns=_HOURS), hide_index=True, width="stretch")
    st.text("Hours before a source was first asked count as never asked. A gap is never calm.")
    _trouble(reports.runs(watch, since=since, until=until), watch)


def _source(row: Mapping[Hashable, Any], watch: Watch) -> str:
    asked = "never"
    if pd.notna(row["since"]) and pd.notna(row["until"]):
        asked = f"{moment(row['since'], watch.zone)} to {moment(row['until'], watch.zone)}, {count(row['runs'])} runs"
    last = moment(row["last_success"], watch.zone) if pd.notna(row["last_success"]) else "never"
    source = str(row["source"])
    facts = [
        ("State", f"{coverage_words(row['state'])}. {row['sentence']}"),
        ("Posts", count(row["posts"])),
        ("Asked for", asked),
        ("Read up to", last),
        ("Cost", f"{row['cost']:,.2f} {_UNITS.get(source, 'units')}" if row["cost"] else "nothing"),
        ("Permission", str(row["permission"]) or "none is kept with its runs"),
        ("Health", _HEALTH.get(str(row["health"]), str(row["health"]))),
    ]
    return f"<h3>{cards.escape(source)}</h3>{cards.fact_list(facts)}"


def _trouble(runs: pd.DataFrame, watch: Watch) -> None:
    bad = runs[runs["outcome"].isin(["failed", "truncated"])].iloc[::-1]
    st.subheader("Runs that failed or were cut short, latest first", anchor=False)
    if bad.empty:
        st.text("None in this window.")
        return
    table = pd.DataFrame({
        "source": bad["source"], "started": bad["started_at"].dt.tz_convert(watch.zone).dt.strftime("%Y-%m-%d %H:%M"),
        "outcome": [coverage_words(outcome) for outcome in bad["outcome"]],
        "asked from": bad["since"].dt.tz_convert(watch.zone).dt.strftime("%Y-%m-%d %H:%M"),
        "asked until": bad["until"].dt.tz_convert(watch.zone).dt.strftime("%Y-%m-%d %H:%M"), "why": bad["error"],
    })  # fmt: skip
    st.dataframe(table.head(_MOST_RUNS), hide_index=True, width="stretch")
    if len(bad) > _MOST_RUNS:
        st.text(f"{count(len(bad) - _MOST_RUNS)} more: uproar coverage {watch.name}")
