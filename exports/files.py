"""One export from rows to file: written whole or not at all, described beside itself, and logged."""

from __future__ import annotations

import hashlib
import io
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

import pyarrow as pa

from exports.atomic import write_atomic, write_file
from exports.columns import Column, schema_of
from exports.formats import Format, format_of, write_table
from exports.stamp import Stamp, as_json, sidecar_path

if TYPE_CHECKING:
    from store import Shown


class Log(Protocol):
    """Where it is kept what left: `store.Annotations`."""

    def log_export(
        self, watch: str, kind: str, path_name: str, rows: int, stamp: Mapping[str, str],
        posts: Iterable[tuple[str, str]], now: datetime, *, mark: str = "", who: str = "", numbers: Iterable[int] = (),
    ) -> int:  # fmt: skip
        """Record a file with its posts."""

    def keep_shown(self, kept: Shown) -> None:
        """Keep figures under their id."""

    def take_texts(self, who: str, source: str, wanted: int, *, limit: int, now: datetime) -> int:
        """How many texts a person may take today."""

    def give_back_texts(self, who: str, source: str, unused: int, *, now: datetime) -> None:
        """Texts that were not taken after all."""


@dataclass(slots=True)
class Tally:
    """What was written so far: rows, posts kept back by the policy per source, and the posts' numbers in the store."""

    rows: int = 0
    withheld: dict[str, int] = field(default_factory=dict)
    numbers: list[array[int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Table:
    """An export before it is written: its columns, its rows batch by batch, and what it says of itself."""

    kind: str
    stamp: Stamp
    columns: tuple[Column, ...]
    batches: Iterator[pa.RecordBatch]
    about: Callable[[], Mapping[str, Any]]
    """What it says of itself; asked for when it is written."""
    figures: Callable[[], Mapping[str, Any]]
    """The counts behind it, kept under its id (`reports.shown`)."""
    tally: Tally = field(default_factory=Tally)
    finish: Callable[[], None] = lambda: None
    """Called once when all rows were taken."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A finished export. `withheld` counts, per source, the posts that the export policy kept back whole."""

    id: str
    path: Path
    rows: int
    sha256: str
    sidecar: Path
    withheld: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Download:
    """A finished export in memory, for a browser."""

    id: str
    name: str
    mime: str
    data: bytes
    rows: int


def export_table(
    table: Table, path: Path, *, format: Format | None = None, log: Log | None = None, who: str = ""
) -> Exported:
    """Write `table` to `path` and its sidecar to `<path>.meta.json`; both are replaced only when complete.

    The log is written before the file appears, so that no file exists that it does not know. Raises UproarError
    naming the path when it cannot be written.
    """
    format = format or format_of(path)
    about = table.about()

    def fill(sink: BinaryIO) -> None:
        write_table(sink, format, schema_of(table.columns), table.batches, about)
        table.finish()

    def publish(digest: str) -> None:
        _log(table, str(path.absolute()), digest, log, who)

    digest = write_file(path, fill, publish=publish)
    done = Exported(table.stamp.id, path, table.tally.rows, digest, sidecar_path(path), dict(table.tally.withheld))
    write_atomic(done.sidecar, [as_json(sidecar(table, about, path.name, digest))])
    return done


def download(table: Table, format: Format, *, log: Log | None = None, who: str = "") -> Download:
    """`table` as a file in memory, logged under its name."""
    sink = io.BytesIO()
    write_table(sink, format, schema_of(table.columns), table.batches, table.about())
    table.finish()
    name = f"{table.stamp.watch.name}-{table.kind}.{format.value}"
    data = sink.getvalue()
    _log(table, f"download: {name}", hashlib.sha256(data).hexdigest(), log, who)
    return Download(table.stamp.id, name, format.mime, data, table.tally.rows)


def sidecar(table: Table, about: Mapping[str, Any], name: str, digest: str) -> dict[str, Any]:
    """What lies beside the file: what it is, its rows and hash, and what every column means."""
    return {
        "file": name,
        "rows": table.tally.rows,
        "sha256": digest,
        **about,
        "withheld": dict(table.tally.withheld),
        "columns": [column.name for column in table.columns],
        "dictionary": {
            c.name: {"kind": c.kind, "meaning": c.meaning} | ({"of": c.denominator} if c.denominator else {})
            for c in table.columns
        },
    }


def _log(table: Table, place: str, digest: str, log: Log | None, who: str) -> None:
    if log is None:
        return
    keep(table.stamp, table.kind, table.figures(), log)
    numbers = (number for part in table.tally.numbers for number in part)
    log.log_export(
        table.stamp.watch.name, table.kind, place, table.tally.rows, {"sha256": digest}, (), table.stamp.clock,
        mark=table.stamp.id, who=who, numbers=numbers,
    )  # fmt: skip


def keep(stamp: Stamp, kind: str, figures: Mapping[str, Any], log: Log) -> None:
    """Keep what was shown under the stamp's id."""
    from store import Shown

    log.keep_shown(Shown(stamp.id, stamp.watch.name, kind, stamp.clock, figures))
