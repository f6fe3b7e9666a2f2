"""Reading tables of a TOML file: known keys, durations and lists, with errors that name the remedy."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from core.errors import ConfigError

_DURATION = re.compile(r"(\d{1,5})\s*(m|h|d)")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def parse_duration(value: object, where: str) -> timedelta:
    """ "90m", "2h" or "60d" as a timedelta. Raises ConfigError."""
    match = _DURATION.fullmatch(str(value).strip())
    if not match:
        raise ConfigError(f"{where}: {value!r} is no duration; write 30m, 2h or 7d")
    return int(match[1]) * _UNITS[match[2]]


def check_keys(table: Mapping[str, Any], allowed: Collection[str], where: str) -> None:
    """Raise ConfigError on the first key of `table` that is not in `allowed`, with the nearest one."""
    for key in table:
        if key not in allowed:
            raise ConfigError(f"{where}: unknown key {key!r}. {suggest(key, sorted(allowed))}")


def suggest(value: str, known: list[str]) -> str:
    """The nearest of `known` as a question, or all of them."""
    near = difflib.get_close_matches(value, known, n=1)
    if near:
        return f"Did you mean {near[0]!r}?"
    return f"Known: {', '.join(known) or 'none'}."


def texts(table: Mapping[str, Any], key: str, where: str, *, default: tuple[str, ...]) -> tuple[str, ...]:
    """A list of texts. Raises ConfigError."""
    value = table.get(key, list(default))
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise ConfigError(f"{where}: {key} must be a list of texts")
    return tuple(value)
