"""`uproar detect`: surges in a count series that comes as a CSV file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import ConfigError, InputUnusable
from core.watches import parse_duration

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


def register(app: typer.Typer) -> None:
    """Add this file's verb."""
    app.command()(detect)


def detect(
    file: Annotated[Path, typer.Argument(help="CSV with columns timestamp, value and perhaps negative.")],
    window: Annotated[str, typer.Option(help="The past that decides, such as 60d.")] = "60d",
) -> None:
    """Score each row of a regular series against its own past: CSV `timestamp,score,decision` on stdout."""
    from analysis.surge import surges

    past = parse_duration(window, "--window")
    table = _read(file)
    times = table["timestamp"]
    column = "negative" if "negative" in table else "value"
    if len(table) < 2:
        raise InputUnusable(f"{file}: fewer than two rows: the interval of the series is unknown")
    at = _times(file, times)
    steps = at.diff().iloc[1:]
    step = steps.median()
    if not (steps > steps * 0).all():
        raise InputUnusable(f"{file}: the timestamps must rise, each row once")
    try:
        found = surges(_counts(file, table[column]), step.to_pytimedelta(), window=past)
    except ValueError as error:
        raise InputUnusable(f"{file}: column {column}: {error}") from None
    lines = zip(times, found.score.tolist(), found.decision.tolist(), strict=True)
    sys.stdout.write("timestamp,score,decision\n")
    sys.stdout.writelines(f"{time},{score:.6f},{int(decision)}\n" for time, score, decision in lines)


def _read(file: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        table = pd.read_csv(file, dtype={"timestamp": "str"})
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror or error}") from None
    except ValueError as error:  # pandas' parser errors and bad encodings are ValueErrors
        raise InputUnusable(f"{file}: no CSV: {error}") from None
    missing = [name for name in ("timestamp", "value") if name not in table]
    if missing:
        raise InputUnusable(f"{file}: column {missing[0]!r} is missing; needed: timestamp,value[,negative]")
    return table


def _times(file: Path, times: pd.Series[str]) -> pd.Series[pd.Timestamp]:
    import pandas as pd

    try:
        return pd.Series(pd.to_datetime(times, utc=True, format="ISO8601"))
    except (ValueError, TypeError) as error:
        raise InputUnusable(f"{file}: column timestamp: {error}") from None


def _counts(file: Path, column: pd.Series[float]) -> NDArray[np.float64]:
    import pandas as pd

    try:
        found: NDArray[np.float64] = pd.to_numeric(column).to_numpy(dtype=float)
        return found
    except (ValueError, TypeError) as error:
        raise InputUnusable(f"{file}: column {column.name}: {error}") from None
