"""A whole archive of terms, read: `make bench-terms [COMMITS=40000]`.

A synthetic repository is made by `git fast-import` in the temporary folder: 760 documents of invented text, of which
a few flap as in real archives (38 % of commits return to an earlier text), the others change a sentence at a time.
Prints wall time, processor time and peak memory of the first reading, and of a second one, with the machine's load.
"""

from __future__ import annotations

import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

DOCUMENTS = 760
PASSAGES = 110
WORDS = [
    "the",
    "service",
    "may",
    "user",
    "account",
    "content",
    "data",
    "share",
    "party",
    "law",
    "notice",
    "right",
    "term",
    "use",
    "provide",
    "agree",
    "policy",
    "information",
    "change",
    "access",
    "licence",
    "payment",
    "fee",
    "court",
    "consent",
    "personal",
    "store",
    "delete",
    "third",
    "grant",
    "own",
    "time",
    "company",
    "product",
]
START = datetime(2019, 1, 1, tzinfo=UTC)


def passage(draw: random.Random) -> str:
    """Three invented sentences, about forty words."""
    return " ".join(
        " ".join(draw.choice(WORDS) for _ in range(draw.randint(9, 17))).capitalize() + "." for _ in range(3)
    )


def text_of(passages: list[str]) -> bytes:
    """A document of numbered passages under headings."""
    parts = [f"## Part {n // 10}\n\n{n}. {p}" if n % 10 == 0 else f"{n}. {p}" for n, p in enumerate(passages)]
    return "\n\n".join(parts).encode()


def build(folder: Path, commits: int) -> None:
    """Write the repository as one stream into git."""
    draw = random.Random(7)
    subprocess.run(["git", "init", "-q", "--bare", str(folder)], check=True)
    feed = subprocess.Popen(["git", "-C", str(folder), "fast-import", "--quiet"], stdin=subprocess.PIPE)
    assert feed.stdin is not None
    texts: dict[int, list[str]] = {}
    before: dict[int, list[str]] = {}
    flapping = range(DOCUMENTS // 12)
    for number in range(commits):
        flaps = number >= DOCUMENTS and draw.random() < 0.45
        document = draw.choice(flapping) if flaps else (number if number < DOCUMENTS else draw.randrange(DOCUMENTS))
        old = texts.get(document)
        if old is None:
            new = [passage(draw) for _ in range(PASSAGES)]
        elif flaps and document in before and draw.random() < 0.85:
            new = before[document]
        else:
            new = list(old)
            for _ in range(draw.choice((1, 1, 1, 2, 6))):
                new[draw.randrange(PASSAGES)] = passage(draw)
        if old is not None:
            before[document] = old
        texts[document] = new
        _commit(feed.stdin, number, document, text_of(new))
    feed.stdin.close()
    if feed.wait():
        raise SystemExit("git fast-import failed")


def _commit(stream: object, number: int, document: int, body: bytes) -> None:
    at = START + timedelta(hours=1.7 * number)
    who = f"Archive <archive@example.org> {int(at.timestamp())} +0000".encode()
    subject = b"Record new changes"
    name = f"Service {document}/Terms of Service.md".encode()
    out = (
        b"commit refs/heads/master\nauthor " + who + b"\ncommitter " + who + b"\ndata %d\n" % len(subject) + subject
        + b"\nM 100644 inline \"" + name + b"\"\ndata %d\n" % len(body) + body + b"\n"
    )  # fmt: skip
    stream.write(out)  # type: ignore[attr-defined]


def read(repository: Path, home: Path) -> tuple[float, float, float]:
    """(seconds, seconds of the processor, peak MB) of one `uproar terms import` in a process of its own."""
    code = (
        "import resource, time; from pathlib import Path; from core.settings import Settings;"
        "from uproar.session import Session; from uproar.verbs.terms import import_terms;"
        f"s = Session(Settings(home=Path({str(home)!r})));"
        f"r = import_terms(s, {str(repository)!r}); print(r)"
    )
    started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "UPROAR_HOME": str(home)})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - started, worked, after.ru_maxrss / 1024


def main() -> None:
    """Print the table."""
    commits = int(sys.argv[1]) if len(sys.argv) > 1 else 40_000
    folder = Path(tempfile.mkdtemp(prefix="uproar-terms-"))
    try:
        build(folder / "archive", commits)
        home = folder / "home"
        first, worked, peak = read(folder / "archive", home)
        again, worked_again, _ = read(folder / "archive", home)
        size = (home / "uproar.db").stat().st_size / 1e6
        print(
            f"{commits:,} commits, {DOCUMENTS} documents, load {os.getloadavg()[1]:.1f} on {os.cpu_count()} processors"
        )
        print(f"| first reading | {first:.0f} s | processor {worked:.0f} s | peak {peak:.0f} MB | {size:.0f} MB |")
        print(f"| read again, nothing new | {again:.1f} s | processor {worked_again:.1f} s |")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
