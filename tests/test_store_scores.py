"""Scores: each distinct text once, labels by one rule, an absent head is not neutral."""

from __future__ import annotations

import numpy as np
import pytest
from factories import T0, make_post
from fakes_models import KeywordClassifier
from store_fixtures import LengthClassifier, save, score_all

from core.errors import ConfigError
from core.records import SENTIMENTS, STANCES, TOPICS, Scores
from core.text import model_input, text_key
from store import PostFilter

KEYWORD, LENGTH = KeywordClassifier(), LengthClassifier()
HEADS = {"sentiment": SENTIMENTS, "stance": STANCES, "relevance": ("no", "yes"), "topics": TOPICS}


def answer(*rows, heads=HEADS, lang="en", scored=True, model="hand@1"):
    """Scores by hand: each row maps head to probabilities."""
    probabilities = {head: np.array([row[head] for row in rows], np.float32) for head in heads}
    return Scores(model, heads, probabilities, (lang,) * len(rows), np.full(len(rows), scored))


def row(sentiment=(0.2, 0.5, 0.3), stance=(0.1, 0.2, 0.7), yes=0.5, topics=()):
    return {"sentiment": sentiment, "stance": stance, "relevance": (1 - yes, yes),
            "topics": [0.5 if topic in topics else 0.49 for topic in TOPICS]}  # fmt: skip


def one(reader):
    return reader.posts(PostFilter("acme")).iloc[0]


def key_of(post, keys):
    return text_key(post.text, keys.text)


def test_distinct_model_inputs_come_once_and_in_batches(store):
    texts = ["a word", "RT @bob: a word", "see https://x.example/1", "see https://y.example/2", "another"]
    save(store, *(make_post(id=str(n), text=text) for n, text in enumerate(texts)))
    batches = list(store.unscored("keyword@1", batch=2))
    assert [len(batch) for batch in batches] == [2, 1]
    found = {text for batch in batches for _, text in batch}
    assert found == {model_input(text) for text in texts}


def test_keys_name_the_texts_that_they_come_with(store, keys):
    save(store, make_post(), make_post(id="2", text="other words"))
    for key, text in [pair for batch in store.unscored("keyword@1") for pair in batch]:
        assert key == text_key(text, keys.text)


def test_saving_while_reading_leaves_nothing_and_repeats_nothing(store):
    save(store, *(make_post(id=str(n), text=f"text {n % 7}") for n in range(20)))
    assert score_all(store, KEYWORD, batch=2) == 7
    assert score_all(store, KEYWORD) == 0
    save(store, make_post(id="new", text="RT @bob: text 3"))
    assert score_all(store, KEYWORD) == 0, "a repost costs nothing"


def test_counted_hours_without_pending_posts_are_not_read_again(store):
    save(store, make_post())
    score_all(store, KEYWORD)
    store.refresh_rollups()
    assert list(store.unscored(KEYWORD.model)) == []
    assert len(list(store.unscored(LENGTH.model))) == 1, "another model has them still to do"


def test_only_the_asked_watch_and_time(store):
    save(store, make_post(text="ours"))
    save(store, make_post(id="2", text="theirs"), watch="other")
    assert [text for batch in store.unscored("m@1", watch="other") for _, text in batch] == ["theirs"]
    assert list(store.unscored("m@1", watch="nobody")) == []
    assert list(store.unscored("m@1", since=T0.replace(hour=1))) == []


def test_a_very_long_text_comes_cut(store):
    save(store, make_post(text="word " * 300_000))
    [[(_, text)]] = store.unscored("m@1")
    assert len(text) == 3999  # 4,000 characters, the last of them a space


def test_labels_follow_the_one_rule(store, reader, keys):
    save(store, make_post())
    store.save_scores([key_of(make_post(), keys)], answer(row(topics=("trust", "legal"))))
    found = one(reader)
    assert (found["scored"], found["relevant"], found["sentiment"], found["stance"]) == (
        "scored",
        True,
        "neutral",
        "for",
    )
    assert found["topics"] == "trust;legal"
    assert (found["p_negative"], found["p_for"], found["p_relevant"], found["model"]) == (0.2, 0.7, 0.5, "hand@1")


@pytest.mark.parametrize(("yes", "relevant"), [(0.4999, False), (0.5, True)])
def test_relevance_begins_at_one_half(store, reader, keys, yes, relevant):
    save(store, make_post())
    store.save_scores([key_of(make_post(), keys)], answer(row(yes=yes, topics=("trust",), sentiment=(0.9, 0.1, 0))))
    store.refresh_rollups()
    assert one(reader)["relevant"] == relevant
    counts = reader.rollup("acme").iloc[0]
    assert (counts["scored"], counts["relevant"], counts["negative"]) == (1, relevant, relevant)
    assert reader.rollup("acme", topic="trust")["posts"].sum() == relevant


