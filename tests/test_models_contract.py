"""What every classifier promises, over every registered one and over the fake that other tests use."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from fakes_models import KeywordClassifier
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ConfigError
from core.records import SENTIMENTS, STANCES, TOPICS, Classifier
from models.linear import Correction
from models.local import NAME as LOCAL
from models.local import write
from models.onnx import DIMENSIONS
from models.registry import CLASSIFIERS, load_classifier

ENGLISH = [
    "I hate the new terms, they took our work without asking",
    "love it, what a great change for every artist here",
    "Where do I find the consent form for the AI clause?",
    "RT @somebody: I hate the new terms, they took our work without asking",
    "Does the terms update apply to tracks that I uploaded before the first of June?",
    "ok",
]
ODD = [
    "", " \n\t ", "\x00", "\x00\x00terms", "\ud800", "lone \udfff surrogate in terms", "😡😡😡", "1234 5678", "!!!",
    "e" + "\u0301" * 10_000, "\u202e terms reversed \u202c", "\u200b" * 500, "a" * 1_000_000, "terms " * 170_000,
    "https://example.org/a @someone", "[CLS] [SEP] [MASK] [PAD]", "=HYPERLINK(\"x\")", "\U0010ffff\ufffe", "ﷺ" * 4_000,
]  # fmt: skip


@cache
def classifier_called(name: str) -> Classifier:
    if name == "keyword":
        return KeywordClassifier()
    if name == LOCAL:  # made here, for no heads of that kind ship
        home = Path(tempfile.mkdtemp())
        tilt = Correction(np.full((DIMENSIONS, 3), 0.1), np.array([1.0, 0.0, -1.0]))
        write(home, base=load_classifier(threads=2).model, corrections={"stance": tilt}, figures={})
        return load_classifier(name, threads=2, home=home)
    return load_classifier(name, threads=2)


@pytest.fixture(params=["keyword", *CLASSIFIERS])
def classifier(request: pytest.FixtureRequest) -> Classifier:
    return classifier_called(request.param)


def equal(left: np.ndarray, right: np.ndarray) -> bool:
    return bool(np.allclose(left, right, atol=0.01, equal_nan=True))


def test_names_itself_with_a_revision_and_known_heads(classifier: Classifier) -> None:
    name, _, revision = classifier.model.partition("@")
    assert name
    assert revision
    known = {"sentiment": SENTIMENTS, "stance": STANCES, "relevance": ("no", "yes"), "topics": TOPICS}
    assert {head: classifier.heads[head] for head in known} == known
    assert classifier.uses_subject is False


def test_shapes_types_and_sums(classifier: Classifier) -> None:
    scores = classifier.score(ENGLISH)
    assert len(scores) == len(ENGLISH)
    assert scores.scored.dtype == bool
    assert scores.scored.all()
    assert set(scores.lang) == {"en"}
    for head, labels in classifier.heads.items():
        values = scores.probabilities[head]
        assert values.shape == (len(ENGLISH), len(labels))
        assert values.dtype == np.float32
        assert ((values >= 0) & (values <= 1)).all()
        if head != "topics":
            assert np.allclose(values.sum(axis=1), 1, atol=1e-5)


def test_no_texts(classifier: Classifier) -> None:
    scores = classifier.score([])
    assert len(scores) == 0
    assert all(values.shape == (0, len(classifier.heads[h])) for h, values in scores.probabilities.items())
    assert classifier.embed([]).shape[0] == 0


def test_answers_come_in_input_order(classifier: Classifier) -> None:
    forward, backward = classifier.score(ENGLISH), classifier.score(ENGLISH[::-1])
    for head in classifier.heads:
        assert equal(forward.probabilities[head], backward.probabilities[head][::-1])


def test_copies_score_alike_and_a_repost_as_its_original(classifier: Classifier) -> None:
    once, many = classifier.score(ENGLISH[:1]), classifier.score([*ENGLISH[:1] * 5, ENGLISH[3]])
    for head in classifier.heads:
        assert equal(np.repeat(once.probabilities[head], 6, axis=0), many.probabilities[head])
        assert len(np.unique(many.probabilities[head], axis=0)) == 1


def test_subject_changes_nothing_where_it_is_not_used(classifier: Classifier) -> None:
    plain, about = classifier.score(ENGLISH), classifier.score(ENGLISH, "SoundCloud")
    assert all(np.array_equal(plain.probabilities[head], about.probabilities[head]) for head in classifier.heads)


def test_a_score_does_not_depend_on_its_batch(classifier: Classifier) -> None:
    long = [f"{text} " * 12 for text in ENGLISH]
    loud = ["WORST! COMPANY!! EVER!!! 🤬 " * 20, "zxq " * 60, "0 a " * 90]
    together = classifier.score([*ENGLISH, *long, *loud, *ENGLISH])
    for row, text in enumerate(ENGLISH):
        alone = classifier.score([text])
        for head in classifier.heads:
            assert equal(alone.probabilities[head][0], together.probabilities[head][row])


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_odd_text_never_raises_and_leaves_its_neighbours_alone(classifier: Classifier, text: str) -> None:
    scores = classifier.score([ENGLISH[0], text, ENGLISH[1]])
    usual = classifier.score(ENGLISH[:2])
    assert scores.scored[0]
    assert scores.scored[2]
    for head in classifier.heads:
        assert equal(scores.probabilities[head][[0, 2]], usual.probabilities[head])
        assert np.isfinite(scores.probabilities[head][1]).all() == scores.scored[1]
    assert np.isfinite(classifier.embed([text])).all()


@pytest.mark.parametrize("text", ["", "  ", "\x00", "😡😡😡", "!!!"])
def test_nothing_to_score_is_not_scored(classifier: Classifier, text: str) -> None:
    scores = classifier.score([text])
    assert not scores.scored[0]
    assert scores.lang == ("",)
    assert all(np.isnan(values).all() for values in scores.probabilities.values())


def test_another_language_is_not_scored_but_named(classifier: Classifier) -> None:
    scores = classifier.score(["Мне совсем не нравятся новые условия использования", ENGLISH[0]])
    assert scores.scored.tolist() == [False, True]
    assert scores.lang[0] not in {"", "en"}
    assert np.isnan(scores.probabilities["sentiment"][0]).all()


def test_embeddings_have_unit_length_in_input_order(classifier: Classifier) -> None:
    vectors = classifier.embed([*ENGLISH, ENGLISH[2]])
    assert vectors.dtype == np.float32
    assert vectors.shape[0] == len(ENGLISH) + 1
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    assert np.allclose(vectors[2], vectors[-1], atol=1e-3)
    assert not np.allclose(vectors[0], vectors[1], atol=1e-3)


@settings(max_examples=40, deadline=None)
@given(texts=st.lists(st.text(st.characters(), max_size=80), max_size=4))
def test_no_text_at_all_raises(texts: list[str]) -> None:
    for name in ("keyword", *CLASSIFIERS):
        scores = classifier_called(name).score(texts)
        assert len(scores) == len(texts)
        for values in scores.probabilities.values():
            assert (np.isfinite(values).all(axis=1) == scores.scored).all()


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="uproar-minilm"):
        load_classifier("gpt-17")


def test_scoring_needs_neither_torch_nor_transformers() -> None:
    program = (
        "import sys; from models.registry import load_classifier; import models.onnx;"
        "early = {'onnxruntime', 'tokenizers', 'lingua'} & set(sys.modules);"
        "load_classifier().score(['the new terms are terrible']);"
        "print(sorted(early), sorted({'torch', 'transformers', 'onnx'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] []"
