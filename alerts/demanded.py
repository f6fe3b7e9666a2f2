"""What people demand in the last hours, by number of people: what an update compares beside the topics."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING

from analysis.demands import DEMANDS, demands_in
from core.watches import Watch
from reports.posts import posts
from store import PostFilter

if TYPE_CHECKING:
    from store import Reader

FEWEST = 5
"""Groups of fewer people are not told."""
MOST_READ = 5_000
"""The newest posts are read, so many at most: enough to see what is demanded."""


def demanded(reader: Reader, watch: Watch, *, since: datetime, clock: datetime) -> dict[str, int]:
    """Code of a demand -> how many people make it in relevant posts since then; those of under five are left out.

    A post without an author counts as a person of its own.
    """
    found = posts(reader, watch, PostFilter(watch.name, since=since, relevant=True), clock=clock, limit=MOST_READ)
    people: dict[str, set[str]] = defaultdict(set)
    for source, number, author, text in zip(
        found["source"], found["id"], found["author"], found["text"], strict=True
    ):  # fmt: skip
        person = f"{source} {author}" if isinstance(author, str) and author else f"{source} post {number}"
        for code in demands_in(str(text)):
            people[code].add(person)
    return {code: len(who) for code, who in people.items() if len(who) >= FEWEST}


def label(code: str) -> str:
    """A demand's words inside a sentence."""
    return next((demand.label for demand in DEMANDS if demand.code == code), code)
