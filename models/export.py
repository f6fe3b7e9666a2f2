"""From trained weights to the shipped folder: calibrated, quantised, checked against torch, with a manifest.

`python -m models.export --trained DIR --to FOLDER`; `models.train` runs it as its last step.
"""

from __future__ import annotations

import argparse
import json
import logging
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from core.settings import load_settings
from models.calibration import READING, class_shift, cooled, shifted, temperature, topic_shift
from models.data import HEADS, Row, own_posts, reactions, training_tweets, tweeteval
from models.fitting import predict, tokenizer
from models.graph import Steps, build
from models.integrity import write_manifest
from models.metrics import macro_f1, macro_recall
from models.network import ATTENTION_HEADS, HIDDEN, INNER, LAYERS, POSITIONS, WORDS, Network, base_folder
from models.onnx import NEEDED, WEIGHTS, OnnxClassifier
from models.steps import measured

log = logging.getLogger(__name__)
FOLDER = WEIGHTS / "uproar-minilm-3"
FILES = (*sorted(NEEDED), "config.json", "model.safetensors")
Shifts = dict[str, NDArray[np.float32]]
_CONFIG = {  # opens the encoder with transformers.AutoModel; the heads are read by models.network
    "architectures": ["BertModel"],
    "model_type": "bert",
    "hidden_size": HIDDEN,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": ATTENTION_HEADS,
    "intermediate_size": INNER,
    "vocab_size": WORDS,
    "max_position_embeddings": POSITIONS,
    "dtype": "float16",
}
FP32_GATE = 1e-4  # largest difference of a probability, ONNX fp32 against torch
AGREEMENT_GATE = 0.97  # share of equal sentiment labels, int8 against fp32: what dynamic quantisation reached was 0.973
WATCHED = 300  # training tweets, beside a twentieth of the posts, from which the steps of int8 are measured
RECALL_GATE = 0.005  # loss of sentiment macro recall, int8 against fp32


@dataclass(frozen=True, slots=True)
class Parity:
    """How the exported graphs differ from torch on TweetEval's sentiment validation split."""

    posts: int
    fp32_difference: float
    agreement: float
    recall_fp32: float
    recall_int8: float
    largest_shift: float

    def check(self) -> None:
        """Raise SystemExit where a gate is missed, so that nothing is shipped."""
        if self.fp32_difference > FP32_GATE:
            raise SystemExit(f"ONNX fp32 differs from torch by {self.fp32_difference:.2g}, more than {FP32_GATE}")
        if self.agreement < AGREEMENT_GATE or self.recall_fp32 - self.recall_int8 > RECALL_GATE:
            raise SystemExit(f"int8 misses its gates: {self}")


def calibrate(network: Network, trained: Path, shared: Path, words: Tokenizer) -> tuple[Shifts, dict[str, float]]:
    """Shifts of the heads' biases and a temperature per head, see models.calibration.

    The largest controversy and all others together weigh alike, else its many posts would speak for the others too.
    """
    tweets = tweeteval(shared, "sentiment", "val")
    sentiment = predict(network, [row.text for row in tweets], words=words)["sentiment"]
    unseen = np.load(trained / "out_of_fold.npz", allow_pickle=False)
    every = reactions(shared)
    rows = [every[i] for i in unseen["row"]]
    logits = {head: unseen[head] for head in HEADS}
    parts = known_and_others(rows)
    golds = {head: _gold(rows, head) for head in ("stance", "relevance")}
    shifts = {
        head: class_shift(*((gold[part], logits[head][part], macro_f1) for part in parts))
        for head, gold in golds.items()
    }
    # Fitted on half of the controversies, a shift of "reading" did worse on the other half than none.
    golds[READING], logits[READING] = _gold(rows, "sentiment"), logits["sentiment"]
    shifts[READING] = np.zeros(len(HEADS["sentiment"]), np.float32)
    golds["topics"] = np.array([row.topics for row in rows]).astype(np.int64)
    shifts["topics"] = topic_shift(golds["topics"], logits["topics"])
    golds["sentiment"], logits["sentiment"] = _gold(tweets, "sentiment"), sentiment
    shifts["sentiment"] = class_shift((golds["sentiment"], sentiment, macro_recall))
    temperatures = {head: round(temperature(gold, logits[head] + shifts[head]), 4) for head, gold in golds.items()}
    for head, shift in shifts.items():
        log.info("shift of %s: %s, temperature %.2f", head, np.round(shift, 2).tolist(), temperatures[head])
    return shifts, temperatures


