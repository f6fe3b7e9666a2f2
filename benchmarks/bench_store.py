"""How fast the store takes posts in, counts them, and answers. Run: python benchmarks/bench_store.py [--posts N ...]

Posts are made of random words. They are saved like any other, with the full-text index; scores for the large
stores are inserted in bulk. URL of another database: --url postgresql+psycopg://... (it must be empty).
"""

from __future__ import annotations

import argparse
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from core.keys import Keys
from core.records import Page, Post, Query, Reason, Sighted
from store import PostFilter, Reader, Store, migrate, open_reader, open_store
from store.bulk import insert_many
from store.engine import changing
from store.score_rows import LABELS

SINCE = datetime(2025, 3, 1, tzinfo=UTC)
DAYS = 90
PAGE = 2000
QUERY = Query("terms", SINCE, SINCE + timedelta(days=DAYS), source="files")
MODEL = "bench@1"


def main() -> None:
    """Print one table per size of store."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--posts", type=int, nargs="+", default=[100_000, 1_000_000], help="sizes, e.g. 10000000")
    options.add_argument("--url", default="", help="an empty database; default: SQLite in a temporary folder")
    given = options.parse_args()
    print(f"{'posts':>10}  {'what':<44}{'figure':>12}")
    for posts in given.posts:
        with tempfile.TemporaryDirectory() as folder:
            url = given.url or f"sqlite:///{folder}/bench.db"
            keys = Keys(b"k" * 32)
            migrate(url, keys=keys)
            with open_store(url, keys) as store, open_reader(url) as reader:
                measure(store, reader, posts)


def measure(store: Store, reader: Reader, posts: int) -> None:
    """Fill a store and print its figures."""
    seconds, processor = fill(store, posts)
    show(posts, "save, posts/s (wall)", posts / seconds)
    show(posts, "save, posts/s (processor time)", posts / processor)
    score_in_bulk(store)
    began = time.perf_counter()
    hours = store.refresh_rollups()
    seconds = time.perf_counter() - began
    show(posts, "refresh_rollups, hours/s", hours / seconds)
    show(posts, "refresh_rollups, posts/s", posts / seconds)
    span = {"since": SINCE, "until": SINCE + timedelta(days=DAYS)}
    show(posts, "rollup, 90 days by hour, ms", fastest(lambda: reader.rollup("bench", **span)))
    show(posts, "the same of one topic, ms", fastest(lambda: reader.rollup("bench", topic="trust", **span)))
    show(posts, "50 newest posts, ms", fastest(lambda: reader.posts(PostFilter("bench"))))
    hour = {"since": SINCE + timedelta(days=45), "until": SINCE + timedelta(days=45, hours=1)}
    negative = PostFilter("bench", order="negative", **hour)
    show(posts, "50 most negative posts of an hour, ms", fastest(lambda: reader.posts(negative)))
    show(posts, "search for one word, ms", fastest(lambda: reader.posts(PostFilter("bench", search="zebra"))))
    began = time.perf_counter()
    streamed = sum(map(len, reader.stream_posts(PostFilter("bench", order="time_asc"))))
    show(posts, "stream_posts, posts/s", streamed / (time.perf_counter() - began))
    began = time.perf_counter()
    store.forget("reddit", ids=[f"t1_{n}" for n in range(0, posts, posts // 10)], now=SINCE)
    show(posts, "forget ten posts, ms", 1000 * (time.perf_counter() - began))
    show(posts, "peak memory, MB", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def fill(store: Store, posts: int) -> tuple[float, float]:
    """Save the posts in pages; returns wall and processor seconds spent in `save`."""
    run = store.begin_run("bench", QUERY, now=SINCE)
    wall = processor = 0.0
    for page in pages(posts):
        began = time.perf_counter(), time.process_time()
        store.save("bench", QUERY, page, run=run)
        wall, processor = wall + time.perf_counter() - began[0], processor + time.process_time() - began[1]
    return wall, processor


def pages(posts: int) -> Iterator[Page]:
    """Pages of invented comments, spread evenly over the days, one in ten a copy of an earlier text."""
    chance = random.Random(1)
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(2, 9))) for _ in range(20_000)]
    words[777] = "zebra"
    step = timedelta(days=DAYS) / posts
    recent = ["the new terms"] * 100
    for start in range(0, posts, PAGE):
        sighted = []
        for n in range(start, min(start + PAGE, posts)):
            body = chance.choice(recent) if n % 10 == 0 else " ".join(chance.choices(words, k=chance.randint(8, 40)))
            recent[n % 100] = body
            post = Post("reddit", f"t1_{n}", SINCE + n * step, body, SINCE, url=f"https://reddit.com/comments/{n}",
                        author=f"00000000:{n % 50_000:032x}", community="r/music", kind="comment",
                        parent_id=f"t1_{n - 1}", root_id="t3_a", lang="en", likes=n % 90)  # fmt: skip
            sighted.append(Sighted(post, Reason.IMPORT))
        yield Page(tuple(sighted), cursor=str(start), read=len(sighted))


def score_in_bulk(store: Store) -> None:
    """Give every text a random score, past `save_scores`: a model would take hours."""
    store.register_model(MODEL)
    chance = random.Random(2)
    columns = ("text_key", "model_id", "subject", *LABELS)
    last = b""
    while True:
        with changing(store._engine) as connection:
            found = connection.execute(
                text("SELECT DISTINCT text_key FROM posts WHERE text_key > :last ORDER BY text_key LIMIT 100000"),
                {"last": last},
            )
            keys = [bytes(key) for (key,) in found]
            insert_many(connection, "scores", columns, [(key, 1, "", *made_up(chance)) for key in keys])
        if not keys:
            return
        last = keys[-1]


def made_up(chance: random.Random) -> tuple[object, ...]:
    """A random score, in the order of `LABELS`."""
    negative = chance.randrange(10_001)
    relevant, sentiment, stance = chance.randrange(2), chance.randrange(3), chance.randrange(3)
    topics = chance.getrandbits(9) & chance.getrandbits(9)
    return 1, "en", relevant, sentiment, stance, topics, negative, 10_000 - negative, 0, 5_000, 5_000, 5_000


def fastest(ask, times: int = 5) -> float:
    """Milliseconds of the fastest of some calls: what the code costs when the machine lets it."""
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        ask()
        spent.append(time.perf_counter() - began)
    return 1000 * min(spent)


def show(posts: int, what: str, figure: float) -> None:
    """One line of the table."""
    print(f"{posts:>10,}  {what:<44}{figure:>12,.1f}", flush=True)


if __name__ == "__main__":
    main()
