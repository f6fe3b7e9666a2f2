"""From probabilities to labels, and which languages are scored."""

from __future__ import annotations

import numpy as np
import pytest
from fakes_models import KeywordClassifier

from core.records import SENTIMENTS, TOPICS, Scores
from models.labels import labels
from models.languages import Languages

LANGUAGES = Languages()


def test_labels_of_scored_and_unscored_texts() -> None:
    angry, foreign, empty = labels(KeywordClassifier().score(["I hate the AI clause, deleted", "это плохо", ""]))
    assert (angry.sentiment, angry.stance, angry.relevant, angry.emotion) == ("negative", "against", True, None)
    assert angry.topics == ("ai_training", "trust", "leaving")
    assert angry.probabilities["sentiment"]["negative"] == pytest.approx(0.8)
    assert angry.scored
    for nothing in (foreign, empty):
        assert not nothing.scored
        assert (nothing.sentiment, nothing.stance, nothing.relevant, nothing.topics) == (None, None, None, ())
        assert nothing.probabilities == {}
    assert (foreign.lang, empty.lang) == ("xx", "")


def test_half_is_yes_and_an_absent_head_is_not_neutral() -> None:
    topics = np.full((1, len(TOPICS)), 0.49, np.float32)
    topics[0, 3] = 0.5
    scores = Scores(
        "fake@1",
        {"sentiment": SENTIMENTS, "topics": TOPICS},
        {"sentiment": np.array([[0.2, 0.3, 0.5]], np.float32), "topics": topics},
        ("en",),
        np.array([True]),
    )
    (found,) = labels(scores)
    assert found.topics == (TOPICS[3],)
    assert found.sentiment == "positive"
    assert found.stance is None
    assert found.relevant is None


@pytest.mark.parametrize(
    "text",
    [
        "delete",
        "ok lol",
        "wow",
        "SoundCloud terms",
        "It's just AI junk",
        "Is he even a tech nerd? He's a CEO.",
        "don\u2019t trust them, they\u2019ve lied before",
        "@user may you be blessed",
        "cancelled. bye.",
        "The naïve café-goers agreed to the terms",
    ],
)
def test_english_and_short_texts_in_doubt_are_english(text: str) -> None:
    assert LANGUAGES.of(text) == "en"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ich hasse die neuen Nutzungsbedingungen von SoundCloud", "de"),
        ("C'est une honte, je supprime mon compte demain matin", "fr"),
        ("Los nuevos términos son una vergüenza, me voy de la plataforma", "es"),
        ("SoundCloud volta atrás na cláusula de inteligência artificial", "pt"),
        ("это очень плохо", "ru"),
        ("利用規約がひどいと思います", "ja"),
        ("새로운 약관이 정말 싫어요", "ko"),
        ("ਪੰਜਾਬੀ ਵਿੱਚ", "und"),
        ("😡 123 !!", ""),
        ("http @user #thread", ""),
        ("", ""),
    ],
)
def test_other_languages_are_named(text: str, expected: str) -> None:
    assert LANGUAGES.of(text) == expected
