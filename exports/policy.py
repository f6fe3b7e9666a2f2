"""How much of a post may leave the installation, by the source that it was collected from.

Posts that a person handed in (reason `import`) go out in full: the person has the file already. Collected posts
follow their platform's terms; docs/ and the sidecar of every export say which form was used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from core.records import Reason


class Form(StrEnum):
    """What of a post is written."""

    FULL = "full"
    CAPPED = "capped"  # as full, with the text cut to `characters`
    IDS = "ids"  # platform, id and Uproar's own labels: whoever holds the file asks the platform for the rest
    AGGREGATE = "aggregate"  # no row of its own; it counts in timelines


@dataclass(frozen=True, slots=True)
class ExportRule:
    """The form for one source; `characters` belongs to CAPPED."""

    form: Form
    characters: int = 280

    def __str__(self) -> str:
        return f"{self.form.value}({self.characters})" if self.form is Form.CAPPED else self.form.value


FULL = ExportRule(Form.FULL)

POLICY: Mapping[str, ExportRule] = {
    "reddit": ExportRule(Form.IDS),  # Data API terms: no redistribution of content; deleted posts must go
    "x": ExportRule(Form.IDS),  # developer policy: ids only
    "youtube": ExportRule(Form.AGGREGATE),  # API data must be refreshed or deleted after 30 days
}
"""Sources that are not named go out in full."""

DAILY_TEXTS: Mapping[str, int] = {"x": 500}
"""Whole posts of a source of ids that one person may take in a UTC day, when asked for, by hand."""


def rule_for(source: str, reason: str, policy: Mapping[str, ExportRule] = POLICY) -> ExportRule:
    """The rule for a post of `source` that its watch holds for `reason` (`core.records.Reason`)."""
    if reason == Reason.IMPORT:
        return FULL
    return policy.get(source, FULL)
