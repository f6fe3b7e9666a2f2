"""False alarms and power of the spike rule as shipped, on simulated watches: `make bench-spikes`.

Each hour goes through `analysis.episodes.Judge`, the code that decides in a running watch, with the default rules.
A null watch runs two months to learn and then months that count; a false alarm is every episode, cool-down or not.
An injection is extra negative posts, (factor - 1) times what the watch shows on average, on a base share of 30 %.
"""

from __future__ import annotations

import argparse
import pickle
import time
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, t

from analysis.episodes import QUIET_HOURS, Facts, Judge
from analysis.shares import wilson
from core.records import SpikeState
from core.watches import AlertRules

Hours = NDArray[np.int64]
MONTH, LEARN = 720, 1440
SHARE = 0.3
"""Negative posts among the relevant ones when nothing happens."""
MISSED, MISREAD = 0.25, 0.1
"""Label noise: negative posts that are read as none, and others that are read as negative (this one by the hour)."""
FAMILIES = ("Poisson", "negative binomial", "autocorrelated")
MEANS = (1, 10, 100)
FACTORS, LENGTHS = (2, 3, 5), (3, 6, 12)
START = 486_000
"""The hour from the epoch at which a simulated watch begins."""


@dataclass(frozen=True, slots=True)
class Null:
    """A kind of watch in which nothing happens; `mean` is of negative posts per hour."""

    family: str
    mean: float
    rhythm: bool = True
    noise: bool = False

    def __str__(self) -> str:
        """The words of a table's row."""
        return f"{self.family}{', day rhythm' * self.rhythm}{', label noise' * self.noise}"


@dataclass(frozen=True, slots=True)
class Watch:
    """Counts per hour, and the mean of the negative ones that they were drawn around."""

    negative: Hours
    relevant: Hours


