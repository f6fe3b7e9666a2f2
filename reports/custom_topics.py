"""How much of the reaction is about a topic that the watch defines for itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from analysis.shares import wilson
from core.custom_topics import CustomTopic
from core.records import Classifier
from core.watches import Watch
from models.few_shot import FewShot
from reports.themes import SPAN
from reports.voices import SMALLEST_GROUP, Voices, enough, people, voices
from reports.window import Window, clamp
from reports.words import percent

if TYPE_CHECKING:
    from store import Reader


@dataclass(frozen=True, slots=True)
class TopicShare:
    """A topic's share of the window's distinct relevant texts with its 95 % interval, None under five people.

    `recognised` of `examples` are its examples that a fit without them still finds: what is missed beyond them.
    """

    name: str
    description: str
    texts: int | None
    people: int | None
    share: float | None
    low: float | None
    high: float | None
    negative_share: float | None
    recognised: int
    examples: int
    sentence: str


@dataclass(frozen=True, slots=True)
class CustomTopicsReport:
    """The topics in the order of the watch file; `texts` is the denominator of every share."""

    window: Window
    texts: int
    skipped: int
    model: str
    topics: tuple[TopicShare, ...]


def custom_topic_shares(
    reader: Reader, watch: Watch, classifier: Classifier, *, clock: datetime, since: datetime | None = None,
    until: datetime | None = None,
) -> CustomTopicsReport:  # fmt: skip
    """Shares in [since, until), by default the last seven days of the watch, among relevant posts."""
    end = clamp(watch, clock=clock, until=until).until
    window = clamp(watch, clock=clock, since=since or max(watch.since, end - SPAN), until=until)
    found = voices(reader, watch, window.since, window.until, clock=clock)
    teller = FewShot(classifier, found.texts)
    shares = tuple(_share(topic, teller, found) for topic in watch.topics)
    return CustomTopicsReport(window, len(found.texts), found.skipped, classifier.model, shares)


def _share(topic: CustomTopic, teller: FewShot, found: Voices) -> TopicShare:
    told = teller.tell(topic.description, topic.examples)
    own = found.posts[told.yes[found.posts["text"].to_numpy()]]
    quality = f"{told.recognised} of its {told.examples} examples are recognised when left out"
    if not enough(own):
        sentence = f"“{topic.name}”: fewer than {SMALLEST_GROUP} people; {quality}."
        return TopicShare(topic.name, topic.description, None, None, None, None, None, None, told.recognised,
                          told.examples, sentence)  # fmt: skip
    texts, total = int(told.yes.sum()), len(found.texts)
    low, high = wilson(texts, total)
    sentence = (
        f"“{topic.name}”: {percent(texts / total)} ({low * 100:.0f} to {high * 100:.0f}) of {total:,} texts, "
        f"told from examples; {quality}."
    )
    return TopicShare(topic.name, topic.description, texts, people(own) or None, texts / total, low, high,
                      float(own["negative"].mean()), told.recognised, told.examples, sentence)  # fmt: skip
