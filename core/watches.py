"""Watch files: TOML in, `Watch` out. Unknown keys are errors, and times carry an offset."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.alert_rules import AlertRules as AlertRules
from core.alert_rules import alert_rules
from core.announcements import announcement_from_table
from core.custom_topics import CustomTopic, custom_topics
from core.errors import ConfigError
from core.matching import parse
from core.records import Announcement
from core.tables import check_keys as check_keys
from core.tables import parse_duration as parse_duration
from core.tables import suggest, texts

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


@dataclass(frozen=True, slots=True)
class SourceRule:
    """One source of a watch. An hour closes `lateness` after its end; `options` belong to the collector.

    Posts are erased `retention_days` after they were last collected; None: the watch's or the settings' rule alone.
    """

    name: str
    lateness: timedelta = timedelta(hours=1)
    options: Mapping[str, str] = field(default_factory=dict)
    retention_days: int | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    """One subject followed. `expression` is the text of `core.matching`; `as_of` freezes "now" for a replay."""

    name: str
    title: str
    platform: str
    expression: str
    since: datetime
    timezone: str = "UTC"
    as_of: datetime | None = None
    notice: str = ""
    measure: str = "negative"  # negative | against: what "negative share" counts
    languages: tuple[str, ...] = ("en",)
    sources: tuple[SourceRule, ...] = ()
    announcements: tuple[Announcement, ...] = ()
    alerts: AlertRules = field(default_factory=AlertRules)
    retention_days: int | None = None
    path: Path | None = None
    radar: str = ""  # the radar watch that this one is a child of
    is_radar: bool = False
    topics: tuple[CustomTopic, ...] = ()

    @property
    def group(self) -> str:
        """Whose messages its alerts join: one message in five minutes is for a radar and its children together."""
        return self.radar or self.name

    @property
    def collected_as(self) -> str:
        """The watch whose runs brought its posts."""
        return self.radar or self.name

    @property
    def zone(self) -> ZoneInfo:
        """The watch's time zone, for days, hours of the week, axes and mail."""
        return ZoneInfo(self.timezone)

    def now(self, clock: datetime) -> datetime:
        """`as_of` where the watch is a replay, else `clock`."""
        return self.as_of or clock


def load_watch(path: Path) -> Watch:
    """Read one watch file. Raises ConfigError naming file, key, value and remedy."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from None
    return read_watch(text, path)


def read_watch(text: str, path: Path) -> Watch:
    """The watch that a file at `path` with this text would be. Raises ConfigError as `load_watch` does."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}") from None
    return _watch(table, path)


def find_watch(name: str, folders: Collection[Path]) -> Watch:
    """The watch called `name`, or the file at that path. Raises ConfigError with near names."""
    if name.endswith(".toml"):
        return load_watch(Path(name))
    for folder in folders:
        path = folder / f"{name}.toml"
        if NAME.fullmatch(name) and path.is_file():
            return load_watch(path)
    known = sorted(path.stem for folder in folders for path in folder.glob("*.toml"))
    raise ConfigError(f"no watch {name!r}. {suggest(name, known)} Make one with: uproar watch new {name}")


def load_watches(folders: Collection[Path], *, broken: Callable[[ConfigError], None] | None = None) -> list[Watch]:
    """Every watch, by name; a user's file hides an example of the same name.

    A file that cannot be read raises ConfigError; with `broken` it is told there instead, and the others still load.
    """
    paths: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(folder.glob("*.toml")):
            paths.setdefault(path.stem, path)
    found = []
    for stem in sorted(paths):
        try:
            found.append(load_watch(paths[stem]))
        except ConfigError as error:
            if broken is None:
                raise
            broken(error)
    return found


