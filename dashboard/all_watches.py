"""All watches in one table: state, share, change, what drives it, coverage, as-of time; each name is a link."""

from __future__ import annotations

from urllib.parse import urlencode

from core.watches import Watch
from dashboard import cards
from dashboard.data import Reports
from dashboard.figures import figures
from dashboard.state import State, address
from reports.overview import Overview
from reports.wording import STATES, count, coverage_words, moment
from reports.words import topic_name

_HEAD = ("Watch", "State", "Share, last 24 hours", "Change", "Mostly about", "Coverage", "As of")
_URGENCY = ("spike", "volume", "elevated", "stale", "no_data", "pending", "learning", "calm")


def all_watches(reports: Reports, current: Watch) -> str:
    """The table as HTML, the most urgent first; "" where fewer than two watches hold posts."""
    holding = [current if w.name == current.name else w for w in reports.holding()]
    if len(holding) < 2:
        return ""
    seen = [(watch, reports.overview(watch)) for watch in holding]
    seen.sort(key=lambda pair: (_URGENCY.index(pair[1].state.value), pair[0].title))
    head = "".join(f'<th scope="col">{name}</th>' for name in _HEAD)
    body = "".join(_row(watch, found, current) for watch, found in seen)
    quiet = [w for w in reports.watches if w.name not in {h.name for h in holding}]
    rest = ", ".join(_link(w.name, w.title) for w in quiet)
    return (
        '<div class="up-table" tabindex="0" role="region" aria-label="All watches">'
        f"<table><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>" + (f'<p class="up-quiet">No posts yet: {rest}.</p>' if quiet else "")
    )


def _row(watch: Watch, found: Overview, current: Watch) -> str:
    share, change = figures(found, measure=watch.measure)[:2]
    topics = sorted(found.topics, key=lambda row: -row.relevant)[:2]
    cells = [
        f'<span class="up-word up-state-{found.state.value}">{cards.escape(STATES[found.state.value])}</span>',
        f"<strong>{cards.escape(share.value)}</strong> {_quiet(share.note)}",
        f"{cards.escape(change.value)} {_quiet(change.note)}",
        cards.escape(" and ".join(topic_name(row.topic) for row in topics) or "no topic"),
        cards.escape(_coverage(found)),
        cards.escape(moment(found.as_of, watch.zone)),
    ]
    mark = ' aria-current="true"' if watch.name == current.name else ""
    name = f'<th scope="row"{mark}>{_link(watch.name, watch.title)} {_quiet(count(found.posts) + " posts")}</th>'
    return f"<tr{mark}>{name}{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _coverage(found: Overview) -> str:
    kinds: dict[str, list[str]] = {}
    for row in found.sources:
        kinds.setdefault(row.coverage, []).append(row.source)
    return "; ".join(f"{', '.join(names)}: {coverage_words(state)}" for state, names in kinds.items()) or "no source"


def _link(name: str, title: str) -> str:
    return f'<a href="?{cards.escape(urlencode(address(State(watch=name))))}" target="_self">{cards.escape(title)}</a>'


def _quiet(text: str) -> str:
    return f'<span class="up-quiet">{cards.escape(text)}</span>'
