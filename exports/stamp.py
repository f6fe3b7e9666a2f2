"""What every export says of itself: id, watch, query, model, coverage, time and notice, in its rows and beside it."""

from __future__ import annotations

import dataclasses
import math
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from core.watches import Watch

if TYPE_CHECKING:
    from reports.correction import Correction
    from store import Reader

CELLS = "text that a spreadsheet may take for a formula, or that begins with an apostrophe, has one before it"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What is the same in every row of an export, and in its sidecar. `clock` is when it was made."""

    id: str
    watch: Watch
    clock: datetime
    model: str

    def values(self) -> dict[str, object]:
        """The values of the last columns of every row, and of `model` where rows have none of their own."""
        return {
            "model": self.model, "watch": self.watch.name, "as_of": self.watch.now(self.clock),
            "notice": self.watch.notice, "export_id": self.id,
        }  # fmt: skip


def new_stamp(reader: Reader, watch: Watch, *, clock: datetime, kind: str = "x") -> Stamp:
    """A stamp with a fresh id, such as "x-1f0c2b7d91"; `kind` is its first letter."""
    return Stamp(f"{kind}-{secrets.token_hex(5)}", watch, clock, reader.active_model() or "")


def sidecar_path(path: Path) -> Path:
    """posts.csv is described by posts.csv.meta.json."""
    return path.with_name(f"{path.name}.meta.json")


def about(
    reader: Reader, stamp: Stamp, kind: str, asked: Mapping[str, Any], *, policy: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """What the rows are, in JSON's types: `asked` is what they were chosen by.

    Coverage is that of [asked.since, asked.until), `permissions` the recorded ones under which it was collected.
    `correction` is the share of all the watch's relevant posts of that time, corrected by people's labels (None: too
    few); the rows are as classified.
    """
    from reports.correction import correction
    from reports.coverage import coverage

    watch, span = stamp.watch, {"since": asked.get("since"), "until": asked.get("until")}
    found = coverage(reader, watch, clock=stamp.clock, **span).to_dict("records")
    document = {
        "export_id": stamp.id,
        "kind": kind,
        "notice": watch.notice,
        "watch": watch.name,
        "title": watch.title,
        "platform": watch.platform,
        "query": watch.expression,
        "sources": {rule.name: dict(rule.options) for rule in watch.sources},
        "measure": watch.measure,
        "languages": watch.languages,
        "timezone": watch.timezone,
        "model": stamp.model,
        "as_of": watch.now(stamp.clock),
        "exported_at": stamp.clock,
        "asked": asked,
        "policy": policy or {},
        "permissions": {str(row["source"]): row["permission"] for row in found if row.get("permission")},
        "coverage": found,
        "correction": _corrected(correction(reader, watch, clock=stamp.clock, **span)),
        "cells": CELLS,
    }
    plain: dict[str, Any] = in_json(document)
    return plain


def _corrected(found: Correction) -> dict[str, Any] | None:
    return None if found.kept is None else {**found.kept, "as_classified": found.raw.share, "sentence": found.sentence}


def as_json(document: Mapping[str, Any]) -> str:
    """A document as indented JSON text, ended by a line feed."""
    return orjson.dumps(in_json(document), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def iso(value: datetime) -> str:
    """An aware time as ISO 8601 in UTC with a Z."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def in_json(value: Any) -> Any:
    """`value` in JSON's types, deeply: times in UTC, numbers to six places, nothing for what is not finite."""
    if isinstance(value, Mapping):
        return {str(name): in_json(inner) for name, inner in value.items()}
    if value is None or value != value:  # pandas' NaT is a datetime that is unequal to itself
        return None
    if isinstance(value, datetime):
        return iso(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return in_json(dataclasses.asdict(value))
    if isinstance(value, list | tuple):
        return [in_json(inner) for inner in value]
    if hasattr(value, "item"):
        return in_json(value.item())
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value if isinstance(value, str | bool | int) else str(value)
