"""Posts from files: CSV, JSON, Parquet and what platforms and archivers export; plain, gzip or zstd; path or stdin."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta, tzinfo
from typing import ClassVar, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from collectors.columns import Columns
from collectors.json_fields import NotAPost
from collectors.protocol import Limits
from collectors.readers import Read, Row, Table
from collectors.rows import BadRow, RowReader
from collectors.shapes import Shape, records_in, reddit_thing, shape_of
from collectors.streams import open_input, shown
from collectors.times import AHEAD
from core.errors import ConfigError, InputUnusable
from core.keys import Keys
from core.matching import Matcher
from core.records import Interval, Page, Post, Query, Reason, Rejected, Sighted
from core.settings import Settings

PAGE = 1_000
OPTIONS = ("path", "map", "timezone", "platform", "match")
_LONG_NAME = 30
_PLATFORM = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")


class FilesCollector:
    """Reads one file, `query.options["path"]`, whole: the span of the query does not limit what was given by hand.

    Other options: `map` ("text=body,created_at=date"), `timezone` of times without an offset, `platform` of rows that
    name none, `match` ("yes": only posts that the expression or their thread holds). Pages hold up to 1,000 rows
    and no cursor: reading a file again adds nothing, for ids are stable. Raises InputUnusable when the file cannot
    be read, lacks a column or has not one good row (after the pages that say why each was rejected).
    """

    name: ClassVar[str] = "files"
    price: ClassVar[float] = 0.0

    def __init__(self, keys: Callable[[], Keys], *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._keys = keys
        self._clock = clock

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Needs nothing but the installation's key, which is made when it is first used."""
        return cls(lambda: settings.keys)

    def collect(self, query: Query, cursor: str | None, limits: Limits) -> Iterator[Page]:
        """Pages in the file's order; the last one is truncated when the compressed data is damaged."""
        options = _checked(query.options)
        columns = Columns(options.get("map", ""))
        platform, zone = _platform(options.get("platform", "")), _zone(options.get("timezone", ""))
        rows = RowReader(self._keys(), columns, platform=platform, zone=zone, now=self._clock())
        matcher = Matcher(query.expression) if options.get("match") == "yes" else None
        name = shown(options["path"])
        tally = _Tally()
        with open_input(options["path"]) as chunks, closing(Table(chunks, name)) as table:
            missing = columns.missing(table.columns) if table.columns else []
            if missing:
                raise InputUnusable(
                    f"{name}: no column {', '.join(missing)}. Columns: {_listed(table.columns)}. {_REMEDY}"
                )
            shapes = _Shapes(rows, self._keys(), plain=bool(columns.mapped))
            for batch in _batches(shapes.unrolled(table.rows()), PAGE):
                limits.spend(0, now=self._clock())
                rows.latest = self._clock() + AHEAD
                posts, rejected = _sorted_out(batch, shapes, tally)
                yield Page(
                    posts=matcher.sight(posts) if matcher else tuple(Sighted(p, Reason.IMPORT) for p in posts),
                    truncated=tally.span() if table.damaged else (),
                    rejected=tuple(rejected),
                    read=len(batch),
                )
        if not tally.posts:
            raise InputUnusable(
                f"{name}: none of {tally.rows:,} rows could be used ({tally.reasons()}){tally.remedy()}"
            )


_REMEDY = "Name the right ones: --map text=COLUMN,created_at=COLUMN"


class _Tally:
    """What came of a file so far."""

    def __init__(self) -> None:
        self.rows = self.posts = 0
        self.columns: tuple[str, ...] = ()
        self._reasons: dict[str, int] = {}
        self._first: datetime | None = None
        self._last: datetime | None = None

    def took(self, at: datetime) -> None:
        self.posts += 1
        if self._first is None or at < self._first:
            self._first = at
        if self._last is None or at > self._last:
            self._last = at

    def refused(self, reason: str) -> None:
        if reason in self._reasons or len(self._reasons) < 100:
            self._reasons[reason] = self._reasons.get(reason, 0) + 1

    def reasons(self) -> str:
        """The three commonest reasons."""
        most = sorted(self._reasons, key=self._reasons.__getitem__, reverse=True)[:3]
        return "; ".join(f"{reason}: {self._reasons[reason]:,}" for reason in most) or "there are none"

    def remedy(self) -> str:
        """What to do where a needed column was not found; the other reasons say it themselves."""
        if {"no text", "no time"} & set(self._reasons):
            return f". Columns: {_listed(self.columns)}. {_REMEDY}"
        return ""

    def span(self) -> tuple[Interval, ...]:
        """From the first to the last post read: where the lost rows most likely belong."""
        if self._first is None or self._last is None:
            return ()
        return (Interval(self._first, self._last + timedelta(microseconds=1)),)


