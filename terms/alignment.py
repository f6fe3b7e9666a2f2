"""Two texts of a document, sentence by sentence: what was added, removed, edited and moved, passage by passage.

Sentences that stand in both in the same order are equal (longest common subsequence); the others are paired by
likeness (rapidfuzz), first inside the gap where they stand, then anywhere. A pair with equal words is a move.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz import fuzz, process
from rapidfuzz.distance import Indel, LCSseq

from core.terms import Clause
from terms.passages import Document, Sentence, read_document

ALIKE = 55
"""Likeness, in percent of characters, from which two sentences in one gap are one edited sentence."""
ALIKE_ELSEWHERE = 80
_MOST_PAIRS = 2_000_000
_DATED = re.compile(
    r"\d+(?:st|nd|rd|th)?|jan\w*|feb\w*|mar(?:ch)?|apr\w*|may|june?|july?|aug\w*|sep\w*|oct\w*|nov\w*|dec\w*|"
    r"effective|last|updated|revised|"
    r"amended|modified|date|version|of|on|as|the|is"
)
Pair = tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What lies between two texts: clauses (not yet classed), size in words, and what kind of change it is.

    `kind` is "moved" (nothing but order), "dates", "rewrite" (more than half of the words), else "edit".
    """

    clauses: tuple[Clause, ...]
    words_added: int
    words_removed: int
    kind: str


def compare(before: str, after: str) -> Comparison:
    """The comparison of two Markdown texts."""
    old, new = read_document(before), read_document(after)
    equal, pairs = align([s.words for s in old.sentences], [s.words for s in new.sentences])
    added, removed, dated = 0, 0, True
    for i, j in pairs:
        plus, minus = _word_changes(old.sentences[i].words if i is not None else "",
                                    new.sentences[j].words if j is not None else "")  # fmt: skip
        added += len(plus)
        removed += len(minus)
        dated = dated and all(_DATED.fullmatch(word.casefold()) for word in (*plus, *minus))
    size, whole = added + removed, old.words + new.words
    kind = "moved" if not size else "dates" if dated else "rewrite" if size > whole / 2 else "edit"
    return Comparison(tuple(_clauses(old, new, equal, pairs)), added, removed, kind)


def align(old: Sequence[str], new: Sequence[str]) -> tuple[list[tuple[int, int]], list[Pair]]:
    """(equal places, changed places): a changed pair has None where nothing corresponds."""
    equal: list[tuple[int, int]] = []
    gaps: list[tuple[list[int], list[int]]] = [([], [])]
    for op in LCSseq.opcodes(old, new):
        left, right = range(op.src_start, op.src_end), range(op.dest_start, op.dest_end)
        if op.tag == "equal":
            equal += zip(left, right, strict=True)
            gaps.append(([], []))
        else:
            gaps[-1][0].extend(left)
            gaps[-1][1].extend(right)
    pairs = _moves(old, new, gaps)
    for lost, found in gaps:
        pairs += _pair(old, new, lost, found, ALIKE)
    lost, found = [i for gap in gaps for i in gap[0]], [j for gap in gaps for j in gap[1]]
    pairs += _pair(old, new, lost, found, ALIKE_ELSEWHERE)
    pairs += [(i, None) for i in lost]
    pairs += [(None, j) for j in found]
    return equal, pairs


def _moves(old: Sequence[str], new: Sequence[str], gaps: Iterable[tuple[list[int], list[int]]]) -> list[Pair]:
    """Sentences with equal words in two gaps; they leave the gaps."""
    places: dict[str, list[tuple[list[int], int]]] = defaultdict(list)
    for lost, _ in gaps:
        for i in lost:
            places[old[i]].append((lost, i))
    pairs: list[Pair] = []
    for _, found in gaps:
        for j in list(found):
            if places.get(new[j]):
                lost, i = places[new[j]].pop(0)
                lost.remove(i)
                found.remove(j)
                pairs.append((i, j))
    return pairs


