"""False alarms and power of the spike rule as shipped, on simulated watches: `make bench-spikes`.

Each hour goes through `analysis.episodes.Judge`, the code that decides in a running watch, with the default rules.
A null watch runs two months to learn and then months that count; a false alarm is every episode, cool-down or not.
An injection is extra negative posts, (factor - 1) times what the watch shows on average, on a base share of 30 %.
"""

from __future__ import annotations

import argparse
import pickle
import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from statistics import median

import numpy as np
from many_watches import ManyWatches
from numpy.typing import NDArray
from scipy.stats import chi2, t

from analysis.episodes import Facts, Judge, Verdict
from analysis.shares import wilson
from analysis.topic_spikes import QUIET_HOURS
from core.records import TOPICS, SpikeState
from core.watches import AlertRules

Hours = NDArray[np.int64]
Floats = NDArray[np.float64]
MONTH, LEARN = 720, 1440
SHARE = 0.3
"""Negative posts among the relevant ones when nothing happens."""
MISSED, MISREAD = 0.25, 0.1
"""Label noise: negative posts that are read as none, and others that are read as negative (this one by the hour)."""
FAMILIES = ("Poisson", "negative binomial", "autocorrelated")
MEANS = (1, 10, 100)
FACTORS, LENGTHS = (2, 3, 5), (3, 6, 12)
LOOKS = 4
"""An open hour is looked at every quarter of an hour, the last time at its close."""
PARTS = (0.45, 0.3, 0.2, 0.15, 0.1, 0.06, 0.04, 0.02, 0.01)
"""The part of the negative posts that is on each topic; a post may be on several."""
START = 486_000
"""The hour from the epoch at which a simulated watch begins."""


@dataclass(frozen=True, slots=True)
class Null:
    """A kind of watch in which nothing happens; `mean` is of negative posts per hour."""

    family: str
    mean: float
    rhythm: bool = True
    noise: bool = False
    topics: bool = False
    looks: int = 0

    def __str__(self) -> str:
        """The words of a table's row."""
        return (
            f"{self.family}{', day rhythm' * self.rhythm}{', label noise' * self.noise}{', nine topics' * self.topics}\
{f', {self.looks} looks an hour' * bool(self.looks)}"
        )


@dataclass(frozen=True, slots=True)
class Watch:
    """Counts per hour, and the mean of the negative ones that they were drawn around."""

    negative: Hours
    relevant: Hours
    topics: Hours
    """(hours, topics) negative posts on each; no topics where the null has none."""


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
    return Watch(negative.astype(np.int64), relevant.astype(np.int64), on_topics(negative, null, rng))


def on_topics(negative: Hours, null: Null, rng: np.random.Generator) -> Hours:
    """(hours, topics) how many of the negative posts are on each topic, drawn for itself."""
    parts = PARTS if null.topics else ()
    return rng.binomial(negative[:, None], np.array(parts)[None, :]).astype(np.int64)


def judge_of(watch: Watch) -> Judge:
    """The judge of a watch, with the default rules."""
    return Judge(AlertRules(), "negative", TOPICS[: watch.topics.shape[1]])


def facts(number: int, negative: int, relevant: int, topics: Sequence[int] = ()) -> Facts:
    """A closed hour, wholly collected and scored."""
    return Facts(START + number, relevant, 0, relevant, negative, "complete", topics=tuple(topics))


def told(verdict: Verdict) -> bool:
    """Whether an hour alerts: a spike of the watch, at once or by a slow rise, or of a topic alone."""
    return verdict.state == SpikeState.SPIKE or bool(verdict.topics)


def episodes(watch: Watch, since: int, null: Null, rng: np.random.Generator) -> int:
    """Alerts from hour `since` on that no alert preceded within the hours that end an episode.

    With looks, each hour is also judged while it is open, after equal parts of it, its posts spread evenly by chance;
    the most that it showed goes with it, as in a running watch, and an alert at any look counts.
    """
    judge, last, found = judge_of(watch), -QUIET_HOURS - 1, 0
    counts = zip(watch.negative.tolist(), watch.relevant.tolist(), watch.topics.tolist(), strict=True)
    for number, (negative, relevant, topics) in enumerate(counts):
        hour = facts(number, negative, relevant, topics)
        if null.looks:
            alert, highest = look(judge, hour, null.looks, rng)
            hour = hour._replace(look=highest)
        else:
            alert = False
        if told(judge.verdict(hour, whole=True)) or alert:
            found += number >= since and number - last > QUIET_HOURS
            last = number
    return found


