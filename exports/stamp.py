"""What every export says of itself: watch, query, model, coverage, time and notice, in its rows and in a sidecar."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from core.watches import Watch
from exports.cells import Cell, moment, number, safe

if TYPE_CHECKING:
    from store import Reader

STAMP_COLUMNS = ("watch", "as_of", "notice")
"""The last columns of every row; with `model` they tell that text cells carry the prefix of `exports.cells`."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A finished export. `withheld` counts, per source, the posts that the export policy kept back whole."""

    path: Path
    rows: int
    sha256: str
    sidecar: Path
    withheld: Mapping[str, int]


def stamp_cells(watch: Watch, clock: datetime) -> tuple[str, ...]:
    """The cells for `STAMP_COLUMNS`; `as_of` is the watch's present, in UTC."""
    return safe(watch.name), moment(watch.now(clock)), safe(watch.notice)


def sidecar_path(path: Path) -> Path:
    """posts.csv is described by posts.csv.meta.json."""
    return path.with_name(f"{path.name}.meta.json")


def coverage_rows(
    reader: Reader, watch: Watch, *, clock: datetime, since: datetime | None, until: datetime | None
) -> list[dict[str, object]]:
    """What was collected of [since, until), one entry per source, as `reports.coverage` says it."""
    from reports.coverage import coverage

    found = coverage(reader, watch, clock=clock, since=since, until=until)
    return [{str(name): value for name, value in row.items()} for row in found.to_dict("records")]


def describe(
    watch: Watch, exported: Exported, *, clock: datetime, kind: str, model: str, columns: Sequence[str],
    asked: Mapping[str, Any], coverage: Sequence[Mapping[str, object]], policy: Mapping[str, str] | None = None,
) -> str:  # fmt: skip
    """The sidecar as JSON text, ended by a line feed; `asked` is what the rows were chosen by."""
    document = {
        "kind": kind,
        "file": exported.path.name,
        "rows": exported.rows,
        "sha256": exported.sha256,
        "notice": watch.notice,
        "watch": watch.name,
        "title": watch.title,
        "platform": watch.platform,
        "query": watch.expression,
        "sources": {rule.name: dict(rule.options) for rule in watch.sources},
        "measure": watch.measure,
        "languages": watch.languages,
        "timezone": watch.timezone,
        "model": model,
        "as_of": watch.now(clock),
        "exported_at": clock,
        "asked": asked,
        "policy": policy or {},
        "withheld": exported.withheld,
        "permissions": {str(row["source"]): row["permission"] for row in coverage if row.get("permission")},
        "coverage": coverage,
        "columns": columns,
        "cells": "text that a spreadsheet may take for a formula, or that begins with an apostrophe, has one before it",
    }
    return orjson.dumps(_plain(document), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def cell(value: object) -> Cell:
    """Any value of a frame as a cell: times in UTC, numbers as numbers, flags as yes or no, the rest as safe text."""
    if isinstance(value, bool | np.bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return safe(value)
    if isinstance(value, datetime):
        return moment(value)
    return number(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, datetime):
        return moment(value) or None
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _plain(dataclasses.asdict(value))
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if hasattr(value, "item"):
        return _plain(value.item())
    if isinstance(value, float):
        return number(value)
    if value is None or isinstance(value, str | bool | int):
        return value
    return str(value)
