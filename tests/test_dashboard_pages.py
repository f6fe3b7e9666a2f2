"""Each page's logic, run as Streamlit runs it: what it says when full, empty, unscored, refused; and its address."""

# ruff: noqa: F401, F811

from __future__ import annotations

import pytest
from dashboard_app import filled, home, params, start, template, words
from small_store import NOTICE, WATCH, fill

from core.settings import load_settings
from dashboard.app import VIEWS
from store import open_store


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_reached_by_a_link_that_keeps_the_watch_and_the_window(filled, view: str) -> None:
    app = start(view, span="30d", sources="reddit")
    assert NOTICE in words(app)
    links = {link.proto.label: link.proto for link in app.sidebar.get("page_link")}
    assert list(links) == [v.title for v in VIEWS.values()]
    for link in links.values():
        assert f"watch={WATCH}" in link.query_string
        assert "span=30d" in link.query_string


def test_an_effect_that_cannot_be_read_says_why(filled) -> None:
    said = words(start("effects", as_of="2025-05-09T14:00:00Z"))
    assert "No effect on volume can be given" in said


def test_without_an_event_the_effects_page_names_the_command(filled) -> None:
    assert "uproar announce" in words(start("effects", watch="radar"))


def test_compare_tells_each_course_and_keeps_the_choice_in_the_address(filled) -> None:
    app = start("compare")
    assert "Example: counted from 9 May 2025" in words(app)
    app.multiselect(key="pick_compared").select("duolingo-ai-first").run()
    assert params(app)["compared"] == "duolingo-ai-first"
    assert "Duolingo" in words(app)
    app.multiselect(key="pick_compared").unselect("duolingo-ai-first").run()
    assert params(app)["compared"] == WATCH


def test_themes_are_read_on_request(filled) -> None:
    app = start("themes")
    assert "takes some seconds" in words(app)
    next(button for button in app.button if button.label == "Read the themes").click().run()
    assert params(app)["read"] == "1"
    assert "relevant posts by" in words(app)
    assert "What they demand" in [h.value for h in app.subheader]


@pytest.mark.parametrize(("view", "expected"), [
    ("effects", "No effect on volume can be given"),
    ("compare", "no rise above the level before it was collected"),
    ("themes", "no relevant posts were collected and scored"),
])  # fmt: skip
def test_an_empty_watch_is_told_in_plain_words(home, view: str, expected: str) -> None:
    fill(home, posts=False)
    assert expected in words(start(view, read="1"))


@pytest.mark.parametrize("view", ["effects", "compare", "themes"])
def test_unscored_posts_break_no_page(home, view: str) -> None:
    fill(home, score=False)
    assert NOTICE in words(start(view, read="1"))


def test_the_overview_has_all_watches_in_a_table_where_two_are_known(filled) -> None:
    assert "All watches" not in words(start())
    settings = load_settings()
    with open_store(settings.store_url, settings.keys) as store:
        store.register_watch("duolingo-ai-first", subject="Duolingo")
    said = words(start())
    assert said.index("Example: the clause") < said.index("Duolingo: the AI-first memo"), "the most urgent first"
    assert 'href="?watch=duolingo-ai-first"' in said
    assert "No posts yet: " in said


def test_the_overview_has_the_same_hour_yesterday_and_what_is_not_watched(filled) -> None:
    said = words(start())
    assert "From 23:00 to 00:00:" in said
    assert "in the same hour yesterday" in said
    assert "Not asked: " in said
    assert "No article was collected" in said


def test_every_figure_that_a_page_explains_is_in_the_glossary() -> None:
    from dashboard.views import compare, effects, overview, terms, themes, timeline
    from reports.wording import COVERAGE as SHOWN_COVERAGE
    from reports.wording import STATES as SHOWN_STATES
    from reports.words import COVERAGE, FIGURES, STATES

    explained = (compare._FIGURES, effects._FIGURES, themes._FIGURES, overview._EXPLAINED, terms._EXPLAINED)
    for view in (*explained, timeline._EXPLAINED):
        assert set(view) <= set(FIGURES)
    assert {state.value for state in STATES} == set(SHOWN_STATES)
    assert set(COVERAGE) == set(SHOWN_COVERAGE)


def test_the_timeline_shows_stance_and_a_topic_on_request(filled) -> None:
    app = start("timeline", span="24h")
    assert app.selectbox(key="pick_stacked").options == ["Sentiment", "Stance"]
    app.selectbox(key="pick_stacked").select("stance").run()
    assert params(app)["stacked"] == "stance"
    assert "against Example" in words(app)
    app.selectbox(key="pick_topic").select("consent").run()
    assert params(app)["topic"] == "consent"
    assert NOTICE in words(app)


def test_posts_are_sorted_as_asked_and_near_copies_are_folded(filled) -> None:
    app = start("posts", span="24h")
    assert "nearly the same" in words(app)
    app.selectbox(key="pick_order").select("time_asc").run()
    assert params(app)["order"] == "time_asc"
    assert "posts, oldest first;" in words(app)
