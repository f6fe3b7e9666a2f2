"""Workbooks: rows streamed to disk, every text a text, and a sheet that says what the file is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO

import pyarrow as pa
from xlsxwriter import Workbook
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.worksheet import Worksheet

from exports.cells import safe
from exports.formats import plain_columns

MOST_ROWS = 1_048_575
"""Rows of a sheet below its header; more go on in further sheets."""
LONGEST = 32_767
"""Characters of a cell; a longer text is cut and ends in an ellipsis."""
# Nothing is guessed from a text: it is no formula, no link and no number.
_OPTIONS = {
    "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
}  # fmt: skip


def write_workbook(
    sink: BinaryIO, schema: pa.Schema, batches: Iterable[pa.RecordBatch], about: Mapping[str, Any]
) -> None:
    """Write `batches` to sheets called "rows", "rows 2", ..., then `about`. Raises OSError where `sink` does."""
    book = Workbook(sink, _OPTIONS)
    rows = _rows(batches)
    sheet = _sheet(book, schema, "rows")
    line, number = 0, 1
    for row in rows:
        if line == MOST_ROWS:
            number += 1
            sheet, line = _sheet(book, schema, f"rows {number}"), 0
        line += 1
        _write_row(sheet, line, row)
    _write_about(book, about)
    try:
        book.close()
    except FileCreateError as error:
        cause = error.args[0] if error.args else error
        raise cause if isinstance(cause, OSError) else OSError(str(error)) from error


def _sheet(book: Workbook, schema: pa.Schema, name: str) -> Worksheet:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    bold = book.add_format({"bold": True})
    for place, column in enumerate(schema.names):
        sheet.write_string(0, place, column, bold)
    return sheet


def _rows(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[Any, ...]]:
    for batch in batches:
        yield from zip(*plain_columns(batch), strict=True)


def _write_row(sheet: Worksheet, line: int, row: tuple[Any, ...]) -> None:
    for place, value in enumerate(row):
        if value is None or value == "":
            continue
        if isinstance(value, bool):
            sheet.write_string(line, place, "yes" if value else "no")
        elif isinstance(value, str):
            sheet.write_string(line, place, value if len(value) <= LONGEST else value[: LONGEST - 1] + "…")
        else:
            sheet.write_number(line, place, value)


def _write_about(book: Workbook, about: Mapping[str, Any]) -> None:
    sheet = book.add_worksheet("about")
    for line, (name, value) in enumerate(_flat(about)):
        sheet.write_string(line, 0, safe(name))
        sheet.write_string(line, 1, safe(value)[:LONGEST])


def _flat(about: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for name, value in about.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}: ")
        elif isinstance(value, list):
            for number, item in enumerate(value, 1):
                inner = item if isinstance(item, Mapping) else {"": item}
                yield from _flat(inner, f"{before}{name} {number}: ")
        elif value not in (None, ""):
            yield f"{before}{name}".rstrip(": "), str(value)
