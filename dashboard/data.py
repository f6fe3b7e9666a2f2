"""What the screens read: the one door to store, reports and watches, with answers kept while nothing changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
import streamlit as st

from core.records import Announcement
from core.settings import Settings
from core.terms import Change
from core.watches import Watch, load_watches
from reports.announcements import announcements
from reports.clauses import ClauseReaction, clause_reactions
from reports.dormant import Dormant, dormant
from reports.overview import Overview, overview
from reports.posts import count_posts, posts
from reports.terms import changes
from reports.timeline import timeline
from store import PostFilter, Reader, open_reader

T = TypeVar("T")
PAGE_LENGTH = 50


@dataclass(frozen=True, slots=True)
class Choices:
    """What the filters of a watch can be set to."""

    sources: tuple[str, ...]
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reports:
    """Reports over one read-only database at one minute; every answer is kept until the data change.

    `clock` is cut to the minute, so that readers who look at the same minute share the answers.
    """

    reader: Reader
    watches: tuple[Watch, ...]
    clock: datetime
    broken: tuple[str, ...] = ()
    """What is wrong with the watch files that could not be read."""

    def first(self) -> Watch:
        """The watch to open with: one with an open incident, else one that holds posts, else any."""
        rows = self.reader.incidents()
        burning, known = set(rows.loc[rows["closed_at"].isna(), "watch"]), set(self.reader.watches())
        return min(self.watches, key=lambda watch: (watch.name not in burning, watch.name not in known))

    def overview(self, watch: Watch) -> Overview:
        """`reports.overview.overview` of `watch`."""
        return self._kept(("overview", watch), lambda: overview(self.reader, watch, clock=self.clock))

    def timeline(self, watch: Watch, **asked: Any) -> pd.DataFrame:
        """`reports.timeline.timeline` of `watch`, with the state of each hour."""
        key = ("timeline", watch, sorted(asked.items()))
        return self._kept(key, lambda: timeline(self.reader, watch, clock=self.clock, states=True, **asked))

    def announcements(self, watch: Watch) -> tuple[Announcement, ...]:
        """The announcements that have started, oldest first."""
        return self._kept(("announcements", watch), lambda: announcements(self.reader, watch, clock=self.clock))

    def posts(self, watch: Watch, found: PostFilter, *, page: int) -> pd.DataFrame:
        """One page of `PAGE_LENGTH` posts, from page 1."""
        asked = {"limit": PAGE_LENGTH, "offset": (page - 1) * PAGE_LENGTH}
        return self._kept(
            ("posts", watch, found, page), lambda: posts(self.reader, watch, found, clock=self.clock, **asked)
        )

    def count_posts(self, watch: Watch, found: PostFilter) -> int:
        """How many posts `found` names."""
        return self._kept(("count", watch, found), lambda: count_posts(self.reader, watch, found, clock=self.clock))

    def terms(self, watch: Watch) -> tuple[list[Change], list[ClauseReaction], list[Dormant]]:
        """Changes of the platform's documents up to the watch's present, reactions per clause, dormant clauses."""

        def make() -> tuple[list[Change], list[ClauseReaction], list[Dormant]]:
            now = watch.now(self.clock)
            changed = [c for c in changes(self.reader, clock=self.clock, service=watch.platform) if c.step.at <= now]
            reactions = clause_reactions(self.reader, watch, clock=self.clock)
            return changed, reactions, dormant(self.reader, watch, reactions, clock=self.clock)

        return self._kept(("terms", watch), make)

    def choices(self, watch: Watch) -> Choices:
        """The sources and languages that the watch's posts have."""
        return self._kept(("choices", watch), lambda: _choices(self.reader, watch, now=watch.now(self.clock)))

    def _kept(self, key: tuple[object, ...], make: Callable[[], T]) -> T:
        name = (repr(key), self.clock.isoformat(), str(self.reader.data_version()))
        kept: T = _keep(name, make)
        return kept


def open_reports(settings: Settings) -> Reports:
    """Reports over the database and the watches of `settings`.

    A broken watch file hides its own watch only. Raises ConfigError on a missing database, SchemaMismatch on one of
    another version.
    """
    broken: list[str] = []
    watches = tuple(load_watches(settings.watch_folders, broken=lambda error: broken.append(str(error))))
    clock = datetime.now(UTC).replace(second=0, microsecond=0)
    return Reports(_reader(settings.store_url, _file_number(settings.store_url)), watches, clock, tuple(broken))


def _file_number(url: str) -> int:
    # A database file that was deleted and made anew must not be read through the old handle.
    path = Path(url.removeprefix("sqlite:///"))
    return path.stat().st_ino if url.startswith("sqlite:///") and path.is_file() else 0


@st.cache_resource(max_entries=4, ttl=600, show_spinner=False, on_release=lambda reader: reader.close())
def _reader(url: str, file_number: int) -> Reader:
    return open_reader(url)


@st.cache_data(max_entries=200, ttl=300, show_spinner=False)
def _keep(name: tuple[str, ...], _make: Callable[[], Any]) -> Any:
    return _make()


def _choices(reader: Reader, watch: Watch, *, now: datetime) -> Choices:
    rows = reader.rollup(watch.name, since=watch.since, until=now, split=("source", "language"))
    return Choices(
        sources=tuple(sorted({str(v) for v in rows["source"]} - {""})),
        languages=tuple(sorted({str(v) for v in rows["language"]} - {""})),
    )
