"""A CSV file with a series: which column is time, which the response, which are controls, and where the event lies."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from core.errors import ConfigError, InputUnusable
from reports.series_effect import GivenSeries

_RESPONSES = ("y", "value", "response", "posts", "count", "volume")
_TIMES = ("timestamp", "date", "time", "datetime", "day", "hour", "ds", "created_at", "year", "month", "week")


def read_series(path: Path, *, response: str | None = None, time: str | None = None) -> GivenSeries:
    """The series of `path`: every further numeric column is a control. Missing steps of a regular series become NaN.

    Without `time`, a column with a usual name, or the first if it holds dates, is the time; without `response`, a
    column called y, value or the like, else the first numeric one. Raises ConfigError for an unknown column,
    InputUnusable for a file that is no such table.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            header = file.readline()
        separator = max(",;\t", key=header.count)
        separator = separator if separator in header or " " not in header.strip() else " "
        frame = pd.read_csv(path, sep=separator, skipinitialspace=True, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError, ValueError, pd.errors.ParserError) as error:
        raise InputUnusable(f"{path}: no CSV table: {error}") from None
    frame.columns = [str(name).strip().lstrip("\ufeff") for name in frame.columns]
    for wanted in (response, time):
        if wanted is not None and wanted not in frame.columns:
            raise ConfigError(f"{path}: no column {wanted!r}. It has: {', '.join(frame.columns)}")
    if frame.columns.duplicated().any():
        raise InputUnusable(f"{path}: two columns have one name")
    clock = time or _time_column(frame)
    times = _times(frame[clock], path, clock) if clock else None
    numbers = {
        name: pd.to_numeric(frame[name], errors="coerce").to_numpy(float)
        for name in frame.columns
        if name != clock and not str(name).startswith("Unnamed")
    }
    numbers = {name: np.where(np.isfinite(v), v, np.nan) for name, v in numbers.items() if np.isfinite(v).any()}
    chosen = response or next((n for n in numbers if n.lower() in _RESPONSES), next(iter(numbers), None))
    if chosen is None or chosen not in numbers:
        raise InputUnusable(f"{path}: {f'column {chosen!r} holds' if chosen else 'there are'} no numbers")
    if times is not None:
        times, numbers = _regular(times, numbers, path)
    values = numbers.pop(chosen)
    return GivenSeries(chosen, values, times, numbers)


def place(value: str, given: GivenSeries, *, name: str = "--at") -> tuple[int, int]:
    """The rows [first, last) that `value` names: a row number from 0, a time, a day, or day/day.

    A day in a series of hours is all its hours. Raises ConfigError where nothing lies there.
    """
    size = len(given.values)
    if value.isdigit() and (given.times is None or len(value) < 5 or int(value) < size):
        row = int(value)
        if row >= size and given.times is not None and len(value) == 4:
            return place(f"{value}-01-01", given, name=name)
        if row >= size:
            raise ConfigError(f"{name} {value}: the series has rows 0 to {size - 1}")
        return row, row + 1
    if given.times is None:
        raise ConfigError(f"{name} {value!r}: the series has no time column, so give a row number (from 0), or --time")
    first, _, last = value.partition("/")
    start, _ = _moment(first, given.times, name)
    _, end = _moment(last or first, given.times, name)
    rows = np.flatnonzero((given.times >= start) & (given.times < end))
    if not len(rows):
        after = np.flatnonzero(given.times >= start)
        if start < given.times[0] or not len(after):
            raise ConfigError(f"{name} {value!r} lies outside the series ({given.times[0]} to {given.times[-1]})")
        return int(after[0]), int(after[0]) + 1
    return int(rows[0]), int(rows[-1]) + 1


def _moment(value: str, times: pd.DatetimeIndex, name: str) -> tuple[pd.Timestamp, pd.Timestamp]:
    try:
        day = len(value) == 10
        at = pd.Timestamp(date.fromisoformat(value) if day else datetime.fromisoformat(value))
    except ValueError:
        raise ConfigError(f"{name} {value!r} is no row, time or day such as 2025-05-09") from None
    at = at.tz_localize(times.tz) if at.tz is None else at
    if (at.tz is None) != (times.tz is None):
        at = at.tz_convert("UTC").tz_localize(None)
    return at, at + (pd.Timedelta(days=1) if day else pd.Timedelta(microseconds=1))


def _time_column(frame: pd.DataFrame) -> str | None:
    for name in frame.columns:
        if str(name).lower() in _TIMES:
            return str(name)
    first = frame.columns[0] if len(frame.columns) > 1 else None
    if first is None or pd.api.types.is_numeric_dtype(frame[first]):
        return None
    parsed = pd.to_datetime(frame[first], errors="coerce", format="ISO8601", utc=True)
    return str(first) if parsed.notna().mean() > 0.9 else None


def _times(column: pd.Series[str], path: Path, name: str) -> pd.DatetimeIndex:
    texts = column.astype(str).str.strip()
    if texts.str.fullmatch(r"[12]\d{3}").all():
        texts = texts + "-01-01"  # years
    elif texts.str.fullmatch(r"[12]\d{3}-\d{2}").all():
        texts = texts + "-01"  # months
    try:
        found = pd.DatetimeIndex(pd.to_datetime(texts, format="ISO8601"))
    except (ValueError, TypeError):
        try:  # mixed offsets, or another common spelling
            found = pd.DatetimeIndex(pd.to_datetime(texts, format="mixed", utc=True)).tz_localize(None)
        except (ValueError, TypeError):
            raise InputUnusable(f"{path}: column {name!r} holds values that are no times") from None
    missing = int(pd.Series(found).isna().sum())
    if missing:
        raise InputUnusable(f"{path}: column {name!r} has {missing} rows without a time")
    return found


def _regular(
    times: pd.DatetimeIndex, numbers: dict[str, np.ndarray], path: Path
) -> tuple[pd.DatetimeIndex, dict[str, np.ndarray]]:
    """In order, and with the missing steps of a regular series put in as unknown."""
    if times.duplicated().any():
        raise InputUnusable(f"{path}: {len(times) - times.nunique()} rows repeat a time; one row per step is needed")
    frame = pd.DataFrame(numbers, index=times).sort_index()
    if len(frame) > 2:
        spacing = pd.Series(frame.index).diff().dropna()
        unit = pd.Timedelta(spacing.median())
        whole = pd.date_range(frame.index[0], frame.index[-1], freq=unit)
        # Months and trading days are no fixed step: they stay as rows.
        if len(whole) <= 4 * len(frame) and frame.index.isin(whole).all() and (spacing == unit).mean() > 0.9:
            frame = frame.reindex(whole)
    return pd.DatetimeIndex(frame.index), {str(name): frame[name].to_numpy(float) for name in frame.columns}