def look(judge: Judge, hour: Facts, times: int, rng: np.random.Generator) -> tuple[bool, float]:
    """Whether an open hour alerted at one of its looks, and the most evidence that it showed."""
    after = np.arange(1, times) / times
    kinds = (hour.negative, hour.relevant - hour.negative)
    negative, other = (np.searchsorted(np.sort(rng.random(n)), after).tolist() for n in kinds)
    topics = [rng.binomial(n, after).tolist() for n in hour.topics]
    alert, highest = False, nan
    for n in range(times - 1):
        seen = facts(hour.number - START, negative[n], negative[n] + other[n], [row[n] for row in topics])
        shown, bar = judge.evidence(seen)
        highest = shown if highest != highest else max(highest, shown)
        if shown > bar:  # a look may begin an episode, which the close of the hour alone decides
            alert = alert or told(pickle.loads(pickle.dumps(judge)).verdict(seen, whole=False))
    return alert, highest


def upper_limit(counts: list[int], months: int) -> float:
    """The upper end of the two-sided 95 % interval of the rate per month: the larger of Poisson's exact one and
    Student's over watches, which knows that alarms may come in swarms."""
    total, size = sum(counts), len(counts)
    exact = float(chi2.ppf(0.975, 2 * (total + 1))) / 2 / (size * months)
    spread = float(np.std(counts, ddof=1)) / np.sqrt(size)
    return max(exact, (float(np.mean(counts)) + float(t.ppf(0.975, size - 1)) * spread) / months)


def null_row(null: Null, watches: int, months: int, seed: int) -> str:
    """A line of the table of false alarms."""
    counts = at_once(null, watches, months, seed)
    total = watches * months
    limit = upper_limit(counts, months)
    kept = "yes" if limit < 1 else "**no**"
    return f"| {null} | {null.mean:g} | {total:,} | {sum(counts)} | {sum(counts) / total:.2f} | {limit:.2f} | {kept} |"


def at_once(null: Null, watches: int, months: int, seed: int) -> list[int]:
    """`episodes` of many watches, by `many_watches.ManyWatches`."""
    rng = np.random.default_rng(seed)
    hours = LEARN + months * MONTH
    drawn = [simulate(null, hours, rng) for _ in range(watches)]
    negative, relevant = (np.stack([getattr(w, name) for w in drawn], axis=1) for name in ("negative", "relevant"))
    topics = np.stack([w.topics for w in drawn], axis=1)
    many = ManyWatches(watches, topics.shape[2])
    last, found = np.full(watches, -QUIET_HOURS - 1), np.zeros(watches, int)
    for number in range(hours):
        counts = negative[number], relevant[number], topics[number]
        alert = many.hour(START + number, *(c.astype(float) for c in counts), looks_at(counts, null.looks, rng))
        found += alert & (number >= LEARN) & (number - last > QUIET_HOURS)
        last = np.where(alert, number, last)
    return found.tolist()


