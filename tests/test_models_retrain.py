"""Heads retrained on labels: better or not kept, and refused when anybody has changed them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.errors import ConfigError, ModelRefused
from core.records import SENTIMENTS, STANCES, TOPICS, Scores
from models.data import HEADS, Row
from models.integrity import MANIFEST, write_manifest
from models.linear import Correction, Seen, chances, deal, fit, fit_best
from models.local import CORRECTION, DIMENSIONS, FIGURES, LocalClassifier, revisions, write
from models.onnx import OnnxClassifier
from models.registry import load_classifier
from models.retrain import FEWEST, retrain

SIZE = 6


class Vague:
    """A classifier whose embedding of "d3 17" points along dimension 3; it calls everything neutral and off topic."""

    model, uses_subject = "vague@1", False
    heads = {head: HEADS[head] for head in ("sentiment", "stance", "relevance", "topics")}  # noqa: RUF012

    def embed(self, texts):
        vectors = np.zeros((len(texts), SIZE), np.float32)
        for row, text in enumerate(texts):
            draw = np.random.default_rng(list(text.encode()))
            vectors[row] = draw.normal(0, 0.05, SIZE)
            vectors[row, int(text[1])] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def score(self, texts, subject=""):
        three = np.tile(np.array([0.2, 0.6, 0.2], np.float32), (len(texts), 1))
        found = {"sentiment": three, "stance": three, "relevance": np.tile(np.float32([0.3, 0.7]), (len(texts), 1)),
                 "topics": np.full((len(texts), len(TOPICS)), 0.2, np.float32)}  # fmt: skip
        return Scores(self.model, self.heads, found, ("en",) * len(texts), np.ones(len(texts), bool))


class Right(Vague):
    """Reads the tone off the place, as the posts of `toned` have it."""

    def score(self, texts, subject=""):
        found = super().score(texts)
        found.probabilities["sentiment"][:] = 0.2
        found.probabilities["sentiment"][np.arange(len(texts)), [int(text[1]) % 3 for text in texts]] = 0.6
        return found


def post(place: int, number: int, **labels: object) -> Row:
    return Row(f"d{place} {number}", **labels)  # type: ignore[arg-type]


def toned(count: int, *, wrong: bool = False) -> list[Row]:
    """The place in the embedding is the tone, or (wrong) the next one round."""
    return [post(n % 3, n, sentiment=(n + wrong) % 3) for n in range(count)]


def test_what_the_embedding_knows_is_learned_and_kept() -> None:
    corrections, gates = retrain(Vague(), toned(90), shipped=toned(60))
    gate = gates[0]
    assert (gate.head, gate.labels, gate.accepted, gate.reason) == ("sentiment", 90, True, "better")
    assert gate.after is not None
    assert gate.before is not None
    assert gate.after > 0.95 > 0.3 > gate.before
    assert gate.gain is not None
    assert gate.gain[1] <= gate.gain[0] <= gate.gain[2]
    assert set(corrections) == {"sentiment"}
    assert all(not other.accepted and "labelled texts" in other.reason for other in gates[1:])


def test_labels_without_a_pattern_change_nothing() -> None:
    draw = np.random.default_rng(0)
    noise = [post(int(draw.integers(0, 6)), n, sentiment=int(draw.integers(0, 3))) for n in range(90)]
    corrections, gates = retrain(Right(), noise, shipped=toned(60))
    assert not corrections
    assert gates[0].reason == "not surely better on the labels"


def test_what_is_worse_on_the_shipped_posts_is_not_kept() -> None:
    corrections, gates = retrain(Right(), toned(90, wrong=True), shipped=toned(90))
    assert not corrections
    assert gates[0].reason == "worse on the posts that ship with Uproar"
    assert retrain(Right(), toned(90, wrong=True), shipped=[])[1][0].reason.startswith("there are no shipped posts")


def test_few_labels_or_one_class_teach_nothing() -> None:
    assert "labelled texts" in retrain(Vague(), toned(FEWEST - 1), shipped=toned(60))[1][0].reason
    flat = [post(n % 3, n, sentiment=0) for n in range(80)]
    assert "of each class" in retrain(Vague(), flat, shipped=toned(60))[1][0].reason


def test_topics_are_learned_one_by_one_and_rare_ones_stay() -> None:
    def told(n: int, count: int) -> tuple[float, ...]:
        return tuple(float((k == 2 and n % 3 == 2) or (k == 5 and n < 3)) for k in range(count))

    rows = [post(n % 3, n, topics=told(n, len(TOPICS))) for n in range(90)]
    corrections, gates = retrain(Vague(), rows, shipped=rows)
    assert gates[3].accepted
    moved = np.abs(corrections["topics"].weights).sum(axis=0) > 0
    assert np.flatnonzero(moved).tolist() == [2]
    assert corrections["topics"].bias[5] == 0


def test_the_fit_is_the_minimum_and_its_penalty_shrinks() -> None:
    draw = np.random.default_rng(1)
    vectors = draw.normal(size=(200, 5))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    targets = np.eye(3)[(vectors @ draw.normal(size=(5, 3)) * 4).argmax(axis=1)]
    seen = Seen(vectors, np.zeros((200, 3)), targets, np.ones((200, 1)))
    loose, tight = (fit(seen, penalty=p, independent=False) for p in (0.003, 0.3))
    assert np.linalg.norm(loose.weights) > np.linalg.norm(tight.weights) > 0
    weight = (targets / np.sqrt(targets.mean(axis=0))).sum(axis=1, keepdims=True)
    weight /= weight.mean()
    error = weight * (chances(tight.of(vectors), independent=False) - targets)
    slope = vectors.T @ error / 200 + 0.3 * tight.weights
    assert np.abs(slope).max() < 1e-6
    assert (fit_best(seen, independent=False).of(vectors).argmax(1) == targets.argmax(1)).mean() > 0.9


def test_folds_are_even_in_every_class() -> None:
    targets = np.eye(3)[np.array([0] * 20 + [1] * 50 + [2] * 5)]
    home = deal(targets, 5, seed=0)
    assert [[int(targets[home == fold, k].sum()) for k in range(3)] for fold in range(5)] == [[4, 10, 1]] * 5


@pytest.fixture(scope="module")
def shipped() -> OnnxClassifier:
    return OnnxClassifier.load("uproar-minilm", threads=1)


def made(home: Path, base: str, *, push: float = 50.0) -> str:
    bias = np.array([push, 0.0, 0.0])
    return write(home, base=base, corrections={"stance": Correction(np.zeros((DIMENSIONS, 3)), bias)}, figures={"n": 1})


def test_a_kept_revision_scores_as_corrected_and_leaves_other_heads(tmp_path: Path, shipped: OnnxClassifier) -> None:
    name = made(tmp_path, shipped.model)
    assert made(tmp_path, shipped.model) == name, "the same heads are the same revision"
    assert [path.name for path in (tmp_path / "models").iterdir()] == [name]
    local, texts = load_classifier("uproar-minilm+local", threads=1, home=tmp_path), ["I love these new terms", "Нет"]
    assert local.model == name
    said, plain = local.score(texts), shipped.score(texts)
    assert said.model == name
    assert said.probabilities["stance"][0].argmax() == STANCES.index("against")
    assert np.isnan(said.probabilities["stance"][1]).all()
    assert np.array_equal(said.probabilities["sentiment"], plain.probabilities["sentiment"], equal_nan=True)
    assert np.array_equal(local.embed(texts), shipped.embed(texts))


def test_the_newest_is_taken_unless_a_revision_is_named(tmp_path: Path, shipped: OnnxClassifier) -> None:
    first, second = made(tmp_path, shipped.model), made(tmp_path, shipped.model, push=-50.0)
    assert load_classifier("uproar-minilm+local", home=tmp_path).model == second
    assert load_classifier(first, home=tmp_path).model == first
    assert made(tmp_path, shipped.model) == first
    assert revisions(tmp_path)[-1].name == first
    with pytest.raises(ConfigError, match="Known"):
        load_classifier("uproar-minilm+local@00000000", home=tmp_path)


def test_before_the_first_retraining_the_remedy_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="uproar model retrain"):
        load_classifier("uproar-minilm+local", home=tmp_path)


def test_a_tampered_or_pickled_revision_is_refused(tmp_path: Path, shipped: OnnxClassifier) -> None:
    folder = tmp_path / "models" / made(tmp_path, shipped.model)
    whole = (folder / CORRECTION).read_text()
    (folder / CORRECTION).write_text(whole.replace("50.0", "51.0"))
    with pytest.raises(ModelRefused, match=CORRECTION):
        LocalClassifier(folder)
    (folder / CORRECTION).write_text(whole)
    assert LocalClassifier(folder).model == folder.name
    (folder / "heads.pkl").write_bytes(b"\x80\x04.")
    with pytest.raises(ModelRefused, match=r"heads\.pkl"):
        LocalClassifier(folder)


def broken(base: str) -> list[str]:
    zeros = {"weights": [[0.0] * 3] * DIMENSIONS, "bias": [0.0] * 3}

    def document(head: str = "stance", **changes: object) -> str:
        return json.dumps({"base": base, "heads": {head: zeros | changes}})

    return [
        "nonsense", "[]", "{}", document(head="mood"), document(bias=[0.0]), document(bias=["x"] * 3),
        document(bias=[float("nan")] * 3), document(weights=[[1.0]]), json.dumps({"base": "other@1", "heads": {}}),
        "[" * 100_000,
    ]  # fmt: skip


@pytest.mark.parametrize("number", range(10))
def test_a_correction_that_does_not_fit_is_refused(tmp_path: Path, shipped: OnnxClassifier, number: int) -> None:
    (tmp_path / CORRECTION).write_text(broken(shipped.model)[number])
    (tmp_path / FIGURES).write_text("{}")
    write_manifest(tmp_path, (CORRECTION, FIGURES))
    with pytest.raises(ModelRefused):
        LocalClassifier(tmp_path)
    assert (tmp_path / MANIFEST).exists()


def test_tones_are_those_of_the_records() -> None:
    assert HEADS["sentiment"] == SENTIMENTS
