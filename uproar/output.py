"""What verbs print: data on stdout (a table, or JSON with --json), progress and remarks on stderr."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

import orjson
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    import pandas as pd


def say(message: str) -> None:
    """A remark for the person at the terminal, on stderr."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(escape(message))


def write_json(value: object) -> None:
    """One JSON document on stdout; times as ISO 8601 in UTC, NaN as null."""
    sys.stdout.write(orjson.dumps(plain(value), option=orjson.OPT_APPEND_NEWLINE).decode())


def write_line(value: object) -> None:
    """One line of a JSON stream."""
    sys.stdout.write(orjson.dumps(plain(value)).decode() + "\n")


def write_table(rows: Sequence[Mapping[str, object]], columns: Iterable[str] | None = None) -> None:
    """Rows as a plain table on stdout, full width when it is no terminal."""
    names = list(columns) if columns is not None else list(rows[0] if rows else ())
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in names:
        numeric = any(isinstance(row.get(name), int | float) for row in rows)
        table.add_column(name.replace("_", " "), justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(escape(_cell(row.get(name))) for name in names))
    console = Console(highlight=False)
    Console(highlight=False, width=None if console.is_terminal else 200).print(table)


def rows_of(frame: pd.DataFrame) -> list[dict[str, object]]:
    """A frame as plain rows: Python numbers, aware datetimes, None for NaN."""
    return [{str(k): plain(v) for k, v in row.items()} for row in frame.to_dict("records")]


def plain(value: Any) -> Any:
    """`value` in JSON's types, deeply."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | bool | int):
        return value
    if hasattr(value, "item"):
        return plain(value.item())
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 6)
    if value != value:  # pandas' NaT is unequal to itself
        return None
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.3f}"
    return str(value)