def simulate(null: Null, hours: int, rng: np.random.Generator) -> Watch:
    """One watch. Day rhythm: 0.4 to 1.6 times the mean, at weekends a fifth less. Negative binomial: variance
    m + m²/5. Autocorrelated: the logarithm follows AR(1) with 0.9 per hour and a deviation of 0.3. The latter two
    move all posts of an hour, the share is drawn for itself."""
    place = np.arange(hours)
    level = np.ones(hours)
    if null.rhythm:
        level = (1 + 0.6 * np.sin(2 * np.pi * place / 24)) * np.where(place // 24 % 7 < 5, 1.0, 0.8)
    if null.family == "negative binomial":
        level = level * rng.gamma(5, 1 / 5, hours)
    if null.family == "autocorrelated":
        steps = rng.normal(0, 0.3 * np.sqrt(1 - 0.9**2), hours)
        log = np.empty(hours)
        log[0] = rng.normal(0, 0.3)
        for n in range(1, hours):
            log[n] = 0.9 * log[n - 1] + steps[n]
        level = level * np.exp(log - 0.3**2 / 2)
    negative = rng.poisson(null.mean * level)
    other = rng.poisson(null.mean * level * (1 - SHARE) / SHARE)
    relevant = negative + other
    if null.noise:
        misread = rng.beta(20 * MISREAD, 20 * (1 - MISREAD), hours)
        negative = rng.binomial(negative, 1 - MISSED) + rng.binomial(other, misread)
    return Watch(negative.astype(np.int64), relevant.astype(np.int64))


def facts(number: int, negative: int, relevant: int) -> Facts:
    """A closed hour, wholly collected and scored."""
    return Facts(START + number, relevant, 0, relevant, negative, "complete")


def episodes(watch: Watch, since: int) -> int:
    """Spikes from hour `since` on that no spike preceded within the hours that end an episode."""
    judge, last, found = Judge(AlertRules(), "negative"), -QUIET_HOURS - 1, 0
    pairs = zip(watch.negative.tolist(), watch.relevant.tolist(), strict=True)
    for number, (negative, relevant) in enumerate(pairs):
        if judge.verdict(facts(number, negative, relevant), whole=True).state == SpikeState.SPIKE:
            found += number >= since and number - last > QUIET_HOURS
            last = number
    return found


def upper_limit(counts: list[int], months: int) -> float:
    """The upper end of the two-sided 95 % interval of the rate per month: the larger of Poisson's exact one and
    Student's over watches, which knows that alarms may come in swarms."""
    total, size = sum(counts), len(counts)
    exact = float(chi2.ppf(0.975, 2 * (total + 1))) / 2 / (size * months)
    spread = float(np.std(counts, ddof=1)) / np.sqrt(size)
    return max(exact, (float(np.mean(counts)) + float(t.ppf(0.975, size - 1)) * spread) / months)


def null_row(null: Null, watches: int, months: int, seed: int) -> str:
    """A line of the table of false alarms."""
    rng = np.random.default_rng(seed)
    counts = [episodes(simulate(null, LEARN + months * MONTH, rng), LEARN) for _ in range(watches)]
    total = watches * months
    limit = upper_limit(counts, months)
    kept = "yes" if limit < 1 else "**no**"
    return f"| {null} | {null.mean:g} | {total:,} | {sum(counts)} | {sum(counts) / total:.2f} | {limit:.2f} | {kept} |"


def delays(null: Null, watches: int, times: int, seed: int) -> dict[tuple[int, int], list[int | None]]:
    """By factor and length: after how many closed hours each injection was a spike, None when in none of its own.

    Injections begin at random hours at which no episode is open; each starts from the same past.
    """
    rng = np.random.default_rng(seed)
    found: dict[tuple[int, int], list[int | None]] = {(f, n): [] for f in FACTORS for n in LENGTHS}
    hours = LEARN + 2 * MONTH
    for _ in range(watches):
        watch = simulate(null, hours, rng)
        starts = set(rng.choice(np.arange(LEARN, hours - max(LENGTHS)), times, replace=False).tolist())
        average = float(watch.negative[:LEARN].mean())
        judge, last = Judge(AlertRules(), "negative"), -QUIET_HOURS - 1
        for number in range(hours - max(LENGTHS)):
            if number in starts and number - last > QUIET_HOURS:
                past = pickle.dumps(judge)
                for factor in FACTORS:
                    delay = _delay(pickle.loads(past), watch, number, rng.poisson((factor - 1) * average, max(LENGTHS)))
                    for length in LENGTHS:
                        found[factor, length].append(delay if delay is not None and delay <= length else None)
            hour = facts(number, int(watch.negative[number]), int(watch.relevant[number]))
            if judge.verdict(hour, whole=True).state == SpikeState.SPIKE:
                last = number
    return found


def _delay(judge: Judge, watch: Watch, start: int, extra: Hours) -> int | None:
    for after, more in enumerate(extra.tolist()):
        number = start + after
        hour = facts(number, int(watch.negative[number]) + more, int(watch.relevant[number]) + more)
        if judge.verdict(hour, whole=True).state == SpikeState.SPIKE:
            return after + 1
    return None


def power_row(null: Null, factor: int, found: dict[tuple[int, int], list[int | None]]) -> str:
    """A line of the table of power."""
    cells = [f"{null} | {null.mean:g} | x{factor} | {len(found[factor, LENGTHS[0]])}"]
    early = [d is not None and d <= 2 for d in found[factor, LENGTHS[0]]]
    low, high = wilson(sum(early), len(early))
    cells.append(f"{100 * sum(early) / len(early):.1f} ({100 * low:.0f} to {100 * high:.0f})")
    for length in LENGTHS:
        told = [d for d in found[factor, length] if d is not None]
        share = 100 * len(told) / len(found[factor, length])
        cells.append(f"{share:.0f} %, {median(told):.0f} h" if told else "0 %")
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print both tables as markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--watches", type=int, default=250, help="null watches per cell")
    parser.add_argument("--months", type=int, default=4, help="months that count of each (after two to learn)")
    parser.add_argument("--injected", type=int, default=100, help="watches with ten injections each")
    asked = parser.parse_args()
    began = time.process_time()
    nulls = [Null(f, m, noise=noise) for noise in (False, True) for f in FAMILIES for m in MEANS]
    nulls += [Null(f, 10, rhythm=False) for f in FAMILIES]
    print("| null | mean | watch-months | false alarms | per 30 days | upper 95 % limit | under 1 |")
    print("|---|--:|--:|--:|--:|--:|---|")
    for seed, null in enumerate(nulls):
        print(null_row(null, asked.watches, asked.months, seed), flush=True)
    print("\n| null | mean | injection | tries | told within 2 h, % | of 3 h | of 6 h | of 12 h |")
    print("|---|--:|---|--:|--:|--:|--:|--:|")
    for seed, null in enumerate(nulls[: len(FAMILIES) * len(MEANS)]):
        found = delays(null, asked.injected, 10, 1000 + seed)
        for factor in FACTORS:
            print(power_row(null, factor, found), flush=True)
    print(f"\n{(time.process_time() - began) / 60:.0f} processor minutes.")


if __name__ == "__main__":
    main()
