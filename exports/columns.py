"""Columns of an export: what each holds, as what type, and how values become safe arrays of Arrow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from exports.cells import RISKY, safe

KINDS = {
    "text": pa.string(),
    "whole": pa.int64(),
    "number": pa.float64(),
    "flag": pa.bool_(),
}
"""Types by kind; "time" is a timestamp in microseconds of the column's zone."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, kind (text, time, whole, number, flag), what it means, and what it is a part of."""

    name: str
    kind: str
    meaning: str
    denominator: str = ""
    zone: str = "UTC"

    @property
    def type(self) -> pa.DataType:
        """The Arrow type, which is also that of a Parquet file."""
        return pa.timestamp("us", tz=self.zone) if self.kind == "time" else KINDS[self.kind]


def schema_of(columns: Sequence[Column]) -> pa.Schema:
    """The columns as a schema, in order."""
    return pa.schema([(column.name, column.type) for column in columns])


def text_array(values: Sequence[str | None]) -> pa.Array:
    """Texts as cells that no spreadsheet runs (`exports.cells.safe`); None stays missing.

    A whole column is looked at in one go, and only where something in it is risky, text by text.
    """
    try:
        plain = pa.array(values, pa.string())
    except UnicodeEncodeError:
        return pa.array([None if value is None else safe(value) for value in values], pa.string())
    risky = pc.match_substring_regex(plain, RISKY)
    if not pc.any(risky).as_py():
        return plain
    return pa.array([None if value is None else safe(value) for value in values], pa.string())


def frame_arrays(frame: pd.DataFrame, columns: Sequence[Column]) -> list[pa.Array]:
    """The named columns of a frame as arrays of their kinds; what is missing or not finite is null."""
    return [_array(frame[column.name], column) for column in columns]


def constant(value: object, column: Column, rows: int) -> pa.Array:
    """The same value in each of `rows` rows."""
    if isinstance(value, str):
        value = safe(value)
    return pa.repeat(pa.scalar(value, column.type), rows)


def time_texts(values: pa.Array) -> list[str | None]:
    """Times of one zone as ISO 8601, UTC ones with a Z, others with their offset; fractions only where there are."""
    zone = values.type.tz
    whole = np.asarray(values.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).fill_null(0))
    if zone == "UTC":
        texts = np.datetime_as_string(whole.astype("datetime64[us]"), unit="us").tolist()
        found: list[str | None] = [f"{t[:19]}Z" if t.endswith(".000000") else f"{t}Z" for t in texts]
    else:
        found = [_iso(value, zone) for value in whole.tolist()]
    if values.null_count:
        return [text if known else None for text, known in zip(found, values.is_valid().to_pylist(), strict=True)]
    return found


def _iso(micros: int, zone: str) -> str:
    seconds, rest = divmod(micros, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest).astimezone(ZoneInfo(zone)).isoformat()


def _array(values: pd.Series[Any], column: Column) -> pa.Array:
    if column.kind == "time":
        times = [None if value is None or value != value else value for value in values.tolist()]
        return pa.array(times, column.type)
    if column.kind == "text":
        return text_array([value if isinstance(value, str) else None for value in values.tolist()])
    return pa.array([_number(value, column.kind) for value in values.tolist()], column.type)


def _number(value: Any, kind: str) -> Any:
    if value is None or value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if kind == "flag":
        return bool(value)
    return int(value) if kind == "whole" else round(float(value), 6)
