"""The dashboard's logic, run as Streamlit runs it over a small real store: states, controls, addresses, plain pages."""

# ruff: noqa: F401, F811

from __future__ import annotations

from datetime import timedelta

import pytest
from dashboard_app import APP, filled, home, params, start, template, words
from small_store import AS_OF, LOST, NOTICE, NOTICED, WATCH, fill
from streamlit.testing.v1 import AppTest

from core.settings import load_settings
from store import open_reader


def test_without_a_database_a_plain_page_names_the_commands() -> None:
    app = AppTest.from_file(APP, default_timeout=30).run()
    said = words(app)
    assert "There is nothing to show yet" in said
    for command in ("uproar demo", "uproar import WATCH FILE", "uproar migrate"):
        assert command in said
    assert "Traceback" not in said


def test_a_database_of_another_schema_is_a_plain_page_too(filled) -> None:
    import sqlite3

    settings = load_settings()
    with sqlite3.connect(settings.store_url.removeprefix("sqlite:///")) as database:
        database.execute("UPDATE alembic_version SET version_num = '0000'")
    database.close()
    said = words(AppTest.from_file(APP, default_timeout=30).run())
    assert "uproar migrate" in said
    assert "There is nothing to show yet" in said


def test_a_broken_watch_file_is_named(filled) -> None:
    (filled / "watches" / "broken.toml").write_text("platform = 1\n", encoding="utf-8")
    assert "broken.toml" in words(AppTest.from_file(APP, default_timeout=30).run())


def test_the_overview_says_state_figures_sources_and_moment(filled) -> None:
    said = words(start())
    for part in [
        NOTICE, "Spike", "Negative share", "Against the day before", "Posts, last 24 hours", "People", "bluesky",
        "reddit", "Read up to Sat 10 May 2025, 00:00", "keyword@1", "10 May 2025, 00:00 (Europe/Berlin)",
        "The clause is noticed <b>everywhere</b>",
    ]:  # fmt: skip
        assert part in said, part
    assert "Letter: we heard you" not in said, "a replay does not tell its future"


@pytest.mark.parametrize("view", ["overview", "timeline", "posts"])
def test_every_view_shows_the_notice_and_the_watch(filled, view: str) -> None:
    app = start(view)
    assert NOTICE in words(app)
    assert app.selectbox(key="watch").value == WATCH


@pytest.mark.parametrize("view", ["overview", "timeline", "posts"])
def test_an_empty_watch_says_what_to_do(home, view: str) -> None:
    fill(home, posts=False)
    said = words(start(view))
    expected = {"overview": f"uproar import {WATCH} FILE", "timeline": "not collected", "posts": "No post matches"}
    assert expected[view] in said


def test_unscored_posts_are_pending_not_calm(home) -> None:
    fill(home, score=False)
    said = words(start())
    assert f"uproar score {WATCH}" in said
    assert "up-state-calm" not in said
    assert "up-state-spike" not in said
    assert "waiting for a score" in words(start("posts"))


def test_a_hostile_address_is_ignored(filled) -> None:
    for view in ("overview", "timeline", "posts"):
        app = start(
            view, since="' OR 1=1", until="<script>", by="second", page="-9", hour="\x00", sources="<img>",
            languages="a,b;c", sentiment="x", topic="y", search="\u202e" * 500, as_of="never", odd="1",
        )  # fmt: skip
        assert NOTICE in words(app)


def test_an_unknown_watch_shows_a_known_one(filled) -> None:
    app = start(watch="nowhere")
    assert app.selectbox(key="watch").value == "small", "the one that holds posts, not the first by name"


def test_another_watch_starts_afresh(filled) -> None:
    app = start("posts", sentiment="negative", page="2")
    app.selectbox(key="watch").select("duolingo-ai-first").run()
    assert params(app) == {"watch": "duolingo-ai-first"}
    assert NOTICE not in words(app)


def test_the_moment_of_a_replay_changes_what_is_known(filled) -> None:
    app = start()
    app.selectbox(key="moment").select(NOTICED - timedelta(hours=12)).run()
    assert params(app)["as_of"] == "2025-05-09T01:00:00Z"
    said = words(app)
    assert "The clause is noticed" not in said
    assert "Spike" not in said.split("What these words mean")[0].split("up-figures")[0]
    app.selectbox(key="moment").select(AS_OF).run()
    assert "as_of" not in params(app)


def test_windows_and_steps_are_written_to_the_address(filled) -> None:
    app = start("timeline")
    spans = app.get_by_key("span")
    spans.set_value("30d").run()
    assert params(app)["span"] == "30d"
    app.get_by_key("step").set_value("day").run()
    assert params(app)["by"] == "day"
    assert app.get_by_key("span").value == "30d"
    assert NOTICE in words(app)


def test_a_chosen_hour_is_told_with_its_figures(filled) -> None:
    said = words(start("timeline", hour="2025-05-09T15:00:00Z"))
    assert "Chosen hour: Fri 9 May 2025, 17:00 to 18:00" in said
    assert "of 40 relevant posts are negative" in said


def test_spike_hours_are_listed_for_those_who_do_not_click(filled) -> None:
    app = start("timeline", span="24h")
    labels = [link.proto.label for link in app.get("page_link")]
    assert "Fri 9 May 2025, 16:00 to 17:00" in labels


def test_lost_hours_are_told_as_not_whole(filled) -> None:
    assert "a source is missing" in words(start("timeline", hour=LOST.start.strftime("%Y-%m-%dT%H:%M:%SZ")))


def test_posts_are_counted_filtered_and_paged(filled) -> None:
    settings = load_settings()
    app = start("posts", span="24h")
    with open_reader(settings.store_url) as reader:
        day = reader.rollup(WATCH, since=AS_OF - timedelta(days=1), until=AS_OF)
    assert f"{day['posts'].sum()} posts, newest first; these are 1 to 50." in words(app)
    app.selectbox(key="pick_sentiment").select("negative").run()
    assert params(app)["sentiment"] == "negative"
    assert f"{day['negative'].sum()} posts" in words(app)
    app.get("pagination")[0].set_value(2).run()
    assert params(app)["page"] == "2"
    assert "these are 51 to 100." in words(app)
    app.text_input(key="search").input("theft").run()
    assert params(app)["search"] == "theft"
    assert "page" not in params(app)


def test_a_page_beyond_the_last_shows_the_last(filled) -> None:
    app = start("posts", span="24h", page="9999")
    shown = next(text.value for text in app.text if "newest first" in text.value)
    total = shown.split(" ")[0]
    assert shown.endswith(f"to {total}.")


def test_nothing_found_offers_a_way_back(filled) -> None:
    app = start("posts", search="zebra")
    assert "No post matches" in words(app)
    next(button for button in app.button if button.label == "Clear all filters").click().run()
    assert params(app) == {"watch": WATCH}
    assert "newest first" in words(app)


def test_new_posts_are_seen_without_a_restart(home) -> None:
    fill(home, posts=False)
    app = start("posts")
    assert "No post matches" in words(app)
    fill(home)
    assert "newest first" in words(app.run())


def test_the_reader_cannot_write(filled) -> None:
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError

    reader = open_reader(load_settings().store_url)
    with reader._engine.connect() as connection, pytest.raises(DBAPIError):
        connection.execute(text("DELETE FROM posts"))
    reader.close()
