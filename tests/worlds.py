"""What the suites over every collector share: a collector with its fake service, and the posts that it must bring."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from collectors.protocol import Collector
from core.http import Transport
from core.keys import Keys
from core.pacing import Pacer
from core.records import Query
from core.settings import Settings

SINCE = datetime(2025, 5, 1, tzinfo=UTC)
UNTIL = datetime(2025, 5, 11, tzinfo=UTC)
NOW = datetime(2025, 6, 1, tzinfo=UTC)
SECRET = "canary-4711"
SECRET_KEY = SECRET.encode().ljust(32).hex()
KEYS = Keys(bytes.fromhex(SECRET_KEY))
PHRASE = "zanzibar quokka"


@dataclass
class World:
    """A collector with its fake service. `asked` counts what the service was asked, `truth` is what a run must bring.

    `absent` asks the same of a service that is not there; `empty` where there is nothing (None: nothing is no
    valid input); `capped` where more is held back than given.
    """

    collector: Collector
    query: Query
    truth: set[str]
    asked: Callable[[], int]
    absent: Query
    absent_collector: Collector
    empty: Query | None
    capped: World | None = None
    close: Callable[[], object] = lambda: None


def local(tmp_path: Path, **changes: Any) -> Settings:
    """Settings of a source on this machine, with the suite's own key."""
    return Settings(home=tmp_path, allow_private_addresses=True, author_key=SECRET_KEY, **changes)


PACE = {"timeout": 20.0}
"""How long a patient transport waits for an answer, in seconds; the suite of faults has no time for so much."""

SLEPT: list[float] = []
"""What every patient transport would have slept."""


ELAPSED = [0.0]
"""Seconds on the clock of every quick pacer; a suite may turn it on."""


def quick_pacer() -> Pacer:
    """A pacer whose waits pass at once."""

    def sleep(seconds: float) -> None:
        ELAPSED[0] += seconds
        SLEPT.append(seconds)

    return Pacer(clock=lambda: ELAPSED[0], sleep=sleep)


def patient(settings: Settings, **changes: Any) -> Transport:
    """A transport that loses no time waiting."""
    return Transport(settings, timeout=PACE["timeout"], sleep=SLEPT.append, **changes)
