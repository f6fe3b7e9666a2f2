"""What each stage of training reads: labelled rows, rows that a teacher labels, and tweets that keep the tone."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from tokenizers import Tokenizer

from models.data import (
    MISSING,
    Row,
    comments,
    ordinary,
    own_posts,
    public_labels,
    training_tweets,
    tweeteval,
    unlabelled_tweets,
)
from models.fitting import predict
from models.network import Network
from models.teacher import Teacher

SEED = 11
SPOKEN = 40_000  # tweets on whose sentiment the teacher speaks beside the label
COMMENTS = 8_000  # everyday comments whose tone only the teachers tell
MIDDLE = {1: 12_500, 2: 11_500}  # neutral and positive tweets for the teacher, beside all 7,414 negative ones
REPEATS = {"own": 3, "duolingo_ai_first_2025": 3}  # how often a labelled row is seen in stage "reactions", by group
PUBLIC = 1  # rows of groups that are in `public_labels.jsonl` alone: reviews of games and everyday tweets
OFTEN = 7  # rows of every other controversy, of which there are few
REPLAY = 6_000  # tweets that keep the tone in memory there
ORDINARY = 2_000  # tweets that teach "not relevant"


def for_the_teacher(shared: Path) -> list[Row]:
    """Stage "teacher": tweets with their classes nearer to balance, and emotion."""
    rows = training_tweets(shared, seed=3)
    random.Random(3).shuffle(rows)
    kept = [row for row in rows if row.sentiment == 0]
    for tone, count in MIDDLE.items():
        kept += [row for row in rows if row.sentiment == tone][:count]
    return kept + tweeteval(shared, "emotion", "train")


def emotional(shared: Path, *, looks: int) -> list[Row]:
    """The tweets that are labelled with an emotion, each as often as `looks` says."""
    return tweeteval(shared, "emotion", "train") * looks


def distilled(shared: Path) -> list[Row]:
    """What the teachers label for stage "tone": tweets with their labels, and tweets and comments without any."""
    unlabelled = unlabelled_tweets(shared) + comments(shared, COMMENTS, seed=SEED)
    return [*_shuffled_tweets(shared)[:SPOKEN], *emotional(shared, looks=1), *map(Row, unlabelled)]


def for_tone(tone: Teacher, emotion: Teacher, shared: Path, words: Tokenizer) -> list[Row]:
    """Stage "tone": what the teachers labelled, all other tweets, and the tweets labelled with an emotion once more.

    The teacher of emotion speaks where no reader marked sentiment: those texts carry more of it.
    """
    spoken = taught(distilled(shared), tone, ("sentiment",), words)
    plain = [row for row in spoken if row.sentiment != MISSING]
    others = [row for row in spoken if row.sentiment == MISSING]
    return [
        *plain,
        *taught(others, emotion, ("emotion",), words),
        *_shuffled_tweets(shared)[SPOKEN:],
        *emotional(shared, looks=1),
    ]


def _shuffled_tweets(shared: Path) -> list[Row]:
    tweets = training_tweets(shared, seed=SEED)
    random.Random(SEED).shuffle(tweets)
    return tweets


def for_reactions(labelled: Sequence[Row], tone: Network, shared: Path, words: Tokenizer) -> list[Row]:
    """Stage "reactions": labelled rows repeated, tweets that keep the tone, and ordinary tweets as not relevant.

    The tweets carry the probabilities of `tone`, not their labels, which a further look would learn by heart.
    """
    tweets = training_tweets(shared, seed=SEED)
    kept = [*random.Random(SEED).sample(tweets, REPLAY), *ordinary(tweets, ORDINARY, seed=SEED)]
    rare = {row.group for row in labelled} - {row.group for row in public_labels(shared)}
    repeated = [row for row in labelled for _ in range(REPEATS.get(row.group, OFTEN if row.group in rare else PUBLIC))]
    return repeated + taught(kept, tone, ("sentiment", "emotion"), words) + tweeteval(shared, "emotion", "train")


def everything_labelled(reactions: Iterable[Row], shared: Path) -> list[Row]:
    """`reactions`, the further public posts with labels, and Uproar's own posts."""
    return [*reactions, *public_labels(shared), *own_posts()]


def taught(rows: Sequence[Row], teacher: Network | Teacher, heads: Iterable[str], words: Tokenizer) -> list[Row]:
    """`rows` with the teacher's probabilities for `heads`, beside what they carry already."""
    texts = list(dict.fromkeys(row.text for row in rows))
    place = {text: number for number, text in enumerate(texts)}
    answers = predict(teacher, texts, words=words, half=True)
    spoken: dict[str, list[list[float]]] = {}
    for head in heads:
        logits = torch.from_numpy(answers[head])
        spoken[head] = (torch.sigmoid(logits) if head == "topics" else torch.softmax(logits, dim=-1)).tolist()
    return [
        replace(row, soft={**(row.soft or {}), **{head: tuple(said[place[row.text]]) for head, said in spoken.items()}})
        for row in rows
    ]
