"""Which column of a file holds which field of a post."""

from __future__ import annotations

from collections.abc import Iterable

from core.errors import ConfigError

FIELDS: dict[str, tuple[str, ...]] = {
    "id": ("id",),
    "source": ("platform", "source"),
    "created_at": ("created_at", "timestamp", "date", "time", "created_utc", "datetime", "published_at"),
    "text": ("text", "body", "content", "selftext", "message", "title"),
    "author": ("author", "author_id", "author_hash", "username"),
    "url": ("url", "link_url", "source_url", "permalink"),
    "community": ("community", "subreddit"),
    "kind": ("kind", "type", "is_retweet"),
    "parent_id": ("parent_id",),
    "root_id": ("root_id", "link_id"),
    "lang": ("lang", "language"),
    "likes": ("likes", "score", "favourites"),
    "reposts": ("reposts", "retweets", "shares"),
    "replies": ("replies", "num_comments"),
    "views": ("views",),
}
"""Field -> names it is known by, the best first; a row takes the first of them that is not empty."""

Plan = tuple[tuple[str, ...], ...]
"""For each field, in the order of `FIELDS`, the columns that may hold it."""


class Columns:
    """The columns of rows by field: the known names, and what a mapping "text=body,created_at=date" says."""

    def __init__(self, mapping: str = "") -> None:
        self.mapped = _parse(mapping)
        self._plans: dict[tuple[str, ...], Plan] = {}

    def plan(self, names: tuple[str, ...]) -> Plan:
        """Where the fields of a row with these columns are; names are compared without case."""
        found = self._plans.get(names)
        if found is None:
            found = self._make(names)
            if len(self._plans) < 1_000:  # rows of a hostile file may all differ
                self._plans[names] = found
        return found

    def missing(self, names: Iterable[str]) -> list[str]:
        """The needed fields, and the mapped columns, that these columns lack, as messages name them."""
        names = tuple(names)
        plan = dict(zip(FIELDS, self.plan(names), strict=True))
        lacking = [f"{column} (for {field})" for field, column in self.mapped.items() if column not in names]
        return lacking + [f for f in ("text", "created_at") if not plan[f] and f not in self.mapped]

    def _make(self, names: tuple[str, ...]) -> Plan:
        by_name = {name.strip().lower(): name for name in reversed(names)}
        taken = set(self.mapped.values())
        return tuple(
            (self.mapped[field],)
            if field in self.mapped
            else tuple(by_name[known] for known in known_as if known in by_name and by_name[known] not in taken)
            for field, known_as in FIELDS.items()
        )


def _parse(mapping: str) -> dict[str, str]:
    mapped: dict[str, str] = {}
    for part in filter(None, (p.strip() for p in mapping.split(","))):
        field, equals, column = (piece.strip() for piece in part.partition("="))
        field = "source" if field == "platform" else field
        if not equals or not column or field not in FIELDS:
            raise ConfigError(f"--map: {part!r} is no FIELD=COLUMN, such as text=body. Fields: {', '.join(FIELDS)}")
        if field in mapped:
            raise ConfigError(f"--map: {field} is given twice")
        mapped[field] = column
    return mapped
