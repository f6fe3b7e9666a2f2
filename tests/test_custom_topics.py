"""Topics that a watch defines for itself: read, told from examples, shown with share and interval."""

from __future__ import annotations

import json

import pytest
from fakes_models import KeywordClassifier
from small_store import SINCE, WATCH, fill
from test_cli import uproar

from core.custom_topics import CustomTopic
from core.errors import ConfigError
from core.watches import load_watch
from models.few_shot import FewShot
from reports.custom_topics import custom_topic_shares
from uproar.session import Session

HEAD = 'platform = "Example"\nterms = "example"\nsince = 2025-04-01T00:00:00Z\n'
GOOD = '[[topics]]\nname = "voices"\ndescription = "the new voices"\nexamples = ["a b", "c d", "e f"]\n'
THEFT = ("they train ai on our work without consent, theft", "theft, they train ai without consent",
         "without consent they train ai: theft")  # fmt: skip


def test_a_watch_file_defines_topics(tmp_path) -> None:
    path = tmp_path / "one.toml"
    path.write_text(HEAD + GOOD)
    assert load_watch(path).topics == (CustomTopic("voices", "the new voices", ("a b", "c d", "e f")),)


@pytest.mark.parametrize(("change", "told"), [
    (('"voices"', '"Voices!"'), "lower-case"), (('"voices"', '"trust"'), "every watch"),
    (('"the new voices"', '" "'), "description"), (('"a b", "c d", "e f"', '"a b", "a b", "c d"'), "2 different"),
    (("examples", "exampels"), "examples"), (('"a b"', "3"), "examples"), ((GOOD, GOOD + GOOD), "twice"),
])  # fmt: skip
def test_what_is_wrong_with_a_topic_is_named(tmp_path, change, told) -> None:
    path = tmp_path / "one.toml"
    path.write_text(HEAD + GOOD.replace(*change))
    with pytest.raises(ConfigError, match=told):
        load_watch(path)


def test_texts_like_the_examples_are_told_and_others_are_not() -> None:
    others = [f"listening to music tonight, number {n}" for n in range(30)]
    like = [f"theft, without consent they train ai {n}" for n in range(6)]
    teller = FewShot(KeywordClassifier(), [*others, *like, THEFT[0]], background=others)
    told = teller.tell("theft by ai without consent", THEFT)
    assert told.yes.tolist() == [False] * 30 + [True] * 7
    assert (told.recognised, told.examples) == (3, 3)


def test_no_texts_and_odd_texts_are_no_error() -> None:
    assert FewShot(KeywordClassifier(), [], background=["a", "b"]).tell("x", ["a b", "c d", "e f"]).yes.shape == (0,)
    odd = ["", "\x00", "\ud800", "😡" * 50]
    assert FewShot(KeywordClassifier(), odd, background=["a", "b"]).tell("x", ["a b", "c", "e"]).yes.shape == (4,)


def test_shares_have_their_denominator_and_interval_and_small_groups_are_hidden(tmp_path) -> None:
    settings = fill(tmp_path)
    path = tmp_path / "watches" / f"{WATCH}.toml"
    rare = ("zebra quokka axolotl", "axolotl quokka", "zebra axolotl")
    path.write_text(path.read_text() + _table("theft", THEFT) + _table("animals", rare))
    session = Session(settings)
    with session.reader() as reader:
        made = custom_topic_shares(reader, session.watch(WATCH), KeywordClassifier(), clock=session.clock, since=SINCE)
    theft, animals = made.topics
    assert theft.share is not None
    assert theft.low is not None
    assert theft.high is not None
    assert theft.share == theft.texts / made.texts
    assert theft.low < theft.share < theft.high
    assert 0.1 < theft.share < 0.6
    assert animals.share is animals.people is None


def test_the_verb_prints_shares_and_says_how_to_define_topics(tmp_path) -> None:
    fill(tmp_path)
    assert "[[topics]]" in uproar(tmp_path, "topics", WATCH, code=3).stderr
    path = tmp_path / "watches" / f"{WATCH}.toml"
    path.write_text(path.read_text() + _table("theft", THEFT))
    document = json.loads(uproar(tmp_path, "topics", WATCH, "--json").stdout)
    assert document["topics"][0]["name"] == "theft"
    assert document["topics"][0]["examples"] == 3


def _table(name: str, examples: tuple[str, ...]) -> str:
    return f'\n[[topics]]\nname = "{name}"\ndescription = "{examples[0]}"\nexamples = {json.dumps(list(examples))}\n'