def looks_at(
    counts: tuple[Hours, Hours, Hours], times: int, rng: np.random.Generator
) -> list[tuple[Floats, Floats, Floats]]:
    """What of an hour has come at each look before its close: its posts come evenly by chance."""
    negative, relevant, topics = counts
    found, seen = [], (np.zeros_like(negative), np.zeros_like(negative), np.zeros_like(topics))
    for left in range(times, 1, -1):
        rest = (negative - seen[0], relevant - negative - seen[1], topics - seen[2])
        seen = tuple(old + rng.binomial(more, 1 / left) for old, more in zip(seen, rest, strict=True))
        found.append((seen[0].astype(float), (seen[0] + seen[1]).astype(float), seen[2].astype(float)))
    return found


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
        judge, last = judge_of(watch), -QUIET_HOURS - 1
        for number in range(hours - max(LENGTHS)):
            if number in starts and number - last > QUIET_HOURS:
                past = pickle.dumps(judge)
                for factor in FACTORS:
                    extra = rng.poisson((factor - 1) * average, max(LENGTHS))
                    delay = _delay(pickle.loads(past), watch, number, extra, on_topics(extra, null, rng))
                    for length in LENGTHS:
                        found[factor, length].append(delay if delay is not None and delay <= length else None)
            hour = facts(
                number, int(watch.negative[number]), int(watch.relevant[number]), watch.topics[number].tolist()
            )
            if told(judge.verdict(hour, whole=True)):
                last = number
    return found


def _delay(judge: Judge, watch: Watch, start: int, extra: Hours, topics: Hours) -> int | None:
    for after, more in enumerate(extra.tolist()):
        number = start + after
        on_topic = (watch.topics[number] + topics[after]).tolist()
        hour = facts(number, int(watch.negative[number]) + more, int(watch.relevant[number]) + more, on_topic)
        if told(judge.verdict(hour, whole=True)):
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


def cells() -> list[Null]:
    """The nulls of the table: the day rhythm with topics, with label noise, without rhythm, without topics, and with
    looks at the open hour."""
    found = [Null(f, m, noise=noise, topics=True) for noise in (False, True) for f in FAMILIES for m in MEANS]
    found += [Null(f, 10, rhythm=False, topics=True) for f in FAMILIES]
    found += [Null(f, 10) for f in FAMILIES]
    return found + [Null(f, m, topics=True, looks=LOOKS) for m in (10, 100) for f in FAMILIES]


def check(watches: int) -> str:
    """How many alerts the shipped code and `many_watches` find in the same month of the same watches."""
    null = Null("Poisson", 10, topics=True)
    rng = np.random.default_rng(3)
    drawn = [simulate(null, LEARN + MONTH, rng) for _ in range(watches)]
    shipped = [episodes(watch, LEARN, null, rng) for watch in drawn]
    arrays = at_once(null, watches, 1, 3)
    same = sum(a == b for a, b in zip(shipped, arrays, strict=True))
    return f"{same} of {watches} watches have as many alerts in both; {sum(shipped)} shipped, {sum(arrays)} in arrays."


def main() -> None:
    """Print the tables as markdown, a row as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--watches", type=int, default=250, help="null watches per cell")
    parser.add_argument("--months", type=int, default=4, help="months that count of each (after two to learn)")
    parser.add_argument("--injected", type=int, default=100, help="watches with ten injections each")
    parser.add_argument("--only", choices=("nulls", "power", "check"), help="one part alone")
    parser.add_argument("--cells", default="", help="numbers of the cells to run, such as 0,3,18")
    asked = parser.parse_args()
    began = time.process_time()
    wanted = [int(n) for n in asked.cells.split(",")] if asked.cells else None
    if asked.only in (None, "check"):
        print(check(12))
    if asked.only in (None, "nulls"):
        print("| null | mean | watch-months | false alarms | per 30 days | upper 95 % limit | under 1 |")
        print("|---|--:|--:|--:|--:|--:|---|")
        for seed, null in enumerate(cells()):
            if wanted is None or seed in wanted:
                print(null_row(null, asked.watches, asked.months, seed), flush=True)
    if asked.only in (None, "power"):
        print("\n| null | mean | injection | tries | told within 2 h, % | of 3 h | of 6 h | of 12 h |")
        print("|---|--:|---|--:|--:|--:|--:|--:|")
        for seed, null in enumerate(cells()[: len(FAMILIES) * len(MEANS)]):
            if wanted is None or seed in wanted:
                found = delays(null, asked.injected, 10, 1000 + seed)
                for factor in FACTORS:
                    print(power_row(null, factor, found), flush=True)
    print(f"\n{(time.process_time() - began) / 60:.1f} processor minutes.")


if __name__ == "__main__":
    main()
