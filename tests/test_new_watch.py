"""A new watch: the file that is written, what its terms find among stored posts, and the form."""

# ruff: noqa: F401, F811

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import streamlit
from dashboard_app import filled, home, start, template, words
from small_store import HOSTILE

from core.errors import ConfigError
from core.settings import load_settings
from core.watch_file import first_moment, new_watch, watch_text
from core.watches import load_watch
from reports.term_preview import term_preview
from store import open_reader

NOW = datetime(2025, 5, 9, 22, 30, tzinfo=UTC)
NASTY = 'Acme "x"\n[alerts]\nchannels = ["evil"] \\ \x7f'


def test_whatever_is_typed_stays_a_value_of_its_key(tmp_path) -> None:
    text = watch_text("acme", NASTY, '"quoted" AND delet*', since=NOW, sources=("hackernews",), title=NASTY)
    watch = new_watch(tmp_path / "watches", "acme", text)
    assert load_watch(tmp_path / "watches" / "acme.toml") == watch
    assert (watch.platform, watch.title, watch.alerts.channels) == (NASTY, NASTY, ())


@pytest.mark.parametrize("name", ["../acme", "Acme", "", "acme.toml", "a/b", "x" * 65])
def test_a_name_that_is_no_name_writes_nothing(tmp_path, name) -> None:
    with pytest.raises(ConfigError, match="lower-case"):
        new_watch(tmp_path / "watches", name, watch_text("acme", "Acme", "acme", since=NOW))
    assert not list(tmp_path.rglob("*.toml"))


def test_a_file_that_is_there_is_never_overwritten(tmp_path) -> None:
    text = watch_text("acme", "Acme", "acme", since=NOW)
    new_watch(tmp_path, "acme", text)
    with pytest.raises(ConfigError, match="exists"):
        new_watch(tmp_path, "acme", text.replace("Acme", "Other"))
    assert (tmp_path / "acme.toml").read_text() == text


def test_a_watch_begins_sixty_days_back_or_where_it_is_told() -> None:
    assert first_moment("", NOW) == datetime(2025, 3, 10, tzinfo=UTC)
    assert first_moment("2025-05-01T02:00:00+02:00", NOW) == datetime(2025, 5, 1, tzinfo=UTC)
    for wrong in ("yesterday", "2025-05-01T02:00:00"):
        with pytest.raises(ConfigError, match="since"):
            first_moment(wrong, NOW)


def test_the_preview_counts_what_the_terms_let_through(filled) -> None:
    with open_reader(load_settings().store_url) as reader:
        found = term_preview(reader, "consent AND NOT example")
        everything = reader.newest_texts(100_000)
        few = term_preview(reader, "terms", limit=5)
    held = everything[everything["text"].str.contains("consent")]
    assert (found.looked_at, found.matched) == (len(everything), len(held))
    assert dict(found.by_source) == held["source"].value_counts().to_dict()
    assert all("consent" in post.text for post in found.samples)
    assert few.looked_at == 5


def _fill_form(app, **given: str):
    for field in [*app.text_input, *app.text_area]:
        if field.label in given:
            field.input(given[field.label])
    return app


def _press(app, label: str):
    return next(button for button in app.button if button.label == label).click().run()


FORM = {"Title": "Acme: the <b>clause</b>", "Whose terms": "Acme", "What to look for": "terms"}


def test_the_form_previews_and_then_writes_a_watch_that_loads(filled: Path) -> None:
    app = _press(_fill_form(start("new"), **FORM), "Show what it would match")
    said = words(app)
    assert "posts stored last match" in said
    assert HOSTILE[0] in said
    assert not (filled / "watches" / "acme-the-b-clause-b.toml").exists()
    said = words(_press(app, "Make this watch"))
    made = load_watch(filled / "watches" / "acme-the-b-clause-b.toml")
    assert (made.title, made.platform, made.expression) == tuple(FORM.values())
    assert made.timezone == "Europe/Berlin"
    assert made.since.astimezone(made.zone).hour == 0
    assert [rule.name for rule in made.sources] == ["hackernews"]
    assert "uproar collect acme-the-b-clause-b" in said
    assert "is a watch called" in _press(app, "Make this watch").error[0].value.replace("\\", "")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"What to look for": "(terms"}, "terms"),
        ({"What to look for": "NOT terms"}, "NOT alone"),
        ({"What to look for": ""}, "what to look for"),
        ({"Title": "Small"}, "is a watch called small"),
        ({"Title": "Условия"}, "Latin alphabet"),
    ],
)
def test_a_mistake_is_told_in_words_and_writes_nothing(filled: Path, given, message) -> None:
    before = sorted(filled.rglob("*.toml"))
    app = _press(_fill_form(start("new"), **{**FORM, **given}), "Make this watch")
    assert message in app.error[0].value.replace("\\", "")
    assert sorted(filled.rglob("*.toml")) == before


def test_a_viewer_has_no_form(filled, monkeypatch) -> None:
    monkeypatch.setenv("UPROAR_VIEWERS", "ann@example.org")
    monkeypatch.setattr(
        type(streamlit.user), "to_dict", lambda self: {"is_logged_in": True, "email": "ann@example.org"}
    )
    app = start("new")
    assert "UPROAR_ANALYSTS" in words(app)
    assert not app.button
