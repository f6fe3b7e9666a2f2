"""The dashboard's entry point: `uproar dashboard`, or `python -m streamlit run dashboard/app.py`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from core.errors import UproarError
from core.settings import load_settings
from dashboard import people
from dashboard.cards import headline, notice_banner
from dashboard.controls import Pages
from dashboard.data import Reports, open_reports
from dashboard.masthead import masthead
from dashboard.moments import at_moment
from dashboard.navigation import ANALYSTS, READERS, View, navigation
from dashboard.state import State, parse
from dashboard.views import (
    alerts,
    closed,
    compare,
    coverage,
    effects,
    incident,
    label,
    models_page,
    new_watch,
    notes,
    overview,
    posts,
    terms,
    themes,
    timeline,
)

# One line per view, in the order of the navigation; the name is the path in the address. A view for analysts says so.
VIEWS: dict[str, View] = {
    "overview": View(overview.show, "Overview", "dashboard", READERS),
    "timeline": View(timeline.show, "Timeline", "timeline", READERS),
    "posts": View(posts.show, "Posts", "forum", READERS),
    "themes": View(themes.show, "Themes", "lightbulb", READERS),
    "effects": View(effects.show, "Effects", "monitoring", READERS),
    "compare": View(compare.show, "Compare", "compare_arrows", READERS),
    "terms": View(terms.show, "Terms", "gavel", READERS),
    "alerts": View(alerts.show, "Alerts", "notifications", READERS),
    "incident": View(incident.show, "Incident", "emergency", READERS),
    "notes": View(notes.show, "Notes", "edit_note", READERS),
    "coverage": View(coverage.show, "Coverage", "fact_check", ANALYSTS),
    "models": View(models_page.show, "Models and health", "memory", ANALYSTS),
    "label": View(label.show, "Label", "rate_review", ANALYSTS, people.Role.ANALYST),
    "new": View(new_watch.show, "New watch", "add_circle", ANALYSTS, people.Role.ANALYST),
}
_HERE = Path(__file__).parent


def main() -> None:
    """Draw the view that the address names, or say in plain words why there is nothing to draw."""
    st.set_page_config(page_title="Uproar", page_icon=_HERE / "favicon.png", layout="wide", initial_sidebar_state=210)
    st.html(_HERE / "style.css")
    try:
        if people.person() is None:
            people.refuse()
            return
        reports = open_reports(load_settings())
    except UproarError as error:
        closed.show(str(error))
        return
    if not reports.watches:
        closed.show("There is no watch yet.")
        return
    state = parse(st.query_params.to_dict())
    # While an incident is open the start page is that incident.
    run(reports, state, first="incident" if reports.burning(state) else "overview")


def run(reports: Reports, state: State, *, first: str = "overview") -> None:
    """Navigation, masthead and the chosen view, which is `first` where the address has no path.

    An error that Uproar raises on purpose becomes a plain page.
    """
    original = next((w for w in reports.watches if w.name == state.watch), None) or reports.first()
    watch = at_moment(original, state.as_of)

    def page(name: str) -> Callable[[], None]:
        def draw() -> None:
            if people.person() is None:
                people.refuse()
                return
            navigation(VIEWS, pages, state)
            masthead(state, reports.watches, watch)
            for message in reports.broken:
                st.html(notice_banner(message))
            try:
                VIEWS[name].show(reports, watch, state, pages)
            except people.Refused as error:
                st.html(headline("This page is for analysts"))
                st.text(str(error))
            except UproarError as error:
                closed.show(str(error))

        return draw

    # No icons: Streamlit would fetch a page's icon for the browser tab from another host.
    pages: Pages = {name: st.Page(page(name), title=view.title, url_path=name) for name, view in VIEWS.items()}
    # Streamlit's own menu would drop the query on each step, and with it the watch, the window and the filters.
    # The start page is a page of its own: Streamlit does not know its default page by that page's own path.
    start = st.Page(page(first), title=VIEWS[first].title, url_path="start", default=True)
    st.navigation([start, *pages.values()], position="hidden").run()


if __name__ == "__main__":
    main()
