"""The glossary: one plain sentence for every state, every kind of coverage and every figure that is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.records import SpikeState
from core.topic_names import topic_name as topic_name

STATES: Mapping[SpikeState, str] = {
    SpikeState.NO_DATA: "This hour was not collected as a whole, so nothing is said of it.",
    SpikeState.STALE: "Nothing has been collected lately, so what was known is out of date.",
    SpikeState.PENDING: "Posts of this hour wait to be scored, so nothing is said of it yet.",
    SpikeState.LEARNING: "Fewer than 30 days are known, so what is usual for this watch is still being learnt.",
    SpikeState.CALM: "The negative reaction is within what this watch usually shows.",
    SpikeState.ELEVATED: "The negative reaction is unusual for this watch, or a spike is easing, but it is no spike.",
    SpikeState.VOLUME: "Far more posts than this watch has shown in an hour, too few of them scored to know the mood.",
    SpikeState.SPIKE: "The negative reaction is beyond what this watch has shown, in number and in share together, "
    "in this hour or in a slow rise over several.",
}
COVERAGE: Mapping[str, str] = {
    "complete": "Everything that was asked for came back.",
    "sample": "Only a sample of the posts is known: they were imported, or the budget allowed no more.",
    "truncated": "A cap or a budget cut the source short, so counts are a lower bound.",
    "failed": "The source could not be read, so its posts are missing.",
    "running": "The source is being read just now.",
    "none": "The source was never asked for this time.",
    "mixed": "At least one source was not read, so counts are a lower bound.",
}
FIGURES: Mapping[str, str] = {
    "posts": "All posts that the watch holds, reposts included.",
    "volume": "How many posts there were, estimated where the budget allowed to read only a part of them by chance.",
    "scored": "Posts that the model has scored.",
    "relevant": "Scored posts that are about a change of terms or the like; shares are over these.",
    "negative": "Relevant posts of negative sentiment, or against the platform where the watch measures stance.",
    "neutral": "Relevant posts of neutral sentiment, or without a side where the watch measures stance.",
    "positive": "Relevant posts of positive sentiment, or for the platform where the watch measures stance.",
    "negative_share": "Negative posts among the relevant ones; empty where there are none, which is no share of 0.",
    "low": "Lower end of the 95 % interval of the share: what chance alone allows with so few posts.",
    "high": "Upper end of the 95 % interval of the share.",
    "pending": "Posts that wait to be scored.",
    "not_scored": "Posts that the model cannot score, such as those in languages that it does not know.",
    "against": "Relevant posts against the platform.",
    "stance_neutral": "Relevant posts that take no side.",
    "in_favour": "Relevant posts for the platform.",
    "expected": "The negative posts that such an hour usually has, from the watch's own last 60 days.",
    "score": "The rank of the hour among the watch's past hours: 1 is beyond all of them.",
    "calibrated": "Whether the false-alarm rate is known; a watch of under 30 days alerts by a simpler rule.",
    "provisional": "The hour is not closed, so its figures may still change.",
    "change": "The difference from the day before in percentage points, with its 95 % interval.",
    "change_point": "Where a figure settles at another level, found in the figures alone; it says when, not why.",
    "people": "Different accounts, counted per source: accounts are never matched across sources.",
    "top_ten_posts": "Posts by the ten most active accounts: many by few is no public.",
    "expected_posts": "The median number of posts in as many hours over the four weeks before.",
    "effect": "What a figure was after an event, against what its own past let one expect, with a 95 % interval.",
    "expected_level": "What the figure would have been, had it gone on as before the event.",
    "placebo_dates": "Dates on which nothing happened: how often one of them moved as much tells luck from effect.",
    "half_life_hours": "How long it took until half of the rise at its peak was gone.",
    "share_of_peak": "Posts of a day in those of the fullest day, which makes watches of different size comparable.",
    "discovery_lag": "How long the changed terms stood before anybody noticed, as far as the dates tell.",
    "residual": "How much of the rise at its peak is left at the end.",
    "peak_posts": "Posts in the fullest 24 hours after the beginning.",
    "clause_posts": "Posts that quote the words of a clause or, being on its subject, mean nearly the same.",
    "dormant_risk": "A rank among the clauses in force that no post cites, by kind and direction; not a probability.",
    "theme_share": "Different relevant texts that belong to the theme, among all of the window.",
    "theme_new": "Fewer than five people said it in the window before, and its share has surely grown.",
    "demand": "Texts that ask for something definite, found by their wording, each person counted once.",
    "share_of_relevant": "Posts on the topic among the relevant ones; a post may have several topics.",
}
_LANGUAGES: Mapping[str, str] = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish", "pt": "Portuguese", "it": "Italian",
    "nl": "Dutch", "pl": "Polish", "ja": "Japanese",
}  # fmt: skip


def language_words(codes: Sequence[str]) -> str:
    """One or two languages as an adjective ("English", "English and German"); "" for none, more or unknown ones."""
    names = [_LANGUAGES.get(code, "") for code in codes]
    return joined(names) if 0 < len(names) <= 2 and all(names) else ""


def joined(words: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def percent(share: float) -> str:
    """0.617 as "62 %"."""
    return f"{share * 100:.0f} %"
