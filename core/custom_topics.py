"""Topics that a watch defines for itself: `[[topics]]` in its file, by a description and a few example posts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import ConfigError
from core.records import TOPICS
from core.tables import check_keys, texts

FEWEST, MOST = 3, 50
"""Examples that a topic may have; about eight are worth writing."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True)
class CustomTopic:
    """What a post must be about to have the topic: in one sentence, and shown on examples."""

    name: str
    description: str
    examples: tuple[str, ...]


def custom_topics(rows: Sequence[Mapping[str, Any]], where: str) -> tuple[CustomTopic, ...]:
    """The topics of a watch file. Raises ConfigError naming the topic and what is wrong with it."""
    found = tuple(_topic(dict(row), where) for row in rows)
    names = [topic.name for topic in found]
    for twice in sorted({name for name in names if names.count(name) > 1}):
        raise ConfigError(f"{where}: topic {twice!r} stands twice")
    return found


def _topic(row: dict[str, Any], where: str) -> CustomTopic:
    check_keys(row, ("name", "description", "examples"), where)
    name, description = row.get("name"), row.get("description")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ConfigError(f"{where}: name {name!r} must be lower-case letters, digits and underscores")
    if name in TOPICS:
        raise ConfigError(f"{where}: {name!r} is a topic of every watch; choose another name")
    if not isinstance(description, str) or not description.strip():
        raise ConfigError(f"{where}: topic {name!r} needs a description of one sentence")
    examples = tuple(dict.fromkeys(text.strip() for text in texts(row, "examples", where, default=()) if text.strip()))
    if not FEWEST <= len(examples) <= MOST:
        raise ConfigError(
            f"{where}: topic {name!r} has {len(examples)} different examples; {FEWEST} to {MOST} are needed"
        )
    return CustomTopic(name, description.strip(), examples)
