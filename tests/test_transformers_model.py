"""Other people's classifiers: small ones that the tests make and save, loaded as `--model FOLDER` loads them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from core.errors import ConfigError, ModelRefused
from models.foreign_labels import head_of
from models.onnx import FOLDERS, WEIGHTS
from models.registry import load_classifier
from models.transformers_model import TransformersClassifier

torch = pytest.importorskip("torch")
TONES = ("NEG", "NEU", "POS")
TEXTS = ["I hate the new terms, they are awful", "love it", "Where is the consent form?", "love it"]


def save_model(folder: Path, labels: tuple[str, ...], *, card: str = "", safe: bool = True) -> Path:
    from tokenizers import Tokenizer
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=30_522, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        id2label=dict(enumerate(labels)), label2id={label: n for n, label in enumerate(labels)},
    )  # fmt: skip
    network = BertForSequenceClassification(config)
    torch.nn.init.normal_(network.classifier.weight, std=3.0)
    network.save_pretrained(folder)
    tokenizer = Tokenizer.from_file(str(WEIGHTS / FOLDERS["uproar-minilm"] / "tokenizer.json"))
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", model_max_length=128).save_pretrained(folder)
    if card:
        (folder / "README.md").write_text(card, encoding="utf-8")
    if not safe:
        (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    return folder


@pytest.fixture(scope="module")
def tones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("hf") / "tones", TONES)


def test_a_folder_scores_in_order_whatever_the_batch(tones: Path) -> None:
    classifier = load_classifier(str(tones), threads=1)
    together = classifier.score([*TEXTS, "x " * 900])
    assert together.heads == {"sentiment": ("negative", "neutral", "positive")}
    assert classifier.model.startswith("tones@")
    values = together.probabilities["sentiment"]
    assert np.allclose(values.sum(axis=1), 1, atol=1e-5)
    assert np.array_equal(values[1], values[3])
    for row, text in enumerate(TEXTS):
        assert np.allclose(classifier.score([text]).probabilities["sentiment"][0], values[row], atol=1e-4)
    assert np.abs(values[0] - values[2]).max() > 1e-5


def test_it_says_what_the_saved_network_says(tones: Path) -> None:
    from transformers import pipeline

    said = pipeline("text-classification", model=str(tones), top_k=None, device="cpu")(TEXTS[0])
    chances = {row["label"]: row["score"] for row in (said[0] if isinstance(said[0], list) else said)}
    expected = [chances[label] for label in TONES]
    assert load_classifier(str(tones)).score(TEXTS[:1]).probabilities["sentiment"][0] == pytest.approx(
        expected, abs=1e-4
    )


@pytest.mark.parametrize("text", ["", "\x00", "😡😡😡", "\ud800", "e" + "\u0301" * 10_000, "a" * 1_000_000, "‮ abc"])
def test_odd_text_never_raises(tones: Path, text: str) -> None:
    classifier = load_classifier(str(tones))
    scores = classifier.score([text, TEXTS[0]])
    assert scores.scored[1]
    assert np.isfinite(scores.probabilities["sentiment"][0]).all() == scores.scored[0]
    assert np.isfinite(classifier.embed([text])).all()


def test_embeddings_have_unit_length(tones: Path) -> None:
    vectors = load_classifier(str(tones)).embed(TEXTS)
    assert vectors.shape == (4, 16)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)


@pytest.mark.parametrize(
    ("labels", "head", "classes"),
    [
        (("positive", "negative"), "sentiment", [2, 0]),
        (("1 star", "2 stars", "3 stars", "4 stars", "5 stars"), "sentiment", [0, 0, 1, 2, 2]),
        (("AGAINST", "FAVOR", "NONE"), "stance", [0, 2, 1]),
        (("Very Negative", "neutral", "very positive"), "sentiment", [0, 1, 2]),
    ],
)
def test_known_names_are_mapped(labels: tuple[str, ...], head: str, classes: list[int]) -> None:
    found, matrix = head_of(labels, "m")
    assert found == head
    assert matrix.argmax(axis=1).tolist() == classes


@pytest.mark.parametrize("labels", [("LABEL_0", "LABEL_1"), ("toxic", "clean"), ("neutral", "positive"), ()])
def test_names_that_say_nothing_are_refused_with_the_list(labels: tuple[str, ...]) -> None:
    with pytest.raises(ModelRefused, match=", ".join(labels) or "labels"):
        head_of(labels, "m")


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    folder = save_model(tmp_path / "old", TONES, safe=False)
    with pytest.raises(ModelRefused, match="safetensors"):
        load_classifier(str(folder))


def test_code_of_the_model_is_never_run(tmp_path: Path, tones: Path) -> None:
    folder = save_model(tmp_path / "odd", TONES)
    config = json.loads((folder / "config.json").read_text())
    config |= {
        "model_type": "odd",
        "auto_map": {"AutoModelForSequenceClassification": "code.Model", "AutoConfig": "code.C"},
    }
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "code.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    with pytest.raises(ModelRefused, match="does not load"):
        load_classifier(str(folder)).score(TEXTS)
    assert not (tmp_path / "ran").exists()


def test_another_revision_has_another_name(tmp_path: Path, tones: Path) -> None:
    other = save_model(tmp_path / "tones", ("POS", "NEU", "NEG"))
    assert load_classifier(str(other)).model != load_classifier(str(tones)).model


def test_the_card_names_the_languages(tmp_path: Path, tones: Path) -> None:
    german = save_model(tmp_path / "de", TONES, card="---\nlanguage:\n- de\n- en\n---\n")
    text = "Die neuen Nutzungsbedingungen sind wirklich eine Unverschämtheit"
    assert load_classifier(str(german)).score([text]).scored.tolist() == [True]
    assert load_classifier(str(tones)).score([text]).scored.tolist() == [False]


def test_a_name_that_is_nothing_is_told() -> None:
    with pytest.raises(ConfigError, match="no such folder"):
        TransformersClassifier.open("./nowhere/at/all")


def test_classify_takes_a_folder(tones: Path) -> None:
    from uproar.cli import app

    done = CliRunner().invoke(app, ["classify", "--model", str(tones)], input='{"id": 1, "text": "awful terms"}\n')
    row = json.loads(done.stdout)
    assert row["id"] == 1
    assert row["sentiment"] in ("negative", "neutral", "positive")
    assert row["stance"] is None
