"""Builds the demo replay: several thousand invented posts around SoundCloud's AI clause, March to May 2025.

`python data/demo/build.py` writes `posts.jsonl.gz` beside this file. The same files in always give the same posts
out. What pattern was put in on purpose stands in README.md; no figure from it says anything about real people.
"""

from __future__ import annotations

import bisect
import gzip
import itertools
import json
import math
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pace import BUSY_EVENINGS, END, HOUR, START, draw_count, phase_weights, quiet_level, surge_level
from wording import Base, Wording, read_texts

OUTPUT = Path(__file__).parent / "posts.jsonl.gz"
SEED = 20250509
STANCES = ("against", "neutral", "for")
# How the posts of a phase are meant, in the order of STANCES.
MOODS = {
    "quiet": (0.20, 0.47, 0.33), "busy": (0.34, 0.42, 0.24), "discovery": (0.79, 0.16, 0.05),
    "statement": (0.72, 0.18, 0.10), "letter": (0.35, 0.27, 0.38), "after": (0.34, 0.44, 0.22),
}  # fmt: skip
PLATFORMS = {
    "post": (("bluesky", 0.80), ("reddit", 0.20)),
    "comment": (("reddit", 0.66), ("hackernews", 0.20), ("bluesky", 0.14)),
    "article": (("bluesky", 0.60), ("reddit", 0.28), ("hackernews", 0.12)),
}
AUTHORS = {"bluesky": 1700, "reddit": 1050, "hackernews": 300}
COMMUNITIES = {
    "music": "demo-musicmakers", "product": "demo-soundcloud", "pricing": "demo-soundcloud", "news": "demo-music",
    "legal": "demo-musicbusiness", "ownership": "demo-musicbusiness", "compensation": "demo-musicbusiness",
    "ai_training": "demo-producers", "privacy": "demo-technology",
}  # fmt: skip


@dataclass(slots=True)
class Draft:
    """A post on its way into the replay."""

    row: dict[str, Any]
    base: Base
    at: datetime
    appeal: float
    parent: Draft | None = None
    reposted: int = 0
    answered: int = 0


def weighted(rng: random.Random, pairs: Sequence[tuple[Any, float]]) -> Any:
    return rng.choices([value for value, _ in pairs], [weight for _, weight in pairs])[0]


@dataclass(slots=True)
class Crowd:
    """Authors by platform: a few write much, most write once; half of them come only when something happens."""

    rng: random.Random
    names: dict[str, list[str]] = field(default_factory=dict)
    weights: dict[str, list[float]] = field(default_factory=dict)
    used: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        numbers = list(range(1, sum(AUTHORS.values()) + 1))
        self.rng.shuffle(numbers)
        for platform, size in AUTHORS.items():
            self.names[platform] = [f"demo-author-{numbers.pop():04d}" for _ in range(size)]
            self.weights[platform] = list(itertools.accumulate((rank + 12) ** -0.62 for rank in range(size)))

    def pick(self, platform: str, base: Base) -> str:
        """An author who has not said this before, as far as twenty attempts find one."""
        names, weights = self.names[platform], self.weights[platform]
        reach = len(names) // 2 if base.phase == "quiet" else len(names)
        for _ in range(20):
            name = names[min(bisect.bisect(weights, self.rng.random() * weights[reach - 1]), reach - 1)]
            if (name, base.text) not in self.used:
                break
        self.used.add((name, base.text))
        return name


