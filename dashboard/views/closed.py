"""The page that stands in for a view when there is no database, or one that cannot be read."""

from __future__ import annotations

import streamlit as st

from dashboard.cards import headline

COMMANDS = (
    ("Look at the example, with invented posts", "uproar demo"),
    ("Bring in posts of your own", "uproar import WATCH FILE"),
    ("Bring an older database up to date", "uproar migrate"),
)


def show(reason: str) -> None:
    """Say `reason` as text, and which commands lead on."""
    st.html(headline("There is nothing to show yet"))
    st.text(reason)
    for sentence, command in COMMANDS:
        st.text(sentence)
        st.code(command, language=None)
    st.text("Then load this page again.")
