"""Services that the radar knows: their names, accounts, domains and forums, from data/services.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from core.errors import ConfigError
from core.tables import check_keys, texts
from core.watches import Watch

SERVICES = Path(__file__).resolve().parent.parent / "data" / "services.toml"
_LISTS = ("aliases", "accounts", "domains", "communities", "ambiguous", "context")


@dataclass(frozen=True, slots=True)
class Service:
    """One service. `ambiguous` names count only as they are written, and beside a word of `context`."""

    name: str
    title: str
    aliases: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    communities: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()
    context: tuple[str, ...] = ()


@cache
def load_services(path: Path = SERVICES) -> tuple[Service, ...]:
    """Every service of the file, in its order. Raises ConfigError naming file, service and key."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from None
    found = []
    for row in table.get("services", []):
        where = f"{path}: {row.get('name', 'a service')}"
        check_keys(row, ("name", "title", *_LISTS), where)
        for key in ("name", "title"):
            if not isinstance(row.get(key), str) or not row[key]:
                raise ConfigError(f"{where}: {key!r} is missing")
        lists = {key: texts(row, key, where, default=()) for key in _LISTS}
        if lists["ambiguous"] and not lists["context"]:
            raise ConfigError(f"{where}: ambiguous names need words of context")
        found.append(Service(row["name"], row["title"], **lists))
    names = [service.name for service in found]
    for twice in sorted({name for name in names if names.count(name) > 1}):
        raise ConfigError(f"{path}: service {twice!r} stands twice")
    return tuple(found)


def children(radar: Watch) -> tuple[Watch, ...]:
    """The child watches of a radar, one for each known service: its rules and sources, under the name radar-service."""
    return tuple(
        replace(
            radar, name=f"{radar.name}-{service.name}", title=f"{service.title}, on the radar", platform=service.title,
            is_radar=False, radar=radar.name, announcements=(),
        )
        for service in load_services()
    )  # fmt: skip
