"""A keyword classifier: the real interface, no weights, the same answer on every machine."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from core.records import SENTIMENTS, STANCES, TOPICS, Scores
from core.text import model_input

DIMENSIONS = 16
_WORD = re.compile(r"[a-z']+")
_NEGATIVE = frozenset(
    {
        "angry",
        "hate",
        "terrible",
        "delete",
        "awful",
        "theft",
        "steal",
        "cancel",
        "boycott",
        "furious",
        "disgusting",
        "scam",
    }
)
_POSITIVE = frozenset({"love", "great", "thanks", "good", "excellent", "fair", "welcome", "glad"})
_SUBJECT = frozenset({"terms", "ai", "clause", "consent", "policy", "license", "licence", "training", "trained"})
_TOPIC_WORDS: Mapping[str, frozenset[str]] = {
    "ai_training": frozenset({"ai", "train", "training", "trained"}),
    "consent": frozenset({"consent", "opt", "permission"}),
    "ownership": frozenset({"copyright", "own", "steal", "theft"}),
    "compensation": frozenset({"pay", "price", "royalties", "refund"}),
    "privacy": frozenset({"privacy", "private", "data"}),
    "trust": frozenset({"trust", "lied", "statement", "clause", "terms"}),
    "leaving": frozenset({"leaving", "delete", "deleted", "cancel", "boycott"}),
    "replacement": frozenset({"slop", "replace", "replaced"}),
    "legal": frozenset({"lawsuit", "legal", "gdpr", "sue"}),
}


class KeywordClassifier:
    """Counts words: negative words make a post negative and against, positive words positive and for.

    A post with a word of the subject ("terms", "ai", "clause", "consent", ...) is relevant and gets the topics
    that its words name. Text with nothing to score has lang "" and text with mostly non-ASCII letters has lang
    "xx"; neither is scored.
    """

    model = "keyword@1"
    heads: Mapping[str, tuple[str, ...]] = MappingProxyType(
        {"sentiment": SENTIMENTS, "stance": STANCES, "relevance": ("no", "yes"), "topics": TOPICS}
    )
    uses_subject = False

    def score(self, texts: Sequence[str], subject: str = "") -> Scores:
        cleaned = [model_input(text) for text in texts]
        lang = tuple(map(_language, cleaned))
        scored = np.array([tag == "en" for tag in lang], dtype=bool)
        probabilities = {name: np.full((len(cleaned), len(k)), np.nan, np.float32) for name, k in self.heads.items()}
        for row, text in enumerate(cleaned):
            if scored[row]:
                for head, values in _rows(text).items():
                    probabilities[head][row] = values
        return Scores(self.model, self.heads, probabilities, lang, scored)

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        vectors = np.full((len(texts), DIMENSIONS), 1e-3, np.float32)
        for row, text in enumerate(texts):
            for word in _WORD.findall(model_input(text).lower()):
                vectors[row, sum(map(ord, word)) % DIMENSIONS] += 1.0
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors


def _language(text: str) -> str:
    letters = [character for character in text if character.isalpha()]
    if not letters:
        return ""
    return "en" if sum(map(str.isascii, letters)) * 2 >= len(letters) else "xx"


def _rows(text: str) -> dict[str, list[float]]:
    words = set(_WORD.findall(text.lower()))
    balance = len(words & _POSITIVE) - len(words & _NEGATIVE)
    tone = [0.1, 0.8, 0.1] if balance == 0 else [0.8, 0.1, 0.1] if balance < 0 else [0.1, 0.1, 0.8]
    relevant = bool(words & _SUBJECT)
    topics = [0.9 if relevant and words & _TOPIC_WORDS[topic] else 0.1 for topic in TOPICS]
    return {
        "sentiment": tone,
        "stance": tone,
        "relevance": [0.1, 0.9] if relevant else [0.9, 0.1],
        "topics": topics,
    }
