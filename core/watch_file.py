"""A new watch file: what was asked for as TOML, read back by the loader of all watch files before it counts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.errors import ConfigError
from core.watches import NAME, Watch, read_watch

BACK = timedelta(days=60)
"""How far back a watch begins unless told: what the spike rule needs to know it."""


def watch_text(
    name: str, platform: str, terms: str, *, since: datetime, timezone: str = "UTC", sources: Sequence[str] = (),
    channels: Sequence[str] = (), title: str = "", measure: str = "negative",
) -> str:  # fmt: skip
    """The text of a watch file. Nothing is checked here: `read_watch` does."""
    return "\n".join([
        f"title = {toml(title or f'{platform}: {name}')}", f"platform = {toml(platform)}", f"terms = {toml(terms)}",
        f"since = {since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", f"timezone = {toml(timezone)}",
        *([f"measure = {toml(measure)}"] if measure != "negative" else []), 'languages = ["en"]', "",
        *(line for s in sources for line in ("[[sources]]", f"name = {toml(s)}", 'lateness = "1h"', "")),
        "[alerts]", f"channels = [{', '.join(map(toml, channels))}]", 'cool_down = "24h"',
        "false_alarms = 0.5  # per 30 days: by chance about once in two months", "",
    ])  # fmt: skip


def new_watch(folder: Path, name: str, text: str) -> Watch:
    """Write `text` as the watch `name` into `folder`, which is made; returns the watch.

    Raises ConfigError for a name or a text that is no watch, and where the file is there already: nothing is
    written then.
    """
    if not NAME.fullmatch(name):
        raise ConfigError(f"name {name!r} must be lower-case letters, digits and hyphens")
    path = folder / f"{name}.toml"
    watch = read_watch(text, path)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ConfigError(f"{path} exists. Edit it, or choose another name") from None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    return watch


def first_moment(since: str, now: datetime) -> datetime:
    """A day (UTC) or a time with offset, by default `BACK` before `now`. Raises ConfigError for anything else."""
    if not since:
        return (now - BACK).replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        at = datetime.fromisoformat(since)
    except ValueError:
        raise ConfigError(f"since {since!r} is no day or time, such as 2025-05-09") from None
    if at.tzinfo is None:
        if len(since) > 10:
            raise ConfigError(f"since {since!r} has no offset; write ...Z or ...+02:00, or a day alone")
        at = at.replace(tzinfo=UTC)
    return at.astimezone(UTC)


def toml(text: str) -> str:
    """A TOML basic string: JSON's escapes are a subset of TOML's, DEL aside."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
