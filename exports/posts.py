"""Posts as rows: streamed, with labels and probabilities, in a form that the `files` collector reads again."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from core.text import without_names
from core.watches import Watch
from exports.columns import Column, constant, schema_of, text_array
from exports.dictionary import POSTS
from exports.files import Exported, Log, Table, Tally, export_table
from exports.formats import Format, csv_pieces
from exports.policy import DAILY_TEXTS, FULL, POLICY, ExportRule, Form, rule_for
from exports.stamp import Stamp, about, new_stamp
from reports.shown import figures as shown_figures

if TYPE_CHECKING:
    from store import PostFilter, Reader
    from store.post_columns import PostColumns

Rows = Callable[[list[tuple[str, str]]], object]
COLUMNS = tuple(column.name for column in POSTS)
_CONTENT = frozenset({
    "created_at", "text", "author", "url", "community", "kind", "parent_id", "lang", "likes", "reposts", "replies",
    "views",
})  # fmt: skip
_PERSONAL = frozenset({"id", "author", "url", "parent_id"})
_DISTINCT = frozenset({"id", "text", "author", "url", "parent_id"})


@dataclass(slots=True)
class _Asked:
    """How rows are made: under which rules, with identifiers or without, and how many texts are still allowed."""

    stamp: Stamp
    policy: Mapping[str, ExportRule]
    identifiers: bool
    allowed: dict[str, int]
    tally: Tally
    on_rows: Rows | None


def posts_table(
    reader: Reader, watch: Watch, *, clock: datetime, filter: PostFilter | None = None,
    policy: Mapping[str, ExportRule] = POLICY, identifiers: bool = True, on_rows: Rows | None = None,
    texts: Mapping[str, int] | None = None, log: Log | None = None, who: str = "",
) -> Table:  # fmt: skip
    """The posts of `watch`, one chunk of them in memory at a time; nothing is read before the first is asked for.

    Posts later than the watch's present are never among them. `on_rows` gets the (source, id) of each written row,
    chunk by chunk. `identifiers=False` leaves id, author, url and parent_id empty, and takes links and handles out of
    the texts. `texts` allows so many whole rows of a source that else leaves as ids (`DAILY_TEXTS`), the first in
    order; with `log` no more than `who` may still take on this day.
    """
    wanted = _wanted(watch, filter, clock)
    stamp = new_stamp(reader, watch, clock=clock)
    allowed = _allowed(texts or {}, log, who, clock)
    asked = _Asked(stamp, policy, identifiers, dict(allowed), Tally(), on_rows)

    def batches() -> Iterator[pa.RecordBatch]:
        for part in reader.stream_columns(wanted):
            yield _batch(part, asked)

    def finish() -> None:
        for source, left in asked.allowed.items():
            if log is not None and left:
                log.give_back_texts(who, source, left, now=clock)

    rules = {source: str(rule) for source, rule in policy.items()} | {"import": "full", "any other": "full"}
    rules |= {source: f"{rules.get(source, 'full')}, of {n} posts in full" for source, n in allowed.items()}
    chosen = {**asdict(wanted), "identifiers": identifiers}

    def figures() -> dict[str, Any]:
        return shown_figures(reader, watch, clock=clock, since=wanted.since, until=wanted.until)

    def described() -> dict[str, Any]:
        return about(reader, stamp, "posts", chosen, policy=rules)

    return Table("posts", stamp, POSTS, batches(), described, figures, asked.tally, finish)


def posts_csv(reader: Reader, watch: Watch, **asked: Any) -> Iterator[str]:
    """The rows of `posts_table` as CSV text in pieces, the names of the columns first."""
    table = posts_table(reader, watch, **asked)
    return (piece.decode() for piece in csv_pieces(schema_of(table.columns), table.batches))


def export_posts(
    reader: Reader, watch: Watch, path: Path, *, clock: datetime, format: Format | None = None,
    log: Log | None = None, who: str = "", **asked: Any,
) -> Exported:  # fmt: skip
    """Write `posts_table` to `path` (`exports.files.export_table`), in the format that its name says."""
    table = posts_table(reader, watch, clock=clock, log=log, who=who, **asked)
    return export_table(table, path, format=format, log=log, who=who)


def _wanted(watch: Watch, filter: PostFilter | None, clock: datetime) -> PostFilter:
    from reports.posts import clamped
    from store import PostFilter

    return clamped(watch, filter or PostFilter(watch.name), clock=clock)


def _allowed(texts: Mapping[str, int], log: Log | None, who: str, clock: datetime) -> dict[str, int]:
    found = {}
    for source, asked in texts.items():
        limit = DAILY_TEXTS.get(source, 0)
        wanted = min(asked, limit)
        found[source] = log.take_texts(who, source, wanted, limit=limit, now=clock) if log is not None else wanted
    return found


def _batch(part: PostColumns, asked: _Asked) -> pa.RecordBatch:
    columns: Mapping[str, Sequence[Any]] = {**part.columns, "platform": part.columns["source"]}
    rules = _rules(columns["source"], columns["reason"], asked)
    numbers: Sequence[int] = part.numbers
    if rules is not None:
        kept = [n for n, rule in enumerate(rules) if rule.form is not Form.AGGREGATE]
        if len(kept) < len(rules):
            for source, rule in zip(columns["source"], rules, strict=True):
                if rule.form is Form.AGGREGATE:
                    asked.tally.withheld[source] = asked.tally.withheld.get(source, 0) + 1
            columns = {name: [values[n] for n in kept] for name, values in columns.items()}
            rules, numbers = [rules[n] for n in kept], [numbers[n] for n in kept]
    rows = len(numbers)
    asked.tally.rows += rows
    asked.tally.numbers.append(array("q", numbers))
    if asked.on_rows is not None and rows:
        asked.on_rows(list(zip(columns["source"], columns["id"], strict=True)))
    stamped = asked.stamp.values()
    arrays = [
        constant(stamped[column.name], column, rows)
        if column.name in stamped
        else _array(column, columns[column.name], rules, asked)
        for column in POSTS
    ]
    return pa.record_batch(arrays, schema_of(POSTS))


def _rules(sources: Sequence[str], reasons: Sequence[str], asked: _Asked) -> list[ExportRule] | None:
    """The rule of each row; None where all go out in full."""
    pairs = list(zip(sources, reasons, strict=True))
    known = {pair: rule_for(*pair, asked.policy) for pair in set(pairs)}
    if all(rule.form is Form.FULL for rule in known.values()):
        return None
    rules = [known[pair] for pair in pairs]
    for n, source in enumerate(sources):
        if rules[n].form is Form.IDS and asked.allowed.get(source, 0) > 0:
            asked.allowed[source] -= 1
            rules[n] = FULL
    return rules


def _array(column: Column, values: Sequence[Any], rules: Sequence[ExportRule] | None, asked: _Asked) -> pa.Array:
    if not asked.identifiers and column.name in _PERSONAL:
        return constant("", column, len(values))
    if rules is not None and column.name in _CONTENT:
        values = [
            None if rule.form is Form.IDS else _cut(value, rule) if column.name == "text" else value
            for value, rule in zip(values, rules, strict=True)
        ]
    if not asked.identifiers and column.name == "text":
        values = [None if value is None else without_names(value) for value in values]
    if column.kind == "number":
        return pc.divide(pa.array(values, pa.float64()), 10_000.0)
    if column.kind != "text":
        return pa.array(values, column.type)
    if column.name in _DISTINCT:
        return text_array(values)
    # Few different values: each is looked at once.
    few = list(dict.fromkeys(values))
    place = {value: n for n, value in enumerate(few)}
    return text_array(few).take(pa.array([place[value] for value in values], pa.int32()))


def _cut(text: str, rule: ExportRule) -> str:
    if rule.form is Form.CAPPED and len(text) > rule.characters:
        return text[: rule.characters].rstrip() + "…"
    return text
