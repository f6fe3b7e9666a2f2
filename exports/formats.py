"""Tables as CSV, Excel, Parquet or JSON lines: written batch by batch, in memory that does not grow with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from core.errors import ConfigError
from exports.columns import time_texts

_GROUP = 50_000  # rows of a Parquet row group


class Format(StrEnum):
    """The kinds of file."""

    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"
    JSONL = "jsonl"

    @property
    def mime(self) -> str:
        """The media type that a browser is told."""
        return _MIME[self]


_MIME = {
    Format.CSV: "text/csv",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.PARQUET: "application/vnd.apache.parquet",
    Format.JSONL: "application/x-ndjson",
}
_SUFFIXES = {**{f".{format.value}": format for format in Format}, ".ndjson": Format.JSONL}


def format_of(path: Path) -> Format:
    """The format that a file's name asks for. Raises ConfigError, naming the known ones, for another."""
    found = _SUFFIXES.get(path.suffix.lower())
    if found is None:
        raise ConfigError(f"{path}: end the name in {', '.join(_SUFFIXES)}, or say --format")
    return found


def write_table(
    sink: BinaryIO, format: Format, schema: pa.Schema, batches: Iterable[pa.RecordBatch], about: Mapping[str, Any]
) -> None:
    """Write all of `batches` (of `schema`) to `sink`; `about` goes into formats that have a place for it."""
    if format is Format.XLSX:
        from exports.excel import write_workbook

        write_workbook(sink, schema, batches, about)
    elif format is Format.PARQUET:
        _write_parquet(sink, schema, batches, about)
    else:
        pieces = csv_pieces(schema, batches) if format is Format.CSV else jsonl_pieces(schema, batches)
        for piece in pieces:
            sink.write(piece)


def csv_pieces(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    """CSV in UTF-8: the header, then one piece per batch. Text is quoted, numbers are not, nothing is empty.

    Nothing is taken from `batches` before the header was taken. Flags are yes or no.
    """
    yield (",".join(f'"{name}"' for name in schema.names) + "\n").encode()
    options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="needed")
    for batch in batches:
        buffer = pa.BufferOutputStream()
        pyarrow.csv.write_csv(_as_text(batch), buffer, options)
        yield buffer.getvalue().to_pybytes()


def jsonl_pieces(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    """JSON lines: one piece per batch; what is missing is null, times are ISO 8601."""
    for batch in batches:
        rows = zip(*plain_columns(batch), strict=True)
        yield b"".join(orjson.dumps(dict(zip(schema.names, row, strict=True))) + b"\n" for row in rows)


def plain_columns(batch: pa.RecordBatch) -> list[Sequence[Any]]:
    """The columns as Python values, times as ISO 8601 text."""
    return [time_texts(c) if pa.types.is_timestamp(c.type) else c.to_pylist() for c in batch.columns]


def _as_text(batch: pa.RecordBatch) -> pa.RecordBatch:
    columns = []
    for column in batch.columns:
        if pa.types.is_timestamp(column.type):
            column = pa.array(time_texts(column), pa.string())
        elif pa.types.is_boolean(column.type):
            names = {True: "yes", False: "no", None: None}
            column = pa.array([names[value] for value in column.to_pylist()], pa.string())
        columns.append(column.fill_null("") if pa.types.is_string(column.type) else column)
    return pa.record_batch(columns, names=batch.schema.names)


def _write_parquet(
    sink: BinaryIO, schema: pa.Schema, batches: Iterable[pa.RecordBatch], about: Mapping[str, Any]
) -> None:
    marked = schema.with_metadata({"uproar": orjson.dumps(about).decode()})
    with pyarrow.parquet.ParquetWriter(sink, marked, compression="zstd") as writer:
        held: list[pa.RecordBatch] = []
        for batch in batches:
            held.append(batch)
            if sum(map(len, held)) >= _GROUP:
                writer.write_table(pa.Table.from_batches(held, schema))
                held = []
        if held:
            writer.write_table(pa.Table.from_batches(held, schema))
