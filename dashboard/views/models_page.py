"""Models and health: which models have scored here, whose scores are shown, how accurate, and what doctor finds."""

from __future__ import annotations

import subprocess
import sys

import orjson
import pandas as pd
import streamlit as st

from core.settings import PROJECT
from core.watches import Watch
from dashboard import cards
from dashboard.controls import Pages
from dashboard.data import Reports
from dashboard.people import Role, may
from dashboard.state import State
from reports.accuracy import accuracy_note

_DOCTOR = [sys.executable, "-c", "from uproar.cli import main; main()", "doctor", "--json"]
_SECONDS = 60


def show(reports: Reports, watch: Watch, state: State, pages: Pages) -> None:
    """Draw the models, then rows that could not be taken, then the checks where the reader runs the installation."""
    st.html(cards.headline("Models and health"))
    models = reports.reader.models()
    if models.empty:
        st.text("No model has scored here yet. Score with: uproar score")
    for row in models.to_dict("records"):
        shown = "Its scores are shown." if row["active"] else "It has scored here; its scores are not shown."
        st.html(cards.fact_list([(str(row["model"]), f"{shown} {accuracy_note(str(row['model']))}")]))
    for sentence in reports.correction(watch).sentences:
        st.text(sentence)
    st.subheader("Rows that could not be taken, latest first", anchor=False)
    letters = reports.reader.dead_letters(50)
    letters = letters[letters["watch"] == watch.collected_as]
    if letters.empty:
        st.text("None.")
    else:
        st.dataframe(letters[["source", "line", "reason", "at"]], hide_index=True, width="stretch")
    st.subheader("Checks of this installation", anchor=False)
    if not may(Role.ANALYST):
        st.text("Shown to analysts.")
    elif st.button("Run the checks"):
        _doctor()


def _doctor() -> None:
    try:
        done = subprocess.run(_DOCTOR, cwd=PROJECT, capture_output=True, timeout=_SECONDS, check=False)
        found = orjson.loads(done.stdout)
    except (subprocess.TimeoutExpired, orjson.JSONDecodeError):
        st.error("The checks did not answer. Run them in a shell: uproar doctor")
        return
    st.dataframe(pd.DataFrame(found), hide_index=True, width="stretch")
