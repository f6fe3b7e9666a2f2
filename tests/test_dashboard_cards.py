"""HTML pieces and figures: hostile text stays text, only web addresses become links, no value without its n."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.records import Announcement, AnnouncementKind, SpikeState
from dashboard import cards
from dashboard.figures import figures
from reports.wording import announcement_date, points

BERLIN = ZoneInfo("Europe/Berlin")
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg/onload=alert(1)>',
    "![x](https://evil.example/beacon.png)",
    "[click](javascript:alert(1))",
    "</p></article><iframe src=https://evil.example>",
    "<style>@import url(https://evil.example)</style>",
    "=HYPERLINK(\"https://evil.example\")",
    ":material/home: $x^2$ :red[text]",
    "\x00 nought \u202e reversed \x1b[31m",
]  # fmt: skip
WANTED = {"article", "header", "span", "time", "p", "footer", "a", "div"}


class Tags(HTMLParser):
    """Collects what a browser would take for elements, and the text between them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def read(html: str) -> Tags:
    tags = Tags()
    tags.feed(html)
    tags.close()
    return tags


def make_posts(**changes: Any) -> pd.DataFrame:
    row = {
        "source": "reddit", "id": "1", "created_at": pd.Timestamp("2025-05-09T20:00Z"), "text": "a post",
        "url": "https://example.org/1", "community": "r/music", "scored": "scored", "relevant": True,
        "sentiment": "negative", "topics": "ai_training;consent", "p_negative": 0.8,
    }  # fmt: skip
    return pd.DataFrame([row | changes])


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("field", ["text", "community", "source", "url"])
def test_a_hostile_post_is_shown_as_text(field: str, text: str) -> None:
    tags = read(cards.post_list(make_posts(**{field: text}), BERLIN))
    assert {tag for tag, _ in tags.found} <= WANTED
    assert not any(name.startswith("on") for _, attributes in tags.found for name in attributes)
    if field == "text" and text.isascii():
        assert text in tags.text


@given(st.text(max_size=400))
def test_any_text_is_one_paragraph_and_can_be_sent(text: str) -> None:
    html = cards.post_list(make_posts(text=text), BERLIN)
    html.encode()
    assert [tag for tag, _ in read(html).found].count("p") == 1


def test_what_cannot_be_sent_is_replaced() -> None:
    assert cards.escape("a\ud800b\x00c\u202ed") == "a?b c d"


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:text/html,x", "//evil.example", "ftp://a/b", "https://user:pw@evil.example/",
     "https://exa mple.org", "https://", "https://[::1", "java\nscript:alert(1)", "https://e.org/" + "x" * 3000],
)  # fmt: skip
def test_only_web_addresses_become_links(url: str) -> None:
    assert "href" not in cards.link(url, "here")
    assert "no link" in cards.post_list(make_posts(url=url), BERLIN)


def test_a_link_leaves_no_referrer() -> None:
    ((tag, attributes),) = read(cards.link('https://example.org/?a=1&b="2"', "here")).found
    assert tag == "a"
    assert attributes["href"] == 'https://example.org/?a=1&b="2"'
    assert "noreferrer" in str(attributes["rel"])


def test_a_long_post_is_cut_and_says_so() -> None:
    text = read(cards.post_list(make_posts(text="x" * 5_000), BERLIN)).text
    assert f"{5_000 - cards.LONGEST_TEXT:,} more characters" in text


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"scored": "pending", "relevant": pd.NA, "sentiment": None}, "waiting for a score"),
        ({"scored": "not_scored", "relevant": pd.NA, "sentiment": float("nan")}, "not scored"),
        ({"relevant": False, "topics": ""}, "not about the change"),
        ({}, "negative 80 %"),
    ],
)
def test_a_post_says_how_it_was_scored(changes: dict[str, Any], expected: str) -> None:
    assert expected in read(cards.post_list(make_posts(**changes), BERLIN)).text


