"""What a verb works with: settings, the clock, watches and the three handles on the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from core.errors import ConfigError
from core.services import children
from core.settings import Settings, load_settings
from core.watches import Watch, find_watch, load_watches
from uproar.output import say

if TYPE_CHECKING:
    from core.records import Classifier
    from store import Annotations, Reader, Store

MODEL = "uproar-minilm"


@dataclass(frozen=True)
class Session:
    """One run of a verb. Tests pass their own settings and clock."""

    settings: Settings
    fixed_clock: datetime | None = None

    def now(self) -> datetime:
        """The present, in UTC."""
        return self.fixed_clock or datetime.now(UTC)

    @property
    def clock(self) -> datetime:
        """`now()`, as the read side takes it."""
        return self.now()

    def watch(self, name: str) -> Watch:
        """The watch of that name or file, or the child of a radar. Raises ConfigError with near names."""
        try:
            return find_watch(name, self.settings.watch_folders)
        except ConfigError:
            for radar in (watch for watch in self.watches() if watch.is_radar and name.startswith(f"{watch.name}-")):
                for child in children(radar):
                    if child.name == name:
                        return child
            raise

    def watches(self, name: str | None = None) -> list[Watch]:
        """One named watch, or all; of all, a file that cannot be read is told on stderr and left out."""
        if name:
            return [self.watch(name)]
        return load_watches(self.settings.watch_folders, broken=lambda error: say(f"uproar: {error}"))

    @contextmanager
    def store(self) -> Iterator[Store]:
        """The writing handle; brings the schema up to date first (only verbs migrate)."""
        from store import migrate, open_store

        self.settings.home.mkdir(parents=True, exist_ok=True)
        migrate(self.settings.store_url, keys=self.settings.keys)
        with open_store(self.settings.store_url, self.settings.keys) as store:
            yield store

    @contextmanager
    def reader(self) -> Iterator[Reader]:
        """The reading handle. Raises ConfigError when there is no database yet."""
        from store import open_reader

        if self.settings.store is None and not (self.settings.home / "uproar.db").exists():
            raise ConfigError(f"no database in {self.settings.home} yet. Start with: uproar demo, or uproar import")
        with open_reader(self.settings.store_url) as reader:
            yield reader

    @contextmanager
    def annotations(self) -> Iterator[Annotations]:
        """The handle that writes only what readers add."""
        from store import open_annotations

        with open_annotations(self.settings.store_url) as annotations:
            yield annotations

    @cached_property
    def _classifiers(self) -> dict[str, Classifier]:
        return {}

    def classifier(self, name: str = MODEL) -> Classifier:
        """The classifier of that name, loaded once."""
        from models.registry import load_classifier

        if name not in self._classifiers:
            self._classifiers[name] = load_classifier(name, threads=self.settings.threads, home=self.settings.home)
        return self._classifiers[name]

    def name_of(self, classifier: Classifier) -> str:
        """The name by which `classifier` was asked for here, so that another process can load the same."""
        return next(name for name, loaded in self._classifiers.items() if loaded is classifier)

    def scorer(self, active: str | None) -> Classifier:
        """The classifier that scores new posts: the one that is set, else retrained heads that are active, else ours.

        Retrained heads are asked for by their revision, so that what is shown goes on being filled. Where they cannot
        be had any more, as after an update of the shipped weights, the shipped classifier scores: a service that stops
        would leave a gap in every watch. What is missing is told once.
        """
        from models.local import NAME as LOCAL

        if self.settings.model:
            return self.classifier(self.settings.model)
        if not active or active.partition("@")[0] != LOCAL:
            return self.classifier(MODEL)
        try:
            return self.classifier(active)
        except ConfigError as error:
            found = self._classifiers[active] = self.classifier(MODEL)
            say(
                f"uproar: {active} is active and cannot be used: {error}. New posts are scored by {found.model}. "
                f"Until new heads are activated, show its figures by: uproar score --since '60 days', "
                f"then uproar model activate {found.model}"
            )
            return found


def open_session() -> Session:
    """A session from the environment."""
    return Session(load_settings())