class Replay:
    """Writes the posts one after the other, in the order of their times."""

    def __init__(self, seed: int = SEED) -> None:
        # A stream for each subject: another greeting changes no count and no author.
        self.pace, self.rng, words, people = (
            random.Random(f"{seed} {name}") for name in ("pace", "posts", "words", "people")
        )
        self.texts = read_texts()
        self.uses: Counter[str] = Counter()
        self.wording = Wording(words)
        self.crowd = Crowd(people)
        self.drafts: list[Draft] = []
        self.recent: dict[str, list[Draft]] = {platform: [] for platform in AUTHORS}

    def run(self) -> list[dict[str, Any]]:
        """All posts as JSON-ready rows, oldest first."""
        for at, phase in self.moments():
            self.write(at, phase)
        return [finished(draft, number) for number, draft in enumerate(self.drafts, start=1)]

    def moments(self) -> Iterator[tuple[datetime, str]]:
        """When a post is written and which phase its text comes from, in order of time."""
        mood, at = 1.0, START
        while at < END:
            if at.hour == 0:
                mood = math.exp(self.pace.gauss(-0.02, 0.2))
            quiet, surge = draw_count(self.pace, quiet_level(at) * mood, 4.0), 0
            if level := surge_level(at):
                surge = draw_count(self.pace, level, 80.0)
            seconds = sorted((self.pace.randrange(3600), index) for index in range(quiet + surge))
            for second, index in seconds:
                phase = "quiet" if index < quiet else weighted(self.pace, list(phase_weights(at).items()))
                yield at + timedelta(seconds=second), phase
            at += HOUR

    def write(self, at: datetime, phase: str) -> None:
        if self.rng.random() < (0.07 if phase == "quiet" else 0.19) and (original := self.shared(at, phase)):
            self.repost(at, original)
            return
        base = self.choose(at, phase)
        suited = [(name, weight) for name, weight in PLATFORMS[base.kind] if base.suits(name)]
        platform = weighted(self.rng, suited)
        community = COMMUNITIES.get(base.angle, "demo-music") if platform == "reddit" else ""
        parent = self.answered(at, base, platform, community) if base.kind == "comment" else None
        kind = "post" if base.kind == "comment" and parent is None else base.kind
        draft = self.draft(at, base, platform, community, kind, self.wording.vary(base, platform))
        draft.parent = parent
        if parent:
            parent.answered += 1
        self.keep(draft)

    def repost(self, at: datetime, original: Draft) -> None:
        draft = self.draft(at, original.base, "bluesky", "", "repost", original.row["text"])
        draft.parent = original
        original.reposted += 1
        self.drafts.append(draft)

    def draft(self, at: datetime, base: Base, platform: str, community: str, kind: str, text: str) -> Draft:
        row = {"platform": platform, "text": text, "author": self.crowd.pick(platform, base), "community": community}
        return Draft({**row, "kind": kind, "lang": base.lang}, base, at, min(self.rng.paretovariate(1.1), 600.0))

    def keep(self, draft: Draft) -> None:
        self.drafts.append(draft)
        near = self.recent[draft.row["platform"]]
        near.append(draft)
        del near[:-250]

    def choose(self, at: datetime, phase: str) -> Base:
        """A text of this phase that fits the time, the less used ones first."""
        busy = phase == "quiet" and at.date() in BUSY_EVENINGS and 17 <= at.hour < 22
        stance = self.rng.choices(STANCES, MOODS["busy" if busy else phase])[0]
        fitting = [
            base
            for base in self.texts
            if base.phase == phase and base.stance == stance and base.opens <= at < base.closes
        ]
        base = min(fitting, key=lambda base: self.uses[base.text] + 2.5 * self.rng.random())
        self.uses[base.text] += 1 if base.lang == "en" else 2  # these are varied less
        return base

    def shared(self, at: datetime, phase: str) -> Draft | None:
        """A post of the last hours that somebody reposts; few posts get most of the reposts."""
        hours = 30 if phase == "quiet" else 8
        near = [
            (draft, min(draft.appeal, 80.0))
            for draft in self.recent["bluesky"]
            if draft.base.phase == phase and at - draft.at < hours * HOUR and at < draft.base.closes
        ]
        return weighted(self.rng, near) if near else None

    def answered(self, at: datetime, base: Base, platform: str, community: str) -> Draft | None:
        """The post that a comment answers: of the same phase and place, by preference on the same subject."""
        hours = 96 if base.phase == "quiet" else 36
        near = [
            (draft, draft.appeal * (4.0 if draft.base.angle == base.angle else 1.0))
            for draft in self.recent[platform]
            if draft.base.phase == base.phase
            and draft.row["community"] == community
            and draft.base.text != base.text
            and at - draft.at < hours * HOUR
        ]
        return weighted(self.rng, near) if near else None


def finished(draft: Draft, number: int) -> dict[str, Any]:
    """The row as it is written, with counters that hold at least the replies and reposts of the replay."""
    row, name = draft.row, f"demo-{number:06d}"
    row["id"] = name
    platform, first = row["platform"], row["kind"] != "repost"
    likes = min(4000, int(draft.appeal * (3 if draft.base.phase == "quiet" else 7))) if first else 0
    return {
        "id": name,
        "platform": platform,
        "created_at": draft.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "text": row["text"],
        "author": row["author"],
        "community": row["community"],
        "kind": row["kind"],
        "parent_id": draft.parent.row["id"] if draft.parent else "",
        "lang": row["lang"],
        "likes": None if platform == "hackernews" and row["kind"] == "comment" else likes,
        "reposts": max(draft.reposted, likes // 6) if platform == "bluesky" else None,
        "replies": max(draft.answered, likes // 15),
        "url": f"https://example.org/demo/{platform}/{name}",
        "invented": True,
    }


def content() -> bytes:
    """The replay as JSON lines, before compression."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in Replay().run()).encode()


def main() -> None:
    lines = content()
    OUTPUT.write_bytes(gzip.compress(lines, mtime=0))
    print(f"{OUTPUT.name}: {lines.count(10)} invented posts, {OUTPUT.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