def test_an_absent_head_is_not_neutral_and_without_relevance_all_is_relevant(store, reader):
    save(store, make_post(text="x" * 10))
    score_all(store, LENGTH)
    store.refresh_rollups()
    counts = reader.rollup("acme").iloc[0]
    assert (counts["scored"], counts["relevant"], counts["negative"]) == (1, 1, 1)
    assert counts[["against", "stance_neutral", "in_favour", "neutral"]].tolist() == [0, 0, 0, 0]
    found = one(reader)
    assert (found["sentiment"], found["p_negative"], found["topics"]) == ("negative", 0.75, "")
    assert found[["stance", "p_neutral", "p_against", "p_relevant"]].isna().all()


def test_a_text_that_is_not_scored_has_no_label(store, reader, keys):
    save(store, make_post())
    nothing = {head: [np.nan] * len(classes) for head, classes in HEADS.items()}
    store.save_scores([key_of(make_post(), keys)], answer(nothing, scored=False, lang="ja"))
    store.refresh_rollups()
    found = one(reader)
    assert (found["scored"], found["lang"], found["topics"]) == ("not_scored", "ja", "")
    assert found[["relevant", "sentiment", "stance", "p_negative"]].isna().all()
    counts = reader.rollup("acme", split=("language",)).iloc[0]
    assert (counts["language"], counts["not_scored"], counts["scored"], counts["neutral"]) == ("ja", 1, 0, 0)


def test_classes_may_come_in_any_order_but_must_be_known(store, reader, keys):
    save(store, make_post())
    heads = {"sentiment": ("positive", "negative", "neutral")}
    store.save_scores([key_of(make_post(), keys)], answer({"sentiment": (0.7, 0.2, 0.1)}, heads=heads))
    assert (one(reader)["sentiment"], one(reader)["p_negative"]) == ("positive", 0.2)
    with pytest.raises(ValueError, match="angry"):
        store.save_scores([b"k" * 16], answer({"sentiment": (1,)}, heads={"sentiment": ("angry",)}))
    with pytest.raises(ValueError, match="2 text keys for 1"):
        store.save_scores([b"k" * 16] * 2, answer(row()))


def test_rescoring_overwrites_and_a_twin_key_counts_once(store, reader, keys):
    save(store, make_post())
    key = key_of(make_post(), keys)
    store.save_scores([key, key], answer(row(), row(sentiment=(0.9, 0.1, 0))))
    assert one(reader)["sentiment"] == "negative"
    store.save_scores([key], answer(row(sentiment=(0, 0.1, 0.9))))
    assert one(reader)["sentiment"] == "positive"
    store.refresh_rollups()
    assert reader.rollup("acme")["positive"].tolist() == [1]


def test_the_first_model_is_active_and_another_waits_to_be_activated(store, reader):
    save(store, make_post(text="x" * 10))
    score_all(store, KEYWORD)
    score_all(store, LENGTH)
    store.refresh_rollups()
    assert (store.active_model(), reader.active_model()) == (KEYWORD.model, KEYWORD.model)
    assert reader.rollup("acme", model=LENGTH.model)["negative"].tolist() == [1]
    assert reader.rollup("acme")["negative"].tolist() == [0]
    store.activate_model(LENGTH.model)
    assert reader.rollup("acme")["negative"].tolist() == [1]
    assert list(reader.models()["active"]) == [False, True]
    assert one(reader)["model"] == LENGTH.model
    with pytest.raises(ConfigError, match=r"known: keyword@1, length@1"):
        store.activate_model("no@1")


def test_a_model_that_judges_by_the_subject_has_a_score_per_subject(store, reader, keys):
    for watch, subject in (("acme", "Acme"), ("other", "Other")):
        store.register_watch(watch, subject=subject)
        save(store, make_post(), watch=watch)
    store.register_model("subject@1", uses_subject=True)
    with pytest.raises(ConfigError, match="one watch"):
        list(store.unscored("subject@1"))
    [[(key, _)]] = store.unscored("subject@1", watch="acme")
    store.save_scores([key], answer(row(sentiment=(1, 0, 0)), model="subject@1"), subject="Acme")
    store.refresh_rollups()
    assert store.check_rollups() == []
    assert reader.rollup("acme")["negative"].tolist() == [1]
    assert reader.rollup("other")["pending"].tolist() == [1]
    assert list(store.unscored("subject@1", watch="acme")) == []
    store.register_watch("acme", subject="Acme Corporation")
    store.refresh_rollups()
    assert reader.rollup("acme")["pending"].tolist() == [1], "another subject is another question"


def test_scores_of_a_text_deleted_meanwhile_are_left_out(store, keys):
    save(store, make_post())
    [[(key, text)]] = store.unscored(KEYWORD.model)
    store.forget("forum", ids=["p1"], now=T0)
    store.save_scores([key], KEYWORD.score([text]))
    save(store, make_post(id="again"))
    assert score_all(store, KEYWORD) == 1, "the late score was not kept"


def test_every_probability_is_kept_to_four_digits(store, reader, keys):
    save(store, make_post())
    store.save_scores([key_of(make_post(), keys)], answer(row(sentiment=(0.12345, 0.8, 0.07655))))
    assert one(reader)["p_negative"] == pytest.approx(0.12345, abs=6e-5)
