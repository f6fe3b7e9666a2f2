"""Training data: what is read, from where, and the labels that each row carries.

Rows come from three places: TweetEval (sentiment and emotion of tweets; research-use), the labelled reactions of the
shared data folder, and `models/training_posts.jsonl`, written for Uproar. None of the first two is in the tree.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.records import SENTIMENTS, STANCES, TOPICS
from core.text import model_input

EMOTIONS = ("anger", "joy", "optimism", "sadness")
HEADS: Mapping[str, tuple[str, ...]] = {
    "sentiment": SENTIMENTS,
    "stance": STANCES,
    "relevance": ("no", "yes"),
    "topics": TOPICS,
    "emotion": EMOTIONS,
}
MISSING = -100
OWN_POSTS = Path(__file__).with_name("training_posts.jsonl")
_NEAR_SUBJECT = re.compile(
    r"\b(terms|polic\w+|privacy|consent|clause|licen[cs]\w+|copyright\w*|a\.?i\.?|artificial|boycott\w*|lawsuit|gdpr"
    r"|data|subscri\w+|delete\w*|deleting|cancel\w*|royalt\w+|backlash)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Row:
    """One text with the labels it carries: MISSING (or None for topics) where a set does not label a head."""

    text: str
    sentiment: int = MISSING
    stance: int = MISSING
    relevance: int = MISSING
    emotion: int = MISSING
    topics: tuple[float, ...] | None = None
    group: str = ""  # controversy, for folds that keep one together
    tone: tuple[float, ...] | None = None  # sentiment probabilities of an earlier network, instead of `sentiment`


def tweeteval(shared: Path, task: str, split: str) -> list[Row]:
    """Rows of one TweetEval split in file order; `task` is "sentiment" or "emotion", the head of its labels."""
    folder = shared / "train" / "tweeteval" / task
    texts = (folder / f"{split}_text.txt").read_text(encoding="utf-8").rstrip("\n").split("\n")
    labels = (folder / f"{split}_labels.txt").read_text(encoding="utf-8").split()
    pairs = [(model_input(text), int(label)) for text, label in zip(texts, labels, strict=True) if text.strip()]
    if task == "emotion":
        return [Row(text, emotion=label) for text, label in pairs]
    return [Row(text, sentiment=label) for text, label in pairs]


def reactions(shared: Path) -> list[Row]:
    """The labelled reactions of the shared folder, grouped by controversy, in file order."""
    return list(_labelled(shared / "labels" / "reactions.jsonl"))


def platforms(shared: Path) -> set[str]:
    """The platforms whose posts training reads: TweetEval is X's, the labelled reactions say theirs."""
    with (shared / "labels" / "reactions.jsonl").open(encoding="utf-8") as lines:
        return {"x", *(str(json.loads(line).get("platform", "")) for line in lines)}


def own_posts() -> list[Row]:
    """The posts written for Uproar's training, group "own", in file order."""
    return list(_labelled(OWN_POSTS))


def ordinary(rows: Sequence[Row], count: int, *, seed: int) -> list[Row]:
    """`count` tweets as "not relevant, no topic", none with a word that terms, AI or privacy posts use."""
    plain = [row for row in rows if not _NEAR_SUBJECT.search(row.text)]
    picked = random.Random(seed).sample(plain, min(count, len(plain)))
    none = (0.0,) * len(TOPICS)
    return [Row(row.text, sentiment=row.sentiment, relevance=0, topics=none) for row in picked]


def _labelled(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            post = json.loads(line)
            yield Row(
                model_input(post["text"]),
                sentiment=SENTIMENTS.index(post["sentiment"]),
                stance=STANCES.index(post["stance"]),
                relevance=int(post["relevant"]),
                topics=tuple(float(topic in post["topics"]) for topic in TOPICS),
                group=post.get("controversy", "own"),
            )
