"""What an alert says, and what it never does."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from math import nan
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

import alerts.message
from alerts.message import (
    BODY_CHARACTERS,
    TITLE_CHARACTERS,
    AlertFacts,
    PostLink,
    SourceState,
    TopicCount,
    by_chance,
    neutral,
    render,
)

HOUR = datetime(2025, 5, 9, 15, tzinfo=UTC)
FACTS = AlertFacts(
    watch="example",
    title="Example: new terms",
    zone=ZoneInfo("Europe/Berlin"),
    kind="opened",
    opened_at=HOUR.replace(hour=17),
    hour=HOUR,
    negative=41,
    relevant=120,
    share=41 / 120,
    low=0.26,
    high=0.43,
    expected=3.2,
    calibrated=True,
    false_alarms=0.5,
    sentence="Thirteen times what is usual for a Friday afternoon.",
    model="uproar-minilm@1",
    measure="negative",
    as_of=HOUR.replace(hour=17, minute=5),
    topics=(TopicCount("ai_training", 70), TopicCount("consent", 30), TopicCount("legal", 0)),
    sources=(SourceState("hackernews", "complete", HOUR.replace(hour=17)), SourceState("reddit", "failed", None)),
    latest_announcement=("First statement", "9 May 2025"),
    notice="",
    dashboard_url="https://uproar.example.org/",
)


def test_it_says_what_how_sure_about_what_and_on_which_data():
    message = render(FACTS)
    assert message.title == "Spike: Example: new terms: 41 negative posts in an hour"
    assert message.body.splitlines() == [
        "Fri 9 May 2025, 17:00 CEST to 18:00: 41 of 120 relevant posts were negative, 34 % (26 to 43 %); "
        "usual for such an hour: about 3.",
        "Thirteen times what is usual for a Friday afternoon.",
        "How sure: such an alert comes by chance about once in two months.",
        "About: ai training (70), consent (30); relevant posts of the last 24 hours, several topics each possible.",
        "Last announcement: First statement, 9 May 2025.",
        "Data: hackernews complete until Fri 9 May 2025, 19:00 CEST; reddit failed.",
        "Clears when six decided hours in a row are calm. Next update about Fri 9 May 2025, 20:05 CEST. "
        "No owner yet: uproar incident own 0 NAME. Acknowledge: uproar incident ack 0.",
        "As of Fri 9 May 2025, 19:05 CEST; model uproar-minilm, revision 1.",
        "https://uproar.example.org/timeline?watch=example&hour=2025-05-09T15%3A00%3A00Z",
    ]


def test_a_young_watch_is_said_not_to_be_calibrated():
    body = render(replace(FACTS, calibrated=False)).body
    assert "not yet calibrated" in body
    assert "by chance" not in body


def test_invented_posts_are_said_to_be_invented_first():
    body = render(replace(FACTS, notice="invented posts, not Example's public")).body
    assert body.splitlines()[0] == "invented posts, not Example's public."


def test_what_is_unknown_is_left_out_rather_than_made_up():
    message = render(
        replace(FACTS, share=nan, low=nan, high=nan, expected=nan, topics=(), sources=(), latest_announcement=None)
    )
    assert "nan" not in message.body
    assert "usual" not in message.body.splitlines()[0]
    assert "no topic stands out" in message.body
    assert "no source has reported" in message.body
    assert "announcement" not in message.body


def test_a_watch_that_measures_stance_says_against():
    assert "41 posts against the platform" in render(replace(FACTS, measure="against")).title


def test_an_update_says_so():
    assert render(replace(FACTS, kind="update")).title.startswith("Update: ")


@pytest.mark.parametrize(
    "call",
    ["@everyone", "@here", "@channel", "<!channel>", "<!here|x>", "<@U123>", "<@&99>", "<#C1>", "<at>all</at>",
     "<https://evil.example|click>", "@all", "<subteam^S1>", "hi @Bob"],
)  # fmt: skip
def test_mass_mentions_are_neutralised_wherever_text_comes_from_outside(call):
    message = render(
        replace(FACTS, title=call, notice=call, sentence=call, model=call, latest_announcement=(call, call),
                topics=(TopicCount(call, 3),), sources=(SourceState(call, call, None),))
    )  # fmt: skip
    text = f"{message.title}\n{message.body}"
    assert call not in text
    assert not re.search(r"@\w|<[!@#/a-zA-Z]", text.removesuffix(message.body.splitlines()[-1]))
    assert call in text.replace("\u200b", ""), "people can still read it"


def test_an_outside_text_cannot_add_lines_or_turn_the_reading_direction():
    message = render(replace(FACTS, title="a\r\nBcc: x\x00\u2028b\u202ec"))
    assert "\n" not in message.title
    assert message.title.startswith("Spike: a Bcc: x b c: ")


def test_long_names_are_cut_and_the_link_is_whole():
    message = render(replace(FACTS, title="t" * 500, sentence="s" * 5000))
    assert len(message.title) <= TITLE_CHARACTERS
    *body, address = message.body.splitlines()
    assert len("\n".join(body)) <= BODY_CHARACTERS
    assert parse_qs(urlsplit(address).query) == {"watch": ["example"], "hour": ["2025-05-09T15:00:00Z"]}


@pytest.mark.parametrize(
    ("rate", "words"),
    [(0.5, "by chance about once in two months"), (1, "by chance about once a month"),
     (0.25, "by chance about once in four months"), (2, "by chance about once in two weeks"),
     (30, "by chance about once a day"), (10, "by chance about once in three days")],
)  # fmt: skip
def test_false_alarm_rates_are_told_in_words(rate, words):
    assert by_chance(rate) == words


def test_a_trial_says_that_nothing_has_happened():
    message = alerts.message.test_message("comms", now=HOUR)
    assert "Nothing has happened" in message.body
    assert "comms" in message.body


@given(st.text())
def test_neutral_text_is_one_line_without_a_call(text):
    result = neutral(text)
    assert not re.search(r"@\w|<[!@#/a-zA-Z]|[\r\n\x00]", result)
    assert neutral(result) == result


def test_an_update_says_first_what_has_changed_and_whose_it_is():
    message = render(replace(FACTS, kind="update", changed="It rises: 60 after 41.", owner="ann @everyone", incident=7))
    assert message.title.startswith("Update: Example: new terms")
    assert message.body.startswith("Since the last message: It rises: 60 after 41.")
    assert "Owner: ann @\u200beveryone." in message.body
    assert "incident ack" not in message.body


def test_links_have_a_theme_and_text_only_where_it_was_given():
    links = (
        PostLink("reddit", ("ai_training", "consent", "legal"), "https://example.org/1"),
        PostLink("bluesky", (), "https://example.org/2", "<!channel> no way\n" + "a" * 500),
    )
    body = render(replace(FACTS, links=links)).body
    assert "Read: reddit, ai training, consent: https://example.org/1\n" in body
    assert 'Read: bluesky, no topic: https://example.org/2 "<\u200b!channel> no way aaa' in body
    assert len(body) <= BODY_CHARACTERS + 200


def test_what_came_with_it_is_a_line_each_and_then_a_number():
    body = render(FACTS, also=[f"example: thing {n} @here" for n in range(1_000)]).body
    assert body.count("\nAlso: ") == 5
    assert "And 995 more: uproar incident list" in body
    assert "@here" not in body
    assert len(body) <= BODY_CHARACTERS + 200
