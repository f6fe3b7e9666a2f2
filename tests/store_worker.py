"""A worker to be killed: imports the same posts page by page, scores and counts them, and tells how far it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from multiprocessing.connection import Connection

from factories import T0, make_post, make_query
from fakes_models import KeywordClassifier
from store_fixtures import score_all

from core.keys import Keys
from core.records import Outcome, Page, Post, Sighted
from store import Store, open_store

PAGE = 20


def work(url: str, first: int, last: int, progress: Connection) -> None:
    """Go on after the cursor, a page at a time; send each cursor after its page was saved."""
    with open_store(url, Keys(b"k" * 32)) as store:
        query = make_query(options={"first": str(first)})
        run = store.begin_run("acme", query, now=T0)
        for start in range(int(store.cursor("acme", query) or first), last, PAGE):
            numbers = range(start, min(start + PAGE, last))
            page = Page(tuple(map(Sighted, _posts(numbers))), cursor=str(numbers[-1] + 1))
            store.save("acme", query, page, run=run)
            progress.send(page.cursor)
            _score_and_count(store)
        _score_and_count(store)  # also what a killed worker had saved last
        store.end_run(run, Outcome.OK, now=T0)


def _score_and_count(store: Store) -> None:
    score_all(store, KeywordClassifier(), batch=7)
    store.refresh_rollups()


def _posts(numbers: range) -> Iterator[Post]:
    for n in numbers:
        yield make_post(id=str(n), text=f"text {n % 50} terms", created_at=T0 + n * timedelta(minutes=7))
