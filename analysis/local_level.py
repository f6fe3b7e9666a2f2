"""A local level with regression: what a series would have shown, integrated exactly over what is not known.

    y[t] = level[t] + x[t] b + e[t],   level[t] = level[t-1] + d[t],   var e = s w[t],   var d = s q

is the model of Brodersen et al., "Inferring causal impact using Bayesian structural time-series models", Annals of
Applied Statistics 9 (2015) 247-274, with the priors of their R package CausalImpact: an inverse gamma on var d (guess
0.01 of the standard deviation, 32 degrees of freedom), a spike and slab on the controls' coefficients (three expected,
0.01 observations' worth), an expected R2 of 0.8 with 50 degrees of freedom on s. Two things differ. They sample; here s
and b are integrated in closed form, q on a grid and the choice of controls by enumeration, so that two runs agree to
the digit. And their prior on d holds even a series that plainly drifts to hardly any drift, which makes intervals too
narrow; a fifth of the prior's weight therefore lies on a wide one, which takes over where the data ask for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import lgamma

import numpy as np

LEVELS = ((32.0, 0.01, 0.8), (1.0, 0.1, 0.2))
"""Degrees of freedom, guess and weight of the two priors on the drift: CausalImpact's, and a wide one beside it."""
NOISE_DF, NOISE_R2 = 50.0, 0.8
EXPECTED_CONTROLS = 3.0
SLAB = 0.01
MOST_CONTROLS = 8
_GRID = np.exp(np.linspace(np.log(1e-6), np.log(10.0), 60))
_COARSE = _GRID[::8]
_NEGLIGIBLE = 1e-7


@dataclass(frozen=True, slots=True)
class Forecast:
    """The posterior predictive of a mean over later steps: a mixture of Student t (weight, centre, scale, df).

    `inclusion` is the posterior probability of each control, `drift` the posterior median of sqrt(q).
    """

    weight: np.ndarray
    centre: np.ndarray
    scale: np.ndarray
    df: np.ndarray
    inclusion: tuple[float, ...]
    drift: float

    @property
    def mean(self) -> float:
        """The mean."""
        return float(self.weight @ self.centre)

    @property
    def sd(self) -> float:
        """The standard deviation."""
        inner = self.scale**2 * self.df / (self.df - 2)
        return float(np.sqrt(max(0.0, self.weight @ (inner + self.centre**2) - self.mean**2)))

    def below(self, value: float) -> float:
        """The probability of a mean below `value`."""
        t = (value - self.centre) / self.scale
        # Wallace (1959): a Student t as a normal deviate, to three digits and better from ten degrees of freedom on.
        z = np.sign(t) * np.sqrt(self.df * np.log1p(t * t / self.df)) * (8 * self.df + 1) / (8 * self.df + 3)
        return float(self.weight @ _normal(z))

    def quantile(self, level: float) -> float:
        """The value with probability `level` below it."""
        low, high = self.mean - 40 * self.sd - 1e-12, self.mean + 40 * self.sd + 1e-12
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (middle, high) if self.below(middle) < level else (low, middle)
        return (low + high) / 2


def forecast(
    y: np.ndarray, fixed: np.ndarray, controls: np.ndarray, *, seen: np.ndarray, wanted: np.ndarray, noise: np.ndarray
) -> Forecast:
    """The mean of y over the steps `wanted`, foretold from the steps `seen`, which all lie before them.

    y is standardised over `seen`, as is each column of `controls` (n, p). `fixed` (n, k) has an intercept and
    seasonal columns, with flat priors. `noise` is w: 1 for ordinary steps, more where a step is measured worse.
    """
    last = int(np.flatnonzero(seen)[-1])
    columns = np.column_stack([y, fixed, controls])
    white, log_f, ahead, spread = _filter(columns[: last + 1], seen[: last + 1], noise, _GRID)
    sums = np.einsum("gti,gtj->gij", white, white)
    steps = np.flatnonzero(wanted) - last
    carried = np.array([(steps >= j).mean() for j in range(1, int(steps.max()) + 1)])
    spread = spread + _GRID * (carried**2).sum() + noise[wanted].mean() / len(steps)
    places = _Places(ahead, spread, columns[wanted].mean(axis=0))
    n, k, p = int(seen.sum()), fixed.shape[1], controls.shape[1]
    gram = controls[seen].T @ controls[seen]
    slab = SLAB / n * (gram + np.diag(np.diag(gram))) / 2
    found = [
        _choice(sums, log_f, places, slab, chosen, level, (n, k, p))
        for level in LEVELS
        for size in range(p + 1)
        for chosen in combinations(range(p), size)
    ]
    return _mixture(found, p)


def likelihoods(
    y: np.ndarray, columns: np.ndarray, choices: list[list[int]], *, seen: np.ndarray, noise: np.ndarray
) -> list[float]:
    """Twice the negative log-likelihood (a constant aside) of y on each choice of `columns`, at its best q."""
    last = int(np.flatnonzero(seen)[-1]) + 1
    white, log_f, _, _ = _filter(np.column_stack([y, columns])[:last], seen[:last], noise, _COARSE)
    sums = np.einsum("gti,gtj->gij", white, white)
    n = white.shape[1]
    found = []
    for choice in choices:
        use = [1 + column for column in choice]
        moment = sums[:, use, 0]
        b = np.linalg.pinv(sums[:, use][:, :, use], hermitian=True) @ moment[:, :, None]
        left = np.maximum(sums[:, 0, 0] - (b[:, :, 0] * moment).sum(axis=1), 1e-12 * n)
        found.append(float((n * np.log(left / n) + log_f).min()))
    return found


