"""What the screens read: the one door to store, reports and watches, with answers kept while nothing changed."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
import streamlit as st

from core.records import Announcement, Classifier
from core.settings import Settings, load_settings
from core.terms import Change
from core.watches import Watch, load_watches
from dashboard.moments import at_moment
from dashboard.state import State
from reports.announcements import announcements
from reports.clauses import ClauseReaction, clause_reactions
from reports.comparable import Break, breaks
from reports.compare import Comparison, compare
from reports.correction import Correction, correction
from reports.coverage import coverage
from reports.coverage_hours import coverage_hours
from reports.day import LastDay, last_day_close
from reports.dormant import Dormant, dormant
from reports.effect import EffectReport, effects
from reports.overview import Overview, overview
from reports.posts import count_posts, posts
from reports.replay import replay
from reports.terms import changes
from reports.theme_names import load_names
from reports.themes import ThemesReport, themes
from reports.timeline import timeline
from reports.window import Window
from store import PostFilter, Reader, open_reader

T = TypeVar("T")
PAGE_LENGTH = 50
MOST_COUNTED = 1000
"""Where finding posts takes reading each of them, as for a word that many hold, so many are counted and paged."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What the filters of a watch can be set to."""

    sources: tuple[str, ...]
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident with what was told of it, noted on it and sent about it, oldest first, as rows of the Reader."""

    row: Mapping[Hashable, Any]
    updates: Sequence[Mapping[Hashable, Any]]
    notes: Sequence[Mapping[Hashable, Any]]
    deliveries: Sequence[Mapping[Hashable, Any]]
    is_open: bool


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

    def burning(self, state: State) -> bool:
        """Whether the watch that `state` opens has an open incident at the moment that it names."""
        original = next((watch for watch in self.watches if watch.name == state.watch), None) or self.first()
        watch = at_moment(original, state.as_of)
        return any(incident.is_open and incident.row["rule"] == "spike" for incident in self.incidents(watch))

    def overview(self, watch: Watch) -> Overview:
        """`reports.overview.overview` of `watch`."""
        return self._kept(("overview", watch), lambda: overview(self.reader, watch, clock=self.clock))

    def last_day(self, watch: Watch) -> LastDay:
        """`reports.day.last_day_close` of `watch`."""
        return self._kept(("day", watch), lambda: last_day_close(self.reader, watch, clock=self.clock))

    def timeline(self, watch: Watch, **asked: Any) -> pd.DataFrame:
        """`reports.timeline.timeline` of `watch`, with the state of each hour."""
        asked = {"states": True, **asked}
        key = ("timeline", watch, sorted(asked.items()))
        return self._kept(key, lambda: timeline(self.reader, watch, clock=self.clock, **asked))

    def breaks(self, watch: Watch, since: datetime, until: datetime) -> tuple[Break, ...]:
        """Moments of the window across which the numbers are not compared."""
        window = Window(since, until)
        return self._kept(("breaks", watch, window), lambda: breaks(self.reader, watch, window, clock=self.clock))

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
        """How many posts `found` names; of a count that takes long `MOST_COUNTED` and one."""
        return self._kept(
            ("count", watch, found),
            lambda: count_posts(self.reader, watch, found, clock=self.clock, at_most=MOST_COUNTED + 1),
        )

    def coverage(self, watch: Watch, *, since: datetime | None = None, until: datetime | None = None) -> pd.DataFrame:
        """`reports.coverage.coverage`: one row per source, by default of all the watch's time."""
        asked = {"since": since, "until": until}
        return self._kept(
            ("coverage", watch, since, until), lambda: coverage(self.reader, watch, clock=self.clock, **asked)
        )

    def terms(self, watch: Watch) -> tuple[list[Change], list[ClauseReaction], list[Dormant]]:
        """Changes of the platform's documents up to the watch's present, reactions per clause, dormant clauses."""

        def make() -> tuple[list[Change], list[ClauseReaction], list[Dormant]]:
            now = watch.now(self.clock)
            changed = [c for c in changes(self.reader, clock=self.clock, service=watch.platform) if c.step.at <= now]
            reactions = clause_reactions(self.reader, watch, clock=self.clock)
            return changed, reactions, dormant(self.reader, watch, reactions, clock=self.clock)

        return self._kept(("terms", watch), make)

    def effects(self, watch: Watch) -> tuple[EffectReport, ...]:
        """What each announcement did, with the other watches as controls and placebos where they may serve."""
        return self._kept(
            ("effects", watch), lambda: effects(self.reader, watch, clock=self.clock, others=self.watches)
        )

    def compare(self, watches: tuple[Watch, ...]) -> Comparison:
        """The courses of `watches`, aligned at their beginnings."""
        return self._kept(("compare", watches), lambda: compare(self.reader, watches, clock=self.clock))

    def themes(self, watch: Watch, since: datetime, until: datetime) -> ThemesReport:
        """What people say in [since, until). This reads every text and takes seconds, once until the data change."""

        def make() -> ThemesReport:
            settings = load_settings()
            classifier = _classifier(settings)
            known = load_names(settings.home, watch, classifier.model)
            return themes(self.reader, watch, classifier, clock=self.clock, since=since, until=until, known=known)

        name = (repr(("themes", watch, since, until)), str(self.reader.data_version()))
        found: ThemesReport = _keep_long(name, make)
        return found

    def holding(self) -> tuple[Watch, ...]:
        """The watches that hold posts, in their order."""
        known = set(self.reader.watches())
        return tuple(watch for watch in self.watches if watch.name in known)

    def coverage_hours(self, watch: Watch, **asked: Any) -> pd.DataFrame:
        """`reports.coverage_hours.coverage_hours` of `watch`."""
        key = ("coverage_hours", watch, sorted(asked.items()))
        return self._kept(key, lambda: coverage_hours(self.reader, watch, clock=self.clock, **asked))

    def runs(self, watch: Watch, **asked: Any) -> pd.DataFrame:
        """The runs that brought the watch's posts, by start."""
        key = ("runs", watch, sorted(asked.items()))
        return self._kept(key, lambda: self.reader.runs(watch.collected_as, now=self.clock, **asked))

    def replay(self, watch: Watch) -> pd.DataFrame:
        """`reports.replay.replay` of `watch`."""
        return self._kept(("replay", watch), lambda: replay(self.reader, watch, clock=self.clock))

    def correction(self, watch: Watch, **asked: Any) -> Correction:
        """`reports.correction.correction` of `watch`; never kept, for readers label."""
        return correction(self.reader, watch, clock=self.clock, **asked)

    def incidents(self, watch: Watch) -> list[Incident]:
        """Incidents of every rule by the watch's present, latest first. Never kept: readers act on them."""
        now = pd.Timestamp(watch.now(self.clock))
        found = []
        for row in self.reader.incidents(watch.name, every_rule=True).to_dict("records"):
            if row["hour"] < now:
                number = int(row["id"])
                updates, notes, sent = (
                    read(number).to_dict("records")
                    for read in (self.reader.updates, self.reader.incident_notes, self.reader.deliveries)
                )
                is_open = bool(pd.isna(row["closed_at"]) or row["closed_at"] > now)
                found.append(Incident(row, updates, notes, sent, is_open))
        return found

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


@st.cache_data(max_entries=12, ttl=3600, show_spinner=False)
def _keep_long(name: tuple[str, ...], _make: Callable[[], Any]) -> Any:
    return _make()


@st.cache_resource(max_entries=1, ttl=3600, show_spinner=False)
def _classifier(_settings: Settings) -> Classifier:
    from models.registry import load_classifier

    return load_classifier(threads=_settings.threads, home=_settings.home)


def _choices(reader: Reader, watch: Watch, *, now: datetime) -> Choices:
    rows = reader.rollup(watch.name, since=watch.since, until=now, split=("source", "language"))
    return Choices(
        sources=tuple(sorted({str(v) for v in rows["source"]} - {""})),
        languages=tuple(sorted({str(v) for v in rows["language"]} - {""})),
    )
