"""Which parts of a span are read so that the money lasts: counts first, then all of it or moments drawn by chance."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from collectors.json_fields import count, inside, moment, name, rows
from core.records import HOUR, Interval

WINDOW = 500
"""Posts read before a cursor is set: what a run that is killed pays twice at most."""
_SAMPLE = 20
"""A sampled window is made long enough for about so many posts: a share of fewer says little."""
_LONGEST = timedelta(hours=24)
_SLICES = 12
_MINUTE = timedelta(minutes=1)
_LATELY = 2
_TIMES_USUAL = 3
_SPIKE = 20


@dataclass(frozen=True, slots=True)
class Bucket:
    """How many posts X counts in [start, end): an hour, or a part of one at either end of a span."""

    start: datetime
    end: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Window:
    """One part of the span. `slices` is empty where it is read whole; else only these moments are read."""

    start: datetime
    end: datetime
    volume: int
    slices: tuple[Interval, ...] = ()

    @property
    def span(self) -> Interval:
        """The whole window."""
        return Interval(self.start, self.end)


def buckets_of(answer: Any, start: datetime, end: datetime) -> list[Bucket]:
    """The hourly counts of an answer, in either spelling, cut to [start, end); what is not understood is left out."""
    found = []
    for row in rows(answer, "data"):
        first, last = (moment(inside(row, key), datetime.max.replace(tzinfo=start.tzinfo)) for key in ("start", "end"))
        number = count(inside(row, "tweet_count"))
        number = number if number is not None else count(inside(row, "post_count"))
        if first is None or last is None or number is None or last - first > 2 * HOUR:
            continue
        first, last = max(first, start), min(last, end)
        if first < last:
            found.append(Bucket(first, last, number))
    return sorted(found, key=lambda bucket: bucket.start)


def next_token(answer: Any) -> str:
    """The name of the next page, "" after the last."""
    return name(inside(answer, "meta", "next_token"))


def is_spike(buckets: Sequence[Bucket]) -> bool:
    """Whether the newest hours hold far more posts than the median hour before them."""
    rates = [bucket.count / max((bucket.end - bucket.start) / HOUR, 0.05) for bucket in buckets]
    before = rates[:-_LATELY]
    return bool(before) and max(rates[-_LATELY:]) > max(_SPIKE, _TIMES_USUAL * median(before))


def plan(
    buckets: Sequence[Bucket], start: datetime, end: datetime, affordable: int, chance: random.Random
) -> list[Window]:
    """Adjoining windows that cover [start, end), oldest first.

    Where all posts are affordable every window is read whole; else each is sampled at the same rate, at moments
    drawn by chance, so that no hour is left out and none is preferred.
    """
    volume = sum(bucket.count for bucket in buckets)
    if volume <= affordable:
        return _windows(buckets, start, end, lambda number, length: number >= WINDOW)
    rate = affordable / volume
    windows = _windows(
        buckets, start, end, lambda number, length: number * rate >= _SAMPLE or length >= _LONGEST
    )  # fmt: skip
    return [Window(w.start, w.end, w.volume, _slices(w, rate, chance)) if w.volume else w for w in windows]


def _windows(
    buckets: Sequence[Bucket], start: datetime, end: datetime, full: Callable[[int, timedelta], bool]
) -> list[Window]:
    windows: list[Window] = []
    at, number = start, 0
    for bucket in buckets:
        number += bucket.count
        if full(number, bucket.end - at):
            windows.append(Window(at, bucket.end, number))
            at, number = bucket.end, 0
    if at < end:
        windows.append(Window(at, end, number))
    return windows


def _slices(window: Window, rate: float, chance: random.Random) -> tuple[Interval, ...]:
    """Minutes or longer pieces of the window, drawn without replacement, that make up about `rate` of it."""
    minutes = max(1, int((window.end - window.start) / _MINUTE))
    length = max(1, min(minutes, round(rate * minutes / _SLICES)))
    places = max(1, minutes // length)
    drawn = chance.sample(range(places), min(places, max(1, round(rate * minutes / length))))
    found = []
    for place in sorted(drawn):
        first = window.start + place * length * _MINUTE
        found.append(Interval(first, min(first + length * _MINUTE, window.end)))
    return tuple(found)