def aware(value: object, where: str) -> datetime:
    """A TOML or ISO time with its offset, in UTC. Raises ConfigError on a naive or unreadable one."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise ConfigError(f"{where}: {value!r} is no ISO 8601 time, such as 2025-05-09T14:00:00Z") from None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ConfigError(f"{where}: {value} has no offset; write 2025-05-09T14:00:00Z or ...+02:00")
    return value.astimezone(UTC)


def _watch(table: dict[str, Any], path: Path) -> Watch:
    where = str(path)
    allowed = ("name", "title", "platform", "terms", "since", "timezone", "as_of", "notice", "measure", "languages",
               "sources", "announcements", "alerts", "retention_days", "radar", "topics")  # fmt: skip
    check_keys(table, allowed, where)
    for key in ("platform", "terms", "since"):
        if key not in table:
            raise ConfigError(f"{where}: {key!r} is missing")
    name = table.get("name", path.stem)
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ConfigError(f"{where}: name {name!r} must be lower-case letters, digits and hyphens")
    if name != path.stem:
        raise ConfigError(f"{where}: name {name!r} differs from the file's name {path.stem!r}")
    for key in ("title", "platform", "terms", "timezone", "notice", "measure"):
        if key in table and not isinstance(table[key], str):
            raise ConfigError(f"{where}: {key} must be text, not {table[key]!r}")
    try:
        parse(table["terms"])
    except ConfigError as error:
        raise ConfigError(f"{where}: terms: {error}") from None
    if not isinstance(table.get("radar", False), bool):
        raise ConfigError(f"{where}: radar {table['radar']!r} must be true or false")
    measure = table.get("measure", "negative")
    if measure not in ("negative", "against"):
        raise ConfigError(f"{where}: measure {measure!r} must be 'negative' or 'against'")
    return Watch(
        name=name,
        title=table.get("title", name),
        platform=table["platform"],
        expression=table["terms"],
        since=aware(table["since"], f"{where}: since"),
        timezone=_zone(table.get("timezone", "UTC"), where),
        as_of=aware(table["as_of"], f"{where}: as_of") if "as_of" in table else None,
        notice=table.get("notice", ""),
        measure=measure,
        languages=texts(table, "languages", where, default=("en",)),
        sources=tuple(_source(row, f"{where}: sources") for row in _tables(table, "sources", where)),
        announcements=_announcements(_tables(table, "announcements", where), where),
        alerts=alert_rules(table.get("alerts", {}), f"{where}: alerts"),
        retention_days=_days(table, where),
        path=path,
        is_radar=table.get("radar", False),
        topics=custom_topics(_tables(table, "topics", where), f"{where}: topics"),
    )


def _announcements(rows: list[dict[str, Any]], where: str) -> tuple[Announcement, ...]:
    found = tuple(announcement_from_table(row, f"{where}: announcements") for row in rows)
    ids = [a.id for a in found]
    for twice in {i for i in ids if ids.count(i) > 1}:
        raise ConfigError(f"{where}: announcements: id {twice!r} stands twice")
    return found


def _source(row: dict[str, Any], where: str) -> SourceRule:
    check_keys(row, ("name", "lateness", "options", "retention_days"), where)
    if not isinstance(row.get("name"), str):
        raise ConfigError(f"{where}: each source has a name")
    options = row.get("options", {})
    if not isinstance(options, dict):
        raise ConfigError(f"{where}: options of {row['name']!r} must be a table")
    return SourceRule(
        row["name"], parse_duration(row.get("lateness", "1h"), where), {k: str(v) for k, v in options.items()},
        _days(row, where),
    )  # fmt: skip


def _days(table: Mapping[str, Any], where: str) -> int | None:
    value = table.get("retention_days")
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
        raise ConfigError(f"{where}: retention_days {value!r} must be a whole number of days from 1")
    return value


def _zone(name: str, where: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError(f"{where}: timezone {name!r} is no IANA name, such as Europe/Berlin") from None
    return name


def _tables(table: Mapping[str, Any], key: str, where: str) -> list[dict[str, Any]]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
        raise ConfigError(f"{where}: {key} must be tables, written [[{key}]]")
    return value
