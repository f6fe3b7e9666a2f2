"""Each page's logic, run as Streamlit runs it: what it says when full, empty, unscored, refused; and its address."""

# ruff: noqa: F401, F811

from __future__ import annotations

import pytest
from dashboard_app import filled, home, start, template, words
from small_store import NOTICE, WATCH

from dashboard.app import VIEWS


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_reached_by_a_link_that_keeps_the_watch_and_the_window(filled, view: str) -> None:
    app = start(view, span="30d", sources="reddit")
    assert NOTICE in words(app)
    links = {link.proto.label: link.proto for link in app.sidebar.get("page_link")}
    assert list(links) == [v.title for v in VIEWS.values()]
    for link in links.values():
        assert f"watch={WATCH}" in link.query_string
        assert "span=30d" in link.query_string
