"""Records that pass between rooms: frozen, slotted, with aware UTC times everywhere.

Names follow the glossary in docs/decisions/0001-rooms.md. Nothing here touches a file, a network or a database.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol

import numpy as np

HOUR = timedelta(hours=1)
SENTIMENTS = ("negative", "neutral", "positive")
STANCES = ("against", "neutral", "for")
TOPICS = (
    "ai_training", "consent", "ownership", "compensation", "privacy", "trust", "leaving", "replacement", "legal",
)  # fmt: skip


def utc_hour(at: datetime) -> datetime:
    """The start of the UTC hour that holds the aware time `at`."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


@dataclass(frozen=True, slots=True)
class Post:
    """One public message.

    `source` is the platform ("reddit", "hackernews") and `id` the platform's canonical id, whichever importer
    brought it. `author` is a keyed pseudonym ("<key id>:<hex>", see `core.keys`), "" where unknown; `url` and
    `id` count as personal data. `lang` is a BCP 47 primary subtag or "". Counters are None where the source
    gives none.
    """

    source: str
    id: str
    created_at: datetime
    text: str
    collected_at: datetime
    url: str = ""
    author: str = ""
    community: str = ""
    kind: str = "post"  # post | comment | repost | quote | review | article
    parent_id: str = ""
    root_id: str = ""
    lang: str = ""
    likes: int | None = None
    reposts: int | None = None
    replies: int | None = None
    views: int | None = None


class Reason(StrEnum):
    """Why a watch holds a post (design: sighting)."""

    TEXT = "text"
    THREAD = "thread"
    IMPORT = "import"


@dataclass(frozen=True, slots=True)
class Interval:
    """A half-open span [start, end) of aware times. Raises ValueError when empty or naive."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("an interval takes aware times")
        if self.end <= self.start:
            raise ValueError(f"an interval ends after its start: {self.start} .. {self.end}")


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was not taken: where it stood and why, never its text (it becomes a dead letter)."""

    line: int
    reason: str
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Sighted:
    """A post of a page with the reason for which its watch holds it."""

    post: Post
    reason: Reason = Reason.TEXT


@dataclass(frozen=True, slots=True)
class Sampled:
    """A span of which only the share `rate` (above 0, below 1) was read, at moments chosen by chance.

    `volume` is how many posts the source itself counts there, whether they match or not; None where it does not say.
    """

    span: Interval
    rate: float
    volume: int | None = None

    def __post_init__(self) -> None:
        if not 0 < self.rate < 1:
            raise ValueError(f"a sampling rate lies between 0 and 1, not {self.rate}")


