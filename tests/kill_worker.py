"""A worker to be killed: `collect_source` over an hourly source that pages slowly; it tells of every page it gave."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from multiprocessing.connection import Connection

from factories import T0, make_post

from collectors.protocol import Limits
from core.keys import Keys
from core.records import Page, Query, Sighted
from core.watches import SourceRule, Watch
from store import open_store
from uproar.steps.collect import collect_source, query_for

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
    with open_store(url, Keys(b"k" * 32)) as store:
        store.register_watch("acme", subject="Acme")
        query = query_for(WATCH, WATCH.sources[0], since=None, now=NOW)
        collect_source(store, WATCH, query, HourlySource(progress), limits=Limits(), clock=lambda: NOW)
        store.refresh_rollups(watch="acme")
