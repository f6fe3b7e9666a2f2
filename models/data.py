"""Training data: what is read, from where, and the labels that each row carries.

Rows come from TweetEval (sentiment and emotion of tweets; research-use), the labelled reactions of the shared data
folder, further public posts of that folder whose labels are ours (`models/public_labels.jsonl`: ids and labels, no
texts), and `models/training_posts.jsonl`, written for Uproar. Texts of others are not in the tree.
"""

from __future__ import annotations

import html
import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

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
PUBLIC_LABELS = Path(__file__).with_name("public_labels.jsonl")
_PUBLIC = ("duolingo_ai_first_2025.reddit", "review_bombing.steam_metacritic", "background_chatgpt.x_2023-04-27")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_LINK = re.compile(r"\s*\bhttp\b")
_NEAR_SUBJECT = re.compile(
    r"\b(terms|polic\w+|privacy|consent|clause|licen[cs]\w+|copyright\w*|a\.?i\.?|artificial|boycott\w*|lawsuit|gdpr"
    r"|data|subscri\w+|delete\w*|deleting|cancel\w*|royalt\w+|backlash)\b",
    re.IGNORECASE,
)

_POSITIVE = frozenset(
    [
        "admiration",
        "amusement",
        "approval",
        "caring",
        "desire",
        "excitement",
        "gratitude",
        "joy",
        "love",
        "optimism",
        "pride",
        "relief",
    ]
)
_NEGATIVE = frozenset(
    [
        "anger",
        "annoyance",
        "disappointment",
        "disapproval",
        "disgust",
        "embarrassment",
        "fear",
        "grief",
        "nervousness",
        "remorse",
        "sadness",
    ]
)
_FELT = {name: EMOTIONS.index("anger") for name in ("anger", "annoyance", "disgust")}
_FELT |= {name: EMOTIONS.index("joy") for name in ("amusement", "excitement", "joy", "love")}
_FELT |= {name: EMOTIONS.index("sadness") for name in ("disappointment", "grief", "remorse", "sadness")}
_FELT |= {"optimism": EMOTIONS.index("optimism")}


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
    soft: Mapping[str, tuple[float, ...]] | None = None  # a teacher's probabilities per head


def tweeteval(shared: Path, task: str, split: str) -> list[Row]:
    """Rows of one TweetEval split in file order; `task` is "sentiment" or "emotion", the head of its labels."""
    folder = shared / "train" / "tweeteval" / task
    texts = (folder / f"{split}_text.txt").read_text(encoding="utf-8").rstrip("\n").split("\n")
    labels = (folder / f"{split}_labels.txt").read_text(encoding="utf-8").split()
    pairs = [
        (model_input(_unescaped(text)), int(label)) for text, label in zip(texts, labels, strict=True) if text.strip()
    ]
    if task == "emotion":
        return [Row(text, emotion=label) for text, label in pairs]
    return [Row(text, sentiment=label) for text, label in pairs]


def _unescaped(text: str) -> str:
    """TweetEval's files hold some characters as \\uXXXX and as HTML entities (206 and 82 of 2,000 validation rows)."""
    return html.unescape(_ESCAPE.sub(lambda found: chr(int(found[1], 16)), text))


def reactions(shared: Path) -> list[Row]:
    """The labelled reactions of the shared folder, grouped by controversy, in file order."""
    return list(_labelled(shared / "labels" / "reactions.jsonl"))


def platforms(shared: Path) -> set[str]:
    """The platforms whose posts training reads: TweetEval is X's, the labelled reactions say theirs."""
    return {"x", *platform_of_reactions(shared)}


def platform_of_reactions(shared: Path) -> list[str]:
    """The platform of each of the labelled reactions, in file order."""
    with (shared / "labels" / "reactions.jsonl").open(encoding="utf-8") as lines:
        return [str(json.loads(line).get("platform", "")) for line in lines]


