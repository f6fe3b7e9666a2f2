"""A worker to be killed: `collect_source` over an hourly source that pages slowly; it tells of every page it gave."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from multiprocessing.connection import Connection

from factories import T0, make_post

from collectors.protocol import Limits
from core.keys import Keys
from core.records import Gone, Page, Query, Seen, Sighted
from core.watches import SourceRule, Watch
from store import open_store
from uproar.steps import recheck
from uproar.steps.collect import collect_source, query_for

KEYS = Keys(b"k" * 32)
HOURS, OVERLAP, EACH = 60, 3, 7
NOW = T0 + timedelta(hours=HOURS)
WATCH = Watch("acme", "Acme", "Acme", "terms", T0, sources=(SourceRule("forum"),))


class HourlySource:
    """Seven posts an hour on two pages, a cursor with the second, which lies three hours back as a real one does."""

    name = "forum"
    price = 0.0

    def __init__(self, progress: Connection) -> None:
        self._progress = progress

    def collect(self, query: Query, cursor: str | None, limits: Limits) -> Iterator[Page]:
        """The pages from the cursor on."""
        for hour in range(max(int(cursor or 0) - OVERLAP, 0), HOURS):
            at = T0 + timedelta(hours=hour)
            posts = tuple(Sighted(make_post(id=f"{hour}.{n}", created_at=at, text=f"terms {n}")) for n in range(EACH))
            self._progress.send(hour)
            yield Page(posts[:4], read=4)
            yield Page(posts[4:], cursor=str(hour + 1), read=3)


def work(url: str, progress: Connection) -> None:
    """One run of the collect step, as `uproar collect` does it."""
    with open_store(url, KEYS) as store:
        store.register_watch("acme", subject="Acme")
        query = query_for(WATCH, WATCH.sources[0], since=None, now=NOW)
        collect_source(store, WATCH, query, HourlySource(progress), limits=Limits(), clock=lambda: NOW)
        store.refresh_rollups(watch="acme")


class DyingForum:
    """A source that tells of every post it was asked after; every third is gone."""

    name = "forum"
    price = 0.0

    def __init__(self, progress: Connection) -> None:
        self._progress = progress

    def collect(self, query: Query, cursor: str | None, limits: Limits) -> Iterator[Page]:
        """Nothing new."""
        yield Page((), read=0)

    def recheck(self, ids: Sequence[str], limits: Limits) -> Iterator[Seen | Gone]:
        """Gone or still there."""
        for id_ in ids:
            self._progress.send(id_)
            yield Gone(id_) if is_gone(id_) else Seen(id_, likes=5)


def is_gone(id_: str) -> bool:
    """Whether the forum has deleted the post."""
    return int(id_.partition(".")[0]) % 3 == 0


def fill(url: str) -> None:
    """The store as `work` leaves it."""
    with open_store(url, KEYS) as store:
        store.register_watch("acme", subject="Acme")
        query = query_for(WATCH, WATCH.sources[0], since=None, now=NOW)
        run = store.begin_run("acme", query, now=NOW)
        for hour in range(HOURS):
            at = T0 + timedelta(hours=hour)
            posts = [
                make_post(id=f"{hour}.{n}", created_at=at, collected_at=at, text=f"terms {n}") for n in range(EACH)
            ]
            store.save("acme", query, Page(tuple(map(Sighted, posts))), run=run)
        store.refresh_rollups(watch="acme")


def ask_after(url: str, progress: Connection) -> None:
    """One run of the recheck step over all posts, as `uproar recheck --all` does it."""
    recheck.BATCH, recheck.TOGETHER = 20, 3
    with open_store(url, KEYS) as store:
        recheck.recheck_source(
            store, DyingForum(progress), watches=["acme"], limits=Limits(), clock=lambda: NOW, everything=True
        )
        store.refresh_rollups()
