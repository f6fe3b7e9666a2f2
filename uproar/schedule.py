"""`uproar run`: rounds of collect, score, analyse, alert, with a pause between them, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import random
import signal
import threading
from datetime import timedelta
from types import FrameType

from core.errors import UproarError
from core.watches import Watch
from uproar.output import say
from uproar.session import MODEL, Session
from uproar.steps.alert import send_alerts
from uproar.steps.analyse import analyse
from uproar.steps.score import score
from uproar.verbs.gather import collect_all
from uproar.verbs.terms import follow_terms

JITTER = 0.1  # several workers should not knock at a source in the same second


class Schedule:
    """Rounds over all watches. A failing watch or source is reported and never stops the others."""

    def __init__(self, session: Session, pause: timedelta) -> None:
        self._session = session
        self._pause = pause.total_seconds()
        self._stopped = threading.Event()

    def install_signals(self) -> None:
        """SIGTERM and SIGINT end the service after the step under way."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)

    def run(self) -> int:
        """Round after round; returns how many sources failed in the last one."""
        failed = 0
        while not self._stopped.is_set():
            failed = self.round()
            self._stopped.wait(self._pause * (1 + random.uniform(-JITTER, JITTER)))
        return failed

    def round(self) -> int:
        """One round; returns how many sources or watches failed."""
        failed = 0
        # A replay has no present to collect or alert in.
        for watch in (w for w in self._session.watches() if w.as_of is None):
            if self._stopped.is_set():
                break
            try:
                failed += self._one(watch)
            except UproarError as error:
                say(f"{watch.name}: {error}")
                failed += 1
        return failed

    def _one(self, watch: Watch) -> int:
        session = self._session
        reports = collect_all(session, [(watch, rule) for rule in watch.sources], since=None) if watch.sources else []
        with session.store() as store, session.reader() as reader:
            store.register_watch(watch.name, subject=watch.platform)
            score(store, session.classifier(MODEL), watch)
            analyse(store, reader, watch, clock=session.clock)
            follow_terms(session, store, reader, watch)
            send_alerts(session, store, reader)
        return sum(report.error is not None for report in reports)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopped.set()
