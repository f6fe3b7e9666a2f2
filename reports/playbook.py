"""How long others took to a first statement and to a reversal, from dated cases with their sources."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.announcements import interval
from core.errors import ConfigError
from core.records import HOUR
from core.settings import PROJECT
from reports.lifecycle import Lag, span_words

FILE = PROJECT / "data" / "playbook.toml"


@dataclass(frozen=True, slots=True)
class Case:
    """One earlier controversy; a lag is None where no dated event of that kind is known."""

    platform: str
    subject: str
    statement_after: Lag | None
    reversal_after: Lag | None
    sources: tuple[str, ...]
    sentence: str


def playbook(path: Path = FILE) -> tuple[Case, ...]:
    """The cases, quickest statement first; those without one last. Raises ConfigError where the file is broken."""
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8"))["case"]
        cases = [_case(row, str(path)) for row in rows]
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise ConfigError(f"{path}: {error!r}") from None
    return tuple(sorted(cases, key=lambda c: (c.statement_after is None, c.statement_after and c.statement_after.high)))


def _case(row: dict[str, Any], where: str) -> Case:
    statement, reversal = (_lag(row, key, where) for key in ("statement", "reversal"))
    parts = [
        f"{words} {span_words(lag)} after it was noticed"
        for words, lag in (("first statement", statement), ("reversal", reversal))
        if lag is not None
    ]
    sentence = f"{row['platform']} ({row['subject']}): {', '.join(parts) or 'no dated answer is known'}."
    return Case(row["platform"], row["subject"], statement, reversal, tuple(row["sources"]), sentence)


def _lag(row: dict[str, Any], key: str, where: str) -> Lag | None:
    if key not in row:
        return None
    start, end, _ = interval(row["noticed"], "UTC", where)
    first, last, _ = interval(row[key], "UTC", where)
    return Lag(max(0.0, (first - end) / HOUR), (last - start) / HOUR)
