"""How many posts a second the live stream of Bluesky is filtered at, over a real websocket on this machine.

The posts are invented; one in fifty matches. `python benchmarks/bench_jetstream.py [POSTS]`
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

ROOT = Path(__file__).resolve().parent.parent
SINCE = datetime(2026, 5, 9, tzinfo=UTC)
RATE = 50  # posts a second on the whole network, about
_VOCABULARY = "the a of to and weather music cat today new work game photo morning tea never again think über 東京"
WORDS = _VOCABULARY.split()
EXPRESSION = 'acme AND (terms OR "artificial intelligence" OR delet* OR #NoAI)'


def main() -> None:
    """Read the same stream five times and print the median."""
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    from fake_bluesky import FakeJetstream, event

    from collectors.jetstream import Jetstream
    from collectors.protocol import Limits
    from core.keys import Keys
    from core.records import Query
    from core.settings import Settings

    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    chance = random.Random(7)
    texts = [" ".join(chance.choices(WORDS, k=chance.randint(3, 40))) for _ in range(count)]
    texts = [f"{text} Acme terms" if n % 50 == 0 else text for n, text in enumerate(texts)]
    events = [event(f"{n:08d}", SINCE + timedelta(seconds=n / RATE), text) for n, text in enumerate(texts)]
    wire = [orjson.dumps(e).decode() for e in events]
    until = SINCE + timedelta(seconds=(count - 1) / RATE)
    query = Query(EXPRESSION, SINCE, until, "bluesky", {"via": "jetstream"})
    server = FakeJetstream(wire)
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home), allow_private_addresses=True, jetstream_url=server.url)
        stream = Jetstream(settings, lambda: Keys(b"k" * 32), clock=lambda: datetime.now(UTC))
        rates = []
        for _ in range(5):
            began, held = time.perf_counter(), 0
            for page in stream.collect(query, None, Limits()):
                held += len(page.posts)
            rates.append(count / (time.perf_counter() - began))
            assert held == count // 50, held
    server.close()
    shown = ", ".join(f"{rate:,.0f}" for rate in sorted(rates))
    print(
        f"Jetstream, {count:,} posts, server and client on this machine: median {statistics.median(rates):,.0f} posts/s"
    )
    print(f"runs: {shown}")


if __name__ == "__main__":
    main()
