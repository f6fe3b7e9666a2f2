"""`uproar detect` on the realTweets series of NAB, scored as NAB does (standard profile; Lavin and Ahmad, 2015).

Usage: python benchmarks/bench_nab.py FOLDER, with combined_windows.json and realTweets/*.csv in it. One fixed threshold
for every series; beside it the threshold that is best for the others (each left out once), and the false episodes.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.surge import THRESHOLD, surges

FALSE = 0.11
FIXED = 0.5
STEP = timedelta(minutes=5)
SWEEP = np.linspace(0.4, 0.65, 101)


@dataclass(frozen=True, slots=True)
class Result:
    """Raw NAB score, windows and how many were hit, false episodes (24 hours apart) and days watched."""

    raw: float
    windows: int
    hit: int
    episodes: int
    days: float


def sigmoid(place: np.ndarray) -> np.ndarray:
    """NAB's scaled sigmoid."""
    return np.where(place > 3, -1.0, 2 / (1 + np.exp(5 * np.minimum(place, 3.0))) - 1)


def rate(times: np.ndarray, windows: list[list[str]], fired: np.ndarray) -> Result:
    """Score the rows that fired, probation left out."""
    size = len(times)
    probation = min(int(0.15 * size), 750)
    rows = np.flatnonzero(fired)
    rows = rows[rows >= probation]
    inside = np.zeros(len(rows), dtype=bool)
    worth = np.full(len(rows), -FALSE)
    raw, hit = 0.0, 0
    for start, end in windows:
        left, right = np.searchsorted(times, np.array([start, end], dtype="datetime64[us]"))
        width = right - left + 1
        found = (rows >= left) & (rows <= right)
        inside |= found
        after = rows > right
        worth[after] = FALSE * sigmoid((rows[after] - right) / (width - 1))
        values = sigmoid(-(right - rows[found] + 1) / width) / sigmoid(np.array(-1.0))
        raw += float(values.max()) if len(values) else -1.0
        hit += bool(len(values))
    raw += float(worth[~inside].sum())
    gaps = np.diff(times[rows[~inside]])
    episodes = int((gaps > np.timedelta64(24, "h")).sum()) + bool((~inside).any())
    return Result(raw, len(windows), hit, episodes, float((times[-1] - times[probation]) / np.timedelta64(1, "D")))


def total(results: list[Result]) -> tuple[float, float]:
    """The normalised score, and false episodes per 30 watch-days."""
    windows = sum(r.windows for r in results)
    score = 100 * (sum(r.raw for r in results) + windows) / (2 * windows)
    return score, 30 * sum(r.episodes for r in results) / sum(r.days for r in results)


def main() -> None:
    """Print the table."""
    folder = Path(sys.argv[1])
    windows = json.loads((folder / "combined_windows.json").read_text())
    series = []
    began, rows = time.process_time(), 0
    for name in sorted(n for n in windows if n.startswith("realTweets") and (folder / n).exists()):
        table = pd.read_csv(folder / name)
        times = pd.to_datetime(table["timestamp"]).to_numpy().astype("datetime64[us]")
        series.append((name, times, surges(table["value"].to_numpy(float), STEP).score))
        rows += len(table)
    print(f"{rows / (time.process_time() - began):,.0f} rows per processor second; threshold {THRESHOLD}\n")

    def results(threshold: float) -> list[Result]:
        return [rate(times, windows[name], score >= threshold) for name, times, score in series]

    print("| series | windows hit | false episodes |\n|---|--:|--:|")
    fixed = results(FIXED)
    for (name, *_), result in zip(series, fixed, strict=True):
        print(f"| {Path(name).stem} | {result.hit} of {result.windows} | {result.episodes} |")
    print("\nfixed threshold: {:.1f} at {:.2f} false episodes per 30 watch-days".format(*total(fixed)))
    sweep = [results(threshold) for threshold in SWEEP]
    print("best single threshold: {:.1f} at {:.2f}".format(*max(total(found) for found in sweep)))
    held = []
    for out in range(len(series)):
        rest = [total([r for n, r in enumerate(found) if n != out]) for found in sweep]
        best = max((n for n in range(len(sweep)) if rest[n][1] <= 1), key=lambda n: rest[n][0])
        held.append(sweep[best][out])
    print("threshold from the other series, each left out once: {:.1f} at {:.2f}".format(*total(held)))


if __name__ == "__main__":
    main()
