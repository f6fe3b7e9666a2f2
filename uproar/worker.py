"""One worker of the service: takes a watch that is due and nobody is at, and does its steps."""

from __future__ import annotations

import os
import random
import secrets
import socket
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from core.errors import RetryLater
from core.watches import Watch
from store import Store
from uproar.metrics import Metrics
from uproar.output import say
from uproar.session import Session
from uproar.steps.analyse import analyse
from uproar.steps.day_brief import day_brief
from uproar.steps.radar import follow_radar
from uproar.steps.score import score
from uproar.steps.succession import succeed
from uproar.verbs.gather import collect_all
from uproar.verbs.rechecking import PATIENCE, recheck_all, retain
from uproar.verbs.terms import follow_terms

JITTER = 0.1
"""Several installations should not knock at a source in the same second."""
KEEP_EVERY = 60.0
RETAIN_EVERY = timedelta(days=1)
STEPS = ("collect", "score", "analyse", "recheck")


class Worker:
    """Does the steps of watches, each under a claim in the database: two workers never do the same at once.

    A watch is due again `pause` (and up to a tenth more or less) after its collection ended, whoever collected. The
    claim of a worker that dies ends after five minutes.
    """

    def __init__(self, session: Session, pause: timedelta, metrics: Metrics, stopped: Callable[[], bool]) -> None:
        self._session = session
        self._pause = pause
        self._metrics = metrics
        self._stopped = stopped
        self._after = (("score", self._score), ("analyse", self._analyse), ("recheck", self._recheck))
        self.name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"

    def turn(self, watch: Watch, *, early: bool) -> int | None:
        """Collect, score, analyse and recheck `watch` if it is due (or `early`); returns how many sources failed.

        None where it was not due, or another worker is at it. Raises what a step raises; what was done is kept.
        """
        with self._session.store() as store:
            if not self._take(store, watch, "collect", early=early):
                return None
            with self._kept(store):
                failed = self._claimed(store, watch, "collect", lambda: self._collect(watch))
                for step, work in self._after:
                    if not self._stopped() and self._take(store, watch, step, early=True):
                        self._claimed(store, watch, step, lambda work=work: work(store, watch))  # type: ignore[misc]
        return failed

    def give_back(self) -> None:
        """Let go of every step that is held: another worker may have it at once."""
        with self._session.store() as store:
            store.give_back_steps(self.name, now=self._session.now())

    def _take(self, store: Store, watch: Watch, step: str, *, early: bool) -> bool:
        return store.take_step(watch.name, step, holder=self.name, now=self._session.now(), early=early)

    def _claimed(self, store: Store, watch: Watch, step: str, work: Callable[[], int]) -> int:
        try:
            with self._metrics.step(step):
                return work()
        finally:
            now = self._session.now()
            due = now if self._stopped() else self._next(now)  # what was broken off is anybody's at once
            store.end_step(watch.name, step, holder=self.name, now=now, due=due)

    def _collect(self, watch: Watch) -> int:
        jobs = [(watch, rule) for rule in watch.sources]
        reports = collect_all(self._session, jobs, since=None, tick=lambda _source, _read: self._tick())
        for report in reports:
            self._metrics.source(watch.name, report, now=self._session.now())
        return sum(report.error is not None for report in reports)

    def _score(self, store: Store, watch: Watch) -> int:
        store.register_watch(watch.name, subject=watch.platform)
        classifier = self._session.scorer(store.active_model())
        done = score(store, classifier, watch, progress=lambda _done: self._tick())
        if not self._session.settings.model and succeed(store, classifier.model, now=self._session.now()):
            say(f"uproar: the updated classifier has scored the last 60 days; active: {classifier.model}")
        return done

    def _analyse(self, store: Store, watch: Watch) -> int:
        with self._session.reader() as reader:
            analyse(store, reader, watch, clock=self._session.clock)
            if watch.is_radar:
                follow_radar(store, reader, watch, clock=self._session.clock)
            follow_terms(self._session, store, reader, watch)
            day_brief(self._session, reader, watch)
        return 0

    def _recheck(self, store: Store, watch: Watch) -> int:
        recheck_all(self._session, store, [watch], patience=PATIENCE)
        now = self._session.now()
        if store.take_step("", "retention", holder=self.name, now=now):
            retain(self._session, store)
            store.end_step("", "retention", holder=self.name, now=now, due=now + RETAIN_EVERY)
        return 0

    def _tick(self) -> None:
        # Between pages and batches, where everything so far is saved: SIGTERM need not wait for the end of a source.
        if self._stopped():
            raise RetryLater("the service was told to end; the next run goes on from here")

    def _next(self, now: datetime) -> datetime:
        return now + self._pause * (1 + random.uniform(-JITTER, JITTER))

    def _kept(self, store: Store) -> _Keeper:
        return _Keeper(lambda: store.keep_steps(self.name, now=self._session.now()))


class _Keeper:
    """Renews the claims of a worker each minute, as long as the block lasts."""

    def __init__(self, keep: Callable[[], None]) -> None:
        self._keep = keep
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        from core.errors import UproarError
        from uproar.output import say

        while not self._ended.wait(KEEP_EVERY):
            try:
                self._keep()
            except UproarError as error:
                say(f"claims could not be renewed: {error}")
