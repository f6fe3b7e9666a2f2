"""Which posts quote a passage: runs of its words, with slips, in any of thousands of posts a second.

Passages are cut into triples of words; a post is read once, and the triples that it shares with a passage are joined
into runs. What everybody writes ("the terms of service") is no quotation: a run needs enough words that carry
meaning, and the more so the shorter it is. Inside quotation marks less is needed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)?")
_QUOTED = re.compile(r"[\"\u201c\u201e\u00ab]([^\"\u201c\u201d\u00bb]{8,600})[\"\u201d\u00bb]")
_ENDING = re.compile(r"(?<=\w{3})(?:ing|ed|es|s|e)$")
_PLAIN_WORDS = (
    "the a an of to in and or for on by with that this these those it its is are be been was were as at "
    "from we you your our us i my me they their them he she not no do does did will would can could may "
    "might shall should have has had if so but any all some such other than then there here when which "
    "who what how about into out up just also only more most very terms service services use used using "
    "user users content "
)
_PLAIN = frozenset(_PLAIN_WORDS.split())
RUN = 6
"""Words of one run that are a quotation by themselves; a quotation with slips needs `SPREAD` in several runs."""
SPREAD = 8
MARKED = 3
_MEANING = {RUN: 3, SPREAD: 4, MARKED: 2}


@dataclass(frozen=True, slots=True)
class Quotation(Generic[K]):
    """A passage that a post quotes, and how many of its words."""

    passage: K
    words: int


class Quotes(Generic[K]):
    """An index over passages by key. Building is linear in their words, reading a post in its own."""

    def __init__(self, passages: Mapping[K, str]) -> None:
        self._texts = {key: f" {' '.join(_words(text))} " for key, text in passages.items()}
        self._places: dict[tuple[str, str, str], set[K]] = defaultdict(set)
        for key, text in self._texts.items():
            words = text.split()
            for triple in zip(words, words[1:], words[2:], strict=False):
                self._places[triple].add(key)

    def find(self, post: str) -> list[Quotation[K]]:
        """The passages that `post` quotes, most words first."""
        words = _words(post)
        covered: dict[K, set[int]] = defaultdict(set)
        places = self._places
        for start, triple in enumerate(zip(words, words[1:], words[2:], strict=False)):
            for key in places.get(triple, ()):
                covered[key].update((start, start + 1, start + 2))
        found = {key: len(at) for key, at in covered.items() if _enough(words, at)}
        if found or covered:
            for key, size in self._marked(post, covered):
                found[key] = max(found.get(key, 0), size)
        return [Quotation(key, size) for key, size in sorted(found.items(), key=lambda item: (-item[1], str(item[0])))]

    def _marked(self, post: str, candidates: Iterable[K]) -> list[tuple[K, int]]:
        """Passages that hold, word for word, what the post sets in quotation marks."""
        spans = [words for quoted in _QUOTED.findall(post) if _means(words := _words(quoted)) >= _MEANING[MARKED]]
        keys = list(candidates)
        return [
            (key, len(words))
            for words in spans
            if len(words) >= MARKED
            for key in keys
            if f" {' '.join(words)} " in self._texts[key]
        ]


def telling_words(text: str) -> set[str]:
    """The words of a text that carry meaning, without their endings; "AI" is artificial intelligence."""
    words = {_ENDING.sub("", word) for word in _words(text) if word not in _PLAIN and len(word) > 2}
    return words | {"artificial", "intelligence"} if re.search(r"\bAI\b", text, re.IGNORECASE) else words


def _enough(words: list[str], places: set[int]) -> bool:
    ordered = sorted(places)
    runs: list[list[int]] = []
    for place in ordered:
        if runs and place == runs[-1][-1] + 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    if any(len(run) >= RUN and _means([words[n] for n in run]) >= _MEANING[RUN] for run in runs):
        return True
    near = ordered[-1] - ordered[0] < 4 * len(ordered)
    return near and len(ordered) >= SPREAD and _means([words[n] for n in ordered]) >= _MEANING[SPREAD]


def _means(words: Iterable[str]) -> int:
    return len({word for word in words if word not in _PLAIN and len(word) > 2})


def _words(text: str) -> list[str]:
    return [word.replace("\u2019", "'") for word in _WORD.findall(text.casefold())]
