"""What every column of every export means, and of what it is a part. The writers take their columns from here."""

from __future__ import annotations

from collections.abc import Mapping

from core.errors import ConfigError
from exports.columns import Column
from reports.words import FIGURES

_RELEVANT = "relevant posts of the row whose measured head exists: negative + neutral + positive"
STAMP = (
    Column("watch", "text", "Name of the watch."),
    Column("as_of", "time", "The watch's present when the file was made; nothing later is in it."),
    Column("notice", "text", "What must be said with these figures, such as that posts are invented."),
    Column("export_id", "text", "Names this export: its sidecar, the export log, and uproar explain."),
)
"""The last columns of every row; with `model` they tell that texts carry the prefix of `exports.cells`."""
_MODEL = Column("model", "text", "Model and revision whose scores these are; empty before the first.")

POSTS = (
    Column("id", "text", "The platform's id of the post."),
    Column("platform", "text", "Where it was posted: the source."),
    Column("created_at", "time", "When it was posted."),
    Column(
        "text",
        "text",
        "What it says, as far as the source's export policy allows; links and handles go with the identifiers.",
    ),
    Column("author", "text", "Keyed pseudonym of the account; never matched across sources."),
    Column("url", "text", "Link to the original."),
    Column("community", "text", "Subreddit, instance, channel or the like."),
    Column("kind", "text", "post, comment, repost or what the source calls it."),
    Column("parent_id", "text", "Id of the post that it answers."),
    Column("lang", "text", "Language that the post counts under: as detected, else as the source says, else und."),
    Column("likes", "whole", "Likes or score when last collected; empty where the source gives none."),
    Column("reposts", "whole", "Reposts when last collected; empty where the source gives none."),
    Column("replies", "whole", "Replies when last collected; empty where the source gives none."),
    Column("views", "whole", "Views when last collected; empty where the source gives none."),
    Column("reason", "text", "Why the watch holds it: text (it matches), thread (an ancestor does), import (given)."),
    Column("scored", "text", "scored, pending (waits) or not_scored (a language the model does not know)."),
    Column("relevant", "flag", "Whether it is about a change of terms or the like; empty where not scored."),
    Column("sentiment", "text", "negative, neutral or positive: the likeliest; empty where not scored."),
    Column("stance", "text", "against, neutral or for the platform: the likeliest; empty where not scored."),
    Column("topics", "text", "Topics with a probability of a half or more, joined by semicolons."),
    Column("p_negative", "number", "Probability of negative sentiment.", "the three sentiments of the post, sum 1"),
    Column("p_neutral", "number", "Probability of neutral sentiment.", "the three sentiments of the post, sum 1"),
    Column("p_positive", "number", "Probability of positive sentiment.", "the three sentiments of the post, sum 1"),
    Column("p_against", "number", "Probability of a stance against.", "the three stances of the post, sum 1"),
    Column("p_for", "number", "Probability of a stance in favour.", "the three stances of the post, sum 1"),
    Column("p_relevant", "number", "Probability of being relevant.", "relevant or not, sum 1"),
    _MODEL,
    *STAMP,
)


def _figure(name: str, kind: str = "whole", denominator: str = "") -> Column:
    return Column(name, kind, FIGURES[name], denominator)


TIMELINE = (
    Column("time", "time", "Start of the hour (UTC) or of the day (in the watch's zone, with its offset)."),
    _figure("posts"),
    _figure("volume", "number"),
    _figure("scored", denominator="posts"),
    _figure("relevant", denominator="scored"),
    _figure("negative", denominator="relevant"),
    _figure("neutral", denominator="relevant"),
    _figure("positive", denominator="relevant"),
    _figure("negative_share", "number", _RELEVANT),
    _figure("low", "number", _RELEVANT),
    _figure("high", "number", _RELEVANT),
    _figure("pending", denominator="posts"),
    _figure("not_scored", denominator="posts"),
    _figure("against", denominator="relevant"),
    _figure("stance_neutral", denominator="relevant"),
    _figure("in_favour", denominator="relevant"),
    Column("coverage", "text", "complete, sample, truncated, failed, running, none or mixed: what was collected."),
    _MODEL,
    *STAMP,
)

