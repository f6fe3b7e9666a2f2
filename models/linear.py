"""Linear corrections of a head: what labels from one installation add to the shipped logits.

A corrected head says softmax(z + W'x + b), or a logistic of each column: z are the shipped logits and x is the
embedding. The penalty pulls W and b to zero, that is, to the shipped head: with few labels little moves. Regularised
logistic regression with an offset, solved by accelerated gradient descent (Y. Nesterov, Soviet Math. Dokl. 27 (1983)
372-376).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
PENALTIES = (0.001, 0.005, 0.03)
STEPS = 150
STILL = 1e-6  # a step smaller than that everywhere is the last
INNER_FOLDS = 2
_BIAS = 0.1  # of the penalty: a bias may move more freely than a weight


@dataclass(frozen=True, slots=True)
class Correction:
    """What is added to a head's logits: `vectors @ weights + bias`, with one column per class."""

    weights: Matrix
    bias: Matrix

    def of(self, vectors: NDArray[np.floating]) -> Matrix:
        """The addition for each row."""
        return np.asarray(vectors @ self.weights + self.bias, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Seen:
    """Texts as a head sees them, a row each: embeddings, shipped logits, 0/1 targets, and how much a row weighs."""

    vectors: Matrix
    logits: Matrix
    targets: Matrix
    weight: Matrix  # (n, 1)

    def __len__(self) -> int:
        return len(self.targets)

    def at(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Seen:
        """These rows."""
        return Seen(self.vectors[rows], self.logits[rows], self.targets[rows], self.weight[rows])


def fit(seen: Seen, *, penalty: float, independent: bool) -> Correction:
    """The correction of least penalised loss; `independent` columns are logistic, others one softmax.

    Rare classes weigh more, by the square root of their rarity, because what is measured is macro-F1.
    """
    rows = np.hstack([seen.vectors, np.ones((len(seen), 1))])
    weight = _weights(seen, independent=independent) / len(rows)
    shrink = np.full((rows.shape[1], 1), penalty)
    shrink[-1] *= _BIAS
    step = 1 / (1.0 + penalty)  # the curvature of either loss is at most 1, for no row is longer than root two
    at = ahead = np.zeros((rows.shape[1], seen.targets.shape[1]))
    speed = 1.0
    for _ in range(STEPS):
        error = chances(seen.logits + rows @ ahead, independent=independent) - seen.targets
        after = ahead - step * (rows.T @ (weight * error) + shrink * ahead)
        faster = (1 + np.sqrt(1 + 4 * speed**2)) / 2
        ahead = after + (speed - 1) / faster * (after - at)
        still = np.abs(after - at).max() < STILL
        at, speed = after, faster
        if still:
            break
    return Correction(at[:-1], at[-1])


def fit_best(seen: Seen, *, independent: bool, seed: int = 0) -> Correction:
    """`fit` with the penalty of least loss on inner folds."""
    home = deal(seen.targets, INNER_FOLDS, seed=seed)
    losses = []
    for penalty in PENALTIES:
        loss = 0.0
        for fold in range(INNER_FOLDS):
            own = seen.at(home == fold)
            made = fit(seen.at(home != fold), penalty=penalty, independent=independent)
            loss += _loss(chances(own.logits + made.of(own.vectors), independent=independent), own, independent)
        losses.append(loss)
    return fit(seen, penalty=PENALTIES[int(np.argmin(losses))], independent=independent)


def out_of_fold(seen: Seen, home: NDArray[np.int64], *, independent: bool) -> Matrix:
    """Corrected logits of every row by a fit that did not see its fold; its penalty was chosen without it as well."""
    logits = seen.logits.copy()
    for fold in np.unique(home):
        own = home == fold
        made = fit_best(seen.at(~own), independent=independent, seed=int(fold))
        logits[own] += made.of(seen.vectors[own])
    return logits


def deal(targets: Matrix, folds: int, *, seed: int) -> NDArray[np.int64]:
    """A fold per row: rows of the same labels are dealt round in random order, so that every fold has its share."""
    draw = np.random.default_rng(seed)
    shuffled = draw.permutation(len(targets))
    kinds = np.unique(targets, axis=0, return_inverse=True)[1].reshape(-1)
    order = shuffled[np.argsort(kinds[shuffled], kind="stable")]
    home = np.empty(len(targets), np.int64)
    home[order] = np.arange(len(targets)) % folds
    return home


def chances(logits: Matrix, *, independent: bool) -> Matrix:
    """Probabilities: softmax over the columns, or a logistic of each."""
    if independent:
        return np.asarray(1 / (1 + np.exp(-logits.clip(-60, 60))))
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def _weights(seen: Seen, *, independent: bool) -> Matrix:
    total = seen.weight.sum()
    share = ((seen.weight * seen.targets).sum(axis=0) / total).clip(1 / len(seen), 1 - 1 / len(seen))
    if independent:
        rare = np.where(seen.targets > 0, 1 / np.sqrt(share), 1 / np.sqrt(1 - share))
    else:
        rare = (seen.targets / np.sqrt(share)).sum(axis=1, keepdims=True)
    weight = seen.weight * rare
    return np.asarray(weight / weight.mean(axis=0))


def _loss(said: Matrix, seen: Seen, independent: bool) -> float:
    value = seen.targets * np.log(said.clip(1e-9))
    if independent:
        value = value + (1 - seen.targets) * np.log((1 - said).clip(1e-9))
    return float(-(_weights(seen, independent=independent) * value).sum())
