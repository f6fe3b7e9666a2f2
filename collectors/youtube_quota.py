"""YouTube's daily quota, counted over all processes of this installation. It starts anew at midnight Pacific.

https://developers.google.com/youtube/v3/determine_quota_cost
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from collectors.private_file import PrivateFile
from core.errors import BudgetExhausted

PACIFIC = ZoneInfo("America/Los_Angeles")
UNITS, SEARCHES = "units", "searches"


class DailyQuota:
    """What was asked today, in `home`/youtube-quota.json. Every call is written down before it is made."""

    def __init__(self, home: Path, caps: dict[str, int], clock: Callable[[], datetime]) -> None:
        self._file = PrivateFile(home / "youtube-quota.json")
        self._caps = caps
        self._clock = clock

    def reserve(self, kind: str) -> None:
        """Count one call of `kind` (UNITS or SEARCHES). Raises BudgetExhausted when the day's are spent."""
        with self._file.locked():
            spent = self._today()
            if spent[kind] >= self._caps[kind]:
                raise BudgetExhausted(
                    f"youtube: the day's {self._caps[kind]:,} {kind} are spent; they renew at midnight Pacific time"
                )
            self._write({**spent, kind: spent[kind] + 1})

    def exhaust(self) -> None:
        """Note that YouTube itself says that all is spent (the key is used elsewhere too)."""
        with self._file.locked():
            self._write({**self._caps})

    def spent(self) -> dict[str, int]:
        """What is counted for today."""
        return self._today()

    def _today(self) -> dict[str, int]:
        content = self._file.read()
        if content.get("day") != self._day():
            return dict.fromkeys(self._caps, 0)
        counts = {kind: content.get(kind) for kind in self._caps}
        return {kind: n if isinstance(n, int) and n >= 0 else 0 for kind, n in counts.items()}

    def _write(self, counts: dict[str, int]) -> None:
        self._file.write({"day": self._day(), **counts})

    def _day(self) -> str:
        return self._clock().astimezone(PACIFIC).date().isoformat()
