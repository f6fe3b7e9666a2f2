"""The draw of changed clauses by which the clause head is measured: real documents, a seed, no output of the head.

A clause is named by a hash over its changed sentences; labels lie in `clause_labels.jsonl` as names and classes, the
texts stay where they are (`UPROAR_SHARED_DATA`, Open Terms Archive, ODC-By).
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from core.settings import load_settings
from core.terms import CaptureState, ChangeStatus, Clause, Version
from terms import captures, folders
from terms.alignment import compare
from terms.flaps import steps
from terms.passages import key_of, words_of

LABELS = Path(__file__).with_name("clause_labels.jsonl")
SIZE = 210
SHORTEST = 8
"""Changed words below which nobody can tell what a clause is about."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A changed clause of a real document, and its name."""

    name: str
    service: str
    document: str
    at: datetime
    clause: Clause


def name_of(clause: Clause) -> str:
    """Sixteen hex digits over the changed sentences."""
    text = f"{words_of(clause.removed)}\x1f{words_of(clause.added)}".casefold()
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def changed_clauses(folder: Path) -> Iterator[Drawn]:
    """Every changed clause of every confirmed change, each wording once, in order of documents and time."""
    texts: dict[int, str] = {}
    histories: dict[tuple[str, str], list[Version]] = {}
    for number, capture in enumerate(folders.captures(folder), 1):
        texts[number] = capture.text
        key, words = key_of(capture.text)
        history = histories.setdefault((capture.service, capture.document), [])
        state = captures.look(capture.text, words)[0]
        good = [v for v in history if v.state is CaptureState.OK]
        if state is CaptureState.OK and good and good[-1].key != key:
            state = captures.compare(texts[good[-1].id], capture.text)[0]
        history.append(Version(number, capture.captured_at, key, b"", state, capture.technical))
    seen: set[str] = set()
    for (service, document), history in histories.items():
        for step in steps(history, now=datetime.now(UTC)):
            if step.status is ChangeStatus.CONFIRMED:
                for clause in compare(texts[step.before], texts[step.after]).clauses:
                    name = name_of(clause)
                    words = words_of(f"{clause.removed} {clause.added}").count(" ") + 1
                    if clause.action != "moved" and words >= SHORTEST and name not in seen:
                        seen.add(name)
                        yield Drawn(name, service, document, step.at, clause)


def draw(folder: Path, seed: int, *, size: int = SIZE, without: frozenset[str] = frozenset()) -> list[Drawn]:
    """`size` clauses drawn with `seed` from those that are not `without`."""
    known = [drawn for drawn in changed_clauses(folder) if drawn.name not in without]
    return random.Random(seed).sample(known, min(size, len(known)))


def terms_folder() -> Path:
    """The real documents."""
    return load_settings().shared_data / "terms"