def public_posts(shared: Path) -> dict[str, str]:
    """Model input by id of every public post in the shared folder, in file order, duplicates of text left out."""
    texts: dict[str, str] = {}
    for name in _PUBLIC:
        with (shared / "posts" / f"{name}.jsonl").open(encoding="utf-8") as lines:
            for line in lines:
                post = json.loads(line)
                texts[post["id"]] = model_input(post["text"])
    first = {text: id_ for id_, text in reversed(texts.items())}
    return {id_: text for id_, text in texts.items() if first[text] == id_ and text}


def public_labels(shared: Path) -> list[Row]:
    """The public posts that `public_labels.jsonl` labels, read by one reader each, grouped by controversy."""
    texts = public_posts(shared)
    with PUBLIC_LABELS.open(encoding="utf-8") as lines:
        posts = [json.loads(line) for line in lines]
    return [_row(texts[post["id"]], post) for post in posts if post["id"] in texts]


def comments(shared: Path, count: int, *, seed: int) -> list[str]:
    """`count` comments of GoEmotions' training split without their labels: everyday Reddit, for a teacher to label."""
    with (shared / "train" / "goemotions" / "original" / "train.tsv").open(encoding="utf-8") as lines:
        texts = [model_input(line.split("\t")[0].replace("[NAME]", "Sam")) for line in lines]
    return random.Random(seed).sample(texts, count)


def goemotions(shared: Path, split: str) -> list[Row]:
    """Comments of one GoEmotions split ("train" or "dev") with the tone and, where it is one of ours, the emotion.

    Tone follows the set's own grouping of its 28 labels; comments whose labels fall into two groups are left out.
    """
    names = (shared / "train" / "goemotions" / "original" / "labels.txt").read_text(encoding="utf-8").split()
    rows = []
    with (shared / "train" / "goemotions" / "original" / f"{split}.tsv").open(encoding="utf-8") as lines:
        for line in lines:
            text, numbers, _ = line.split("\t")
            marked = {names[int(number)] for number in numbers.split(",")}
            tones = {1 if name not in _POSITIVE | _NEGATIVE else 2 if name in _POSITIVE else 0 for name in marked}
            felt = {_FELT.get(name, MISSING) for name in marked}
            if len(tones) == 1:
                emotion = felt.pop() if len(felt) == 1 else MISSING
                rows.append(Row(model_input(text.replace("[NAME]", "Sam")), sentiment=tones.pop(), emotion=emotion))
    return rows


def own_posts() -> list[Row]:
    """The posts written for Uproar's training, group "own", in file order."""
    return list(_labelled(OWN_POSTS))


def training_tweets(shared: Path, *, seed: int) -> list[Row]:
    """TweetEval's sentiment training split; 85 % of the tweets with a link lose the link's placeholder.

    The rebuilt split kept links (28 % of the tweets), the official validation and test splits hold next to none.
    """
    draw = random.Random(seed)
    rows = tweeteval(shared, "sentiment", "train")
    return [
        replace(row, text=_LINK.sub("", row.text).strip() or row.text) if draw.random() < 0.85 else row for row in rows
    ]


def unlabelled_tweets(shared: Path) -> list[str]:
    """The tweets of TweetEval's irony and offensive training splits without their labels, for a teacher to label."""
    files = [shared / "train" / "tweeteval" / task / "train_text.txt" for task in ("irony", "offensive")]
    lines = [line for path in files for line in path.read_text(encoding="utf-8").split("\n")]
    return [text for text in dict.fromkeys(model_input(_unescaped(line)) for line in lines) if text]


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
            yield _row(model_input(post["text"]), post)


def _row(text: str, post: Mapping[str, Any]) -> Row:
    return Row(
        text,
        sentiment=SENTIMENTS.index(post["sentiment"]),
        stance=STANCES.index(post["stance"]),
        relevance=int(post["relevant"]),
        topics=tuple(float(topic in post["topics"]) for topic in TOPICS),
        group=post.get("controversy", "own"),
    )
