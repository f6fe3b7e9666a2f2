"""The road's figures: import, scoring, the 90-day timeline and peak memory. Prints a Markdown table.

    python benchmarks/bench_road.py [--posts 100000] [--timeline 1000000 10000000]

Each stage runs in a process of its own, so that its peak memory is its own. Posts are made here (seeded), every text
is different; the timeline stages fill the store with synthetic scores. Absolute times do not travel between machines.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

START = datetime(2025, 3, 1, tzinfo=UTC)
WATCH = """platform = "Example"
terms = 'example AND (terms OR ai OR consent OR "opt out" OR delete*)'
since = 2025-03-01T00:00:00Z
as_of = 2025-05-30T00:00:00Z
"""
_VOCABULARY = """
terms ai consent music artist label upload clause training data never again account delete leaving money royalty honest
statement letter sorry lawyer read update policy platform people work voice license right change why
"""
WORDS = _VOCABULARY.split()


def make_posts(path: Path, count: int) -> None:
    """`count` different posts over 90 days, one JSON line each, about 150 characters of text."""
    rng = random.Random(7)
    step = timedelta(days=90) / count
    with path.open("w") as file:
        for n in range(count):
            text = f"example {n} " + " ".join(rng.choices(WORDS, k=rng.randint(8, 30)))
            file.write(json.dumps({"id": f"p{n}", "platform": "forum", "created_at": (START + n * step).isoformat(),
                                   "author": f"a{rng.randint(1, count // 3 + 1)}", "text": text}) + "\n")  # fmt: skip


def stage(home: Path, name: str, *arguments: str) -> dict[str, float]:
    """Run one stage of this file in its own process and return what it measured."""
    command = [sys.executable, __file__, "--stage", name, *arguments]
    environment = {**os.environ, "UPROAR_HOME": str(home), "PYTHONPATH": str(Path(__file__).parent.parent)}
    environment.pop("UPROAR_STORE", None)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{name}: {done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def run_import(path: str) -> dict[str, float]:
    from collectors.registry import load_collector
    from uproar.session import open_session
    from uproar.steps.collect import import_file

    session = open_session()
    watch = session.watch("bench")
    with session.store() as store:
        store.register_watch(watch.name, subject=watch.platform)
        began = time.perf_counter()
        report = import_file(store, watch, load_collector("files", session.settings), {"path": path, "match": "yes"},
                             clock=session.now)  # fmt: skip
        seconds = time.perf_counter() - began
    return {"posts": report.new, "seconds": seconds}


def run_rollup() -> dict[str, float]:
    from uproar.session import open_session

    with open_session().store() as store:
        began = time.perf_counter()
        hours = store.refresh_rollups()
        return {"hours": hours, "seconds": time.perf_counter() - began}


def run_score() -> dict[str, float]:
    from uproar.session import MODEL, open_session
    from uproar.steps.score import score

    session = open_session()
    classifier = session.classifier(MODEL)
    classifier.score(["warm up"])
    with session.store() as store:
        began = time.perf_counter()
        done = score(store, classifier, session.watch("bench"))
        return {"posts": done, "seconds": time.perf_counter() - began}


def run_export(out: str) -> dict[str, float]:
    from exports.posts import export_posts
    from uproar.session import open_session

    session = open_session()
    with session.reader() as reader:
        began = time.perf_counter()
        done = export_posts(reader, session.watch("bench"), Path(out), clock=session.clock)
        return {"posts": done.rows, "seconds": time.perf_counter() - began}


def run_timeline() -> dict[str, float]:
    from reports.timeline import timeline
    from uproar.session import open_session

    session = open_session()
    watch = session.watch("bench")
    times, reads = [], []
    with session.reader() as reader:
        for _ in range(21):
            began = time.perf_counter()
            reader.rollup(watch.name, since=watch.since, until=watch.as_of)
            reads.append(time.perf_counter() - began)
            began = time.perf_counter()
            frame = timeline(reader, watch, clock=session.clock, since=watch.since, until=watch.as_of, by="hour")
            times.append(time.perf_counter() - began)
    return {"rows": len(frame), "posts": int(frame["posts"].sum()), "read_ms": 1000 * statistics.median(reads),
            "ms": 1000 * statistics.median(times), "worst_ms": 1000 * max(times[1:])}  # fmt: skip


def run_fill(count: str) -> dict[str, float]:
    from bench_store import fill, score_in_bulk

    from uproar.session import open_session

    began = time.perf_counter()
    with open_session().store() as store:
        store.register_watch("bench")
        fill(store, int(count))
        score_in_bulk(store)
        store.refresh_rollups()
    return {"posts": int(count), "seconds": time.perf_counter() - began}


STAGES = {
    "import": run_import, "rollup": run_rollup, "score": run_score, "export": run_export, "fill": run_fill,
    "timeline": run_timeline,
}  # fmt: skip


def new_home(folder: Path, name: str) -> Path:
    """An empty UPROAR_HOME with the watch `bench`."""
    home = folder / name
    (home / "watches").mkdir(parents=True)
    (home / "watches" / "bench.toml").write_text(WATCH)
    return home


def measure(posts: int, scored: int, timelines: list[int]) -> None:
    """Run every stage and print the table."""
    print(
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, SQLite; {posts:,} posts\n"
    )
    print("| stage | figure | peak memory |\n|---|--:|--:|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for count in (posts // 4, posts):
            home = new_home(folder, f"import-{count}")
            make_posts(folder / "posts.jsonl", count)
            row("import JSONL with full-text search", count, stage(home, "import", str(folder / "posts.jsonl")))
        row("rollups of the imported hours", posts, stage(home, "rollup"), unit="hours")
        small = new_home(folder, "score")
        make_posts(folder / "posts.jsonl", scored)
        stage(small, "import", str(folder / "posts.jsonl"))
        row("score distinct posts, language detection included", scored, stage(small, "score"))
        row("export posts to CSV", posts, stage(home, "export", str(folder / "posts.csv")))
        for count in timelines:
            home = new_home(folder, f"timeline-{count}")
            stage(home, "fill", str(count))
            found = stage(home, "timeline")
            print(f"| 90-day hourly timeline, {found['posts']:,} posts in the watch | {found['ms']:.0f} ms, of which "
                  f"{found['read_ms']:.0f} ms read (medians of 21; slowest {found['worst_ms']:.0f}) | "
                  f"{found['peak_mb']:.0f} MB |")  # fmt: skip


def row(what: str, count: int, found: dict[str, float], unit: str = "posts") -> None:
    """Print one stage as a line of the table."""
    rate = found[unit] / found["seconds"]
    print(f"| {what} ({count:,} posts) | {rate:,.0f} {unit}/s | {found['peak_mb']:.0f} MB |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stage", choices=STAGES)
    parser.add_argument("arguments", nargs="*")
    parser.add_argument("--posts", type=int, default=100_000)
    parser.add_argument("--scored", type=int, default=8_000)
    parser.add_argument("--timeline", type=int, nargs="*", default=[1_000_000])
    options = parser.parse_args()
    if options.stage:
        result = STAGES[options.stage](*options.arguments)
        result["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(result))
    else:
        measure(options.posts, options.scored, options.timeline)
