"""Watch files: TOML in, `Watch` out. Unknown keys are errors, and times carry an offset."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.announcements import announcement_from_table
from core.errors import ConfigError
from core.matching import parse
from core.records import Announcement

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_DURATION = re.compile(r"(\d{1,5})\s*(m|h|d)")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


@dataclass(frozen=True, slots=True)
class SourceRule:
    """One source of a watch. An hour closes `lateness` after its end; `options` belong to the collector."""

    name: str
    lateness: timedelta = timedelta(hours=1)
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AlertRules:
    """When and where a watch alerts. `false_alarms` is the stated rate per 30 days."""

    channels: tuple[str, ...] = ()
    cool_down: timedelta = timedelta(hours=24)
    false_alarms: float = 0.5
    minimum_negative: int = 5
    minimum_relevant: int = 20


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
    path: Path | None = None

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
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
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
    raise ConfigError(f"no watch {name!r}. {_suggest(name, known)} Make one with: uproar watch new {name}")


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


def parse_duration(value: str, where: str) -> timedelta:
    """ "90m", "2h" or "60d" as a timedelta. Raises ConfigError."""
    match = _DURATION.fullmatch(str(value).strip())
    if not match:
        raise ConfigError(f"{where}: {value!r} is no duration; write 30m, 2h or 7d")
    return int(match[1]) * _UNITS[match[2]]


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


def check_keys(table: Mapping[str, Any], allowed: Collection[str], where: str) -> None:
    """Raise ConfigError on the first key of `table` that is not in `allowed`, with the nearest one."""
    for key in table:
        if key not in allowed:
            raise ConfigError(f"{where}: unknown key {key!r}. {_suggest(key, sorted(allowed))}")


def _suggest(value: str, known: list[str]) -> str:
    near = difflib.get_close_matches(value, known, n=1)
    if near:
        return f"Did you mean {near[0]!r}?"
    return f"Known: {', '.join(known) or 'none'}."


def _watch(table: dict[str, Any], path: Path) -> Watch:
    where = str(path)
    allowed = ("name", "title", "platform", "terms", "since", "timezone", "as_of", "notice", "measure", "languages",
               "sources", "announcements", "alerts")  # fmt: skip
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
        languages=_texts(table, "languages", where, default=("en",)),
        sources=tuple(_source(row, f"{where}: sources") for row in _tables(table, "sources", where)),
        announcements=_announcements(_tables(table, "announcements", where), where),
        alerts=_alerts(table.get("alerts", {}), f"{where}: alerts"),
        path=path,
    )


def _announcements(rows: list[dict[str, Any]], where: str) -> tuple[Announcement, ...]:
    found = tuple(announcement_from_table(row, f"{where}: announcements") for row in rows)
    ids = [a.id for a in found]
    for twice in {i for i in ids if ids.count(i) > 1}:
        raise ConfigError(f"{where}: announcements: id {twice!r} stands twice")
    return found


def _source(row: dict[str, Any], where: str) -> SourceRule:
    check_keys(row, ("name", "lateness", "options"), where)
    if not isinstance(row.get("name"), str):
        raise ConfigError(f"{where}: each source has a name")
    options = row.get("options", {})
    if not isinstance(options, dict):
        raise ConfigError(f"{where}: options of {row['name']!r} must be a table")
    return SourceRule(
        row["name"], parse_duration(row.get("lateness", "1h"), where), {k: str(v) for k, v in options.items()}
    )


def _alerts(table: dict[str, Any], where: str) -> AlertRules:
    allowed = ("channels", "cool_down", "false_alarms", "minimum_negative", "minimum_relevant")
    check_keys(table, allowed, where)
    rate = table.get("false_alarms", 0.5)
    if not isinstance(rate, int | float) or isinstance(rate, bool) or not 0 < rate <= 30:
        raise ConfigError(f"{where}: false_alarms {rate!r} must be a rate per 30 days above 0 and at most 30")
    counts = {key: table.get(key, default) for key, default in (("minimum_negative", 5), ("minimum_relevant", 20))}
    for key, value in counts.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ConfigError(f"{where}: {key} {value!r} must be a whole number from 1")
    return AlertRules(
        channels=_texts(table, "channels", where, default=()),
        cool_down=parse_duration(table.get("cool_down", "24h"), f"{where}: cool_down"),
        false_alarms=float(rate),
        minimum_negative=counts["minimum_negative"],
        minimum_relevant=counts["minimum_relevant"],
    )


def _zone(name: str, where: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError(f"{where}: timezone {name!r} is no IANA name, such as Europe/Berlin") from None
    return name


def _texts(table: Mapping[str, Any], key: str, where: str, *, default: tuple[str, ...]) -> tuple[str, ...]:
    value = table.get(key, list(default))
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise ConfigError(f"{where}: {key} must be a list of texts")
    return tuple(value)


def _tables(table: Mapping[str, Any], key: str, where: str) -> list[dict[str, Any]]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
        raise ConfigError(f"{where}: {key} must be tables, written [[{key}]]")
    return value
