"""Evidence packs: one zip with data, charts, terms, query, model, coverage and the hash of every file."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import pyarrow as pa

from core.watches import Watch
from exports.atomic import write_file
from exports.columns import schema_of
from exports.figures import alerts_table, effects_table, themes_table, timeline_table
from exports.files import Exported, Log, Table, keep
from exports.formats import csv_pieces
from exports.pictures import KINDS, NothingToDraw, picture
from exports.posts import posts_table
from exports.stamp import Stamp, about, as_json, new_stamp
from reports.shown import figures
from reports.terms import texts_of
from reports.window import Window, clamp

if TYPE_CHECKING:
    from reports.themes import ThemesReport
    from store import Reader

MANIFEST = "manifest.json"
LAYOUT = 1
"""The layout of a pack; another one is told, not guessed at."""
_README = """Evidence pack {id}: {title}

manifest.json   what this is: query, model, coverage, time, and SHA-256 and size of every other file
data/           posts (as the sources' terms allow), timeline by hour, alerts, effects, and themes where they were
                read; columns: dictionary.json
charts/         the charts as SVG; counted.txt says how each was counted
terms/          the captured texts of the platform's documents, where there are any
watch.toml      the watch as it was followed

Check it with: uproar verify PACK
{notice}
"""


class _Members:
    """Writes files into a zip and remembers the hash and size of each."""

    def __init__(self, archive: zipfile.ZipFile, at: datetime) -> None:
        self._archive = archive
        self._at = max(at, datetime(1980, 1, 1, tzinfo=at.tzinfo)).timetuple()[:6]
        self.files: dict[str, dict[str, Any]] = {}

    def write(self, name: str, pieces: Iterable[bytes]) -> None:
        """Add one file, piece by piece."""
        entry = zipfile.ZipInfo(name, self._at)
        entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
        digest, size = hashlib.sha256(), 0
        with self._archive.open(entry, "w", force_zip64=True) as file:
            for piece in pieces:
                file.write(piece)
                digest.update(piece)
                size += len(piece)
        self.files[name] = {"sha256": digest.hexdigest(), "bytes": size}


def export_pack(
    reader: Reader, watch: Watch, path: Path, *, clock: datetime, since: datetime | None = None,
    until: datetime | None = None, log: Log | None = None, who: str = "", others: Sequence[Watch] = (),
    themes: ThemesReport | None = None,
) -> Exported:  # fmt: skip
    """Write the evidence of [since, until) to `path`, whole or not at all.

    Effects are those of all events of the watch, with `others` as controls; `themes` is a reading of its texts.
    The log keeps the manifest's hash, so that a pack whose files and manifest were both changed is still found out.
    Raises UproarError naming the path when it cannot be written.
    """
    from store import PostFilter

    stamp = new_stamp(reader, watch, clock=clock, kind="p")
    window = clamp(watch, clock=clock, since=since, until=until)
    wanted = PostFilter(watch.name, window.since, window.until, order="time_asc")
    posts = _same(posts_table(reader, watch, clock=clock, filter=wanted), stamp)
    held: dict[str, str] = {}

    def fill(sink: BinaryIO) -> None:
        with zipfile.ZipFile(sink, "w") as archive:
            members = _Members(archive, clock)
            _write_data(members, reader, watch, posts, stamp, window, others, themes)
            _write_charts(members, reader, watch, stamp, window, others, themes)
            _write_terms(members, reader, watch, watch.now(clock))
            members.write("watch.toml", [_watch_file(watch)])
            members.write("README.txt", [_README.format(id=stamp.id, title=watch.title, notice=watch.notice).encode()])
            manifest = _manifest(reader, watch, stamp, window, posts, members.files)
            held["manifest"] = hashlib.sha256(manifest).hexdigest()
            members.write(MANIFEST, [manifest])

    def publish(digest: str) -> None:
        if log is not None:
            keep(stamp, "pack", figures(reader, watch, clock=clock, since=window.since, until=window.until), log)
            log.log_export(
                watch.name, "pack", str(path.absolute()), posts.tally.rows, {"sha256": digest, **held}, (), clock,
                mark=stamp.id, who=who, numbers=(n for part in posts.tally.numbers for n in part),
            )  # fmt: skip

    digest = write_file(path, fill, publish=publish)
    return Exported(stamp.id, path, posts.tally.rows, digest, path, dict(posts.tally.withheld))


def _same(table: Table, stamp: Stamp) -> Table:
    # Every file of a pack carries the pack's id.
    return replace(table, stamp=stamp, batches=_restamped(table, stamp))


def _restamped(table: Table, stamp: Stamp) -> Iterator[pa.RecordBatch]:
    place = [column.name for column in table.columns].index("export_id")
    for batch in table.batches:
        mark = pa.repeat(pa.scalar(stamp.id), len(batch))
        yield batch.set_column(place, "export_id", mark)


def _write_data(
    members: _Members, reader: Reader, watch: Watch, posts: Table, stamp: Stamp, window: Window,
    others: Sequence[Watch], themes: ThemesReport | None,
) -> None:  # fmt: skip
    tables = [
        posts, _same(timeline_table(reader, watch, clock=stamp.clock, since=window.since, until=window.until), stamp),
        _same(alerts_table(reader, watch, clock=stamp.clock, since=window.since, until=window.until), stamp),
        _same(effects_table(reader, watch, clock=stamp.clock, others=others), stamp),
    ]  # fmt: skip
    if themes is not None:
        tables.append(_same(themes_table(reader, watch, themes, clock=stamp.clock), stamp))
    words = {}
    for table in tables:
        members.write(f"data/{table.kind}.csv", csv_pieces(schema_of(table.columns), table.batches))
        words[table.kind] = {c.name: {"meaning": c.meaning, "of": c.denominator} for c in table.columns}
    members.write("data/dictionary.json", [as_json(words).encode()])


def _write_charts(
    members: _Members, reader: Reader, watch: Watch, stamp: Stamp, window: Window, others: Sequence[Watch],
    themes: ThemesReport | None,
) -> None:  # fmt: skip
    told = []
    for kind in KINDS:
        try:
            made = picture(reader, watch, kind, clock=stamp.clock, since=window.since, until=window.until,
                           stamp=stamp, others=others, themes=themes)  # fmt: skip
        except NothingToDraw as error:
            told.append(f"{kind}: no chart, for {error}.\n")
            continue
        members.write(f"charts/{kind}.svg", [made.data("svg")])
        told.append(f"{kind}.svg\n{made.counted}\n")
    members.write("charts/counted.txt", ["\n".join(told).encode()])


def _write_terms(members: _Members, reader: Reader, watch: Watch, until: datetime) -> None:
    for name, text in texts_of(reader, watch.platform, until=until):
        members.write(f"terms/{name}", [text.encode()])


def _manifest(
    reader: Reader, watch: Watch, stamp: Stamp, window: Window, posts: Table,
    files: dict[str, dict[str, Any]],
) -> bytes:  # fmt: skip
    document = {
        "layout": LAYOUT,
        "uproar": version("uproar"),
        **about(reader, stamp, "pack", {"since": window.since, "until": window.until}, policy=posts.about()["policy"]),
        "replay": watch.as_of is not None,
        "rows": posts.tally.rows,
        "withheld": posts.tally.withheld,
        "figures": figures(reader, watch, clock=stamp.clock, since=window.since, until=window.until),
        "files": files,
    }
    return as_json(document).encode()


def _watch_file(watch: Watch) -> bytes:
    if watch.path is not None and watch.path.is_file():
        return watch.path.read_bytes()
    return f"# the watch has no file; its terms were:\n# {' '.join(watch.expression.split())}\n".encode()
