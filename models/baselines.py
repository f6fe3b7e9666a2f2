"""What else one would run on the same held-out posts: VADER, the small network after tweets only, and a regression.

Each gives class numbers per head for rows in order; a head that a baseline lacks is absent. VADER and the network after
tweets answer for stance with the tone: negative is against.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.torch import load_file

from models.data import HEADS, Row
from models.fitting import predict, tokenizer
from models.folds import FOLDS, deal
from models.network import Network, base_folder, pretrained

Said = dict[str, NDArray[np.int64]]
NEUTRAL = 0.05  # VADER's own border of "neutral"


def vader(rows: Sequence[Row]) -> Said:
    """VADER's compound score, cut at +-0.05."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyzer = SentimentIntensityAnalyzer()
    tone = np.array([analyzer.polarity_scores(row.text)["compound"] for row in rows])
    labels = np.where(tone <= -NEUTRAL, 0, np.where(tone >= NEUTRAL, 2, 1)).astype(np.int64)
    return {"sentiment": labels, "stance": labels}


def tweets_only(rows: Sequence[Row], trained: Path) -> Said:
    """The network of stage "tone", which has seen no reaction."""
    network = Network(HEADS)
    network.load_state_dict(load_file(trained / "tone.safetensors"))
    logits = predict(network, [row.text for row in rows], words=tokenizer(base_folder()))["sentiment"]
    labels = logits.argmax(axis=1).astype(np.int64)
    return {"sentiment": labels, "stance": labels}


def regression(rows: Sequence[Row]) -> Said:
    """Logistic regression over the untrained encoder's embeddings, fitted on the other folds of `rows`."""
    from sklearn.linear_model import LogisticRegression

    vectors = _embedded(rows)
    fold = deal(rows)
    said: Said = {"topics": np.zeros((len(rows), len(HEADS["topics"])), np.int64)}
    for head in ("sentiment", "stance", "relevance"):
        gold = np.array([getattr(row, head) for row in rows])
        said[head] = np.zeros(len(rows), np.int64)
        for number in range(FOLDS):
            fitted = LogisticRegression(max_iter=2_000, class_weight="balanced").fit(
                vectors[fold != number], gold[fold != number]
            )
            said[head][fold == number] = fitted.predict(vectors[fold == number])
    truth = np.array([row.topics for row in rows])
    for topic in range(truth.shape[1]):
        for number in range(FOLDS):
            known = truth[fold != number, topic]
            if 0 < known.sum() < len(known):
                fitted = LogisticRegression(max_iter=2_000, class_weight="balanced").fit(vectors[fold != number], known)
                said["topics"][fold == number, topic] = fitted.predict(vectors[fold == number])
    return said


def _embedded(rows: Sequence[Row]) -> NDArray[np.float32]:
    import torch

    from models.fitting import pad

    network, words = pretrained(HEADS, base_folder()).eval(), tokenizer(base_folder())
    found = []
    with torch.inference_mode():
        for row in rows:
            found.append(network(*pad([words.encode(row.text).ids]))[1][0].numpy())
    return np.stack(found)
