"""What an alert says: plain text, every figure with its uncertainty, no text of posts, nobody mentioned."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

TITLE_CHARACTERS = 90
BODY_CHARACTERS = 1_800
"""Below the smallest limit of the usual services (Discord: 2,000)."""
ALSO_CHARACTERS = 700
QUOTE_CHARACTERS = 100

_KINDS = {"update": "Update", "close_watch": "Watch after the statement", "statement": "Statement noted",
          "unacknowledged": "Nobody has acknowledged", "closed": "Over"}  # fmt: skip
_RULES = {"spike": "Spike", "topic_spike": "Spike of a topic", "share": "Share above the floor"}
_INVISIBLE = "\u200b"
# @everyone, @here, @channel and the like; Slack's <!channel>, <@U1>, <#C1>; Teams' <at>; links dressed as words.
_CALL = re.compile(r"@(?=[\w&!<])|<(?=[!@#/a-zA-Z])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


@dataclass(frozen=True, slots=True)
class Message:
    """A title of one line and a body of plain text."""

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class TopicCount:
    """How many of the relevant posts of the last 24 hours are about one topic."""

    topic: str
    relevant: int


@dataclass(frozen=True, slots=True)
class SourceState:
    """One source's coverage (`core` words: complete, truncated, failed ...) and until when it was collected."""

    source: str
    coverage: str
    collected_until: datetime | None


@dataclass(frozen=True, slots=True)
class PostLink:
    """A post to read: where it is, its topics, and its text only where its source lets it be passed on."""

    source: str
    topics: tuple[str, ...]
    url: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """All that a message about one incident is made of.

    `hour` is the decided hour that is told, `negative` of `relevant` posts in it, `low` and `high` the 95 %
    interval of the share (NaN where none), `expected` the typical negative count. `false_alarms` is the watch's
    stated rate per 30 days. `latest_announcement` is (title, when in words), or None. `changed` says what is new since
    the last message, in sentences.
    """

    watch: str
    title: str
    zone: ZoneInfo
    kind: str
    opened_at: datetime
    hour: datetime
    negative: int
    relevant: int
    share: float
    low: float
    high: float
    expected: float
    calibrated: bool
    false_alarms: float
    sentence: str
    model: str
    measure: str
    as_of: datetime
    topics: Sequence[TopicCount]
    sources: Sequence[SourceState]
    latest_announcement: tuple[str, str] | None
    notice: str
    dashboard_url: str
    incident: int = 0
    rule: str = "spike"
    subject: str = ""
    changed: str = ""
    links: Sequence[PostLink] = ()
    owner: str = ""
    acknowledged_by: str = ""
    advice: str = ""


def render(facts: AlertFacts, *, also: Sequence[str] = ()) -> Message:
    """The message about an incident, with a line for each of what came with it. The same facts, the same words."""
    posts = "post" if facts.negative == 1 else "posts"
    counted = f"{posts} against the platform" if facts.measure == "against" else f"negative {posts}"
    what = _KINDS.get(facts.kind, _RULES.get(facts.rule, "Spike"))
    about = f"{facts.title}: {facts.subject.replace('_', ' ')}" if facts.subject else facts.title
    title = _line(f"{what}: {about}: {facts.negative:,} {counted} in an hour")
    lines = [
        _line(f"{facts.notice}.") if facts.notice else "",
        f"Since the last message: {_line(facts.changed)}" if facts.changed else "",
        _happened(facts),
        _line(facts.sentence),
        f"How sure: {_sure(facts)}",
        f"About: {_topics(facts.topics)}",
        _announcement(facts.latest_announcement),
        *_links(facts.links),
        f"Data: {_coverage(facts)}",
        _ends(facts),
        _line(facts.advice),
        f"As of {_moment(facts.as_of, facts.zone)}; model {_line(facts.model.replace('@', ', revision '))}.",
    ]
    body = "\n".join(line for line in lines if line)
    room = BODY_CHARACTERS - (ALSO_CHARACTERS if also else 0)
    return Message(_short(title, TITLE_CHARACTERS), _short(body, room) + beside(also) + "\n" + link(facts))


def beside(also: Sequence[str]) -> str:
    """The lines of what came in the same five minutes: five of them, and how many more there are."""
    lines = [f"Also: {_short(_line(text), ALSO_CHARACTERS // 6)}" for text in also[:5]]
    if len(also) > 5:
        lines.append(f"And {len(also) - 5:,} more: uproar incident list")
    return "".join(f"\n{line}" for line in lines)


