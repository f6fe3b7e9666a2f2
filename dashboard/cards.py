"""Pieces of HTML. Every value passes through `escape`, so that a post, a title or a name is always only text."""

from __future__ import annotations

import html
from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pandas as pd

from core.records import Announcement, SpikeState
from dashboard.figures import Figure
from reports.day import Spread
from reports.overview import SourceRow
from reports.wording import KINDS, STATES, announcement_date, count, coverage_words, moment, percent, topic_name

ICONS = {
    SpikeState.NO_DATA: "block",
    SpikeState.STALE: "update_disabled",
    SpikeState.PENDING: "hourglass_top",
    SpikeState.LEARNING: "school",
    SpikeState.CALM: "check_circle",
    SpikeState.ELEVATED: "trending_up",
    SpikeState.VOLUME: "campaign",
    SpikeState.SPIKE: "warning",
}
_COVERAGE_ICONS = {
    "complete": "check_circle",
    "sample": "inventory_2",
    "truncated": "content_cut",
    "failed": "error",
    "running": "sync",
    "none": "block",
}
LONGEST_TEXT = 1_200
_MARKDOWN = frozenset("\\`*_{}[]()<>#+-.!|~$:&")
_LONGEST_URL = 2_000


def escape(value: object) -> str:
    """`value` as text inside HTML: markup escaped, control characters and broken surrogates replaced."""
    text = str(value).encode("utf-8", "replace").decode("utf-8")
    return html.escape("".join(c if c.isprintable() or c in "\n\t\u200d" else " " for c in text), quote=True)


def link(url: str, text: str) -> str:
    """An anchor to an http or https address that leaves no referrer; any other address stays plain text."""
    if not safe_address(url):
        return escape(text)
    return f'<a href="{escape(url)}" target="_blank" rel="noopener noreferrer nofollow">{escape(text)}</a>'


def safe_address(url: str) -> bool:
    """Whether `url` may be linked: http or https, a host, no control characters, of bearable length."""
    if not url or len(url) > _LONGEST_URL or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc


def notice_banner(notice: str) -> str:
    """The line that says on every view what these posts are."""
    return (
        f'<div class="up-notice" role="note"><span class="up-icon" aria-hidden="true">info</span>{escape(notice)}</div>'
    )


def headline(sentence: str) -> str:
    """The one sentence of the first screen."""
    return f'<h1 class="up-headline">{escape(sentence)}</h1>'


def state_badge(state: SpikeState, sentence: str) -> str:
    """The state as a word, an icon and a colour, with its plain sentence."""
    return (
        f'<div class="up-state up-state-{state.value}"><div class="up-state-word">'
        f"{_icon(ICONS[state])}{escape(STATES[state.value])}</div>"
        f"<p>{escape(sentence)}</p></div>"
    )


def figure_row(figures: Sequence[Figure]) -> str:
    """The figures side by side, each with the note that belongs to it."""
    cells = "".join(
        f'<div class="up-figure"><dt>{escape(f.label)}</dt><dd class="up-value">{escape(f.value)}</dd>'
        f'<dd class="up-note">{escape(f.note)}</dd></div>'
        for f in figures
    )
    return f'<dl class="up-figures">{cells}</dl>'


def source_list(sources: Sequence[SourceRow], zone: ZoneInfo) -> str:
    """Each source with its posts, its coverage as icon and word, how far it was read, and what that means."""
    items = "".join(
        f"<li>{_icon(_COVERAGE_ICONS.get(s.coverage, 'help'))}<div>"
        f"<strong>{escape(s.source)}</strong> {escape(f'{count(s.posts)} posts, {coverage_words(s.coverage)}')}"
        f'<div class="up-quiet">{escape(s.sentence)} {escape(_until(s, zone))}</div></div></li>'
        for s in sources
    )
    return f'<ul class="up-sources">{items}</ul>'


def fact_list(facts: Sequence[tuple[str, str]]) -> str:
    """Pairs of a name and a sentence, in small print."""
    return f'<dl class="up-facts">{"".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in facts)}</dl>'


def sentence_list(sentences: Sequence[str]) -> str:
    """Sentences, one to a line."""
    return f'<ul class="up-sentences">{"".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)}</ul>'


def bar_line(name: str, share: float, numbers: str, *, tag: str = "") -> str:
    """A named share as a bar with its numbers in words; `tag` stands beside the name."""
    mark = f' <span class="up-tag">{escape(tag)}</span>' if tag else ""
    width = min(max(share, 0.0), 1.0) * 100
    return (
        f'<div class="up-bar-line"><div><strong>{escape(name)}</strong>{mark}</div>'
        f'<div class="up-bar"><span style="width:{width:.1f}%"></span></div>'
        f'<div class="up-quiet">{escape(numbers)}</div></div>'
    )


def table(rows: pd.DataFrame) -> str:
    """A small table of texts; it scrolls within itself where it is wider than the screen."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in rows.columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(value)}</td>" for value in row) + "</tr>"
        for row in rows.itertuples(index=False, name=None)
    )
    return (
        f'<div class="up-table" tabindex="0" role="region" aria-label="Table">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def literal(text: str) -> str:
    """`text` as Markdown that shows it as it is: for labels and headings, which Streamlit reads as Markdown."""
    plain = "".join(c if c.isprintable() else " " for c in text)
    return "".join(f"\\{c}" if c in _MARKDOWN else c for c in plain)


def spread_list(rows: Sequence[Spread], zone: ZoneInfo, *, longest: int = 160) -> str:
    """The most spread posts, each as a line of its text with its source, time, spread and the original's link."""
    items = []
    for row in rows:
        text = row.text if len(row.text) <= longest else f"{row.text[:longest]}\N{HORIZONTAL ELLIPSIS}"
        original = f" \N{MIDDLE DOT} {link(row.url, 'Open the original')}" if safe_address(row.url) else ""
        about = f"{row.source}, {moment(row.created_at, zone)}, {count(row.spread)} likes and reposts"
        items.append(
            f'<li><div dir="auto">{escape(text)}<div class="up-quiet">{escape(about)}{original}</div></div></li>'
        )
    return f'<ul class="up-sources">{"".join(items)}</ul>'


