"""Tags on the pages: given, shown with who and when, filtered by, taken away; a viewer only reads them."""

# ruff: noqa: F401, F811

from __future__ import annotations

import streamlit
from dashboard_app import filled, home, params, start, template, words
from small_store import AS_OF, WATCH

from core.settings import load_settings
from store import open_annotations, open_reader

EVIL = "<img src=x onerror=alert(1)> ![b](https://evil.example/b)"
HOUR = {"since": "2025-05-09T20:00:00Z", "until": "2025-05-09T21:00:00Z"}


def _press(app, label: str):
    return next(button for button in app.button if button.label == label).click().run()


def _give(app, tag: str):
    next(choice for choice in app.multiselect if choice.label == "Posts").set_value([0, 2])
    app.run()
    next(field for field in app.text_input if field.label == "Tag").input(tag)
    return _press(app.run(), "Give the tag")


def test_an_analyst_tags_posts_and_finds_them_by_the_tag(filled) -> None:
    app = _give(start("posts", **HOUR), EVIL)
    said = words(app)
    assert said.count(EVIL) == 2
    assert ", Tue " in said or "2026" in said, "when it was given stands beside it"
    app = start("posts", **HOUR, tag=EVIL)
    assert "2 posts, newest first" in words(app)
    choice = next(box for box in app.selectbox if box.label == "Tag")
    assert choice.value == EVIL
    choice.set_value("").run()
    assert "tag" not in params(app)
    _press(_pick_all(start("posts", **HOUR, tag=EVIL), EVIL), "Take the tag away")
    with open_reader(load_settings().store_url) as reader:
        assert reader.tags(WATCH).empty


def _pick_all(app, tag: str):
    next(choice for choice in app.multiselect if choice.label == "Posts").set_value([0, 1])
    app.run()
    next(field for field in app.text_input if field.label == "Tag").input(tag)
    return app.run()


def test_an_empty_tag_is_told_and_written_nowhere(filled) -> None:
    assert "1 to 60" in _give(start("posts", **HOUR), " ").error[0].value
    with open_reader(load_settings().store_url) as reader:
        assert reader.tags(WATCH).empty


def test_a_window_is_tagged_listed_as_a_link_and_untagged(filled) -> None:
    app = start("timeline", **HOUR)
    next(field for field in app.text_input if field.label == "Tag the window shown above").input("loud hour")
    app = _press(app, "Give the tag")
    with open_reader(load_settings().store_url) as reader:
        row = reader.window_tags(WATCH).iloc[0]
    assert [row["since"].isoformat(), row["until"].isoformat()] == [v.replace("Z", "+00:00") for v in HOUR.values()]
    assert "Fri 9 May 2025, 22:00 to Fri 9 May 2025, 22:59" in words(start("timeline"))
    _press(start("timeline"), "Take away")
    with open_reader(load_settings().store_url) as reader:
        assert reader.window_tags(WATCH).empty


def test_a_viewer_reads_tags_and_gives_none(filled, monkeypatch) -> None:
    with open_annotations(load_settings().store_url) as annotations:
        annotations.tag_window(WATCH, AS_OF.replace(hour=1), AS_OF, tag="seen", author="bo", now=AS_OF)
    monkeypatch.setenv("UPROAR_VIEWERS", "ann@example.org")
    monkeypatch.setattr(
        type(streamlit.user), "to_dict", lambda self: {"is_logged_in": True, "email": "ann@example.org"}
    )
    assert "bo, Sat 10 May 2025" in words(start("timeline"))
    for view in ("timeline", "posts"):
        labels = {button.label for button in start(view).button}
        assert not labels & {"Give the tag", "Take the tag away", "Take away"}
