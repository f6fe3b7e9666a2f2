"""What stands beside the timeline's charts in words: change points, breaks, and the notes of readers."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from core.watches import Watch
from dashboard import cards
from dashboard.controls import Pages, link_to
from dashboard.data import Reports
from dashboard.state import State
from reports.change_points import ChangePoint
from reports.comparable import Break
from reports.wording import moment

Note = Mapping[Hashable, Any]


def notes_within(reports: Reports, watch: Watch, *, since: datetime, until: datetime) -> Sequence[Note]:
    """The notes that speak of [since, until), by the time that they speak of."""
    kept = reports.reader.notes(watch.name)
    inside = kept[(kept["at"] >= pd.Timestamp(since)) & (kept["at"] < pd.Timestamp(until))]
    return inside.sort_values("at", kind="stable").to_dict("records")


def told(changes: Sequence[ChangePoint], of: str) -> list[tuple[datetime, str]]:
    """The change points of one figure as a chart takes them."""
    return [(change.at, change.sentence) for change in changes if change.of == of]


def beside(
    watch: Watch, state: State, pages: Pages, *, changes: Sequence[ChangePoint], breaks: Sequence[Break],
    notes: Sequence[Note],
) -> None:  # fmt: skip
    """Draw the sections; those with nothing to say are left out, but for the change points."""
    st.subheader("Change points", anchor=False)
    if changes:
        st.html(cards.sentence_list([change.sentence for change in changes]))
        st.caption("Found in the figures alone: they say when a level changed, not why.")
    else:
        st.text("None: nothing settled at another level in this window.")
    if breaks:
        st.subheader("Breaks: not compared across", anchor=False)
        st.html(cards.fact_list([(moment(b.at, watch.zone), f"{b.reason}.") for b in breaks]))
    if notes:
        st.subheader("Notes", anchor=False)
        rows = [
            (
                moment(note["at"], watch.zone),
                f"{note['text']} ({note['author']}, {moment(note['made_at'], watch.zone)})",
            )
            for note in notes
        ]
        st.html(cards.fact_list(rows))
    link_to(pages["notes"], state, "Write a note", icon=":material/edit_note:")
