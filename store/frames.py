"""Rows into frames with fixed columns and types, also when there are none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

TIME = "datetime64[us, UTC]"


def frame(rows: Sequence[Sequence[Any]], types: Mapping[str, str]) -> pd.DataFrame:
    """A frame with the columns and types of `types`, in that order. Aware times become datetime64[us, UTC]."""
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [()] * len(types)
    data = {name: _column(values, kind) for (name, kind), values in zip(types.items(), columns, strict=True)}
    return pd.DataFrame(data)


def _column(values: Sequence[Any], kind: str) -> pd.Series[Any]:
    if kind == TIME:
        return pd.Series(pd.to_datetime(pd.Series(list(values), dtype=object), utc=True)).dt.as_unit("us")
    if kind == "hour":  # hour numbers, converted together
        return pd.Series(pd.to_datetime(pd.Series(values, dtype="int64") * 3600, unit="s", utc=True)).dt.as_unit("us")
    return pd.Series(list(values), dtype=kind)
