"""Coverage of the effect's 95 % interval on simulated series, and false alarms at null dates: `make bench-effects`.

Every series gets an effect of 0 or of twice its standard deviation, alternately; the interval should hold it 95 times
of 100. Families: what counts and shares look like (Poisson and over-dispersed with a day's rhythm, binomial shares
of few posts), drifting levels, autocorrelation, and a control. Null dates: `p` from placebo dates of long quiet series.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

from analysis.impact import Series, impact
from analysis.placebo import Design, judge, placebos
from analysis.shares import wilson

Maker = Callable[[np.random.Generator, int], Series]
BEFORE, AFTER = 240, 48


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=1200, help="simulated series in all (at least 1,000)")
    parser.add_argument("--null-dates", type=int, default=200)
    asked = parser.parse_args()
    each = -(-asked.series // len(FAMILIES))
    print("| family | series | held by the 95 % interval | mean error, in sd of the series |\n|---|--:|--:|--:|")
    held = total = 0
    start = time.perf_counter()
    for name, maker in FAMILIES.items():
        hits, error = _coverage(maker, each)
        held, total = held + hits, total + each
        print(f"| {name} | {each} | {_share(hits, each)} | {error:.2f} |", flush=True)
    print(f"| **all** | {total} | {_share(held, total)} | |")
    print(f"\n{total} series in {time.perf_counter() - start:.0f} s. Null dates:\n")
    ps = [p for seed in range(asked.null_dates) if (p := _null(np.random.default_rng(90_000 + seed))) is not None]
    for level in (0.05, 0.10, 0.20):
        small = sum(p <= level for p in ps)
        print(f"- p <= {level:.2f} at {_share(small, len(ps))} of {len(ps)} null dates")


def _coverage(maker: Maker, count: int) -> tuple[int, float]:
    hits, errors = 0, []
    for seed in range(count):
        series = maker(np.random.default_rng(seed), BEFORE + AFTER)
        spread = float(np.std(series.values[:BEFORE]))
        effect = 2 * spread if seed % 2 else 0.0
        series.values[BEFORE:] += effect
        found = impact(series, slice(0, BEFORE), slice(BEFORE, BEFORE + AFTER))
        hits += found.low <= effect <= found.high
        errors.append(found.error / spread)
    return hits, float(np.mean(errors))


def _null(rng: np.random.Generator) -> float | None:
    """p at a date of a quiet, rhythmic, over-dispersed series when nothing happened."""
    series = _negative_binomial(rng, 24 * 60)
    design, at = Design(before=14 * 24, fewest=72, gap=0, after=24), 24 * 60 - 24
    found = impact(series, slice(at - design.before, at), slice(at, at + design.after))
    blocked = np.arange(len(series)) >= at
    return judge(found.score, placebos(series, design, blocked, like=found), after_peak=False).p


def _share(k: int, n: int) -> str:
    low, high = wilson(k, n)
    return f"{100 * k / n:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def _clocked(values: np.ndarray, **more: object) -> Series:
    return Series(values.astype(float), clock=np.arange(len(values)), periods=(24, 168), **more)  # type: ignore[arg-type]


def _rhythm(size: int) -> np.ndarray:
    rhythm: np.ndarray = 20 * (1 + 0.4 * np.sin(np.arange(size) * 2 * np.pi / 24))
    return rhythm


def _poisson(rng: np.random.Generator, size: int) -> Series:
    return _clocked(np.log1p(rng.poisson(_rhythm(size))))


def _negative_binomial(rng: np.random.Generator, size: int) -> Series:
    return _clocked(np.log1p(rng.poisson(rng.gamma(5, _rhythm(size) / 5))))


def _binomial(rng: np.random.Generator, size: int) -> Series:
    posts = rng.poisson(15, size) + 1
    return _clocked(rng.binomial(posts, 0.4) / posts, noise=posts.mean() / posts)


def _drifting_share(rng: np.random.Generator, size: int) -> Series:
    posts = rng.poisson(15, size) + 1
    level = 0.4 + np.clip(np.cumsum(rng.normal(0, 0.004, size)), -0.3, 0.3)
    return _clocked(rng.binomial(posts, level) / posts, noise=posts.mean() / posts)


def _level(step: float) -> Maker:
    return lambda rng, size: _clocked(np.cumsum(rng.normal(0, step, size)) + rng.normal(size=size))


def _autocorrelated(phi: float) -> Maker:
    def make(rng: np.random.Generator, size: int) -> Series:
        noise, values = rng.normal(size=size), np.zeros(size)
        for n in range(1, size):
            values[n] = phi * values[n - 1] + noise[n]
        return _clocked(10 + values)

    return make


def _controlled(rng: np.random.Generator, size: int) -> Series:
    control = 100 + np.cumsum(rng.normal(size=size))
    level = np.cumsum(rng.normal(0, 0.05, size))
    return _clocked(1.2 * control + level + rng.normal(size=size), controls={"other": control})


FAMILIES: dict[str, Maker] = {
    "Poisson with a day's rhythm (log)": _poisson,
    "negative binomial with a day's rhythm (log)": _negative_binomial,
    "share of about 15 posts": _binomial,
    "the same, drifting": _drifting_share,
    "steady level": _level(0.01),
    "drifting level, a tenth of the noise": _level(0.1),
    "drifting level, half of the noise": _level(0.5),
    "autocorrelation 0.3": _autocorrelated(0.3),
    "autocorrelation 0.6": _autocorrelated(0.6),
    "a control that it follows, and a drift of its own": _controlled,
}


if __name__ == "__main__":
    main()
