"""Rows of an input: CSV (comma, semicolon, tab) or JSON lines, told by content, with the place of each."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import orjson

from collectors.streams import MAX_LINE, Damaged, lines
from core.errors import InputUnusable
from core.records import Rejected

Row = dict[str, Any]
_EXPORTED = frozenset({"model", "watch", "as_of", "notice"})


@dataclass(frozen=True, slots=True)
class Read:
    """One row with the line and byte offset (unpacked) where it starts."""

    line: int
    offset: int
    row: Row


class Table:
    """The rows of one input, read once. `columns` is the CSV header, empty for JSON lines."""

    def __init__(self, chunks: Iterator[bytes], name: str) -> None:
        self._lines = lines(chunks)
        self._name = name
        self.columns: tuple[str, ...] = ()
        self.damaged = False
        first = self._first_line()
        if first[2].lstrip().startswith(b"["):
            raise InputUnusable(f"{name}: this is a JSON array; write one object per line, as: jq -c '.[]' FILE")
        self._json = first[2].lstrip().startswith(b"{")
        self._line = first[0] - 1
        self._lines = chain([first[1:]], self._lines)
        if not self._json:
            self._delimiter, self.columns = self._header()

    def rows(self) -> Iterator[Read | Rejected]:
        """Rows in order; what cannot be read as a row comes as Rejected. Never raises on bad content.

        A damaged compressed input ends with one Rejected and sets `damaged`.
        """
        try:
            yield from self._json_rows() if self._json else self._csv_rows()
        except Damaged as error:
            self.damaged = True
            yield Rejected(self._line + 1, str(error))

    def _first_line(self) -> tuple[int, int, bytes]:
        try:
            for number, (offset, line) in enumerate(self._lines, 1):
                if line is None:
                    break
                if line.strip():
                    return number, offset, line
        except Damaged as error:
            raise InputUnusable(f"{self._name}: {error}, before the first row") from None
        raise InputUnusable(f"{self._name}: empty, or without line breaks. CSV with a header or JSON lines are read")

    def _json_rows(self) -> Iterator[Read | Rejected]:
        for offset, line in self._lines:
            self._line += 1
            if line is None:
                yield Rejected(self._line, f"line over {MAX_LINE // 2**20} MB", offset)
                continue
            try:
                row = orjson.loads(line)
            except orjson.JSONDecodeError:
                if not line.strip():
                    continue
                row = _second_look(line)
            if isinstance(row, dict):
                yield Read(self._line, offset, row)
            else:
                yield Rejected(self._line, row if isinstance(row, str) else "not a JSON object", offset)

    def _header(self) -> tuple[str, tuple[str, ...]]:
        _, line = next(self._lines)
        self._line += 1
        text = (line or b"").decode("utf-8", "replace")
        delimiter = max(",;\t", key=text.count)
        columns = tuple(name.strip() for name in next(csv.reader([text], delimiter=delimiter)))
        twice = sorted({name for name in columns if name and columns.count(name) > 1})
        if twice:
            raise InputUnusable(f"{self._name}: the header has {', '.join(twice)} more than once")
        return delimiter, columns

    def _csv_rows(self) -> Iterator[Read | Rejected]:
        csv.field_size_limit(MAX_LINE)  # of the whole process, 128 KB otherwise; longer texts get their own reason
        feed = _Feed(self._lines)
        exported = set(self.columns) >= _EXPORTED
        while True:
            start, reader = self._line, csv.reader(feed, delimiter=self._delimiter)
            try:
                for cells in reader:
                    if feed.unclosed():
                        break
                    line, self._line = self._line + 1, start + reader.line_num
                    if cells:
                        yield self._csv_row(cells, line, feed, exported=exported)
                    feed.begin()
                else:
                    return
            except csv.Error:
                pass  # a field beyond the limit: a quote that nothing closes, as above
            self._line += 1
            yield Rejected(self._line, "a quote is opened and not closed", feed.offset)
            feed.again()

    def _csv_row(self, cells: list[str], line: int, feed: _Feed, *, exported: bool) -> Read | Rejected:
        if feed.overlong:
            return Rejected(line, f"line over {MAX_LINE // 2**20} MB", feed.offset)
        if feed.foreign:
            return Rejected(line, "not UTF-8", feed.offset)
        if len(cells) > len(self.columns):
            return Rejected(line, f"{len(cells)} cells under {len(self.columns)} columns", feed.offset)
        if exported:  # Uproar's own export puts an apostrophe before what a spreadsheet would run or has one itself
            cells = [cell.removeprefix("'") for cell in cells]
        return Read(line, feed.offset, dict(zip(self.columns, cells, strict=False)))


class _Feed:
    """Decodes lines for the csv module; keeps those of the row under way, and what was wrong in them."""

    def __init__(self, source: Iterator[tuple[int, bytes | None]]) -> None:
        self._source = source
        self._ended = False
        self.begin()

    def begin(self) -> None:
        """The next line starts a row."""
        self._row: list[tuple[int, bytes | None]] = []
        self.foreign = self.overlong = False

    def again(self) -> None:
        """Give the lines of the row under way once more, without its first."""
        self._source = chain(self._row[1:], self._source)
        self._ended = False
        self.begin()

    def unclosed(self) -> bool:
        """Whether an open quote swallowed all lines to the end of the input."""
        quotes = sum(line.count(b'"') for _, line in self._row if line) if len(self._row) > 1 and self._ended else 0
        return quotes % 2 == 1

    @property
    def offset(self) -> int:
        """Where the row under way starts."""
        return self._row[0][0]

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        placed = next(self._source, None)
        if placed is None:
            self._ended = True
            raise StopIteration
        self._row.append(placed)
        line = placed[1]
        if line is None:
            self.overlong = True
            return "-\n"
        try:
            return line.decode()
        except UnicodeDecodeError:
            self.foreign = True
            return line.decode("utf-8", "replace")


def _second_look(line: bytes) -> Row | str:
    """A row that only the lenient parser reads (a lone surrogate, NaN), else the reason."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return "not UTF-8"
    try:
        row = json.loads(text)
    except (ValueError, RecursionError):
        return "not JSON"
    return row if isinstance(row, dict) else "not a JSON object"
