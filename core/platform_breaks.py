"""When platforms began to give other posts to the same question: data/platform_breaks.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from core.announcements import interval
from core.errors import ConfigError
from core.tables import check_keys

BREAKS = Path(__file__).resolve().parent.parent / "data" / "platform_breaks.toml"
_KEYS = ("source", "at", "reason")


@dataclass(frozen=True, slots=True)
class PlatformBreak:
    """Some time in [start, end) the platform of `source` changed; `reason` completes "On 4 May 2026 …"."""

    source: str
    start: datetime
    end: datetime
    reason: str


@cache
def platform_breaks(path: Path = BREAKS) -> tuple[PlatformBreak, ...]:
    """Every break of the file, by time. Raises ConfigError naming file and key."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from None
    check_keys(table, ("breaks",), str(path))
    found = []
    for row in table.get("breaks", []):
        where = f"{path}: {row.get('source', 'a break')}"
        check_keys(row, _KEYS, where)
        for key in ("source", "reason"):
            if not isinstance(row.get(key), str) or not row[key]:
                raise ConfigError(f"{where}: {key!r} is missing")
        start, end, _ = interval(row.get("at", ""), "UTC", where)
        found.append(PlatformBreak(row["source"], start, end, row["reason"]))
    return tuple(sorted(found, key=lambda b: (b.start, b.source)))
