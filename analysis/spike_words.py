"""The sentence of an hour: what was counted, against what, and how sure it is. No names, no clock times."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from core.topic_names import topic_name

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_GAPS: Mapping[str, str] = {
    "none": "this hour was never asked for",
    "failed": "the source could not be read",
    "running": "collection of this hour is still under way",
    "truncated": "a cap cut the source, so the counts are a lower bound",
    "mixed": "at least one source was not read",
    "sample": "the imported posts do not reach this hour",
}


class Counted(Protocol):
    """The counts that a sentence is made from."""

    @property
    def relevant(self) -> int: ...
    @property
    def negative(self) -> int: ...
    @property
    def negative_reposts(self) -> int: ...


class ToldTopic(Protocol):
    """One topic beyond the record."""

    @property
    def topic(self) -> str: ...
    @property
    def negative(self) -> int: ...
    @property
    def expected(self) -> float: ...


def by_chance(rate: float) -> str:
    """How often chance alone gives a false alarm, from a rate per 30 days: "about once in two months"."""
    days = 30 / rate
    if days < 1.5:
        return "about once a day" if rate < 45 else f"about {rate / 30:.0f} times a day"
    for length, one, many in ((365, "a year", "years"), (30, "a month", "months"), (7, "a week", "weeks")):
        count = round(days / length)
        if days >= 0.9 * length and count >= 1:
            return f"about once {one}" if count == 1 else f"about once in {_number(count)} {many}"
    return f"about once in {_number(round(days))} days"


def spike_sentence(hour: Counted, expected: float, word: str, *, days: int, place: int, rate: float) -> str:
    """A spike by rank."""
    what = "more than in any hour" if place == 1 else f"among the {_number(place)} strongest hours"
    return f"{_counts(hour, word)}, {_against(hour, expected)}: {what} of the last {days} days, \
by chance {by_chance(rate)}."


def slow_sentence(hours: int, risen: Counted, expected: float, word: str, *, days: int, place: int, rate: float) -> str:
    """A slow rise beyond the record: no hour alone is a spike, all together are."""
    span = f"the last {_number(hours)} hours" if hours > 1 else "the last hour"
    what = "rise that high" if place == 1 else f"rise but {_number(place - 1)} that high"
    return f"A slow rise: over {span} {_counts(risen, word)}, {_against(risen, expected)}: \
no {what} in the last {days} days, by chance {by_chance(rate)}."


def topics_sentence(found: Iterable[ToldTopic], word: str, *, rate: float) -> str:
    """Topics beyond the record of their watch."""
    parts = [f"{topic_name(one.topic)} ({one.negative:,} {word}, {_against(one, one.expected)})" for one in found]
    return f"Beyond the record by topic: {'; '.join(parts)}; by chance {by_chance(rate)} for all topics and the \
watch together."


def volume_sentence(posts: int, unread: int, expected: float, *, days: int, rate: float) -> str:
    """Far more posts than usual, most of them without a score."""
    usual = f"{posts / expected:.1f} times the usual {expected:,.0f}" if expected >= 1 else "where hardly any is usual"
    return f"Volume up, mood unknown: {posts:,} posts, {usual}, of which {unread:,} have no score: more than in any \
hour of the last {days} days, by chance {by_chance(rate)}."


def floor_sentence(hour: Counted, median: float, word: str) -> str:
    """A spike by the floor rule of a young watch."""
    usual = "at most one" if median <= 1 else f"{median:g}"
    return f"{_counts(hour, word)}, at least three times the {usual} of a middling hour of this watch; \
not yet calibrated, because fewer than 30 days are covered."


def going_on_sentence(hour: Counted, expected: float, word: str, *, calibrated: bool, rate: float) -> str:
    """A further hour of a spike."""
    sure = f"by chance {by_chance(rate)}" if calibrated else "not yet calibrated"
    return f"{_counts(hour, word)}, {_against(hour, expected)}: the spike goes on ({sure})."


def easing_sentence(hour: Counted, expected: float, word: str, *, quiet: int, needed: int) -> str:
    """An hour under the threshold of a spike that is not over yet."""
    return f"{_counts(hour, word)}, {_against(hour, expected)}: the spike eases, and is over after {_number(needed)} \
hours under its threshold ({_number(quiet)} so far)."


def elevated_sentence(hour: Counted, expected: float, word: str, *, rank: float) -> str:
    """An unusual hour that is no spike."""
    percent = int(rank * 1000) / 10
    return f"{_counts(hour, word)}, {_against(hour, expected)}: stronger than {percent:g} % of the past hours, \
but no spike."


def calm_sentence(hour: Counted, expected: float, word: str) -> str:
    """An ordinary hour."""
    return f"{_counts(hour, word)}, {_against(hour, expected)}: nothing out of the ordinary."


def learning_sentence(hour: Counted, median: float, history: int, word: str) -> str:
    """An hour of a watch too young for a verdict."""
    days, hours = divmod(history, 24)
    so_far = f"{days} {'day' if days == 1 else 'days'}" if days else f"{hours} {'hour' if hours == 1 else 'hours'}"
    usual = f", where {median:g} is the middling hour" if median == median else ""
    return f"{_counts(hour, word)}{usual}: still learning what is usual ({so_far} of 30 days covered)."


def pending_sentence(pending: int, posts: int) -> str:
    """An hour with unscored posts."""
    return f"{pending:,} of {posts:,} posts wait to be scored, so nothing is said of this hour yet."


def no_data_sentence(coverage: str, *, is_open: bool) -> str:
    """An hour that was not collected as a whole."""
    if is_open and coverage in ("none", "running", "sample"):
        return "No data yet: this hour is not closed."
    return f"No data: {_GAPS.get(coverage, 'the posts of this hour are not complete')}."


def stale_sentence(silent: int) -> str:
    """An hour since which nothing has been collected."""
    span = f"{silent} hours" if silent < 48 else f"{silent // 24} days"
    return f"Stale: nothing has been collected for {span}."


def provisional(sentence: str) -> str:
    """The sentence of an hour that is not closed."""
    return f"So far, in an hour not yet closed: {sentence[0].lower()}{sentence[1:]}"


def lower_bound(sentence: str) -> str:
    """The sentence of an hour inside a gap: its counts can only grow."""
    return f"At least, for the collection has a gap here: {sentence[0].lower()}{sentence[1:]}"


def _counts(hour: Counted, word: str) -> str:
    if not hour.relevant:
        return "No relevant post"
    reposts = f" ({hour.negative_reposts:,} of them reposts)" if hour.negative_reposts else ""
    return f"{hour.negative:,} of {hour.relevant:,} relevant \
{'post is' if hour.relevant == 1 else 'posts are'} {word}{reposts}"


def _against(hour: Counted | ToldTopic, expected: float) -> str:
    if expected < 1:
        return "where less than one is usual"
    usual = f"{expected:,.0f}" if expected >= 10 else f"{expected:.1f}".removesuffix(".0")
    if hour.negative >= 1.5 * expected:
        return f"{hour.negative / expected:.1f} times the usual {usual}"
    return f"where {usual} {'is' if usual == '1' else 'are'} usual"


def _number(count: int) -> str:
    return _NUMBERS[count] if 0 <= count < len(_NUMBERS) else f"{count:,}"