def _pair(old: Sequence[str], new: Sequence[str], lost: list[int], found: list[int], cutoff: int) -> list[Pair]:
    """The likeliest pairs first, each sentence once; paired ones leave `lost` and `found`."""
    if not lost or not found or len(lost) * len(found) > _MOST_PAIRS:
        return []
    scores = process.cdist([old[i] for i in lost], [new[j] for j in found], scorer=fuzz.ratio, score_cutoff=cutoff,
                           dtype=np.uint8)  # fmt: skip
    rows, columns = np.nonzero(scores)
    pairs: list[Pair] = []
    used_i: set[int] = set()
    used_j: set[int] = set()
    for place in np.argsort(-scores[rows, columns].astype(int), kind="stable"):
        i, j = lost[rows[place]], found[columns[place]]
        if i not in used_i and j not in used_j:
            used_i.add(i)
            used_j.add(j)
            pairs.append((i, j))
    lost[:] = [i for i in lost if i not in used_i]
    found[:] = [j for j in found if j not in used_j]
    return pairs


def _word_changes(before: str, after: str) -> tuple[list[str], list[str]]:
    one, two = before.split(), after.split()
    plus: list[str] = []
    minus: list[str] = []
    for op in Indel.opcodes(one, two):
        if op.tag != "equal":
            minus += one[op.src_start : op.src_end]
            plus += two[op.dest_start : op.dest_end]
    return plus, minus


def _clauses(old: Document, new: Document, equal: Sequence[tuple[int, int]], pairs: Sequence[Pair]) -> list[Clause]:
    home = _homes(old, new, equal, pairs)
    groups: dict[tuple[int, int], list[Pair]] = defaultdict(list)
    for i, j in pairs:
        if j is not None:
            groups[new.sentences[j].passage, -1].append((i, j))
        elif i is not None:
            passage = old.sentences[i].passage
            groups[(home[passage], -1) if passage in home else (_after(passage, home), passage)].append((i, j))
    back: dict[int, int] = {}
    for passage, target in home.items():
        back.setdefault(target, passage)
    return [_clause(old, new, place, members, back) for place, members in sorted(groups.items())]


def _homes(old: Document, new: Document, equal: Sequence[tuple[int, int]], pairs: Sequence[Pair]) -> dict[int, int]:
    """For each passage of the old text the passage of the new one that most of its sentences went to."""
    votes: dict[tuple[int, int], int] = defaultdict(int)
    before, after = old.sentences, new.sentences
    for i, j in (*equal, *pairs):
        if i is not None and j is not None:
            votes[before[i].passage, after[j].passage] += len(before[i].words)
    home: dict[int, tuple[int, int]] = {}
    for (passage, target), size in votes.items():
        if passage not in home or size > home[passage][1]:
            home[passage] = target, size
    return {passage: target for passage, (target, _) in home.items()}


def _after(passage: int, home: dict[int, int]) -> int:
    """Where a removed passage stood: after the passage before it."""
    while passage >= 0 and passage not in home:
        passage -= 1
    return home.get(passage, -1)


def _clause(
    old: Document, new: Document, place: tuple[int, int], members: Sequence[Pair], back: dict[int, int]
) -> Clause:
    gone = sorted({i for i, _ in members if i is not None})
    come = sorted({j for _, j in members if j is not None})
    after = new.passages[place[0]] if place[1] < 0 else ""
    source = place[1] if place[1] >= 0 else back.get(place[0], old.sentences[gone[0]].passage if gone else -1)
    before = old.passages[source] if source >= 0 else ""
    moved = all(
        i is not None and j is not None and old.sentences[i].words == new.sentences[j].words for i, j in members
    )
    action = "moved" if moved else "removed" if not after else "added" if not before else "edited"
    first: Sentence = new.sentences[come[0]] if come else old.sentences[gone[0]]
    return Clause(
        action, before, after, " ".join(old.sentences[i].shown for i in gone),
        " ".join(new.sentences[j].shown for j in come), "" if first.heading == first.shown else first.heading,
    )  # fmt: skip
