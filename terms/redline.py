"""Two passages word by word, for reading: what stayed, what went, what came."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz.distance import Indel

Run = tuple[str, str]
"""("same" | "gone" | "new", words)."""
_SHORT = 2
_AROUND = 20  # words shown beside a change


def redline(before: str, after: str) -> list[Run]:
    """Runs of words from `before` to `after`; joined, the same and gone ones give `before`, same and new ones `after`.

    A word or two that stay between two changes are told as changed too: one change reads better than three.
    """
    one, two = before.split(), after.split()
    runs: list[tuple[str, list[str], list[str]]] = []
    for op in Indel.opcodes(one, two):
        kind = "same" if op.tag == "equal" else "changed"
        if not runs or runs[-1][0] != kind:
            runs.append((kind, [], []))
        runs[-1][1].extend(one[op.src_start : op.src_end])
        runs[-1][2].extend(two[op.dest_start : op.dest_end])
    merged: list[tuple[str, list[str], list[str]]] = []
    for place, (kind, gone, new) in enumerate(runs):
        inside = 0 < place < len(runs) - 1
        changed = kind == "changed" or (inside and len(gone) <= _SHORT)
        if merged and changed and merged[-1][0] == "changed":
            merged[-1][1].extend(gone)
            merged[-1][2].extend(new)
        else:
            merged.append(("changed" if changed else "same", gone, new))
    return [run for kind, gone, new in merged for run in _runs(kind, gone, new)]


def _runs(kind: str, gone: Sequence[str], new: Sequence[str]) -> list[Run]:
    if kind == "same":
        return [("same", " ".join(new))]
    return [(name, " ".join(words)) for name, words in (("gone", gone), ("new", new)) if words]


def marked(runs: Sequence[Run]) -> str:
    """Runs as plain text: [-gone-] {+new+}; long stretches that stayed are shortened to their ends."""
    marks = {"same": "{}", "gone": "[-{}-]", "new": "{{+{}+}}"}
    return " ".join(marks[kind].format(_shortened(words) if kind == "same" else words) for kind, words in runs)


def _shortened(words: str) -> str:
    parts = words.split()
    return words if len(parts) <= 2 * _AROUND else " ".join([*parts[:_AROUND], "\u2026", *parts[-_AROUND:]])
