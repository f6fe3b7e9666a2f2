"""The instances of a federated service that a watch names."""

from __future__ import annotations

from urllib.parse import urlsplit

from core.errors import ConfigError


def addresses(source: str, instances: str) -> list[str]:
    """The addresses of hosts in a list by commas, each once. Raises ConfigError for what is none."""
    found = []
    for host in filter(None, (part.strip().rstrip("/") for part in instances.split(","))):
        url = host if host.startswith(("https://", "http://")) else f"https://{host}"
        if not urlsplit(url).hostname or urlsplit(url).path:
            raise ConfigError(f"{source}: {host!r} is no instance, such as {source}.example")
        found.append(url)
    if not found:
        raise ConfigError(f'{source}: which instances? options = {{ instances = "one.example, other.example" }}')
    return list(dict.fromkeys(found))
