"""What a new watch's terms would find among the posts that are stored already, before any source is asked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from core.matching import parse
from reports.wording import count, percent

if TYPE_CHECKING:
    from store import Reader

LOOKED_AT = 20_000
"""The posts stored last that are looked through: under a second of work."""
SAMPLES = 12


@dataclass(frozen=True, slots=True)
class Found:
    """A post that matches, as it stands in the store."""

    source: str
    created_at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class TermPreview:
    """`matched` of `looked_at` stored posts match, by source; `samples` are spread over them, newest first."""

    looked_at: int
    matched: int
    by_source: tuple[tuple[str, int], ...]
    samples: tuple[Found, ...]

    @property
    def sentence(self) -> str:
        """The figures in plain words, with what they cannot say."""
        if not self.looked_at:
            return "No post is stored yet, so there is nothing to try the terms on."
        part = f" ({percent(self.matched / self.looked_at)})" if self.matched else ""
        where = ", ".join(f"{count(n)} from {source}" for source, n in self.by_source)
        return (
            f"{count(self.matched)} of the {count(self.looked_at)} posts stored last match{part}"
            f"{f': {where}' if where else ''}. They were collected for other watches, so this shows what the terms "
            "let through, not how much there is."
        )


def term_preview(reader: Reader, terms: str, *, limit: int = LOOKED_AT) -> TermPreview:
    """Try `terms` on the `limit` posts stored last. Raises ConfigError for terms that cannot be read."""
    expression = parse(terms)
    rows = reader.newest_texts(limit)
    places = [n for n, text in enumerate(rows["text"]) if expression.matches(text)]
    hit = rows.iloc[places]
    shown = hit.iloc[:: max(1, len(hit) // SAMPLES)].head(SAMPLES)
    samples = tuple(Found(r["source"], r["created_at"].to_pydatetime(), r["text"]) for r in shown.to_dict("records"))
    return TermPreview(len(rows), len(hit), tuple(Counter(hit["source"]).most_common()), samples)
