"""A small store for the dashboard's tests: a quiet month, then one loud evening, with hostile posts among them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fakes_models import KeywordClassifier
from pydantic import SecretStr

from core.records import Interval, Outcome, Page, Post, Query, Reason, Sighted
from core.settings import Settings, load_settings
from store import Store, migrate, open_store

WATCH = "small"
NOTICE = "invented posts, not Example's public"
SINCE = datetime(2025, 4, 1, tzinfo=UTC)
NOTICED = datetime(2025, 5, 9, 13, tzinfo=UTC)
AS_OF = datetime(2025, 5, 9, 22, tzinfo=UTC)
END = datetime(2025, 5, 12, tzinfo=UTC)
LOST = Interval(NOTICED - timedelta(hours=60), NOTICED - timedelta(hours=50))
"""Hours in which reddit could not be read."""
CUT = Interval(NOTICED - timedelta(hours=30), NOTICED - timedelta(hours=26))
"""Hours of which reddit gave only a part."""
HOSTILE = (
    "<script>alert('script')</script> the terms are terrible",
    "<img src=https://evil.example/i.png onerror=alert('img')> terms",
    "![x](https://evil.example/beacon.png) [link](javascript:alert(1)) terms",
    "=HYPERLINK(\"https://evil.example\",\"terms\")",
    "</p></article><iframe src='https://evil.example'></iframe><style>@import url(https://evil.example/s.css)</style>",
    ":material/home: :red[terms] $\\href{https://evil.example}{x}$ <b onmouseover=alert(1)>terms</b>",
)  # fmt: skip
_FILE = f"""
title = "Example: the clause"
platform = "Example"
terms = "example"
since = {SINCE.isoformat()}
timezone = "Europe/Berlin"
as_of = {AS_OF.isoformat()}
notice = "{NOTICE}"

[[announcements]]
id = "noticed"
kind = "discovery"
at = {NOTICED.isoformat()}
title = "The clause is noticed <b>everywhere</b>"
sources = ["https://example.org/noticed"]

[[announcements]]
id = "letter"
kind = "statement"
at = "2025-05-10"
title = "Letter: we heard you"
sources = ["https://example.org/letter"]
"""


def fill(home: Path, *, score: bool = True, posts: bool = True) -> Settings:
    """Write the watch file and the database under `home`; without `score` every post waits for one."""
    folder = home / "watches"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{WATCH}.toml").write_text(_FILE, encoding="utf-8")
    # Named outright: a database in the environment of whoever runs the tests must not be filled.
    settings = load_settings(home=home, store=SecretStr(f"sqlite:///{home / 'uproar.db'}"), author_key=None)
    migrate(settings.store_url, keys=settings.keys)
    with open_store(settings.store_url, settings.keys) as store:
        store.register_watch(WATCH, subject="Example")
        if posts:
            _collect(store, settings)
        if score:
            _score(store)
        store.refresh_rollups()
    return settings


def _collect(store: Store, settings: Settings) -> None:
    spans = [("bluesky", SINCE, END), ("reddit", SINCE, LOST.start), ("reddit", LOST.end, END)]
    for source, since, until in spans:
        query = Query("example", since, until, source=source)
        run = store.begin_run(WATCH, query, now=END)
        found = (post for post in _posts(source, settings) if since <= post.created_at < until)
        saved = store.save(WATCH, query, Page(tuple(Sighted(post, Reason.TEXT) for post in found)), run=run)
        cut = (CUT,) if source == "reddit" and until == END else ()
        store.end_run(run, Outcome.TRUNCATED if cut else Outcome.OK, now=END, truncated=cut, new=saved.new)
    failed = Query("example", LOST.start, LOST.end, source="reddit")
    run = store.begin_run(WATCH, failed, now=END)
    store.end_run(run, Outcome.FAILED, now=END, error="401: the key is not accepted")


def _posts(source: str, settings: Settings) -> Iterator[Post]:
    number = 0
    hours = int((END - SINCE) / timedelta(hours=1))
    for step in range(hours):
        at = SINCE + timedelta(hours=step)
        loud = NOTICED <= at < NOTICED + timedelta(hours=30)
        for n in range(20 if loud else step % 3):
            number += 1
            author = settings.keys.author(source, f"person {number % (150 if loud else 40)}")
            yield Post(source, f"{source}_{number}", at + timedelta(minutes=n * 3), _text(number, n, loud=loud),
                       END, url=f"https://example.org/{source}/{number}", author=author,
                       community="r/music" if source == "reddit" else "", lang="en")  # fmt: skip
    for n, text in enumerate(HOSTILE):
        url = ("javascript:alert('url')", "https://example.org/ok")[n % 2]
        yield Post(source, f"{source}_hostile_{n}", AS_OF - timedelta(minutes=5 + n), text, END, url=url, lang="en")


def _text(number: int, n: int, *, loud: bool) -> str:
    if not loud:
        return f"listening to example tonight, number {number}"
    return (
        f"terrible terms, I hate this clause and delete my account today {number}",
        f"they train ai on our work without consent, theft {number}",
        f"read the terms of example again, nothing decided {number}",
        f"fair answer, the new clause is good {number}",
    )[(n + number) % 4]


def _score(store: Store) -> None:
    classifier = KeywordClassifier()
    for batch in store.unscored(classifier.model):
        keys, texts = [key for key, _ in batch], [text for _, text in batch]
        store.save_scores(keys, classifier.score(texts))
