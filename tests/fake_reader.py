"""A reader that holds its frames in memory, with the columns and the order of `store.Reader`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from core.records import Announcement, Decision, Outcome
from core.watches import SourceRule, Watch
from store import People, PostFilter

TIME = "datetime64[us, UTC]"
MEASURES = ("posts", "reposts", "distinct_texts", "pending", "not_scored", "scored", "relevant", "negative", "neutral",
            "positive", "against", "stance_neutral", "in_favour", "relevant_reposts", "negative_reposts",
            "against_reposts")  # fmt: skip
_RUNS = ("run", "source", "query_hash", "since", "until", "started_at", "ended_at", "outcome", "truncated", "error",
         "read", "new", "seen", "cost", "sampled", "permission")  # fmt: skip
_INCIDENTS = ("id", "watch", "opened_at", "closed_at", "last_hour", "hour", "negative", "relevant", "share",
              "expected", "calibrated", "sentence", "acknowledged_by", "acknowledged_at", "model",
              "close_reason")  # fmt: skip
_DECISIONS = ("hour", "state", "negative", "relevant", "share", "expected", "score", "calibrated", "model",
              "decided_at", "sentence")  # fmt: skip
T0 = datetime(2025, 5, 9, 12, tzinfo=UTC)


def make_watch(**changes: Any) -> Watch:
    """A watch of one source since ninety days before T0."""
    plain: dict[str, Any] = {
        "name": "acme", "title": "Acme: new terms", "platform": "Acme", "expression": "acme",
        "since": T0 - timedelta(days=90), "sources": (SourceRule("forum"),),
    }  # fmt: skip
    return Watch(**(plain | changes))


@dataclass
class FakeReader:
    """Answers like `store.Reader` from what `count`, `run` and plain attributes were given."""

    model: str | None = "small@1"
    rows: list[dict[str, Any]] = field(default_factory=list)
    run_rows: list[dict[str, Any]] = field(default_factory=list)
    kept: list[Decision] = field(default_factory=list)
    known: list[Announcement] = field(default_factory=list)
    incident_rows: list[dict[str, Any]] = field(default_factory=list)
    persons: People = field(default_factory=lambda: People(0, 0, 0, 0))
    authors: dict[datetime, int] = field(default_factory=dict)
    looked: dict[datetime, float] = field(default_factory=dict)
    asked: list[Any] = field(default_factory=list)

    def count(self, hour: datetime, *, source: str = "forum", language: str = "en", topic: str = "all",
              **counts: int) -> None:  # fmt: skip
        """Counts of one hour, source, language and topic."""
        self.rows.append({"hour": hour, "source": source, "language": language, "topic": topic,
                          **dict.fromkeys(MEASURES, 0), **counts})  # fmt: skip

    def score(self, hour: datetime, *, negative: int, relevant: int, posts: int | None = None, **key: str) -> None:
        """An hour of scored posts: `relevant` of them relevant, `negative` of those negative and against."""
        posts = relevant if posts is None else posts
        self.count(hour, **key, posts=posts, scored=posts, relevant=relevant, negative=negative,
                   neutral=relevant - negative, against=negative, stance_neutral=relevant - negative)  # type: ignore[arg-type]  # fmt: skip

    def run(self, since: datetime, until: datetime, *, source: str = "forum", outcome: str = "ok",
            started_at: datetime | None = None, truncated: Sequence[Any] = (), sampled: Sequence[Any] = (),
            permission: str = "") -> None:  # fmt: skip
        """A run that asked `source` for [since, until)."""
        start = started_at or until
        self.run_rows.append(dict(zip(_RUNS, (
            len(self.run_rows) + 1, source, "q", since, until, start, start, str(outcome), list(truncated),
            "", 1, 1, 0, 0.0, list(sampled), permission,
        ), strict=True)))  # fmt: skip

    def active_model(self) -> str | None:
        return self.model

    def rollup(
        self, watch: str, *, since: datetime | None = None, until: datetime | None = None, model: str | None = None,
        topic: str | None = "all", sources: Collection[str] | None = None, languages: Collection[str] | None = None,
        split: Sequence[str] = (),
    ) -> pd.DataFrame:  # fmt: skip
        rows = [
            row for row in self.rows
            if (since is None or row["hour"] >= since) and (until is None or row["hour"] < until)
            and (row["topic"] != "all" if topic is None else row["topic"] == topic)
            and (sources is None or row["source"] in sources) and (languages is None or row["language"] in languages)
        ]  # fmt: skip
        frame = pd.DataFrame(rows, columns=["hour", "source", "language", "topic", *MEASURES])
        frame = frame.astype({"hour": TIME, "source": "str", "language": "str", "topic": "str"})
        frame = frame.astype(dict.fromkeys(MEASURES, "int64"))
        return frame.groupby(["hour", *split], sort=True)[list(MEASURES)].sum().reset_index()

    def runs(self, watch: str, *, since: datetime | None = None, until: datetime | None = None,
             now: datetime | None = None) -> pd.DataFrame:  # fmt: skip
        rows = [r for r in self.run_rows if (not since or r["until"] > since) and (not until or r["since"] < until)]
        frame = pd.DataFrame(rows, columns=list(_RUNS))
        return frame.astype({**dict.fromkeys(("since", "until", "started_at", "ended_at"), TIME), "source": "str",
                             "outcome": "str"})  # fmt: skip

    def collected_until(self, watch: str) -> dict[str, datetime]:
        found: dict[str, datetime] = {}
        for row in self.run_rows:
            if row["outcome"] not in (Outcome.FAILED, "running"):
                found[row["source"]] = max(found.get(row["source"], row["until"]), row["until"])
        return found

    def people(self, watch: str, *, since: datetime, until: datetime, relevant_only: bool = False) -> People:
        return self.persons

    def authors_by_hour(self, watch: str, hours: Collection[datetime]) -> dict[datetime, int]:
        return {hour: count for hour, count in self.authors.items() if hour in hours}

    def looks(self, watch: str, *, since: datetime, until: datetime) -> dict[datetime, float]:
        return {hour: evidence for hour, evidence in self.looked.items() if since <= hour < until}

    def announcements(self, watch: str) -> list[Announcement]:
        return sorted(self.known, key=lambda a: (a.start, a.id))

    def decisions(self, watch: str, *, since: datetime | None = None, until: datetime | None = None) -> pd.DataFrame:
        rows = [
            tuple(getattr(d, name) for name in _DECISIONS) for d in self.kept
            if (not since or d.hour >= since) and (not until or d.hour < until)
        ]  # fmt: skip
        frame = pd.DataFrame(rows, columns=list(_DECISIONS))
        return frame.astype({
            "hour": TIME, "state": "str", "negative": "int64", "relevant": "int64", "share": "float64",
            "expected": "float64", "score": "float64", "calibrated": "bool", "model": "str", "decided_at": TIME,
            "sentence": "str",
        })  # fmt: skip

    def incidents(self, watch: str | None = None, *, every_rule: bool = False) -> pd.DataFrame:
        frame = pd.DataFrame(self.incident_rows, columns=list(_INCIDENTS))
        return frame.astype({"hour": TIME, "opened_at": TIME, "closed_at": TIME})

    def posts(self, filter: PostFilter, *, limit: int = 50, offset: int = 0) -> pd.DataFrame:
        self.asked.append((filter, limit, offset))
        return pd.DataFrame({"id": ["p1"]})

    def count_posts(self, filter: PostFilter, *, at_most: int | None = None) -> int:
        self.asked.append(filter)
        return 1
