"""Verifying a pack: its files against its manifest, its figures against each other, and against today's store."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from analysis.shares import wilson
from core.errors import InputUnusable
from core.watches import Watch
from exports.archive import Pack, open_pack
from exports.cells import unsafe
from exports.columns import schema_of
from exports.figures import timeline_table
from exports.formats import csv_pieces
from reports.shown import explain

if TYPE_CHECKING:
    from store import Reader

TIMELINE, POSTS = "data/timeline.csv", "data/posts.csv"
_STAMPS = frozenset({"export_id", "as_of", "model", "notice", "watch"})
_LONGEST_CELL = 2**26


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found. `known` says whether this store's log holds the pack, None without a store to ask.

    `deleted` of `posts` rows are no longer in the store; `hours_differing` of `hours` rows of the timeline are not
    what the store gives today, for the `reasons`.
    """

    id: str
    watch: str
    files: int
    posts: int
    deleted: int | None
    hours: int
    hours_differing: int | None
    known: bool | None
    reasons: tuple[str, ...]
    sentence: str


def verify(path: Path, reader: Reader | None, watch: Watch | None) -> Verified:
    """Check a pack and compute its figures again.

    Raises InputUnusable, naming the file, where the pack was tampered with or contradicts itself. Posts that were
    deleted since, and figures that moved since, are told and are no failure. Without a store (or without its watch)
    only the pack itself is checked.
    """
    with open_pack(path) as pack:
        rows = list(_rows(pack, TIMELINE))
        posts = _posts(pack)
        _consistent(pack, rows, len(posts))
        known = deleted = differing = None
        reasons: tuple[str, ...] = ()
        if reader is not None:
            known = _known(pack, reader)
            deleted = len(posts) - reader.count_held(posts)
        if reader is not None and watch is not None and watch.name in reader.watches():
            differing, reasons = _again(pack, rows, reader, watch)
        manifest = pack.manifest
        return Verified(
            manifest["export_id"], manifest["watch"], len(manifest["files"]) + 1, len(posts), deleted, len(rows),
            differing, known, reasons, _sentence(pack, len(posts), deleted, len(rows), differing, known, reasons),
        )  # fmt: skip


def manifest_of(path: Path) -> Mapping[str, Any]:
    """The manifest of a pack whose files are as it says. Raises as `verify`."""
    with open_pack(path) as pack:
        return pack.manifest


def _rows(pack: Pack, name: str) -> Iterator[dict[str, str]]:
    csv.field_size_limit(_LONGEST_CELL)  # of the whole process; the default of 128 KB is less than a long post
    if name not in pack.manifest["files"]:
        raise InputUnusable(f"{pack.path}: {name} is missing from the pack")
    with pack.archive.open(name) as file:
        yield from csv.DictReader(io.TextIOWrapper(file, "utf-8", newline=""))


def _posts(pack: Pack) -> list[tuple[str, str]]:
    return [(unsafe(row["platform"]), unsafe(row["id"])) for row in _rows(pack, POSTS)]


def _consistent(pack: Pack, rows: list[dict[str, str]], posts: int) -> None:
    """Shares follow from counts, and the posts and those kept back are no more than were counted."""
    try:
        for row in rows:
            base = int(row["negative"]) + int(row["neutral"]) + int(row["positive"])
            if not base or float(row["volume"]) != int(row["posts"]):  # a sampled hour is weighted
                continue
            low, high = wilson(int(row["negative"]), base)
            expected = (int(row["negative"]) / base, float(low), float(high))
            found = tuple(float(row[name]) for name in ("negative_share", "low", "high"))
            if any(abs(a - b) > 2e-6 for a, b in zip(expected, found, strict=True)):
                raise InputUnusable(
                    f"{pack.path}: {TIMELINE}: the share of {row['time']} does not follow from its counts"
                )
        counted, removed = sum(int(row["posts"]) for row in rows), int(pack.manifest["figures"].get("removed", 0))
    except (KeyError, ValueError, TypeError) as error:
        raise InputUnusable(f"{pack.path}: {TIMELINE} cannot be read ({error})") from None
    if posts != pack.manifest.get("rows"):
        raise InputUnusable(f"{pack.path}: {POSTS} has {posts:,} rows; the manifest says {pack.manifest.get('rows')}")
    withheld = sum(pack.manifest.get("withheld", {}).values())
    if counted - removed < posts + withheld:
        raise InputUnusable(f"{pack.path}: {POSTS} holds more posts than {TIMELINE} counts")


def _known(pack: Pack, reader: Reader) -> bool:
    rows = reader.exports()
    found = rows[rows["id"] == pack.manifest["export_id"]]
    if found.empty:
        return False
    kept = orjson.loads(str(found["stamp"].iloc[0])).get("manifest")
    if kept != pack.manifest_sha256:
        raise InputUnusable(f"{pack.path}: manifest.json was changed: the log of this store has another hash for it")
    return True


def _again(pack: Pack, rows: list[dict[str, str]], reader: Reader, watch: Watch) -> tuple[int, tuple[str, ...]]:
    """Rows of the timeline that the store counts otherwise today, and why."""
    asked, clock = pack.manifest["asked"], datetime.fromisoformat(pack.manifest["exported_at"])
    then = replace(watch, as_of=datetime.fromisoformat(pack.manifest["as_of"])) if pack.manifest["replay"] else watch
    since, until = (datetime.fromisoformat(asked[name]) for name in ("since", "until"))
    table = timeline_table(reader, then, clock=clock, since=since, until=until)
    text = b"".join(csv_pieces(schema_of(table.columns), table.batches)).decode()
    today = list(csv.DictReader(io.StringIO(text, newline="")))
    # Coverage may only be known better later; counts are what is compared.
    left_out = _STAMPS | {"coverage"}
    differing = sum(
        any(a.get(name) != b[name] for name in b if name not in left_out) for a, b in zip(rows, today, strict=False)
    ) + abs(len(rows) - len(today))
    if not differing:
        return 0, ()
    from store import Shown

    figures = pack.manifest["figures"]
    shown = Shown(pack.manifest["export_id"], watch.name, "pack", clock, figures)
    return differing, tuple(reason.sentence for reason in explain(reader, then, shown, clock=clock).reasons)


def _sentence(
    pack: Pack, posts: int, deleted: int | None, hours: int, differing: int | None, known: bool | None,
    reasons: tuple[str, ...],
) -> str:  # fmt: skip
    parts = [f"All {len(pack.manifest['files']) + 1} files are as the manifest says."]
    if deleted is None:
        parts.append("No store was asked, so nothing was computed again.")
        return " ".join(parts)
    parts.append("The log of this store knows the pack." if known else "The log of this store does not know the pack.")
    parts.append(f"{deleted:,} of {posts:,} posts since deleted." if known or deleted < posts else
                 f"None of its {posts:,} posts is in this store.")  # fmt: skip
    if differing is None:
        parts.append("This installation does not hold its watch, so the timeline was not computed again.")
    elif differing:
        why = " ".join(reasons) or "Hours were counted again."
        parts.append(f"{differing:,} of {hours:,} rows of the timeline are others today. {why}")
    else:
        parts.append(f"The timeline was computed again: all {hours:,} rows are equal.")
    return " ".join(parts)
