"""The state of a screen and its address: everything a reader chose stands in the URL, so each view is a link.

The name of the view is the path (`/timeline`); the rest are query parameters. Whatever an address holds that is
unknown, out of range or hostile is left out, never an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.records import SENTIMENTS, STANCES, TOPICS, utc_hour

SPANS: Mapping[str, timedelta] = {
    "24h": timedelta(days=1),
    "3d": timedelta(days=3),
    "7d": timedelta(days=7),
    "14d": timedelta(days=14),
    "30d": timedelta(days=30),
}
ORDERS = ("spread", "negative", "time_asc")
"""How posts are sorted, besides newest first."""
ALL = "all"
DEFAULT_SPAN = "7d"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_MOST_NAMES, _LONGEST_SEARCH, _LAST_PAGE = 20, 200, 200_000


@dataclass(frozen=True, slots=True)
class State:
    """What a reader chose; empty values mean "as usual".

    `span` is one of `SPANS` or "all", counted back from now; `since` and `until` win over it. `hour` is the start
    of a chosen UTC hour. `as_of` is heeded by replay watches only. `compared` names the watches set beside
    one another, `stacked` is "stance" where that is drawn instead of the watch's own measure, and `read` asks for what
    takes seconds to compute.
    """

    watch: str = ""
    span: str = ""
    since: datetime | None = None
    until: datetime | None = None
    by: str = ""
    sources: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    hour: datetime | None = None
    sentiment: str = ""
    stance: str = ""
    topic: str = ""
    search: str = ""
    tag: str = ""
    order: str = ""
    page: int = 1
    as_of: datetime | None = None
    stacked: str = ""
    compared: tuple[str, ...] = ()
    read: bool = False


def parse(params: Mapping[str, str]) -> State:
    """The state that an address names; anything not understood is ignored."""
    since, until = _time(params.get("since", "")), _time(params.get("until", ""))
    if since and until and until <= since:
        since = until = None
    hour = _time(params.get("hour", ""))
    return State(
        watch=_one(params, "watch", _NAME),
        span=_choice(params, "span", (*SPANS, ALL)),
        since=since,
        until=until,
        by=_choice(params, "by", ("hour", "day")),
        sources=_names(params.get("sources", "")),
        languages=_names(params.get("languages", "")),
        hour=utc_hour(hour) if hour else None,
        sentiment=_choice(params, "sentiment", SENTIMENTS),
        stance=_choice(params, "stance", STANCES),
        topic=_choice(params, "topic", TOPICS),
        search=_plain(params.get("search", "")),
        tag=_plain(params.get("tag", "")),
        order=_choice(params, "order", ORDERS),
        page=_page(params.get("page", "")),
        as_of=_time(params.get("as_of", "")),
        stacked=_choice(params, "stacked", ("stance",)),
        compared=_names(params.get("compared", "")),
        read=params.get("read") == "1",
    )


def address(state: State) -> dict[str, str]:
    """The query parameters that `parse` turns back into `state`; values left as usual are left out."""
    values = {
        "watch": state.watch,
        "span": state.span,
        "since": _iso(state.since),
        "until": _iso(state.until),
        "by": state.by,
        "sources": ",".join(state.sources),
        "languages": ",".join(state.languages),
        "hour": _iso(state.hour),
        "sentiment": state.sentiment,
        "stance": state.stance,
        "topic": state.topic,
        "search": state.search,
        "tag": state.tag,
        "order": state.order,
        "page": str(state.page) if state.page > 1 else "",
        "as_of": _iso(state.as_of),
        "stacked": state.stacked,
        "compared": ",".join(state.compared),
        "read": "1" if state.read else "",
    }
    return {key: value for key, value in values.items() if value}


def _iso(at: datetime | None) -> str:
    # Z rather than +00:00: a plus sign in a query string reads as a space.
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""


def _time(value: str) -> datetime | None:
    if not 10 <= len(value) <= 40:
        return None
    try:
        at = datetime.fromisoformat(value)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return at.replace(microsecond=0) if _EARLIEST <= at <= _LATEST else None


def _choice(params: Mapping[str, str], key: str, allowed: tuple[str, ...]) -> str:
    value = params.get(key, "")
    return value if value in allowed else ""


def _one(params: Mapping[str, str], key: str, shape: re.Pattern[str]) -> str:
    value = params.get(key, "")
    return value if shape.fullmatch(value) else ""


def _names(value: str) -> tuple[str, ...]:
    if len(value) > _MOST_NAMES * 65:
        return ()
    return tuple(sorted({name for name in value.split(",") if _NAME.fullmatch(name)}))[:_MOST_NAMES]


def _plain(value: str) -> str:
    kept = "".join(c if c.isprintable() else " " for c in value[:_LONGEST_SEARCH])
    return " ".join(kept.split())


def _page(value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,6}", value):
        return 1
    return min(max(int(value), 1), _LAST_PAGE)
