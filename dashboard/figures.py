"""The figures of the first screen: an `Overview` as short texts. It words numbers, it computes none."""

from __future__ import annotations

from dataclasses import dataclass

from reports.measure import FEWEST
from reports.overview import Overview
from reports.wording import count, interval, percent, points


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: what it is, its value, and the sentence without which the value may not stand."""

    label: str
    value: str
    note: str


def figures(overview: Overview, *, measure: str = "negative") -> tuple[Figure, Figure, Figure, Figure]:
    """How bad, getting worse, how much, by how many: in this order, each with its n or its interval."""
    return (_share(overview, measure), _change(overview), _volume(overview), _people(overview))


def _share(overview: Overview, measure: str) -> Figure:
    now = overview.share
    word = "negative" if measure == "negative" else "against"
    if not now.relevant:
        return Figure(f"{word.capitalize()} share", "\N{EM DASH}", "no relevant posts in the last 24 hours")
    if now.relevant < FEWEST:
        few = f"{count(now.negative)} of only {count(now.relevant)} relevant posts are {word}: too few for a share"
        return Figure(f"{word.capitalize()} share", "\N{EM DASH}", few)
    note = f"{interval(now.low, now.high)}; {count(now.negative)} of {count(now.relevant)} relevant posts are {word}"
    return Figure(f"{word.capitalize()} share", percent(now.share), note)


def _change(overview: Overview) -> Figure:
    label = "Against the day before"
    if overview.change is None:
        return Figure(label, "\N{EM DASH}", "too few relevant posts on one of the two days")
    change, before = overview.change, overview.before
    bounds = f"{points(change.low)} to {points(change.high)}"
    sure = "" if change.low > 0 or change.high < 0 else "; could be no change"
    return Figure(
        label, points(change.points), f"{bounds}{sure}; was {percent(before.share)} of {count(before.relevant)}"
    )


def _volume(overview: Overview) -> Figure:
    if overview.expected_posts is None:
        return Figure("Posts, last 24 hours", count(overview.posts), f"{count(overview.posts_before)} the day before")
    note = f"usual: {count(overview.expected_posts)}; {count(overview.posts_before)} the day before"
    return Figure("Posts, last 24 hours", count(overview.posts), note)


def _people(overview: Overview) -> Figure:
    people = overview.people
    if not people.authors:
        note = f"{count(people.unknown_author_posts)} posts name no author" if people.posts else "nobody posted"
        return Figure("People", "\N{EM DASH}", note)
    note = f"the ten most active wrote {count(people.top_ten_posts)} of {count(people.posts)} posts"
    if people.unknown_author_posts:
        note += f"; {count(people.unknown_author_posts)} name no author"
    return Figure("People", count(people.authors), note)
