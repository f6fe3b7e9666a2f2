"""Rows of an input, with places: CSV (comma, semicolon, tab), JSON lines, JSON documents or Parquet, by content."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import orjson

from collectors.documents import pieces
from collectors.parquet import MAGIC, ParquetTable
from collectors.streams import MAX_LINE, Damaged, lines
from core.errors import InputUnusable
from core.records import Rejected

Row = dict[str, Any]
_HEAD = 2**18
_EXPORTED = frozenset({"model", "watch", "as_of", "notice"})


@dataclass(frozen=True, slots=True)
class Read:
    """One row with the line and byte offset (unpacked) where it starts."""

    line: int
    offset: int
    row: Row


class Table:
    """The rows of one input, read once. `columns` is the CSV header or Parquet schema, empty for JSON."""

    def __init__(self, chunks: Iterator[bytes], name: str) -> None:
        self._name = name
        self._line = 0
        self.columns: tuple[str, ...] = ()
        self.damaged = False
        self.close: Callable[[], None] = lambda: None
        """To be called in the end: some forms are laid down on disk."""
        head, chunks = self._head(chunks)
        self._rows = self._form(head, chunks)

    def _form(self, head: bytes, chunks: Iterator[bytes]) -> Callable[[], Iterator[Read | Rejected]]:
        if head.startswith(MAGIC):
            parquet = ParquetTable(chunks, self._name)
            self.columns, self.close = parquet.columns, parquet.close
            return lambda: self._parquet_rows(parquet)
        if _is_document(head):
            return lambda: self._document_rows(chunks)
        self._lines = lines(chunks)
        number, offset, line = self._first_line()
        self._line = number - 1
        self._lines = chain([(offset, line)], self._lines)
        if line.lstrip().startswith(b"{"):
            return self._json_rows
        self._delimiter, self.columns = self._header()
        return self._csv_rows

    def _head(self, chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
        """The beginning, by which the form is told, and all of it again. Raises InputUnusable where nothing comes."""
        head = b""
        try:
            for chunk in chunks:
                head += chunk
                if len(head) >= _HEAD or (head.strip() and b"\n" in head.strip()):
                    break
        except Damaged as error:
            if not head.strip():
                raise InputUnusable(f"{self._name}: {error}, before the first row") from None
            return head, _then(head, error)
        return head, chain([head], chunks)

    def rows(self) -> Iterator[Read | Rejected]:
        """Rows in order; what cannot be read as a row comes as Rejected. Never raises on bad content.

        A damaged compressed input ends with one Rejected and sets `damaged`.
        """
        try:
            yield from self._rows()
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
                if row.keys() >= _EXPORTED:  # as in `_csv_row`
                    row = {k: v.removeprefix("'") if isinstance(v, str) else v for k, v in row.items()}
                yield Read(self._line, offset, row)
            else:
                yield Rejected(self._line, row if isinstance(row, str) else "not a JSON object", offset)

    def _document_rows(self, chunks: Iterator[bytes]) -> Iterator[Read | Rejected]:
        for piece in pieces(chunks):
            self._line = piece.line
            if piece.raw is None:
                yield Rejected(piece.line, piece.reason, piece.offset)
                continue
            try:
                row = orjson.loads(piece.raw)
            except orjson.JSONDecodeError:
                row = _second_look(piece.raw)
            if isinstance(row, dict):
                yield Read(piece.line, piece.offset, row)
            else:
                yield Rejected(piece.line, row, piece.offset)

    def _parquet_rows(self, parquet: ParquetTable) -> Iterator[Read | Rejected]:
        try:
            for row in parquet.rows():
                self._line += 1
                yield Rejected(self._line, row) if isinstance(row, str) else Read(self._line, 0, row)
        except EOFError:
            raise Damaged("the Parquet data is damaged here") from None

    def _header(self) -> tuple[str, tuple[str, ...]]:
        _, line = next(self._lines)
        self._line += 1
        text = (line or b"").decode("utf-8", "replace")
        delimiter = max(",;\t", key=text.count)
        try:
            columns = tuple(name.strip() for name in next(csv.reader([text], delimiter=delimiter)))
        except csv.Error:  # a carriage return amid the names, or a name beyond every size
            raise InputUnusable(f"{self._name}: the first line is no header of a CSV") from None
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


def _is_document(head: bytes) -> bool:
    """Whether JSON is laid out over lines, or in one very long one, rather than one record a line."""
    head = head.lstrip()
    if head.startswith((b"[", b"window.")):
        return True
    line, newline, _ = head.partition(b"\n")
    if not head.startswith(b"{"):
        return False
    if not newline:
        return len(head) >= _HEAD
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return line.rstrip()[-1:] in b"{[,:"  # a record that was cut ends otherwise
    return False


def _then(head: bytes, error: Damaged) -> Iterator[bytes]:
    yield head
    raise error


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
