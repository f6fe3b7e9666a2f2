"""The dashboard's entry point: `uproar dashboard`, or `python -m streamlit run dashboard/app.py`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from core.errors import UproarError
from core.settings import load_settings
from core.watches import Watch
from dashboard.cards import notice_banner
from dashboard.controls import Pages
from dashboard.data import Reports, open_reports
from dashboard.masthead import masthead
from dashboard.moments import at_moment
from dashboard.state import State, parse
from dashboard.views import closed, overview, posts, terms, timeline

View = Callable[[Reports, Watch, State, Pages], None]
VIEWS: dict[str, View] = {
    "overview": overview.show,
    "timeline": timeline.show,
    "posts": posts.show,
    "terms": terms.show,
}
_HERE = Path(__file__).parent


def main() -> None:
    """Draw the view that the address names, or say in plain words why there is nothing to draw."""
    st.set_page_config(page_title="Uproar", page_icon=_HERE / "favicon.png", layout="wide")
    st.html(_HERE / "style.css")
    try:
        reports = open_reports(load_settings())
    except UproarError as error:
        closed.show(str(error))
        return
    if not reports.watches:
        closed.show("There is no watch yet.")
        return
    run(reports, parse(st.query_params.to_dict()))


def run(reports: Reports, state: State, *, first: str = "overview") -> None:
    """Navigation, masthead and the chosen view, which is `first` where the address has no path.

    An error that Uproar raises on purpose becomes a plain page.
    """
    original = next((w for w in reports.watches if w.name == state.watch), None) or reports.first()
    watch = at_moment(original, state.as_of)

    def page(name: str) -> Callable[[], None]:
        def draw() -> None:
            masthead(state, reports.watches, watch, pages)
            for message in reports.broken:
                st.html(notice_banner(message))
            try:
                VIEWS[name](reports, watch, state, pages)
            except UproarError as error:
                closed.show(str(error))

        return draw

    # No icons: Streamlit would fetch a page's icon for the browser tab from another host.
    pages: Pages = {
        name: st.Page(page(name), title=name.capitalize(), url_path=name, default=name == first) for name in VIEWS
    }
    st.navigation(list(pages.values()), position="hidden").run()


if __name__ == "__main__":
    main()
