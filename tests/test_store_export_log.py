"""The log of what left: files by their posts, figures as shown, texts a person took in a day."""

from datetime import timedelta

import pytest
from factories import T0, make_post
from fakes_models import KeywordClassifier
from store_fixtures import save, score_all

from core.errors import ConfigError
from store import PostFilter, Shown, open_annotations


@pytest.fixture
def annotations(store, store_url):
    with open_annotations(store_url) as opened:
        yield opened


def test_columns_and_frames_of_a_stream_say_the_same(store, reader):
    save(store, *(make_post(id=str(n), text=f"the terms {n}", created_at=T0 + timedelta(minutes=n), likes=n or None)
                  for n in range(7)))  # fmt: skip
    classifier = KeywordClassifier()
    store.register_model(classifier.model)
    score_all(store, classifier)
    (frame,) = reader.stream_posts(PostFilter("acme"))
    parts = list(reader.stream_columns(PostFilter("acme"), chunk=3))
    assert [len(part) for part in parts] == [3, 3, 1]
    for name in ("source", "id", "text", "lang", "reason", "scored", "topics", "sentiment"):
        assert [v for part in parts for v in part.columns[name]] == frame[name].tolist(), name
    assert [v / 10_000 for part in parts for v in part.columns["p_negative"]] == frame["p_negative"].tolist()
    micros = [v for part in parts for v in part.columns["created_at"]]
    assert micros == [int(t.timestamp() * 1e6) for t in frame["created_at"]]
    assert len({n for part in parts for n in part.numbers}) == 7


def test_a_file_is_listed_with_how_many_of_its_posts_are_gone(store, reader, annotations):
    save(store, make_post(id="a"), make_post(id="b"))
    (part,) = reader.stream_columns(PostFilter("acme"))
    annotations.log_export("acme", "posts", "/x/a.csv", 2, {"sha256": "0"}, (), T0, mark="x-1", who="ann",
                           numbers=part.numbers)  # fmt: skip
    assert store.forget("forum", ids=["a"], now=T0).exports == ("/x/a.csv",)
    (row,) = reader.exports("acme").to_dict("records")
    assert (row["id"], row["file"], row["who"], row["deleted_since"]) == ("x-1", "/x/a.csv", "ann", 1)
    assert reader.exports("other").empty


def test_a_post_that_was_deleted_while_its_file_was_written_counts_as_gone(store, reader, annotations):
    save(store, make_post(id="a"), make_post(id="b"))
    (part,) = reader.stream_columns(PostFilter("acme"))
    store.forget("forum", ids=["a"], now=T0)
    annotations.log_export("acme", "posts", "a.csv", 2, {}, (), T0, numbers=part.numbers)
    assert reader.exports()["deleted_since"].tolist() == [1]


def test_figures_stay_as_they_were_first_shown(store, reader, annotations):
    store.register_watch("acme")
    kept = Shown("b-1", "acme", "brief", T0, {"posts": 3, "share": None})
    annotations.keep_shown(kept)
    annotations.keep_shown(Shown("b-1", "acme", "brief", T0, {"posts": 4}))
    assert reader.shown("b-1") == kept
    with pytest.raises(ConfigError, match="b-2"):
        reader.shown("b-2")


def test_a_person_takes_so_many_texts_in_a_day(store, annotations):
    def take(who, wanted, now=T0, source="x"):
        return annotations.take_texts(who, source, wanted, limit=500, now=now)

    assert [take("ann", 300), take("ann", 300), take("ann", 1)] == [300, 200, 0]
    assert [take("bob", 600), take("ann", 5, source="lemmy")] == [500, 5]
    annotations.give_back_texts("ann", "x", 40, now=T0)
    assert take("ann", 100) == 40
    assert take("ann", 100, now=T0 + timedelta(days=1)) == 100


def test_deleted_posts_and_later_labels_are_counted(store, reader, annotations):
    save(store, *(make_post(id=str(n)) for n in range(4)))
    span = {"since": T0, "until": T0 + timedelta(hours=1)}
    annotations.add_label("forum", "1", head="sentiment", value="positive", author="ann", now=T0)
    assert reader.labels_made("acme", after=T0 - timedelta(hours=1), **span) == 1
    assert reader.labels_made("acme", after=T0, **span) == 0
    assert reader.removed("acme", **span) == 0
    store.forget("forum", ids=["0", "2"], now=T0)
    assert reader.removed("acme", **span) == 2
    assert reader.removed("acme", since=T0 + timedelta(hours=1), until=T0 + timedelta(hours=9)) == 0