@pytest.mark.parametrize("state", SpikeState)
def test_a_state_is_a_word_and_an_icon_not_only_a_colour(state: SpikeState) -> None:
    tags = read(cards.state_badge(state, "Because <b>so</b>."))
    assert cards.STATES[state.value] in tags.text
    assert cards.ICONS[state] in tags.text
    assert "Because <b>so</b>." in tags.text


def test_announcements_show_sources_as_links_and_the_date_no_more_exactly_than_known() -> None:
    start = datetime(2025, 5, 8, 22, tzinfo=UTC)
    item = Announcement("a", AnnouncementKind.STATEMENT, start, start + timedelta(days=1), "day", "Europe/Berlin",
                        "We <heard> you", ("https://www.example.org/x", "Open Terms Archive"))  # fmt: skip
    tags = read(cards.announcement_list([item], cards.numbered([item]), BERLIN))
    assert "9 May 2025 (day known, not the hour)" in tags.text
    assert "We <heard> you" in tags.text
    assert [attributes["href"] for tag, attributes in tags.found if tag == "a"] == ["https://www.example.org/x"]
    assert "Open Terms Archive" in tags.text
    february, march = datetime(2025, 2, 1, tzinfo=UTC), datetime(2025, 3, 1, tzinfo=UTC)
    month = Announcement("m", AnnouncementKind.OTHER, february, march, "month", "UTC", "t")
    assert announcement_date(month, BERLIN) == "February 2025 (month known, not the day)"


def make_overview(**changes: Any) -> Any:
    share = SimpleNamespace(negative=34, relevant=100, share=0.34, low=0.26, high=0.43)
    values = {
        "share": share,
        "before": SimpleNamespace(negative=11, relevant=50, share=0.22, low=0.1, high=0.3),
        "change": SimpleNamespace(points=0.12, low=0.05, high=0.18),
        "posts": 1650,
        "posts_before": 520,
        "expected_posts": 480.4,
        "people": SimpleNamespace(posts=1650, authors=611, unknown_author_posts=12, top_ten_posts=88),
    }
    return SimpleNamespace(**(values | changes))


def test_figures_never_stand_without_their_number_or_interval() -> None:
    share, change, volume, people = figures(make_overview())
    assert (share.value, share.note) == ("34 %", "26 to 43 %; 34 of 100 relevant posts are negative")
    assert change.value == "+12 points"
    assert "+5 points to +18 points" in change.note
    assert "no change" not in change.note
    assert (volume.value, volume.note) == ("1,650", "usual: 480; 520 the day before")
    assert people.value == "611"
    assert "88 of 1,650" in people.note
    assert "12 name no author" in people.note


def test_a_change_whose_interval_holds_nought_says_so() -> None:
    change = figures(make_overview(change=SimpleNamespace(points=-0.02, low=-0.06, high=0.01)))[1]
    assert change.value == "\N{MINUS SIGN}2 points"
    assert "could be no change" in change.note


def test_without_posts_there_are_dashes_and_reasons_not_zeros() -> None:
    nan = float("nan")
    none = SimpleNamespace(negative=0, relevant=0, share=nan, low=nan, high=nan)
    nobody = SimpleNamespace(posts=0, authors=0, unknown_author_posts=0, top_ten_posts=0)
    share, change, volume, people = figures(
        make_overview(share=none, before=none, change=None, posts=0, posts_before=0, expected_posts=None, people=nobody)
    )
    assert {share.value, change.value, people.value} == {"\N{EM DASH}"}
    assert share.note == "no relevant posts in the last 24 hours"
    assert volume.value == "0"
    assert people.note == "nobody posted"


@pytest.mark.parametrize(
    ("value", "text"), [(0.014, "+1 point"), (-0.004, "0 points"), (-0.1, "\N{MINUS SIGN}10 points")]
)
def test_points_carry_a_sign(value: float, text: str) -> None:
    assert points(value) == text