def test_message(channel: str, *, now: datetime) -> Message:
    """What `uproar alerts test` sends."""
    return Message(
        "Test from Uproar",
        f"This is a test of the channel {neutral(channel)}, sent at {now.astimezone(UTC):%Y-%m-%d %H:%M} UTC. "
        "Nothing has happened. Alerts of your watches will arrive like this.",
    )


def link(facts: AlertFacts) -> str:
    """The address of the timeline at the hour in question."""
    hour = facts.hour.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{facts.dashboard_url.rstrip('/')}/timeline?{urlencode({'watch': facts.watch, 'hour': hour})}"


def neutral(text: str) -> str:
    """`text` on one line in which no service finds a mention, a mark-up tag or a control character."""
    one_line = " ".join(_CONTROL.sub(" ", text).split())
    return _CALL.sub(lambda found: found[0] + _INVISIBLE, one_line)


def by_chance(rate: float) -> str:
    """A false-alarm rate per 30 days in words: 0.5 is "by chance about once in two months"."""
    days = 30 / rate
    for unit, length in (("month", 30), ("week", 7), ("day", 1)):
        if days >= length * 0.95:
            count = round(days / length)
            return f"by chance about once a {unit}" if count == 1 else f"by chance about once in {_word(count)} {unit}s"
    return f"by chance about {_word(round(1 / days))} times a day"


def _happened(facts: AlertFacts) -> str:
    word = "against the platform" if facts.measure == "against" else "negative"
    posts = f"{facts.negative:,} of {facts.relevant:,} relevant posts were {word}"
    share = "" if math.isnan(facts.share) else f", {facts.share * 100:.0f} %"
    interval = "" if math.isnan(facts.low) else f" ({facts.low * 100:.0f} to {facts.high * 100:.0f} %)"
    usual = "" if math.isnan(facts.expected) else f"; usual for such an hour: about {facts.expected:,.0f}"
    end = (facts.hour + timedelta(hours=1)).astimezone(facts.zone)
    return f"{_moment(facts.hour, facts.zone)} to {end:%H:%M}: {posts}{share}{interval}{usual}."


def _sure(facts: AlertFacts) -> str:
    if not facts.calibrated:
        return "not yet calibrated: the watch is too young to know its own ups and downs, so a floor rule decided."
    return f"such an alert comes {by_chance(facts.false_alarms)}."


def _ends(facts: AlertFacts) -> str:
    if facts.kind == "closed":
        return "This incident is closed; another spike would open a new one."
    whose = (
        f"Owner: {_line(facts.owner)}." if facts.owner else f"No owner yet: uproar incident own {facts.incident} NAME."
    )
    seen = "" if facts.acknowledged_by or facts.owner else f" Acknowledge: uproar incident ack {facts.incident}."
    if facts.rule == "share":
        return f"Clears when the share of an hour is no longer surely above the floor. {whose}{seen}"
    following = (
        f"Next update about {_moment(facts.as_of + timedelta(hours=1), facts.zone)}. " if facts.rule == "spike" else ""
    )
    return f"Clears when six decided hours in a row are calm. {following}{whose}{seen}"


def _links(links: Sequence[PostLink]) -> list[str]:
    lines = []
    for link in links:
        topics = ", ".join(topic.replace("_", " ") for topic in link.topics[:2]) or "no topic"
        said = f' "{_short(_line(link.text), QUOTE_CHARACTERS)}"' if link.text else ""
        lines.append(f"Read: {_line(link.source)}, {_line(topics)}: {_line(link.url)}{said}")
    return lines


def _topics(topics: Sequence[TopicCount]) -> str:
    named = [f"{neutral(t.topic.replace('_', ' '))} ({t.relevant:,})" for t in topics if t.relevant][:3]
    if not named:
        return "no topic stands out in the last 24 hours."
    return f"{', '.join(named)}; relevant posts of the last 24 hours, several topics each possible."


def _announcement(latest: tuple[str, str] | None) -> str:
    return f"Last announcement: {neutral(latest[0])}, {neutral(latest[1])}." if latest else ""


def _coverage(facts: AlertFacts) -> str:
    return coverage_line(facts.sources, facts.zone)


def coverage_line(sources: Sequence[SourceState], zone: ZoneInfo) -> str:
    """Each source with the state of its coverage and until when it was collected."""
    if not sources:
        return "no source has reported; the counts are what is in the database."
    parts = []
    for state in sources:
        until = f" until {_moment(state.collected_until, zone)}" if state.collected_until else ""
        parts.append(f"{neutral(state.source)} {neutral(state.coverage)}{until}")
    return "; ".join(parts) + "."


def _moment(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M} {local.tzname()}"


def _line(text: str) -> str:
    return neutral(text)


def _short(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _word(count: int) -> str:
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
    return words[count] if count < len(words) else str(count)
