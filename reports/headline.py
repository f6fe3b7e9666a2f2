"""The one sentence of the first screen, made from figures and never more certain than they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.topic_names import topic_name
from core.watches import Watch
from reports.measure import FEWEST, Share, head, word
from reports.words import joined, language_words, percent

if TYPE_CHECKING:
    from store import People

FEWEST_BEFORE = 20
"""With fewer posts the day before, a ratio would be noise: both counts are told instead."""
TOPIC_SHARE = 0.2
MOSTLY = 0.5
"""A topic is named from a fifth of the relevant posts on, with "mostly" from a half."""


@dataclass(frozen=True, slots=True)
class Said:
    """The figures that the sentence may use.

    `posts`, `relevant` and `topics` count what there was, by the sampling rate where only a part was `read`.
    `comparable` is whether both days were wholly collected; `gap_hours` of the last `recent_hours` were not.
    `people` are the authors of the relevant posts; `topics` has (topic, relevant posts), most first.
    """

    share: Share
    posts: int
    read: int
    scored: int
    pending: int
    not_scored: int
    relevant: int
    posts_before: int
    comparable: bool
    gap_hours: int
    recent_hours: int
    people: People
    topics: tuple[tuple[str, int], ...]
    languages: tuple[str, ...]


def headline(said: Said, watch: Watch) -> str:
    """The sentence, beginning with the platform; a gap in the last hours is said first."""
    return f"{_gap(said)}{watch.platform}: {_body(said, watch)}"


def _body(said: Said, watch: Watch) -> str:
    if not said.posts:
        return "no posts in the last day" + (" among what was collected." if said.gap_hours else ".")
    volume = _volume(said)
    if not said.scored:
        return f"{volume}; {_unscored(said)}."
    return f"{volume}; {_mood(said, watch)}{_left_out(said)}."


def _gap(said: Said) -> str:
    if not said.gap_hours:
        return ""
    hours = f"{said.gap_hours} of the last {said.recent_hours} hours"
    return f"Collection is incomplete in {hours}, so counts are a lower bound. "


def _volume(said: Said) -> str:
    posts = f"{said.posts:,} {'post' if said.posts == 1 else 'posts'} in the last day{_sampled(said)}"
    if not said.comparable:
        return posts
    if said.posts_before < FEWEST_BEFORE:
        return f"{posts} after {said.posts_before:,} in the same hours of the day before"
    ratio = said.posts / said.posts_before
    figure = f"{ratio:.1f}" if ratio < 10 else f"{ratio:.0f}"
    posts = "as many posts as in" if figure == "1.0" else f"{figure} times the posts of"
    counts = f"({said.posts:,} after {said.posts_before:,})"
    return f"{posts} the same hours of the day before {counts}{_sampled(said)}"


def _sampled(said: Said) -> str:
    return "" if said.read == said.posts else f", by the {said.read:,} that the budget let us read"


def _unscored(said: Said) -> str:
    if said.pending and said.not_scored:
        return f"none is scored: {said.pending:,} wait and {said.not_scored:,} cannot be scored, so the mood is unknown"
    if said.not_scored:
        return "the model can score none of them (languages it does not know), so the mood is unknown"
    return "none is scored yet, so the mood is unknown"


def _mood(said: Said, watch: Watch) -> str:
    share = said.share
    if said.relevant and not share.relevant:
        return f"the model gives no {head(watch)}, so there is no share"
    posts = f"relevant {language_words(said.languages)} posts".replace("  ", " ")
    if not share.relevant:
        return "none of the scored ones is relevant"
    if share.relevant < FEWEST:
        one = share.relevant == 1
        are = "is" if one else "are"
        return f"only {share.relevant} of the scored ones {are} relevant, too few to give a share"
    bounds = f"{share.low * 100:.0f} to {share.high * 100:.0f}"
    which = f"{percent(share.share)} ({bounds}) of {share.relevant:,} {posts}"
    return f"{which}{_by(said)} are {word(watch)}{_about(said)}"


def _by(said: Said) -> str:
    people = said.people
    if not people.authors:
        return ""
    least = "at least " if people.unknown_author_posts else ""
    return f" by {least}{people.authors:,} {'person' if people.authors == 1 else 'people'}"


def _about(said: Said) -> str:
    named = [(topic, n / said.relevant) for topic, n in said.topics if n >= TOPIC_SHARE * said.relevant][:2]
    if not named:
        return ""
    how = "mostly" if named[0][1] >= MOSTLY else "most often"
    return f", {how} about {joined([topic_name(topic) for topic, _ in named])}"


def _left_out(said: Said) -> str:
    parts = []
    if said.pending:
        parts.append(f"{said.pending:,} {'waits' if said.pending == 1 else 'wait'} for a score")
    if said.not_scored:
        parts.append(f"{said.not_scored:,} cannot be scored")
    return f" ({joined(parts)})" if parts else ""
