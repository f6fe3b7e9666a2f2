"""Themes, demands and origin of a real store filled with invented posts, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from factories import T0, make_post
from fake_reader import make_watch
from fakes_models import KeywordClassifier
from store_fixtures import save, score_all

from reports.origin import origin
from reports.theme_names import NamedTheme, load_names, recognise, save_names
from reports.themes import themes

DAY = timedelta(days=1)
NOW = T0 + 14 * DAY
WATCH = make_watch(since=T0 - DAY, sources=())


class WordClassifier(KeywordClassifier):
    """Embeds by the words of three invented subjects, so that groups are known."""

    WORDS = ("train", "price", "delete")

    def embed(self, texts):
        rng = np.random.default_rng(0)
        rows = np.array([[3.0 * (w in t.lower()) for w in self.WORDS] + [1.0] for t in texts]).reshape(-1, 4)
        rows += 0.05 * rng.normal(size=rows.shape)
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def say(store, text: str, count: int, at, *, people: int | None = None, source: str = "forum", **more) -> None:
    posts = [
        make_post(id=f"{source}-{text[:9]}-{at:%d%H}-{n}", text=f"{text} {n}", created_at=at + timedelta(minutes=n),
                  author=f"k:{n % (people or count)}", source=source, collected_at=NOW, **more)
        for n in range(count)
    ]  # fmt: skip
    save(store, *posts)


@pytest.fixture
def filled(store, reader):
    """The week before: prices. This week: prices still, training as something new, and deletions by three people."""
    store.register_watch("acme", subject="Acme")
    say(store, "the price of these terms is awful, they said on day one", 30, T0 + DAY, community="r/acme")
    say(store, "the price of these terms is awful, they said once more", 25, T0 + 8 * DAY, community="r/acme")
    say(store, "they train their ai on my songs without consent", 40, T0 + 9 * DAY, source="other", likes=7)
    say(store, "I delete my account over these terms", 12, T0 + 10 * DAY, people=3)
    score_all(store, KeywordClassifier())
    store.activate_model(KeywordClassifier.model) if reader.active_model() is None else None
    store.refresh_rollups()
    return reader


def test_themes_shares_and_what_is_new(filled) -> None:
    report = themes(filled, WATCH, WordClassifier(), clock=NOW)
    by_word = {next(w for w in WordClassifier.WORDS if w in t.examples[0].text): t for t in report.themes}
    assert set(by_word) == {"train", "price"}, "a theme of three people is not shown"
    assert report.hidden == 1
    assert report.texts == 77
    training, price = by_word["train"], by_word["price"]
    assert training.new
    assert not price.new
    assert (training.texts, training.people, training.texts_before) == (40, 40, 0)
    assert training.share == pytest.approx(40 / 77)
    assert training.low < training.share < training.high
    assert price.texts_before == 30
    assert price.change is not None
    assert price.change[2] < 0, "its share has fallen"
    assert price.negative_share == 1
    assert "new against the window before" in report.sentence
    assert len({e.text for e in training.examples}) == 3


def test_demands_are_counted_by_people_and_small_ones_hidden(filled) -> None:
    report = themes(filled, WATCH, WordClassifier(), clock=NOW)
    demands = {d.code: d for d in report.demands}
    assert demands["opt_out"].people == 40
    assert demands["opt_out"].share == pytest.approx(40 / 77)
    assert demands["delete"].people is None
    assert "Fewer than 5" in demands["delete"].sentence
    assert report.demands[0].code == "opt_out"


def test_an_empty_window_says_so(filled) -> None:
    report = themes(filled, WATCH, WordClassifier(), clock=NOW, since=T0 - DAY, until=T0 - timedelta(hours=1))
    assert report.themes == ()
    assert "no relevant posts" in report.sentence
    empty = origin(filled, WATCH, clock=NOW, since=T0 - DAY, until=T0 - timedelta(hours=1))
    assert "no relevant posts" in empty.sentence


def test_nothing_after_the_present_of_a_replay_is_read(filled) -> None:
    watch = replace(WATCH, as_of=T0 + 8 * DAY + timedelta(hours=6))
    report = themes(filled, watch, WordClassifier(), clock=NOW)
    assert report.texts == 25


def test_a_theme_keeps_its_name(filled, tmp_path) -> None:
    first = themes(filled, WATCH, WordClassifier(), clock=NOW)
    save_names(tmp_path, WATCH, "m@1", first.names)
    known = load_names(tmp_path, WATCH, "m@1")
    renamed = tuple(NamedTheme(f"kept {n}", row.centre) for n, row in enumerate(known))
    second = themes(filled, WATCH, WordClassifier(), clock=NOW, known=renamed)
    assert {t.name for t in second.themes} == {"kept 0", "kept 1"}
    assert load_names(tmp_path, WATCH, "other@1") == ()
    (tmp_path / "themes" / "acme.json").write_text("broken")
    assert load_names(tmp_path, WATCH, "m@1") == ()


def test_an_unlike_theme_gets_a_name_of_its_own() -> None:
    known = [NamedTheme("a", (1.0, 0.0, 0.0))]
    centres = np.array([[0.9, 0.1, 0.0], [0.0, 1.0, 0.0]])
    names, kept = recognise(centres, ["x", "a"], known, np.zeros(3))
    assert names == ["a", "a (2)"]
    assert [k.name for k in kept] == ["a", "a (2)"]


def test_origin_tells_first_sightings_people_and_copies(filled) -> None:
    found = origin(filled, WATCH, clock=NOW)
    assert [(s.source, s.posts) for s in found.sightings] == [("forum", 67), ("other", 40)]
    assert found.sightings[0].first_post == T0 + DAY
    assert found.communities["community"].tolist() == ["r/acme"]
    assert found.communities["people"].tolist() == [30]
    assert set(found.carriers["source"]) == {"other"}
    assert found.copied_share > 0.9, "the same words with another number are copies"
    assert 0 < found.top_ten_share < 1
    assert "may be earlier" in found.sentence
