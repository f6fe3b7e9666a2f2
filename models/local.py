"""The classifier with heads that were retrained in this installation: `uproar-minilm+local`.

A revision is a folder UPROAR_HOME/models/uproar-minilm+local@<revision>: plain JSON, checked against its manifest like
the shipped weights. It corrects the one shipped network that it was fitted to, and no other.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ConfigError, ModelRefused
from models.integrity import MANIFEST, verify, write_manifest
from models.linear import Correction
from models.onnx import DIMENSIONS, FOLDERS, WEIGHTS, OnnxClassifier

NAME = "uproar-minilm+local"
BASE = "uproar-minilm"
CORRECTION, FIGURES = "correction.json", "figures.json"
MOST_BYTES = 20_000_000


class LocalClassifier(OnnxClassifier):
    """The shipped network with corrected heads; embeddings and the other heads are the shipped ones."""

    def __init__(self, folder: Path, *, threads: int | None = None) -> None:
        """Check the folder, and that the shipped weights are those that it corrects. Raises ModelRefused."""
        revision = verify(folder, needed=frozenset({CORRECTION, FIGURES}))
        super().__init__(WEIGHTS / FOLDERS[BASE], name=BASE, threads=threads)
        self.folder = folder
        self.corrections = _read(folder / CORRECTION, base=self.model, heads=self.heads)
        self.model = f"{NAME}@{revision}"

    @classmethod
    def load(cls, name: str, *, threads: int | None = None, home: Path | None = None) -> LocalClassifier:
        """The revision that `name` asks for, or the newest. Raises ConfigError where none was retrained here."""
        made = revisions(home) if home else []
        if not made:
            raise ConfigError(f"{NAME}: no heads were retrained here yet. Make them with: uproar model retrain")
        if "@" not in name:
            return cls(made[-1], threads=threads)
        for folder in made:
            if folder.name == name:
                return cls(folder, threads=threads)
        raise ConfigError(f"no model {name!r} here. Known: {', '.join(folder.name for folder in made)}")

    def _corrected(self, logits: NDArray[np.float32], vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        moved, start = logits.copy(), 0
        for head, names in self.heads.items():
            if head in self.corrections:
                moved[:, start : start + len(names)] += self.corrections[head].of(vectors).astype(np.float32)
            start += len(names)
        return moved


def revisions(home: Path) -> list[Path]:
    """The folders of retrained heads, oldest first."""
    found = [path for path in (home / "models").glob(f"{NAME}@*") if (path / MANIFEST).is_file()]
    return sorted(found, key=lambda path: ((path / MANIFEST).stat().st_mtime_ns, path.name))


def write(home: Path, *, base: str, corrections: Mapping[str, Correction], figures: Mapping[str, Any]) -> str:
    """Keep corrections of the network `base` as a revision and return its name, name@revision.

    The same content is the same revision. The folder appears whole or not at all.
    """
    folder = home / "models"
    folder.mkdir(parents=True, exist_ok=True)
    heads = {
        head: {"weights": made.weights.round(6).tolist(), "bias": made.bias.round(6).tolist()}
        for head, made in corrections.items()
    }
    with tempfile.TemporaryDirectory(dir=folder, prefix=".making-") as made_in:
        making = Path(made_in) / "made"
        making.mkdir()
        (making / CORRECTION).write_text(json.dumps({"base": base, "heads": heads}), encoding="utf-8")
        (making / FIGURES).write_text(json.dumps(figures, indent=1, sort_keys=True), encoding="utf-8")
        write_manifest(making, (CORRECTION, FIGURES))
        name = f"{NAME}@{verify(making)}"
        if (folder / name).exists():
            os.utime(folder / name / MANIFEST)  # made again: the newest
        else:
            making.rename(folder / name)
    return name


def _read(path: Path, *, base: str, heads: Mapping[str, tuple[str, ...]]) -> dict[str, Correction]:
    if path.stat().st_size > MOST_BYTES:
        raise ModelRefused(f"{path} is larger than any correction")
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        made_for = str(stored["base"])
        found = {
            str(head): Correction(np.asarray(row["weights"], np.float64), np.asarray(row["bias"], np.float64))
            for head, row in stored["heads"].items()
        }
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise ModelRefused(f"{path} is no correction of heads ({type(error).__name__}): retrain") from None
    if made_for != base:
        raise ModelRefused(f"{path.parent.name} corrects {made_for}, and {base} is shipped now: uproar model retrain")
    for head, made in found.items():
        width = len(heads.get(head, ()))
        if made.weights.shape != (DIMENSIONS, width) or made.bias.shape != (width,):
            raise ModelRefused(f"{path}: head {head!r} is not of this network's shape: retrain")
        if not (np.isfinite(made.weights).all() and np.isfinite(made.bias).all()):
            raise ModelRefused(f"{path}: head {head!r} holds numbers that are not finite: retrain")
    return found
