"""Cells of a CSV file that no spreadsheet takes for a formula (CWE-1236), and the way back to the text."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

import numpy as np

from core.text import clean

Cell = str | int | float | None

# Spreadsheets look past blanks and invisible characters, and read full-width and small forms as the plain sign.
_BLANK = "\x01-\x20\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f"
_BLANK += "\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
_SIGN = r"=+\-@＝＋－＠﹦﹢﹣﹫⁺⁻⁼₊₋₌−﬩"  # noqa: RUF001 (the look-alikes are the point)
_DANGEROUS = re.compile(f"[\t\r\n']|[{_BLANK}]*+[{_SIGN}]")


def safe(text: str) -> str:
    """`text` as a cell that stays text: a leading apostrophe where it could be read as a formula.

    A text that begins with an apostrophe gets one too, so that `unsafe(safe(t)) == clean(t)` for every text
    (`core.text.clean`: NUL dropped, lone surrogates replaced). Line breaks are kept.
    """
    text = clean(text)
    return "'" + text if _DANGEROUS.match(text) else text


def unsafe(cell: str) -> str:
    """The text that `safe` made `cell` of."""
    return cell.removeprefix("'")


def number(value: object) -> Cell:
    """A number as it is, rounded to six places; None (an empty cell) for anything missing or not finite."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, int):
        return value
    return round(value, 6) if math.isfinite(value) else None


def moment(value: object) -> str:
    """An aware time as ISO 8601 in UTC with a Z; "" for a missing one."""
    # pandas' NaT is a datetime that is unequal to itself.
    if not isinstance(value, datetime) or value != value:
        return ""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def table(header: Sequence[str], chunks: Iterable[Iterable[Sequence[Cell]]]) -> Iterator[str]:
    """CSV text, the header first and then one piece per chunk of rows, as they come.

    Every text cell is quoted, numbers are not. Text cells must have gone through `safe`. Lines end with a bare
    line feed. Nothing is taken from `chunks` before the header was taken.
    """
    yield _lines([header])
    for rows in chunks:
        yield _lines(rows)


def _lines(rows: Iterable[Sequence[Cell]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n").writerows(rows)
    return buffer.getvalue()
