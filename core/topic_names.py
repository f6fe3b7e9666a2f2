"""The topics in a reader's words."""

from __future__ import annotations

from collections.abc import Mapping

TOPIC_NAMES: Mapping[str, str] = {
    "ai_training": "AI training",
    "leaving": "leaving the service",
    "replacement": "people being replaced",
    "legal": "legal questions",
}


def topic_name(topic: str) -> str:
    """A topic's code as words inside a sentence."""
    return TOPIC_NAMES.get(topic, topic.replace("_", " "))