@dataclass(frozen=True, slots=True)
class Page:
    """What a collector yields: about 100 posts and, where resuming here is safe, a cursor.

    `truncated` lists spans whose posts the source did not give in full; `sampled` those that were read in part, by
    chance; `rejected` the rows that could not be used; `read` counts the upstream records looked at, matched or not.
    """

    posts: tuple[Sighted, ...]
    cursor: str | None = None
    truncated: tuple[Interval, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    read: int = 0
    sampled: tuple[Sampled, ...] = ()


@dataclass(frozen=True, slots=True)
class Gone:
    """A post that its source no longer shows to anybody: it is to be erased here too."""

    id: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A post that its source still shows, with its counters of now; None where the source gives none."""

    id: str
    likes: int | None = None
    reposts: int | None = None
    replies: int | None = None
    views: int | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """What a watch asks of one source: a matching expression (`core.matching`) over [since, until).

    `options` are the source's own settings from the watch file, as strings. `hash` names the question without
    its time span: a cursor belongs to (watch, source, hash).
    """

    expression: str
    since: datetime
    until: datetime
    source: str = ""
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def hash(self) -> str:
        """Sixteen hex digits over expression, source and options; the span is left out."""
        parts = [self.source, self.expression, *(f"{k}={v}" for k, v in sorted(self.options.items()))]
        return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


class Outcome(StrEnum):
    """How a run ended. A run that was never closed counts as FAILED."""

    OK = "ok"
    EMPTY = "empty"  # answered, and there was nothing: not a failure
    TRUNCATED = "truncated"  # a cap or a budget cut it
    FAILED = "failed"
    SAMPLE = "sample"  # imports: never complete


class AnnouncementKind(StrEnum):
    """What kind of dated event an announcement is."""

    TERMS_CHANGE = "terms_change"
    DISCOVERY = "discovery"
    PRESS = "press"
    STATEMENT = "statement"
    REVERSAL = "reversal"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Conflict:
    """Another date that a source gives for the same announcement, kept beside the first."""

    start: datetime
    end: datetime
    precision: str
    source: str


@dataclass(frozen=True, slots=True)
class Announcement:
    """A dated event: [start, end) in UTC, made of a date, its precision (minute, day, month) and zone."""

    id: str
    kind: AnnouncementKind
    start: datetime
    end: datetime
    precision: str
    zone: str
    title: str
    sources: tuple[str, ...] = ()
    wording: str = ""
    origin: str = "file"  # file | cli | terms
    conflicts: tuple[Conflict, ...] = ()


@dataclass(frozen=True, slots=True)
class Scores:
    """What one model says of n texts, in input order.

    `lang` (n,) holds detected languages ("" where unknown), `scored` (n,) is False where the language is
    outside training or the text has nothing to score. `probabilities[head]` is float32 (n, len(heads[head])):
    rows of softmax heads sum to 1, the topics head holds independent probabilities. Rows that are not scored
    are NaN. A head may be absent: absent is not neutral.
    """

    model: str
    heads: Mapping[str, tuple[str, ...]]
    probabilities: Mapping[str, np.ndarray]
    lang: tuple[str, ...]
    scored: np.ndarray

    def __len__(self) -> int:
        return len(self.lang)


class Classifier(Protocol):
    """Scores texts. Heads: sentiment, stance, relevance ("no", "yes"), topics, emotion; any may be absent."""

    model: str  # name@revision, stored with every score
    heads: Mapping[str, tuple[str, ...]]
    uses_subject: bool  # False: `subject` does not change a score, and scores are stored under subject ""

    def score(self, texts: Sequence[str], subject: str = "") -> Scores:
        """Score `texts` in input order; never raises on odd text."""
        ...

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Unit-length float32 embeddings, shape (n, d), in input order."""
        ...


class SpikeState(StrEnum):
    """What may be said of one hour of a watch."""

    NO_DATA = "no_data"
    STALE = "stale"
    PENDING = "pending"
    LEARNING = "learning"
    CALM = "calm"
    ELEVATED = "elevated"
    VOLUME = "volume"
    SPIKE = "spike"


@dataclass(frozen=True, slots=True)
class Spike:
    """An hour whose negative reaction is beyond what the watch has shown, as decided and never rewritten.

    `expected` is the typical negative count of such an hour, `relevant` the denominator of `share`.
    `calibrated` is False where the floor rule of a young watch decided. `sentence` says it in plain words.
    """

    watch: str
    hour: datetime
    negative: int
    relevant: int
    share: float
    expected: float
    calibrated: bool
    model: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One leased outbox row: an incident on its way to one channel. The text is rendered at send time.

    Deliveries that are leased together go out as one message under one `idempotency_key`. `update` is the number of
    the incident's update that is told, None where there is none.
    """

    id: int
    incident: int
    channel: str
    kind: str  # opened | update | close_watch | unacknowledged | closed
    idempotency_key: str
    attempts: int
    update: int | None = None


@dataclass(frozen=True, slots=True)
class Alarm:
    """What a rule other than the hourly spike found: "topic_spike", "share", "silent", "budget", "channel" ...

    `subject` says of what (a topic, a source, a channel, a day), so that a watch may have several at once. `hour` is
    where the timeline shows it. Figures are 0 or NaN where the rule has none.
    """

    watch: str
    rule: str
    subject: str
    hour: datetime
    sentence: str
    negative: int = 0
    relevant: int = 0
    share: float = float("nan")
    expected: float = float("nan")
    calibrated: bool = True
    model: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided for one closed hour of a watch, with the model and the counts of that moment.

    `score` is the rank of the hour among its watch's past, in 0..1 (NaN where none could be given).
    """

    hour: datetime
    state: SpikeState
    negative: int
    relevant: int
    share: float
    expected: float
    score: float
    calibrated: bool
    model: str
    decided_at: datetime
    sentence: str
