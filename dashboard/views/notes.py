"""Notes of readers on the timeline, with who and when, and the form for an announcement."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import streamlit as st

from core.announcements import announcement_from_table, interval
from core.errors import UproarError
from core.records import AnnouncementKind
from core.watches import Watch
from dashboard import cards
from dashboard.controls import Pages
from dashboard.data import Reports
from dashboard.people import Role, may, writing
from dashboard.state import State
from reports.wording import KINDS, moment

_LONGEST = 2_000


def show(reports: Reports, watch: Watch, state: State, pages: Pages) -> None:
    """Draw the notes of `watch` by the time that they speak of, and for analysts the two forms."""
    st.html(cards.headline("Notes and additions"))
    kept = reports.reader.notes(watch.name).to_dict("records")
    if not kept:
        st.text("Nobody has written a note on this watch.")
    for note in kept:
        st.text(f"On {moment(note['at'], watch.zone)}: {note['text']}\n"
                f"{note['author']}, {moment(note['made_at'], watch.zone)}")  # fmt: skip
    if watch.name not in reports.reader.watches():
        st.text("Notes and announcements can be added once this watch holds posts.")
    elif may(Role.ANALYST):
        _note(watch)
        _announcement(watch)


def _note(watch: Watch) -> None:
    with st.form("note", clear_on_submit=True):
        at = st.text_input("Time it speaks of", placeholder="2025-05-09 or 2025-05-09T14:00:00+02:00")
        text = st.text_area("Note", max_chars=_LONGEST)
        sent = st.form_submit_button("Keep the note")
    if not sent:
        return
    try:
        if not text.strip():
            st.error("A note needs words.")
            return
        start, _, _ = interval(at, watch.timezone, "note")
        with writing() as (annotations, who):
            annotations.add_note(watch.name, start, text.strip(), who, datetime.now(UTC))
    except UproarError as error:
        st.error(str(error))
        return
    st.rerun()


def _announcement(watch: Watch) -> None:
    with st.form("announcement"):
        st.text("A new announcement")
        kinds = {kind.value: KINDS[kind] for kind in AnnouncementKind}
        kind = st.selectbox("Kind", list(kinds), format_func=lambda name: kinds[name])
        at = st.text_input("When", placeholder="a day, a month, a span day/day, or a time with offset")
        title = st.text_input("Title", max_chars=300)
        url = st.text_input("Page that says so", max_chars=2000)
        sent = st.form_submit_button("Add it")
    if not sent:
        return
    try:
        if not title.strip() or (url and not cards.safe_address(url)):
            st.error("An announcement needs a title, and its page an http or https address.")
            return
        table = {"kind": kind, "at": at, "title": title.strip(), "sources": [url] if url else [],
                 "zone": watch.timezone}  # fmt: skip
        with writing() as (annotations, who):
            made = replace(announcement_from_table(table, "announcement"), origin=f"dashboard: {who}")
            annotations.save_announcement(watch.name, made)
    except UproarError as error:
        st.error(str(error))
        return
    st.text("Added. It stands on the timeline once it has started.")
