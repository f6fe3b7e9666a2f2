"""A watch file for a service that the radar has found, ready to be read, changed and kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from core.matching import parse
from core.services import Service
from core.watch_file import BACK, toml
from core.watches import Watch


def proposal(radar: Watch, service: Service, *, now: datetime) -> str:
    """The text of a watch file: the service's names and what the radar listens for, its sources, channels and rate.

    Names that are common words are asked for with their context. Raises ConfigError if the terms could not be read.
    """
    terms = f"({_names(service)}) AND ({radar.expression})"
    parse(terms)
    since = (now - BACK).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = [
        f"# Proposed by the radar on {now:%Y-%m-%d}. Read the terms and narrow them before you rely on it.",
        f"title = {toml(f'{service.title}: terms, consent and AI training')}",
        f"platform = {toml(service.title)}",
        f"terms = {toml(terms)}",
        f"since = {since:%Y-%m-%dT%H:%M:%SZ}",
        f"timezone = {toml(radar.timezone)}",
        f"languages = [{', '.join(map(toml, radar.languages))}]",
    ]
    for rule in radar.sources:
        hours = max(1, round(rule.lateness.total_seconds() / 60))
        lines += ["", "[[sources]]", f"name = {toml(rule.name)}", f'lateness = "{hours}m"']
        if rule.options:
            pairs = ", ".join(f"{toml(key)} = {toml(value)}" for key, value in rule.options.items())
            lines.append(f"options = {{ {pairs} }}")
    lines += [
        "", "[alerts]", f"channels = [{', '.join(map(toml, radar.alerts.channels))}]",
        "false_alarms = 0.5  # per 30 days: by chance about once in two months", "",
    ]  # fmt: skip
    return "\n".join(lines)


def _names(service: Service) -> str:
    sure = _any(service.aliases)
    if not service.ambiguous:
        return sure or _any([service.title])
    beside = f"(({_any(service.ambiguous)}) AND ({_any(service.context)}))"
    return f"{sure} OR {beside}" if sure else beside


def _any(words: Sequence[str]) -> str:
    return " OR ".join(dict.fromkeys(f'"{word.lower()}"' for word in words))