def known_and_others(rows: Sequence[Row]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions of the posts about the largest controversy, and of all others."""
    groups, sizes = np.unique([row.group for row in rows], return_counts=True)
    largest = np.array([row.group == groups[sizes.argmax()] for row in rows])
    return np.flatnonzero(largest), np.flatnonzero(~largest)


def write(
    weights: dict[str, NDArray[np.float32]],
    steps: Steps,
    shifts: Shifts,
    temperatures: dict[str, float],
    folder: Path,
    base: Path,
) -> None:
    """Write the shipped files and their manifest into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(build(weights, list(HEADS), steps=steps), folder / "model.int8.onnx")
    halves = {name: torch.from_numpy(value).to(torch.float16) for name, value in weights.items()}
    save_file(halves, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)  # safetensors writes files that only their owner may read
    shutil.copyfile(base / "tokenizer.json", folder / "tokenizer.json")
    heads = {
        "heads": {head: list(names) for head, names in HEADS.items()},
        "shifts": {head: [round(float(value), 4) for value in shift] for head, shift in shifts.items()},
        "temperatures": temperatures,
    }
    (folder / "heads.json").write_text(json.dumps(heads, indent=2) + "\n", encoding="utf-8")
    (folder / "config.json").write_text(json.dumps(_CONFIG, indent=2) + "\n", encoding="utf-8")
    write_manifest(folder, FILES)


def parity(weights: dict[str, NDArray[np.float32]], folder: Path, shared: Path, words: Tokenizer) -> Parity:
    """Compare torch, the fp32 graph and the written int8 graph on the sentiment validation split."""
    rows = tweeteval(shared, "sentiment", "val")
    texts = [row.text for row in rows]
    network = Network(HEADS)
    network.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    logits = torch.from_numpy(predict(network, texts, words=words)["sentiment"])
    reference = torch.softmax(logits, dim=-1).numpy()
    scratch = folder.with_name(f"{folder.name}.fp32")
    scratch.mkdir(exist_ok=True)
    try:
        for name in FILES:
            shutil.copyfile(folder / name, scratch / name)
        onnx.save(build(weights, list(HEADS)), scratch / "model.int8.onnx")
        write_manifest(scratch, FILES)
        exact, small = (_sentiment(path, texts) for path in (scratch, folder))
    finally:
        shutil.rmtree(scratch)
    gold = _gold(rows, "sentiment")
    return Parity(
        posts=len(rows),
        fp32_difference=float(np.abs(exact - reference).max()),
        agreement=float((small.argmax(1) == reference.argmax(1)).mean()),
        recall_fp32=macro_recall(gold, reference.argmax(1)),
        recall_int8=macro_recall(gold, small.argmax(1)),
        largest_shift=float(np.abs(small - reference).max()),
    )


def export(trained: Path, folder: Path, shared: Path) -> None:
    """Calibrate, write and check; `folder` is replaced only by weights that pass the gates."""
    words = tokenizer(base_folder())
    network = Network(HEADS)
    network.load_state_dict(load_file(trained / "shipped.safetensors"))
    texts = [row.text for row in training_tweets(shared, seed=1)[:WATCHED]]
    texts += [row.text for row in (*reactions(shared), *own_posts())[::20]]
    ship(network, *calibrate(network, trained, shared, words), texts, folder, shared)


def ship(
    network: Network, shifts: Shifts, temperatures: dict[str, float], texts: Sequence[str], folder: Path, shared: Path
) -> None:
    """Quantise by `texts`, check against torch and put the files into `folder`. Raises SystemExit at a missed gate."""
    base = base_folder()
    words = tokenizer(base)
    weights = shifted({name: value.numpy() for name, value in network.state_dict().items()}, shifts)
    weights = cooled(weights, temperatures)
    fresh = folder.with_name(f"{folder.name}.new")
    try:
        write(weights, measured(weights, list(HEADS), texts, words), shifts, temperatures, fresh, base)
        found = parity(weights, fresh, shared, words)
        log.info("%s", found)
        found.check()
        folder.mkdir(parents=True, exist_ok=True)
        for path in fresh.iterdir():
            path.replace(folder / path.name)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _sentiment(folder: Path, texts: list[str]) -> NDArray[np.float32]:
    classifier = OnnxClassifier(folder, name="parity", threads=torch.get_num_threads(), detect_language=False)
    return np.asarray(classifier.score(texts).probabilities["sentiment"])


def _gold(rows: Sequence[Row], head: str) -> NDArray[np.int64]:
    return np.array([getattr(row, head) for row in rows], dtype=np.int64)


def main(arguments: Sequence[str] | None = None) -> None:
    """Export trained weights."""
    parser = argparse.ArgumentParser(prog="python -m models.export", description=__doc__)
    parser.add_argument("--trained", type=Path, required=True, help="the folder that models.train wrote")
    parser.add_argument("--to", type=Path, default=FOLDER)
    parser.add_argument("--shared", type=Path, help="the shared data folder (default: UPROAR_SHARED_DATA)")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    export(options.trained, options.to, options.shared or load_settings().shared_data)


if __name__ == "__main__":
    main()
