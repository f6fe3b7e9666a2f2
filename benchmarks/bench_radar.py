"""Precision of the radar's recognition on labelled posts: python -m benchmarks.bench_radar

Truth is the service of the controversy under which a post was collected, read off its label. It is a strict one: a
comment below a post about one service may rightly be about another.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter

from analysis.recognition import Recogniser
from analysis.shares import wilson
from core.services import load_services
from core.settings import load_settings

_OTHER_NAMES = {"twitter": "x"}


def main() -> None:
    """Print posts, recognised, right, precision with its interval, and speed, for Duolingo's posts and the others."""
    path = load_settings().shared_data / "labels" / "reactions.jsonl"
    if not path.exists():
        sys.exit(f"{path} is absent: set UPROAR_SHARED_DATA")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    recogniser = Recogniser(load_services())
    counts: Counter[tuple[str, str]] = Counter()
    began = time.perf_counter()
    for row in rows:
        found, truth = recogniser.subject(row["text"]), _service(row["controversy"])
        group = "duolingo" if truth == "duolingo" else "others"
        counts[group, "posts"] += 1
        counts[group, "recognised"] += bool(found)
        counts[group, "right"] += found == truth
    seconds = time.perf_counter() - began
    for group in ("duolingo", "others"):
        posts, recognised, right = (counts[group, name] for name in ("posts", "recognised", "right"))
        low, high = wilson(right, recognised)
        share = f"{right / recognised:.1%} ({low:.1%} to {high:.1%})" if recognised else "none"
        sys.stdout.write(f"{group}: {posts:,} posts, {recognised:,} recognised, {right:,} right: precision {share}\n")
    sys.stdout.write(f"{len(rows) / seconds:,.0f} posts/s\n")


def _service(controversy: str) -> str:
    name = controversy.partition("_")[0]
    return _OTHER_NAMES.get(name, name)


if __name__ == "__main__":
    main()