ALERTS = (
    Column("id", "whole", "Number of the incident."),
    Column("rule", "text", "The rule that opened it, such as spike or collection."),
    Column("subject", "text", "What the rule is about, such as a topic or a source; empty for the whole watch."),
    Column("opened_at", "time", "When the incident was opened."),
    Column("closed_at", "time", "When it was closed; empty while it is open."),
    Column("close_reason", "text", "Why it was closed."),
    Column("hour", "time", "Start of the hour that opened it (UTC)."),
    Column("last_hour", "time", "Start of its latest spike hour (UTC)."),
    Column("negative", "whole", "Negative posts of the deciding hour, as decided.", "relevant"),
    Column("relevant", "whole", "Relevant posts of the deciding hour, as decided.", "scored posts of the hour"),
    Column("share", "number", "Negative posts among the relevant ones, as decided.", "relevant"),
    Column("low", "number", FIGURES["low"], "relevant"),
    Column("high", "number", FIGURES["high"], "relevant"),
    _figure("expected", "number"),
    Column("calibrated", "flag", FIGURES["calibrated"]),
    Column("sentence", "text", "What was said of it."),
    Column("acknowledged_by", "text", "Who has seen it first; empty where nobody has said so."),
    Column("acknowledged_at", "time", "When that was."),
    Column("owner", "text", "Who answers for it; empty where nobody does."),
    Column("owned_at", "time", "Since when."),
    Column("messages_sent", "whole", "Messages that a channel took."),
    Column("messages_failed", "whole", "Messages that were given up."),
    Column("model", "text", "Model and revision by whose scores it was decided."),
    *STAMP,
)

_OF_TEXTS = "distinct relevant texts of the window"
EFFECTS = (
    Column("event", "text", "The announcement, or those that cannot be told apart, by name."),
    Column("announcements", "text", "Their ids, joined by semicolons."),
    Column("start", "time", "First moment that their dates allow."),
    Column("end", "time", "End of the last moment that their dates allow; nothing in between is read."),
    Column("read_until", "time", "Where the reading ends: the next event, its longest reach, or the present."),
    Column("step", "text", "Length of the steps that are compared: hour or day."),
    Column("response", "text", "The figure that is read: volume, or a share."),
    Column("scale", "text", "times: effect is a ratio to what was expected; points: a difference of shares in 0 to 1."),
    Column("effect", "number", "What changed against what was expected; empty where it was refused.", "see scale"),
    Column("low", "number", "Lower end of its 95 % interval.", "see scale"),
    Column("high", "number", "Upper end of its 95 % interval.", "see scale"),
    Column("actual", "number", "Mean of the steps after the event."),
    Column("expected", "number", "Mean that was expected for them."),
    Column("p", "number", "Share of placebo dates that moved as much; empty with fewer than 20.", "placebo_dates"),
    Column("placebo_dates", "whole", "Dates without an event with which it was compared."),
    Column("placebos_as_large", "whole", "Those of them that moved as much.", "placebo_dates"),
    Column("posts_before", "whole", "Posts behind the figure before the event."),
    Column("posts_after", "whole", "Posts behind the figure after it."),
    Column("half_life_hours", "number", "Hours until half of the peak had gone."),
    Column("controls", "text", "What it was judged by besides its own past, joined by semicolons."),
    Column("sample", "flag", "Whether the posts were imported: their number may follow how they were drawn."),
    Column("refusal", "text", "Why no effect is given."),
    Column("due", "time", "When a first reading can be had."),
    Column("sentence", "text", "What is said of it, with its caveats."),
    _MODEL,
    *STAMP,
)

THEMES = (
    Column("kind", "text", "theme (texts of like meaning) or demand (from the codebook)."),
    Column("name", "text", "Its name."),
    Column("keywords", "text", "Words that tell it from the others, joined by semicolons."),
    Column("texts", "whole", "Distinct relevant texts; empty where that would show fewer than five people."),
    Column("posts", "whole", "Posts with these texts."),
    Column("people", "whole", "Different accounts; empty where unknown or fewer than five."),
    Column("share", "number", "Its texts among all distinct relevant ones.", _OF_TEXTS),
    Column("low", "number", "Lower end of the 95 % interval of the share.", _OF_TEXTS),
    Column("high", "number", "Upper end of the 95 % interval of the share.", _OF_TEXTS),
    Column("share_before", "number", "The same share in the window before.", "distinct relevant texts of that window"),
    Column("change", "number", "Difference of the two shares; empty without a window before.", "difference of shares"),
    Column("change_low", "number", "Lower end of its 95 % interval.", "difference of shares"),
    Column("change_high", "number", "Upper end of its 95 % interval.", "difference of shares"),
    Column("new", "flag", "Whether it is new: hardly said before, and surely grown."),
    Column("negative_share", "number", "Negative posts of the theme among its relevant ones.", "posts of the theme"),
    Column("sentence", "text", "What is said of it."),
    _MODEL,
    *STAMP,
)

TABLES: Mapping[str, tuple[Column, ...]] = {
    "posts": POSTS,
    "timeline": TIMELINE,
    "alerts": ALERTS,
    "effects": EFFECTS,
    "themes": THEMES,
}
"""Columns by kind of export."""


def columns_of(kind: str) -> tuple[Column, ...]:
    """The columns of a kind of export. Raises ConfigError, naming the known ones, for another."""
    if kind not in TABLES:
        raise ConfigError(f"no export is called {kind!r}. Known: {', '.join(TABLES)}")
    return TABLES[kind]
