"""`uproar run`: workers over all watches, deliveries beside them, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import os
import random
import signal
import threading
import traceback
from datetime import timedelta
from pathlib import Path
from types import FrameType

from core.errors import SourceError, UproarError
from core.http import Transport
from core.watches import Watch
from uproar.metrics import Metrics
from uproar.output import say
from uproar.session import Session
from uproar.steps.alert import send_alerts
from uproar.worker import Worker

GRACE = 20.0
"""Seconds that the page, batch or message under way has to end after SIGTERM."""
TICK = 20.0
"""Seconds between two looks at what is due."""


class Schedule:
    """Turns over all watches. A failing watch, source or channel is reported and never stops the others."""

    def __init__(self, session: Session, pause: timedelta, metrics: Metrics | None = None) -> None:
        self._session = session
        self._metrics = metrics or Metrics()
        self._stopped = threading.Event()
        self._worker = Worker(session, pause, self._metrics, self._stopped.is_set)
        self._failed: dict[str, int] = {}
        self._broken: BaseException | None = None
        self._patience = threading.Timer(GRACE, self._leave)
        self._patience.daemon = True

    def install_signals(self) -> None:
        """SIGTERM and SIGINT end the service after the page, batch or message under way."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)

    def run(self) -> None:
        """Look at what is due until told to end."""
        deliveries = threading.Thread(target=self._deliver_on, name="deliveries")
        deliveries.start()
        try:
            while not self._stopped.is_set():
                self._pass(early=False)
                self._stopped.wait(TICK * random.uniform(0.75, 1.25))
        finally:
            self._stopped.set()
            deliveries.join()
            self._patience.cancel()
        if self._broken is not None:
            raise self._broken

    def round(self) -> int:
        """One turn of every watch, due or not, and its deliveries; returns how many sources or watches failed."""
        self._pass(early=True)
        self._deliver()
        self._patience.cancel()
        return sum(self._failed.values())

    def _pass(self, *, early: bool) -> None:
        broken = False
        # A replay has no present to collect or alert in.
        for watch in (w for w in self._session.watches() if w.as_of is None):
            if self._stopped.is_set():
                return
            broken |= not self._turn(watch, early=early)
        self._metrics.passed(now=self._session.now())
        if not broken:
            self._heartbeat()

    def _turn(self, watch: Watch, *, early: bool) -> bool:
        try:
            failed = self._worker.turn(watch, early=early)
        except UproarError as error:
            say(f"{watch.name}: {error}")
            self._failed[watch.name] = 1
            return False
        except Exception as bug:  # its text may hold a post or a key: kind and place alone are told
            place = traceback.extract_tb(bug.__traceback__)[-1]
            where = f"{Path(place.filename).name}:{place.lineno}"
            say(f"{watch.name}: unexpected {type(bug).__name__} at {where}: please report it; other watches go on")
            self._failed[watch.name] = 1
            return False
        if failed is not None:
            self._failed[watch.name] = failed
        return True

    def _heartbeat(self) -> None:
        address = self._session.settings.heartbeat_url
        if address is None:
            return
        try:
            with Transport(self._session.settings, timeout=5.0, sleep=self._stopped.wait) as transport:
                transport.get(address.get_secret_value(), accept=range(200, 300))
        except SourceError as error:
            say(f"UPROAR_HEARTBEAT_URL was not reached ({type(error).__name__})")

    def _deliver_on(self) -> None:
        try:
            while not self._stopped.is_set():
                self._deliver()
                self._stopped.wait(TICK * random.uniform(0.75, 1.25))
        except BaseException as error:  # a service that collects and cannot alert must not look alive
            self._broken = error
            self._stopped.set()

    def _deliver(self) -> None:
        session = self._session
        try:
            with self._metrics.step("deliver"), session.store() as store, session.reader() as reader:
                sent = send_alerts(session, store, reader, stopped=self._stopped.is_set)
                self._metrics.deliveries(sent, reader)
        except UproarError as error:
            say(f"deliveries: {error}")

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        if not self._stopped.is_set():
            self._stopped.set()
            self._patience.start()

    def _leave(self) -> None:
        # A source that does not answer holds its thread for a minute and more. All that was read is saved by now.
        say("the step under way does not end: leaving it; what was saved is kept, and the next run goes on from there")
        self._worker.give_back()
        os._exit(0)
