"""Parquet as rows, a batch at a time. Its directory stands at its end, so a stream is first laid down on disk."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import Any

from core.errors import InputUnusable

MAGIC = b"PAR1"
_BATCH = 500


class ParquetTable:
    """The rows of one Parquet input. `columns` is its schema; raises InputUnusable for one that cannot be opened."""

    def __init__(self, chunks: Iterator[bytes], name: str) -> None:
        import pyarrow
        from pyarrow import parquet

        self._spooled = tempfile.TemporaryFile()  # noqa: SIM115 (until `close`)
        for chunk in chunks:
            self._spooled.write(chunk)
        try:
            self._file = parquet.ParquetFile(self._spooled)
            self.columns = tuple(map(str, self._file.schema_arrow.names))
        except (pyarrow.ArrowException, OSError, ValueError) as error:
            self._spooled.close()
            raise InputUnusable(f"{name}: Parquet that cannot be read ({type(error).__name__})") from None

    def close(self) -> None:
        """Give the disk space back."""
        self._spooled.close()

    def rows(self) -> Iterator[dict[str, Any] | str]:
        """Rows in order; a row that cannot be read is its reason. Raises EOFError where the file is damaged."""
        import pyarrow

        try:
            for batch in self._file.iter_batches(batch_size=_BATCH, use_threads=False):
                yield from self._plain(batch)
        except (pyarrow.ArrowException, OSError) as error:
            raise EOFError(type(error).__name__) from None

    def _plain(self, batch: Any) -> Iterator[dict[str, Any] | str]:
        try:
            found: list[dict[str, Any]] = batch.to_pylist()
        except (ValueError, OverflowError):
            for number in range(batch.num_rows):
                try:
                    yield batch.slice(number, 1).to_pylist()[0]
                except (ValueError, OverflowError):
                    yield "not UTF-8, or a value out of range"
            return
        yield from found