class _Shapes:
    """Rows and platforms' own records as posts. `plain`: a mapping says what the columns are, so no form is guessed."""

    def __init__(self, rows: RowReader, keys: Keys, *, plain: bool) -> None:
        self._rows = rows
        self._keys = keys
        self._plain = plain
        self._known: dict[tuple[str, ...], Shape | None] = {}

    def unrolled(self, items: Iterable[Read | Rejected]) -> Iterator[Read | Rejected]:
        """The items, and in place of a page of records its records, all with the page's place."""
        for item in items:
            if isinstance(item, Read) and (self._plain or self._shape(item.row) in (None, reddit_thing)):
                inner = records_in(item.row)
                if inner is not None:
                    yield from self.unrolled(Read(item.line, item.offset, part) for part in inner)
                    continue
            yield item

    def post(self, row: Row) -> Post:
        """The post of a row. Raises BadRow, with "" for what is no post and nothing to report."""
        shape = None if self._plain else self._shape(row)
        if shape is None:
            return self._rows.post(row)
        try:
            found = shape(row, self._keys, self._rows.now)
        except NotAPost as error:
            raise BadRow(error.reason) from None
        except (ValueError, OverflowError):
            raise BadRow("record not understood") from None
        return found if isinstance(found, Post) else self._rows.post(found)

    def _shape(self, row: Row) -> Shape | None:
        names = tuple(row)
        if names not in self._known:
            found = shape_of(frozenset(names))
            if len(self._known) >= 1_000:  # rows of a hostile file may all differ
                return found
            self._known[names] = found
        return self._known[names]


def _sorted_out(batch: list[Read | Rejected], rows: _Shapes, tally: _Tally) -> tuple[list[Post], list[Rejected]]:
    posts: list[Post] = []
    rejected: list[Rejected] = []
    for item in batch:
        if isinstance(item, Read):
            tally.columns = tally.columns or tuple(item.row)
            try:
                posts.append(rows.post(item.row))
            except BadRow as error:
                if str(error):
                    rejected.append(Rejected(item.line, str(error), item.offset))
                else:
                    tally.refused("deleted, not public, or nothing but pictures")
            else:
                tally.took(posts[-1].created_at)
        else:
            rejected.append(item)
    tally.rows += len(batch)
    for bad in rejected:
        tally.refused(bad.reason)
    return posts, rejected


def _batches(items: Iterable[Read | Rejected], size: int) -> Iterator[list[Read | Rejected]]:
    batch: list[Read | Rejected] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _checked(options: Mapping[str, str]) -> Mapping[str, str]:
    unknown = sorted(set(options) - set(OPTIONS))
    if unknown:
        raise ConfigError(f"files: unknown option {', '.join(unknown)}. Known: {', '.join(OPTIONS)}")
    if not options.get("path"):
        raise ConfigError("files: which file? Give it by: uproar import WATCH FILE, or as options.path in the watch")
    return options


def _platform(name: str) -> str:
    name = name.strip().lower() or "import"
    if not _PLATFORM.fullmatch(name):
        raise ConfigError(f"--platform: {name!r} is no name such as reddit or example-forum")
    return name


def _zone(name: str) -> tzinfo | None:
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError(f"--timezone: {name!r} is no IANA name, such as Europe/Berlin") from None


def _listed(columns: Iterable[str]) -> str:
    """Column names for a message. A long one may be a post, in a file without a header: it is only counted."""
    names = [str(column) for column in columns]
    short = [name for name in names if len(name) <= _LONG_NAME]
    more = [f"{len(names) - len(short)} long ones"] if len(short) < len(names) else []
    return ", ".join([*short[:30], *(["..."] if len(short) > 30 else []), *more]) or "none"
