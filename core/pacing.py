"""Rate limits that hold for the whole process, however many watches ask one source."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import cache


class Pacer:
    """Gives each caller of a key its own turn, `interval` seconds after the one before. Safe between threads."""

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._free: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait(self, key: str, interval: float) -> None:
        """Return when it is the caller's turn."""
        with self._lock:
            now = self._clock()
            turn = max(now, self._free.get(key, now))
            self._free[key] = turn + interval
        if turn > now:
            self._sleep(turn - now)


@cache
def process_pacer() -> Pacer:
    """The one pacer of this process."""
    return Pacer()