def _normal(z: np.ndarray) -> np.ndarray:
    """The normal distribution function, to 1e-7 (Abramowitz and Stegun 1964, 26.2.17)."""
    t = 1 / (1 + 0.2316419 * np.abs(z))
    poly = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    tail = np.exp(-z * z / 2) / np.sqrt(2 * np.pi) * poly
    below: np.ndarray = np.where(z < 0, tail, 1 - tail)
    return below


@dataclass(frozen=True, slots=True)
class _Places:
    """Per q: where the filter stands after the last step, the spread of the wanted mean, and the wanted columns."""

    ahead: np.ndarray
    spread: np.ndarray
    wanted: np.ndarray


@dataclass(frozen=True, slots=True)
class _Choice:
    chosen: tuple[int, ...]
    log_weight: np.ndarray
    centre: np.ndarray
    scale: np.ndarray
    df: np.ndarray


def _filter(
    columns: np.ndarray, seen: np.ndarray, noise: np.ndarray, grid: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Kalman's local level over every column at once, for each q: whitened columns, log variances, end, its variance.

    The gain depends on q alone, so the innovations of y regressed on those of x are generalised least squares.
    """
    at = np.zeros((len(grid), columns.shape[1]))
    variance = np.zeros(len(grid))
    log_f = np.zeros(len(grid))
    white = []
    for t, row in enumerate(columns):
        if t:
            variance = variance + grid
        if seen[t]:
            f = variance + noise[t]
            error = row - at
            white.append(error / np.sqrt(f)[:, None])
            log_f += np.log(f)
            gain = variance / f
            at = at + gain[:, None] * error
            variance = variance * (1 - gain)
    return np.stack(white, axis=1), log_f, at, variance


def _choice(
    sums: np.ndarray, log_f: np.ndarray, places: _Places, slab: np.ndarray, chosen: tuple[int, ...],
    level: tuple[float, float, float], size: tuple[int, int, int],
) -> _Choice:  # fmt: skip
    """The conjugate answer with the controls `chosen`, for each q."""
    n, k, p = size
    level_df, guess, share = level
    use = [*range(1, 1 + k), *(1 + k + j for j in chosen)]
    precision = sums[:, use][:, :, use].copy()
    prior = slab[np.ix_(chosen, chosen)]
    precision[:, k:, k:] += prior
    moment = sums[:, use, 0]
    b = np.linalg.solve(precision, moment[:, :, None])[:, :, 0]
    noise_df, noise_rate = _noise_prior(p)
    a, level_rate = level_df / 2, level_df * guess**2 / 2
    shape = noise_df / 2 + a + (n - k) / 2
    rate = noise_rate + level_rate / _GRID + (sums[:, 0, 0] - (b * moment).sum(axis=1)) / 2
    log_weight = np.log(share) + a * np.log(level_rate) - lgamma(a) + lgamma(shape)
    log_weight = log_weight - a * np.log(_GRID) - shape * np.log(rate) - log_f / 2
    log_weight = log_weight - np.linalg.slogdet(precision)[1] / 2
    if p:
        include = min(0.999, EXPECTED_CONTROLS / (p + 1))
        log_weight = log_weight + len(chosen) * np.log(include) + (p - len(chosen)) * np.log(1 - include)
        log_weight = log_weight + (np.linalg.slogdet(prior)[1] / 2 if chosen else 0.0)
    away = places.wanted[use] - places.ahead[:, use]
    centre = places.ahead[:, 0] + (away * b).sum(axis=1)
    doubt = np.einsum("gi,gi->g", away, np.linalg.solve(precision, away[:, :, None])[:, :, 0])
    scale = np.sqrt(rate / shape * (places.spread + doubt))
    return _Choice(chosen, log_weight, centre, scale, np.full(len(_GRID), 2 * shape))


def _noise_prior(p: int) -> tuple[float, float]:
    """Degrees of freedom and rate of the prior on s; without controls it is CausalImpact's faint one."""
    return (NOISE_DF, NOISE_DF * (1 - NOISE_R2) / 2) if p else (0.01, 0.005)


def _mixture(found: list[_Choice], p: int) -> Forecast:
    log_weight = np.concatenate([c.log_weight for c in found])
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    by_choice = weight.reshape(len(found), -1).sum(axis=1)
    by_q = np.cumsum(weight.reshape(len(found), -1).sum(axis=0))
    keep = weight > _NEGLIGIBLE
    return Forecast(
        weight=weight[keep] / weight[keep].sum(),
        centre=np.concatenate([c.centre for c in found])[keep],
        scale=np.concatenate([c.scale for c in found])[keep],
        df=np.concatenate([c.df for c in found])[keep],
        inclusion=tuple(
            float(sum(w for w, c in zip(by_choice, found, strict=True) if j in c.chosen)) for j in range(p)
        ),
        drift=float(np.sqrt(_GRID[np.searchsorted(by_q, 0.5)])),
    )