def announcement_list(
    announcements: Sequence[Announcement], numbers: dict[str, int], zone: ZoneInfo, *, most: int = 6
) -> str:
    """The first `most` announcements with number, kind, date as exactly as known, and their sources as links."""
    items = []
    for item in announcements[:most]:
        sources = ", ".join(link(url, _host(url)) for url in item.sources) or "no source given"
        others = (
            f' <span class="up-quiet">{len(item.conflicts)} other date(s) reported</span>' if item.conflicts else ""
        )
        items.append(
            f'<li><span class="up-number">{numbers.get(item.id, "")}</span><div><strong>{escape(item.title)}</strong>'
            f'<div class="up-quiet">{escape(KINDS[item.kind])}, {escape(announcement_date(item, zone))}.{others}</div>'
            f'<div class="up-quiet">Source: {sources}</div></div></li>'
        )
    return f'<ol class="up-announcements">{"".join(items)}</ol>'


def numbered(announcements: Sequence[Announcement]) -> dict[str, int]:
    """The number of each announcement, as on the charts: by start, from 1."""
    return {a.id: number for number, a in enumerate(sorted(announcements, key=lambda a: a.start), start=1)}


def post_list(
    posts: pd.DataFrame, zone: ZoneInfo, *, groups: Sequence[int] = (), first: int = 1,
    marks: Mapping[tuple[str, str], Sequence[str]] | None = None,
) -> str:  # fmt: skip
    """Posts as text, each with its number, source, time, score in words and, where safe, the link to the original.

    Posts of one group (a number per post, -1 for none) are folded under the first of them. `first` is the number of
    the first post; `marks` are what readers said of posts, by (source, id).
    """
    rows = [
        {**row, "number": number, "marks": (marks or {}).get((str(row["source"]), str(row["id"])), ())}
        for number, row in enumerate(posts.to_dict("records"), first)
    ]
    numbers = list(groups) or [-1] * len(rows)
    items = []
    for place, row in enumerate(rows):
        if numbers[place] >= 0 and numbers[place] in numbers[:place]:
            continue
        like = [r for r, number in zip(rows, numbers, strict=True) if number >= 0 and number == numbers[place]][1:]
        items.append(_post(row, zone) + (_folded(like, zone) if like else ""))
    return f'<div class="up-posts">{"".join(items)}</div>'


def _folded(rows: Sequence[Mapping[Hashable, Any]], zone: ZoneInfo) -> str:
    number = f"{len(rows)} more on this page {'says' if len(rows) == 1 else 'say'} nearly the same"
    return (
        f'<details class="up-folded"><summary>{escape(number)}</summary>'
        f"{''.join(_post(row, zone) for row in rows)}</details>"
    )


def _post(row: Mapping[Hashable, Any], zone: ZoneInfo) -> str:
    at = row["created_at"]
    when = moment(at, zone) if isinstance(at, datetime) else str(at)
    text = _word(row["text"])
    cut = (
        f"\n\N{HORIZONTAL ELLIPSIS} ({len(text) - LONGEST_TEXT:,} more characters)" if len(text) > LONGEST_TEXT else ""
    )
    place = " \N{MIDDLE DOT} ".join(str(v) for v in (row["source"], row["community"]) if _word(v))
    url = _word(row["url"])
    original = link(url, "Open the original") if safe_address(url) else '<span class="up-quiet">no link</span>'
    sentiment = _word(row["sentiment"])
    tags = "".join(f'<span class="up-tag">{escape(tag)}</span>' for tag in _tags(row))
    tags += "".join(f'<span class="up-tag up-mark">{_icon("sell")} {escape(mark)}</span>' for mark in row["marks"])
    return (
        f'<article class="up-post up-post-{escape(sentiment or "none")}"><header>'
        f"<span>{row['number']}. {escape(place)}</span><time>{escape(when)}</time><span>{original}</span></header>"
        f'<p dir="auto">{escape(text[:LONGEST_TEXT] + cut)}</p>'
        f"<footer>{tags}</footer></article>"
    )


def _tags(row: Mapping[Hashable, Any]) -> list[str]:
    if row["scored"] == "pending":
        return ["waiting for a score"]
    if row["scored"] != "scored":
        return ["not scored: language outside the model"]
    sentiment = _word(row["sentiment"])
    sure = row.get(f"p_{sentiment}")
    tags = [f"{sentiment} {percent(float(sure))}" if isinstance(sure, float) else sentiment] if sentiment else []
    tags.append("relevant" if pd.notna(row["relevant"]) and row["relevant"] else "not about the change")
    tags += [topic_name(t) for t in _word(row["topics"]).split(";") if t]
    return tags


def _until(source: SourceRow, zone: ZoneInfo) -> str:
    return f"Read up to {moment(source.collected_until, zone)}." if source.collected_until else ""


def _icon(name: str) -> str:
    # The names are ours; the font comes with Streamlit, from this host.
    return f'<span class="up-icon" aria-hidden="true">{name}</span>'


def _word(value: object) -> str:
    """Text, or "" for the missing values of a frame."""
    return value if isinstance(value, str) else ""


def _host(url: str) -> str:
    return (urlsplit(url).hostname or url).removeprefix("www.") if safe_address(url) else url
