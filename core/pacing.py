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

    def hold(self, key: str, seconds: float) -> None:
        """Give nobody a turn of `key` for the next `seconds`: the source said that its limit is used up."""
        with self._lock:
            self._free[key] = max(self._free.get(key, 0.0), self._clock() + seconds)

    def due(self, key: str) -> float:
        """Seconds until the next free turn of `key`; 0 where it is now."""
        with self._lock:
            return max(0.0, self._free.get(key, 0.0) - self._clock())


@cache
def process_pacer() -> Pacer:
    """The one pacer of this process."""
    return Pacer()
