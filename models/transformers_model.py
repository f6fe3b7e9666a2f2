"""Any Hugging Face sequence classifier as a classifier of ours: `--model FOLDER` or `--model OWNER/NAME`.

Only safetensors are opened and no code of the model's is ever run. Needs torch and transformers (requirements.txt).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ConfigError, ModelRefused
from core.records import Scores
from core.text import model_input
from models.foreign_labels import head_of
from models.integrity import sha256
from models.languages import TRAINED, Languages
from models.onnx import batches

MAX_TOKENS = 256
BATCH_TOKENS = {"cpu": 2_048, "cuda": 32_768}  # padding included; halved as often as memory asks for it
_HUB = re.compile(r"[\w.\-]+/[\w.\-]+")
_WANTED = ("*.safetensors", "*.json", "*.txt", "*.model", "README.md")
_CARD_LANGUAGE = re.compile(r"^language:\s*(?:\[([^\]]*)\]|([\w-]+)\s*$|((?:\n\s*-\s*[\w-]+)+))", re.MULTILINE)


def is_outside(name: str) -> bool:
    """Whether `--model NAME` means a folder or a model of the hub, and no registered classifier."""
    return "/" in name or Path(name).is_dir()


class TransformersClassifier:
    """One sequence classifier; its head is sentiment or stance, by its labels.

    Texts in languages that its card does not name (English where it names none) come back as not scored.
    """

    uses_subject = False

    def __init__(self, folder: Path, *, name: str, threads: int | None = None) -> None:
        """Read labels and check the folder; weights load at the first score. Raises ModelRefused."""
        self._folder = folder
        self._threads = threads
        if not any(folder.glob("*.safetensors")):
            raise ModelRefused(f"{folder} holds no *.safetensors: formats that can carry code are not loaded")
        self._labels = _labels(folder)
        head, self._matrix = head_of(self._labels, name)
        self.heads: Mapping[str, tuple[str, ...]] = {head: _classes(head)}
        self.model = f"{name}@{_revision(folder)}"
        self._languages, self._spoken = Languages(), _languages(folder)
        self._loaded: tuple[Any, Any, str] | None = None

    @classmethod
    def open(cls, name: str, *, threads: int | None = None) -> TransformersClassifier:
        """The classifier in a folder, or of the hub's OWNER/NAME. Raises ModelRefused or ConfigError."""
        folder = Path(name).expanduser()
        if folder.is_dir():
            return cls(folder, name=folder.resolve().name, threads=threads)
        if not _HUB.fullmatch(name):
            raise ConfigError(f"--model {name}: no such folder, and no OWNER/NAME of the Hugging Face hub")
        return cls(_fetched(name), name=name, threads=threads)

    def score(self, texts: Sequence[str], subject: str = "") -> Scores:
        """Score `texts` in input order; equal model inputs are computed once. `subject` changes nothing."""
        inputs = [model_input(text) for text in texts]
        distinct = list(dict.fromkeys(inputs))
        tag = {text: self._languages.of(text) for text in distinct}
        usable = [text for text in distinct if tag[text] and (not self._spoken or tag[text] in self._spoken)]
        chances, _ = self._run(usable)
        place = {text: row for row, text in enumerate(usable)}
        rows = np.array([place.get(text, -1) for text in inputs], dtype=np.int64)
        (head,) = self.heads
        out = np.full((len(inputs), len(self.heads[head])), np.nan, np.float32)
        out[rows >= 0] = (chances @ self._matrix)[rows[rows >= 0]]
        return Scores(self.model, self.heads, {head: out}, tuple(tag[text] for text in inputs), rows >= 0)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit-length means of the last hidden layer, float32 (n, width), in input order."""
        inputs = [model_input(text) for text in texts]
        distinct = list(dict.fromkeys(inputs))
        _, vectors = self._run(distinct)
        place = {text: row for row, text in enumerate(distinct)}
        return vectors[[place[text] for text in inputs]]

    def _run(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        import torch

        network, words, device = self._network()
        tokens = [words(text, truncation=True, max_length=self._longest(words))["input_ids"] or [0] for text in texts]
        chances = np.zeros((len(texts), len(self._labels)), np.float32)
        vectors = np.zeros((len(texts), int(network.config.hidden_size)), np.float32)
        budget = BATCH_TOKENS[device]
        waiting = list(batches([len(ids) for ids in tokens], budget=budget))
        while waiting:
            rows = waiting.pop(0)
            try:
                chances[rows], vectors[rows] = self._answer(network, words, device, [tokens[row] for row in rows])
            except torch.OutOfMemoryError:
                if len(rows) == 1:
                    raise
                torch.cuda.empty_cache()
                waiting[:0] = [rows[: len(rows) // 2], rows[len(rows) // 2 :]]
        return chances, vectors

    def _answer(
        self, network: Any, words: Any, device: str, tokens: Sequence[Sequence[int]]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        import torch

        longest = max(map(len, tokens))
        ids = torch.full((len(tokens), longest), int(words.pad_token_id or 0))
        mask = torch.zeros_like(ids)
        for row, values in enumerate(tokens):
            ids[row, : len(values)] = torch.tensor(values)
            mask[row, : len(values)] = 1
        with torch.inference_mode():
            said = network(input_ids=ids.to(device), attention_mask=mask.to(device), output_hidden_states=True)
            kept = mask.to(device).unsqueeze(-1)
            mean = (said.hidden_states[-1] * kept).sum(1) / kept.sum(1).clamp(min=1)
            unit = torch.nn.functional.normalize(mean.float(), dim=-1)
            chances = torch.softmax(said.logits.float(), dim=-1)
        return chances.cpu().numpy(), unit.cpu().numpy()

    def _longest(self, words: Any) -> int:
        return int(min(MAX_TOKENS, words.model_max_length))

    def _network(self) -> tuple[Any, Any, str]:
        if self._loaded is None:
            import torch

            if self._threads:
                torch.set_num_threads(self._threads)
            device = "cuda" if torch.cuda.is_available() else "cpu"
            with _refusing(self._folder):
                from transformers import AutoModelForSequenceClassification, AutoTokenizer

                safe = {"trust_remote_code": False, "local_files_only": True}
                words = AutoTokenizer.from_pretrained(self._folder, **safe)
                network = AutoModelForSequenceClassification.from_pretrained(
                    self._folder, use_safetensors=True, dtype="auto", **safe
                )
            self._loaded = (network.float().eval().to(device), words, device)
        return self._loaded


@contextmanager
def _refusing(folder: Path) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise ConfigError(f"--model needs torch and transformers: pip install -r requirements.txt ({error})") from None
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ModelRefused(f"{folder} does not load as a sequence classifier: {str(error)[:300]}") from None


def _fetched(name: str) -> Path:
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError
    except ImportError:
        raise ConfigError("--model OWNER/NAME needs transformers: pip install -r requirements.txt") from None
    try:
        return Path(snapshot_download(name, allow_patterns=list(_WANTED)))
    except (HfHubHTTPError, OSError, ValueError) as error:
        raise ConfigError(f"{name} could not be fetched from the Hugging Face hub ({type(error).__name__})") from None


def _labels(folder: Path) -> list[str]:
    import json

    try:
        stored = json.loads((folder / "config.json").read_text(encoding="utf-8"))["id2label"]
        return [str(stored[number]) for number in sorted(stored, key=int)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise ModelRefused(f"{folder}: config.json has no id2label, so its classes have no names") from None


def _classes(head: str) -> tuple[str, ...]:
    from models.data import HEADS

    return HEADS[head]


def _languages(folder: Path) -> frozenset[str]:
    """The languages that the model's card names; English where it names none, and empty for "multilingual"."""
    card = folder / "README.md"
    found = _CARD_LANGUAGE.search(card.read_text(encoding="utf-8", errors="replace")) if card.is_file() else None
    if found is None:
        return TRAINED
    named = frozenset(re.findall(r"[a-z]{2,}", " ".join(filter(None, found.groups())).lower()))
    return frozenset() if "multilingual" in named else named


def _revision(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted([*folder.glob("*.safetensors"), folder / "config.json"]):
        digest.update(sha256(path).encode())
    return digest.hexdigest()[:8]
