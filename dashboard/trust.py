"""What a share rests on, said beside it: window, model and how right it is, coverage, time and zone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from core.watches import Watch
from dashboard import cards
from dashboard.data import Reports
from reports import words
from reports.accuracy import accuracy_note
from reports.wording import STATES, coverage_words, moment


def trust(reports: Reports, watch: Watch, *, since: datetime | None = None, until: datetime | None = None) -> None:
    """The small print of a view."""
    st.html(cards.fact_list(trust_facts(reports, watch, since=since, until=until)))


def trust_facts(
    reports: Reports, watch: Watch, *, since: datetime | None = None, until: datetime | None = None
) -> list[tuple[str, str]]:
    """Coverage of each source, model with its measured accuracy, intervals, as-of time: (name, sentence)."""
    coverage = reports.coverage(watch, since=since, until=until)
    told = [f"{row.source} {coverage_words(row.state)}" for row in coverage.itertuples()]
    model = reports.reader.active_model() or ""
    facts = [
        ("As of", f"{moment(watch.now(reports.clock), watch.zone)} ({watch.timezone})"),
        ("Coverage", f"{', '.join(told)}." if told else "No source was asked."),
        ("Model", f"{model or 'none yet'}. {accuracy_note(model)}".strip()),
        ("Intervals", "95 %: what chance allows with so many posts, not errors of the model, nor who never posts."),
    ]
    if since and until:
        facts.insert(0, ("Window", f"{moment(since, watch.zone)} to {moment(until, watch.zone)}"))
    return facts


def corrected(reports: Reports, watch: Watch, *, since: datetime, until: datetime) -> None:
    """What people's labels say of the window's share, which everywhere stands as classified: nothing without labels."""
    for sentence in reports.correction(watch, since=since, until=until).sentences:
        st.text(sentence)


def glossary(names: Sequence[str], *, states: bool = False) -> None:
    """The plain sentence of each figure in `names` (keys of `reports.words.FIGURES`), folded away."""
    with st.expander("What these words mean"):
        named = [(figure_name(name), words.FIGURES[name]) for name in names]
        if states:
            named += [(STATES[state.value], sentence) for state, sentence in words.STATES.items()]
        st.html(cards.fact_list(named))


def figure_name(name: str) -> str:
    """A figure's code as words with a capital."""
    return name.replace("_", " ").capitalize()
