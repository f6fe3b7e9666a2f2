"""Posts as CSV: streamed, with labels and probabilities, in a form that the `files` collector reads again."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from core.watches import Watch
from exports.atomic import write_atomic
from exports.cells import Cell, moment, number, safe, table, unsafe
from exports.policy import POLICY, ExportRule, Form, rule_for
from exports.stamp import STAMP_COLUMNS, Exported, cell, coverage_rows, describe, sidecar_path, stamp_cells

if TYPE_CHECKING:
    import pandas as pd

    from store import PostFilter, Reader

Rows = Callable[[list[tuple[str, str]]], object]
_CONTENT = (
    "created_at", "text", "author", "url", "community", "kind", "parent_id", "lang", "likes", "reposts", "replies",
    "views",
)  # fmt: skip
_LABELS = (
    "reason", "scored", "relevant", "sentiment", "stance", "topics", "p_negative", "p_neutral", "p_positive",
    "p_against", "p_for", "p_relevant", "model",
)  # fmt: skip
_PERSONAL = frozenset({"id", "author", "url", "parent_id"})
_WHOLE = frozenset({"likes", "reposts", "replies", "views"})
_LONGEST_CELL = 2**26
COLUMNS = ("id", "platform", *_CONTENT, *_LABELS, *STAMP_COLUMNS)


@dataclass(slots=True)
class Tally:
    """Counts of an export under way: rows written, and posts kept back by the policy, per source."""

    rows: int = 0
    withheld: Counter[str] = field(default_factory=Counter)


def posts_csv(
    reader: Reader, watch: Watch, *, clock: datetime, filter: PostFilter | None = None,
    policy: Mapping[str, ExportRule] = POLICY, identifiers: bool = True, on_rows: Rows | None = None,
    tally: Tally | None = None,
) -> Iterator[str]:  # fmt: skip
    """CSV text in pieces, `COLUMNS` first; one chunk of posts is in memory at a time.

    Posts later than the watch's present are never among them. `on_rows` gets the (source, id) of each written
    row, chunk by chunk, for the export log. `identifiers=False` leaves id, author, url and parent_id empty.
    """
    tally = Tally() if tally is None else tally
    wanted = _wanted(watch, filter, clock)
    stamp = stamp_cells(watch, clock)

    def chunks() -> Iterator[Iterable[Sequence[Cell]]]:
        for frame in reader.stream_posts(wanted):
            rows, keys = _rows(frame, policy, stamp, tally, identifiers=identifiers)
            if on_rows is not None and keys:
                on_rows(keys)
            yield rows

    return table(COLUMNS, chunks())


def export_posts(
    reader: Reader, watch: Watch, path: Path, *, clock: datetime, filter: PostFilter | None = None,
    policy: Mapping[str, ExportRule] | None = None, identifiers: bool = True, on_rows: Rows | None = None,
) -> Exported:  # fmt: skip
    """Write the posts of `watch` to `path`, and what they are to `<path>.meta.json`.

    Both are replaced only when complete. Arguments and order are those of `posts_csv`. Raises UproarError naming
    the path when it cannot be written.
    """
    policy = POLICY if policy is None else policy
    tally = Tally()
    wanted = _wanted(watch, filter, clock)
    found = coverage_rows(reader, watch, clock=clock, since=wanted.since, until=wanted.until)
    text = posts_csv(
        reader, watch, clock=clock, filter=wanted, policy=policy, identifiers=identifiers, on_rows=on_rows, tally=tally
    )
    digest = write_atomic(path, text)
    done = Exported(path, tally.rows, digest, sidecar_path(path), dict(tally.withheld))
    meta = describe(
        watch, done, clock=clock, kind="posts", model=reader.active_model() or "", columns=COLUMNS,
        asked={**asdict(wanted), "identifiers": identifiers}, coverage=found,
        policy={source: str(rule) for source, rule in policy.items()} | {"import": "full", "any other": "full"},
    )  # fmt: skip
    write_atomic(done.sidecar, [meta])
    return done


def posts_in(path: Path) -> Iterator[tuple[str, str]]:
    """The (source, id) of each row of an exported file, as a stream: what the export log keeps of it.

    Rows without identifiers give nothing.
    """
    csv.field_size_limit(_LONGEST_CELL)  # of the whole process; the default of 128 KB is less than a long post
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["id"]:
                yield unsafe(row["platform"]), unsafe(row["id"])


def _wanted(watch: Watch, filter: PostFilter | None, clock: datetime) -> PostFilter:
    from reports.posts import clamped
    from store import PostFilter

    return clamped(watch, filter or PostFilter(watch.name), clock=clock)


def _rows(
    frame: pd.DataFrame, policy: Mapping[str, ExportRule], stamp: tuple[str, ...], tally: Tally, *, identifiers: bool
) -> tuple[Iterable[Sequence[Cell]], list[tuple[str, str]]]:
    sources, ids = frame["source"].tolist(), frame["id"].tolist()
    rules = [rule_for(s, r, policy) for s, r in zip(sources, frame["reason"].tolist(), strict=True)]
    tally.withheld.update(s for s, rule in zip(sources, rules, strict=True) if rule.form is Form.AGGREGATE)
    kept = [n for n, rule in enumerate(rules) if rule.form is not Form.AGGREGATE]
    tally.rows += len(kept)
    columns = []
    for name in COLUMNS[: -len(STAMP_COLUMNS)]:
        cells = _column(frame, name, rules)
        if not identifiers and name in _PERSONAL:
            cells = [""] * len(cells)
        columns.append([cells[n] for n in kept])
    columns += [[value] * len(kept) for value in stamp]
    return zip(*columns, strict=True), [(sources[n], ids[n]) for n in kept]


def _column(frame: pd.DataFrame, name: str, rules: list[ExportRule]) -> list[Cell]:
    values = frame["source" if name == "platform" else name].tolist()
    if name == "text":
        return [safe(_text(value, rule)) for value, rule in zip(values, rules, strict=True)]
    if name in _WHOLE:
        cells: list[Cell] = [None if (n := number(value)) is None else int(n) for value in values]
    elif name == "created_at":
        cells = [moment(value) for value in values]
    else:
        written = {value: cell(value) for value in set(values)}  # most columns hold few different values
        cells = [written[value] for value in values]
    if name in _CONTENT:
        return [None if rule.form is Form.IDS else c for c, rule in zip(cells, rules, strict=True)]
    return cells


def _text(value: object, rule: ExportRule) -> str:
    if rule.form is Form.IDS or not isinstance(value, str):
        return ""
    if rule.form is Form.CAPPED and len(value) > rule.characters:
        return value[: rule.characters].rstrip() + "…"
    return value
