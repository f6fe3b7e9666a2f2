"""Shifts of the heads' biases, so that the plain rule (argmax, or yes from 0.5 on) is the tuned rule; temperatures.

Sentiment's layer for tweets is tuned on TweetEval's validation split, stance, relevance and topics on out-of-fold
logits of the labelled reactions; sentiment's layer "reading" gets a temperature alone. Those sets are unbalanced in
ways that collected posts are not; a shift undoes that.
A temperature per head (Guo et al. 2017), fitted after the shift, makes a probability mean what it says; it moves no
label. Both are part of the shipped weights.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from models.metrics import Labels, Metric, f1

Logits = NDArray[np.float32]
SHIFTS = np.round(np.arange(-1.5, 1.51, 0.1), 2)
READING = "reading"  # sentiment's layer for reactions, see models.network
RARE = 30  # positives at which a topic's own threshold weighs as much as the common one


def class_shift(*sets: tuple[Labels, Logits, Metric]) -> NDArray[np.float32]:
    """What to add to each class's logit for the best mean metric by argmax over `sets` (gold, logits, metric).

    The middle class of three, or the first of two, stays. Small shifts win near ties: each unit must earn half a point.
    """
    width = sets[0][1].shape[1]
    fixed = 1 if width == 3 else 0
    best, chosen = -1.0, np.zeros(width, np.float32)
    for values in itertools.product(SHIFTS, repeat=width - 1):
        shift = np.insert(np.array(values, np.float32), fixed, 0.0)
        found = [metric(gold, (logits + shift).argmax(axis=1)) for gold, logits, metric in sets]
        value = sum(found) / len(found) - 0.005 * float(np.abs(shift).sum())
        if value > best:
            best, chosen = value, shift
    return chosen


def topic_shift(gold: Labels, logits: Logits) -> NDArray[np.float32]:
    """What to add to each topic's logit so that 0.5 is its best-F1 threshold; rare topics lean on the common one."""
    common = _best(gold.ravel(), logits.ravel())
    shifts = []
    for topic in range(gold.shape[1]):
        positives = int(gold[:, topic].sum())
        weight = positives / (positives + RARE)
        shifts.append(weight * _best(gold[:, topic], logits[:, topic]) + (1 - weight) * common)
    return np.array(shifts, np.float32)


def temperature(gold: NDArray[np.int64], logits: Logits) -> float:
    """The temperature by which `logits` (n, labels) have the least log loss against `gold`.

    `gold` holds class numbers (n,), or a 0/1 matrix (n, labels) of independent labels.
    """
    steps = np.geomspace(0.4, 4.0, 73)
    return float(steps[int(np.argmin([_loss(gold, logits / step) for step in steps]))])


def _loss(gold: NDArray[np.int64], logits: Logits) -> float:
    if gold.ndim == 2:
        return float(np.mean(np.logaddexp(0.0, np.where(gold == 1, -logits, logits))))
    lifted = logits - logits.max(axis=1, keepdims=True)
    normal = lifted - np.log(np.exp(lifted).sum(axis=1, keepdims=True))
    return float(-np.mean(normal[np.arange(len(gold)), gold]))


def layer_of(head: str) -> str:
    """The name of the layer that a shift or temperature of `head` belongs to."""
    return head if head == READING else f"heads.{head}"


def cooled(
    weights: Mapping[str, NDArray[np.float32]], temperatures: Mapping[str, float]
) -> dict[str, NDArray[np.float32]]:
    """The network's weights with each head's logits divided by its temperature."""
    changed = dict(weights)
    for head, value in temperatures.items():
        for part in ("weight", "bias"):
            name = f"{layer_of(head)}.{part}"
            changed[name] = (weights[name] / value).astype(np.float32)
    return changed


def shifted(weights: Mapping[str, NDArray[np.float32]], shifts: Mapping[str, Logits]) -> dict[str, NDArray[np.float32]]:
    """The network's weights with the heads' biases moved."""
    moved = dict(weights)
    for head, shift in shifts.items():
        name = f"{layer_of(head)}.bias"
        moved[name] = weights[name] + shift
    return moved


def _best(gold: Labels, logits: Logits) -> float:
    steps = np.round(np.arange(-2.5, 2.51, 0.1), 2)
    values = [f1(gold, (logits + step >= 0).astype(np.int64)) - 0.01 * abs(float(step)) for step in steps]
    return float(steps[int(np.argmax(values))])
