"""Records of the documents of platforms, between rooms: captures, versions, changes, clauses and their classes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

SETTLED = timedelta(days=7)
"""A text that returns to what it was within this time was never changed."""

CLASSES = (
    "ai_training", "consent", "licence", "ownership", "payment", "privacy", "arbitration", "notice", "termination",
)  # fmt: skip
"""The clause classes: AI training; consent and opt-out; licence scope; ownership; payment; privacy; arbitration and
law; notice of changes; termination."""

CLASS_NAMES = {
    "ai_training": "AI training", "consent": "consent and opt-out", "licence": "licence scope",
    "ownership": "ownership", "payment": "payment", "privacy": "privacy", "arbitration": "arbitration and law",
    "notice": "notice of changes", "termination": "termination", "other": "other",
}  # fmt: skip

CLASS_TOPICS = {
    "ai_training": ("ai_training",), "consent": ("consent",), "licence": ("ownership", "consent"),
    "ownership": ("ownership",), "payment": ("compensation",), "privacy": ("privacy",), "arbitration": ("legal",),
    "notice": ("trust", "consent"), "termination": ("leaving", "trust"), "other": (),
}  # fmt: skip
"""Which topics of reactions a clause class is discussed under."""

RISKY = {
    "ai_training": 1.0, "licence": 0.8, "ownership": 0.8, "privacy": 0.6, "consent": 0.6, "arbitration": 0.5,
    "payment": 0.4, "termination": 0.3, "notice": 0.2,
}  # fmt: skip
"""How much a class weighs when dormant clauses are ranked: a judgement, from the cases in which people got angry."""


class CaptureState(StrEnum):
    """What a captured text is. Only OK texts take part in changes."""

    OK = "ok"
    EMPTY = "empty"  # nothing, or too little to be terms
    TRUNCATED = "truncated"  # the end is missing
    LOGIN = "login"  # a login, consent or error page in place of terms
    LANGUAGE = "language"  # another language than the document had
    OVERSIZE = "oversize"  # larger than any terms
    UNREADABLE = "unreadable"  # no text at all: binary, or not UTF-8


class ChangeStatus(StrEnum):
    """What is known of a change: the decision is causal, and may be taken back while the text may still return."""

    PROVISIONAL = "provisional"
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"
    TECHNICAL = "technical"  # another extraction of the same document, as the archive itself says


@dataclass(frozen=True, slots=True)
class TextDate:
    """A date that the document states of itself: ISO day ("2025-05-21") or month ("2025-05"), and the words."""

    at: str
    precision: str
    quote: str


@dataclass(frozen=True, slots=True)
class Capture:
    """One captured text of one document, with its provenance. `text` is Markdown.

    `problem` is set by a reader that could not take the text (then `text` is empty); `effective` where the person
    who supplied the text says when it came into force.
    """

    service: str
    document: str
    captured_at: datetime
    text: str
    commit: str = ""
    subject: str = ""
    technical: bool = False
    problem: CaptureState | None = None
    effective: TextDate | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """A stored capture: its number, what it is, and the key under which equal texts are equal.

    Two texts have one key where they differ in numbering, links, whitespace or boilerplate only.
    """

    id: int
    captured_at: datetime
    key: bytes
    text: bytes
    state: CaptureState = CaptureState.OK
    technical: bool = False
    judged: bool = False
    words: int = 0
    effective: TextDate | None = None
    amended: TextDate | None = None
    commit: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """From one text to the next, as the de-flapping sees it: version ids, time, status, and when that was decided."""

    before: int
    after: int
    at: datetime
    status: ChangeStatus
    decided_at: datetime
    returns: int = 0


@dataclass(frozen=True, slots=True)
class Clause:
    """A passage that changed. `before` and `after` are whole passages, `removed` and `added` the changed sentences.

    `action` is added, removed, edited or moved; `classes` the clause classes, likeliest first, () for none.
    """

    action: str
    before: str
    after: str
    removed: str
    added: str
    heading: str = ""
    classes: tuple[str, ...] = ()
    confidence: float = 0.0
    direction: str = "unclear"  # widens | narrows | unclear: what the platform may do

    @property
    def name(self) -> str:
        """The likeliest class, or "other"."""
        return self.classes[0] if self.classes else "other"


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a document: its step, its size in words, what kind of change it is, and its clauses."""

    id: str
    service: str
    document: str
    step: Step
    kind: str = ""  # rewrite | substantive | wording | dates
    words_added: int = 0
    words_removed: int = 0
    effective: TextDate | None = None
    amended: TextDate | None = None
    clauses: tuple[Clause, ...] = field(default=())

    @property
    def size(self) -> int:
        """Words added and removed."""
        return self.words_added + self.words_removed


@dataclass(frozen=True, slots=True)
class Reading:
    """A capture as it is stored: its key, length, state with a reason, and the dates that it states of itself."""

    capture: Capture
    key: bytes
    words: int
    state: CaptureState = CaptureState.OK
    why: str = ""
    effective: TextDate | None = None
    amended: TextDate | None = None


@dataclass(frozen=True, slots=True)
class DocumentName:
    """A document that the store knows."""

    id: int
    service: str
    document: str


@dataclass(frozen=True, slots=True)
class TermsSource:
    """Where versions come from, how far it was read, and which reading of its whole history counts."""

    id: int
    name: str
    cursor: str
    generation: int


@dataclass(frozen=True, slots=True)
class TermsReport:
    """What reading one source of versions came to."""

    source: str
    read: int = 0
    new: int = 0
    unusable: int = 0
    documents: int = 0
    changes: int = 0
    rewritten: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """That a text (by its key) cites a clause: its new or its old wording, as a quote or a paraphrase."""

    text_key: bytes
    clause: int
    side: str  # new | old
    how: str  # quote | paraphrase
    score: float


@dataclass(frozen=True, slots=True)
class Linkable:
    """A post on its way to be linked: its number, the key of its text, and what the active model says of it."""

    number: int
    text_key: bytes
    text: str
    relevant: bool
    topics: tuple[str, ...]
