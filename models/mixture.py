"""What each stage of training reads: labelled rows, rows that a teacher labels, and tweets that keep the tone."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from models.data import Row, comments, ordinary, own_posts, public_labels, training_tweets, tweeteval
from models.fitting import predict
from models.network import Network
from models.teacher import Teacher

SEED = 11
SPOKEN = 20_000  # tweets on whose sentiment the teacher speaks beside the label
COMMENTS = 4_000  # everyday comments whose sentiment only the teacher tells
MIDDLE = {1: 12_500, 2: 11_500}  # neutral and positive tweets for the teacher, beside all 7,414 negative ones
REPEATS = {"own": 3, "duolingo_ai_first_2025": 4}  # how often a labelled row is seen in stage "reactions", by group
OFTEN = 7  # rows of every other controversy, of which there are few
REPLAY = 6_000  # tweets that keep the tone in memory there
ORDINARY = 2_000  # tweets that teach "not relevant"
TONE = ("sentiment",)  # emotion has 3,257 labels only, on which the teacher, after one look, is no better


def for_the_teacher(shared: Path) -> list[Row]:
    """Stage "teacher": tweets with their classes nearer to balance, and emotion."""
    rows = training_tweets(shared, seed=3)
    random.Random(3).shuffle(rows)
    kept = [row for row in rows if row.sentiment == 0]
    for tone, count in MIDDLE.items():
        kept += [row for row in rows if row.sentiment == tone][:count]
    return kept + tweeteval(shared, "emotion", "train")


def for_tone(teacher: Teacher, shared: Path, words: Tokenizer) -> list[Row]:
    """Stage "tone": all tweets and emotion twice; SPOKEN tweets and COMMENTS comments have the teacher's word."""
    tweets = training_tweets(shared, seed=SEED)
    random.Random(SEED).shuffle(tweets)
    spoken = tweets[:SPOKEN] + tweeteval(shared, "emotion", "train")
    spoken += [Row(text) for text in comments(shared, COMMENTS, seed=SEED)]
    return [*taught(spoken, teacher, TONE, words), *tweets[SPOKEN:], *tweeteval(shared, "emotion", "train")]


def for_reactions(labelled: Sequence[Row], tone: Network, shared: Path, words: Tokenizer) -> list[Row]:
    """Stage "reactions": labelled rows repeated, tweets that keep the tone, and ordinary tweets as not relevant.

    The tweets carry the probabilities of `tone`, not their labels, which a further look would learn by heart.
    """
    tweets = training_tweets(shared, seed=SEED)
    kept = [*random.Random(SEED).sample(tweets, REPLAY), *ordinary(tweets, ORDINARY, seed=SEED)]
    repeated = [row for row in labelled for _ in range(REPEATS.get(row.group, OFTEN))]
    return repeated + taught(kept, tone, TONE, words) + tweeteval(shared, "emotion", "train")


def everything_labelled(reactions: Iterable[Row], shared: Path) -> list[Row]:
    """`reactions`, the further public posts with labels, and Uproar's own posts."""
    return [*reactions, *public_labels(shared), *own_posts()]


def taught(rows: Sequence[Row], teacher: Network | Teacher, heads: Iterable[str], words: Tokenizer) -> list[Row]:
    """`rows` with the teacher's probabilities for `heads`."""
    texts = list(dict.fromkeys(row.text for row in rows))
    place = {text: number for number, text in enumerate(texts)}
    said = predict(teacher, texts, words=words, half=True)
    spoken: dict[str, np.ndarray] = {}
    for head in heads:
        logits = torch.from_numpy(said[head])
        spoken[head] = (torch.sigmoid(logits) if head == "topics" else torch.softmax(logits, dim=-1)).numpy()
    return [
        replace(row, soft={head: tuple(values[place[row.text]].tolist()) for head, values in spoken.items()})
        for row in rows
    ]
