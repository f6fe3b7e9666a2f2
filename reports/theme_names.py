"""The names that themes have been given, so that a theme keeps its name from one reading to the next."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.watches import Watch

ALIKE = 0.7
MOST = 200


@dataclass(frozen=True, slots=True)
class NamedTheme:
    """A name and the mean embedding of the texts that got it; no text and no person is kept."""

    name: str
    centre: tuple[float, ...]


def load_names(home: Path, watch: Watch, model: str) -> tuple[NamedTheme, ...]:
    """The names given to themes of `watch` under `model`, oldest first; none where the file is absent or unreadable."""
    try:
        kept = json.loads(_path(home, watch).read_text(encoding="utf-8"))
        if kept["model"] != model:
            return ()
        return tuple(NamedTheme(str(row["name"]), tuple(map(float, row["centre"]))) for row in kept["themes"])
    except (OSError, ValueError, KeyError, TypeError):
        return ()


def save_names(home: Path, watch: Watch, model: str, names: Sequence[NamedTheme]) -> None:
    """Keep the newest 200 names; the file is replaced whole or not at all."""
    path = _path(home, watch)
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [{"name": n.name, "centre": [round(v, 5) for v in n.centre]} for n in names[-MOST:]]
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps({"model": model, "themes": rows}), encoding="utf-8")
    part.replace(path)


def recognise(
    centres: np.ndarray, fresh: Sequence[str], known: Sequence[NamedTheme], mean: np.ndarray
) -> tuple[list[str], list[NamedTheme]]:
    """(a name per centre, all names known now): the nearest known theme's where it is near enough, else the fresh one.

    Likeness is cosine less `mean`, what all texts share. No name is given twice: the nearest pair goes first, and a
    fresh name that is taken gets a number.
    """
    usable = [n for n in known if len(n.centre) == centres.shape[1]] if len(centres) else []
    names: list[str | None] = [None] * len(centres)
    if usable:
        likeness = _unit(centres - mean) @ _unit(np.array([n.centre for n in usable]) - mean).T
        taken: set[str] = set()
        for flat in np.argsort(-likeness, axis=None):
            row, column = divmod(int(flat), len(usable))
            if likeness[row, column] < ALIKE:
                break
            if names[row] is None and usable[column].name not in taken:
                names[row] = usable[column].name
                taken.add(usable[column].name)
    used = {n.name for n in known}
    added: list[NamedTheme] = []
    for row, name in enumerate(names):
        if name is None:
            names[row] = _unused(fresh[row], used)
            used.add(str(names[row]))
            added.append(NamedTheme(str(names[row]), tuple(map(float, centres[row]))))
    return [str(name) for name in names], [*known, *added]


def _unused(name: str, used: set[str]) -> str:
    number, tried = 2, name
    while tried in used:
        tried, number = f"{name} ({number})", number + 1
    return tried


def _unit(rows: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: np.ndarray = rows / np.where(lengths > 1e-9, lengths, 1)
    return scaled


def _path(home: Path, watch: Watch) -> Path:
    return home / "themes" / f"{watch.name}.json"
