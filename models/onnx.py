"""The shipped classifier on ONNX Runtime: no torch, no transformers, imported and loaded on first use."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelRefused
from core.records import Scores
from core.text import model_input
from models.integrity import verify
from models.languages import TRAINED, Languages

if TYPE_CHECKING:
    import onnxruntime
    from tokenizers import Tokenizer

WEIGHTS = Path(__file__).with_name("weights")
FOLDERS: Mapping[str, str] = {"uproar-minilm": "uproar-minilm-3"}
NEEDED = frozenset({"model.int8.onnx", "tokenizer.json", "heads.json"})
MAX_TOKENS = 128
DIMENSIONS = 384  # of an embedding
BATCH_TOKENS = 512  # tokens a batch, padding included: about 20 posts; larger batches leave the cache and are slower
CHUNK = 8_192  # texts tokenised at a time, which bounds memory for inputs of any length
_LOGISTIC = frozenset({"topics"})  # heads of independent labels; the others are softmax


class OnnxClassifier:
    """The int8 network of one weights folder; see that folder's CARD.md for what it is worth.

    A score does not depend on its batch: every token row is quantised by its own scale. Only languages in
    `models.languages.TRAINED` are scored; other texts, and texts without letters, come back as not scored.
    """

    uses_subject = False

    def __init__(self, folder: Path, *, name: str, threads: int | None = None, detect_language: bool = True) -> None:
        """Check the folder against its manifest; weights load at the first score. Raises ModelRefused."""
        self._folder = folder
        self._threads = threads or os.cpu_count() or 1
        self._languages = Languages() if detect_language else None
        self.model = f"{name}@{verify(folder, needed=NEEDED)}"
        self.heads: Mapping[str, tuple[str, ...]] = _read_heads(folder / "heads.json")

    @classmethod
    def load(cls, name: str, *, threads: int | None = None, home: Path | None = None) -> OnnxClassifier:
        """The shipped weights called `name`; `home` is not used, they are part of the program."""
        return cls(WEIGHTS / FOLDERS[name], name=name, threads=threads)

    def score(self, texts: Sequence[str], subject: str = "") -> Scores:
        """Score `texts` in input order; equal model inputs are computed once. `subject` changes nothing."""
        inputs = [model_input(text) for text in texts]
        distinct = list(dict.fromkeys(inputs))
        tag = {text: self._language(text) for text in distinct}
        usable = [text for text in distinct if tag[text] in TRAINED]
        logits = self._corrected(*self._run(usable))
        place = {text: row for row, text in enumerate(usable)}
        rows = np.array([place.get(text, -1) for text in inputs], dtype=np.int64)
        scored = rows >= 0
        probabilities, start = {}, 0
        for head, names in self.heads.items():
            values = logits[:, start : start + len(names)]
            start += len(names)
            out = np.full((len(inputs), len(names)), np.nan, np.float32)
            out[scored] = (_logistic(values) if head in _LOGISTIC else _softmax(values))[rows[scored]]
            probabilities[head] = out
        return Scores(self.model, self.heads, probabilities, tuple(tag[text] for text in inputs), scored)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit-length float32 embeddings (n, 384) in input order, of any language and any text."""
        inputs = [model_input(text) for text in texts]
        distinct = list(dict.fromkeys(inputs))
        _, vectors = self._run(distinct)
        place = {text: row for row, text in enumerate(distinct)}
        return vectors[[place[text] for text in inputs]]

    def _corrected(self, logits: NDArray[np.float32], vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """The logits as they are; heads that were retrained here move them (`models.local`)."""
        return logits

    def _language(self, text: str) -> str:
        if self._languages is not None:
            return self._languages.of(text)
        return "en" if any(map(str.isalpha, text)) else ""

    def _run(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        width = sum(map(len, self.heads.values()))
        logits = np.empty((len(texts), width), np.float32)
        vectors = np.empty((len(texts), DIMENSIONS), np.float32)
        for start in range(0, len(texts), CHUNK):
            tokens = self._tokens(texts[start : start + CHUNK])
            order = list(batches([len(ids) for ids in tokens], budget=BATCH_TOKENS))
            for rows, (said, unit) in zip(order, self._answers(tokens, order), strict=True):
                logits[np.array(rows) + start], vectors[np.array(rows) + start] = said, unit
        return logits, vectors

    def _answers(
        self, tokens: Sequence[Sequence[int]], order: Sequence[Sequence[int]]
    ) -> list[list[NDArray[np.float32]]]:
        """Logits and embeddings per batch of `order`: one thread a batch, which beats all threads in one batch."""
        session = self._session

        def answer(rows: Sequence[int]) -> list[NDArray[np.float32]]:
            ids, mask = _padded([tokens[row] for row in rows])
            result: list[NDArray[np.float32]] = session.run(None, {"input_ids": ids, "attention_mask": mask})
            return result

        if self._threads == 1 or len(order) < 2:
            return [answer(rows) for rows in order]
        with ThreadPoolExecutor(self._threads) as pool:
            return list(pool.map(answer, order))

    def _tokens(self, texts: Sequence[str]) -> list[list[int]]:
        if self._threads == 1:  # a batch call takes every core, which one thread was not asked to do
            return [self._tokenizer.encode(text).ids for text in texts]
        return [encoding.ids for encoding in self._tokenizer.encode_batch_fast(list(texts))]

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        from tokenizers import Tokenizer

        words: Tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        words.no_padding()
        words.enable_truncation(MAX_TOKENS)
        return words

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # the threads take a batch each, see _answers
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        path = str(self._folder / "model.int8.onnx")
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def batches(lengths: Sequence[int], *, budget: int) -> Iterator[list[int]]:
    """Row numbers by rising length, each batch at most `budget` tokens with padding (one row may exceed it)."""
    batch: list[int] = []
    for row in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) + 1) * lengths[row] > budget:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def _padded(tokens: Sequence[Sequence[int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    longest = max(map(len, tokens))
    ids = np.zeros((len(tokens), longest), np.int64)
    mask = np.zeros_like(ids)
    for row, values in enumerate(tokens):
        ids[row, : len(values)] = values
        mask[row, : len(values)] = 1
    return ids, mask


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    result: NDArray[np.float32] = raised / raised.sum(axis=1, keepdims=True)
    return result


def _logistic(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    result: NDArray[np.float32] = 1 / (1 + np.exp(-logits.clip(-60, 60)))
    return result


def _read_heads(path: Path) -> dict[str, tuple[str, ...]]:
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return {str(head): tuple(map(str, names)) for head, names in stored["heads"].items()}
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise ModelRefused(f"{path} does not list heads and their labels ({type(error).__name__})") from None
