"""Whom a post is about: names, ambiguous names beside their context, accounts, forums, links, and no guess."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.recognition import Recogniser
from core.errors import ConfigError
from core.services import load_services

KNOWN = Recogniser(load_services())


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("SoundCloud changed its terms and now trains AI on our music", "soundcloud"),
        ("soundcloud's new TOS are theft", "soundcloud"),
        ("so they want @duolingo to replace people", "duolingo"),
        ("Unity wants money for every install of my game", "unity"),
        ("unity is strength: our data belongs to us, and games are fun", ""),
        ("There is strength in Unity. Our data is ours.", ""),
        ("The new X terms of service let them train Grok on every tweet", "x"),
        ("solve for X, then read the terms", ""),
        ("Photoshop? Adobe reads my files now. I am going to Canva, bye Adobe", "adobe"),
        ("Adobe or Canva, who is worse about opt out?", ""),
        ("first Adobe. " + "padding " * 40 + "then there is Canva", "adobe"),
        ("their privacy policy is a joke https://help.soundcloud.com/hc/articles/1", "soundcloud"),
        ("read https://soundcloud.com/a and https://www.duolingo.com/b", ""),
        ("https://notsoundcloud.com/terms", ""),
        ("mail me at ann@soundcloud.com or soundcloud.example", ""),
        ("presoundcloudish", ""),
        ("GitHub Copilot was trained on my GPL code", "github"),
        ("the terms changed again and nobody says whose", ""),
        ("", ""),
        ("\u017foundcloud and its terms", "soundcloud"),
        ("Stack \n Overflow sells our answers", "stackoverflow"),
    ],
)
def test_who_it_is_about(text, service):
    assert KNOWN.subject(text) == service


def test_a_forum_speaks_where_the_text_names_nobody_and_breaks_a_tie():
    assert KNOWN.subject("they changed the terms again", community="r/Duolingo") == "duolingo"
    assert KNOWN.subject("Adobe or Canva, who is worse?", community="canva") == "canva"
    assert KNOWN.subject("Adobe reads my files", community="canva") == "adobe"


@given(st.text(max_size=400), st.text(max_size=20))
def test_no_text_breaks_it_and_the_answer_is_a_known_name(text, community):
    assert KNOWN.subject(text, community=community) in {"", *(service.name for service in load_services())}


@pytest.mark.parametrize("text", ["@" * 200_000, "unity " * 40_000, "D&D" * 60_000, "https://" * 20_000, "a." * 99_999])
def test_hostile_texts_end(text):
    began = time.process_time()
    KNOWN.subject(text)
    assert time.process_time() - began < 20, "not a speed: only that it ends"


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ('[[services]]\nname = "a"\ntitle = "A"\nalias = ["A"]', "aliases"),
        ('[[services]]\nname = "a"', "'title' is missing"),
        ('[[services]]\nname = "a"\ntitle = "A"\nambiguous = ["A"]', "context"),
        ('[[services]]\nname = "a"\ntitle = "A"\n' * 2, "stands twice"),
        ("[[services", "services.toml"),
    ],
)
def test_a_broken_list_is_told_with_its_place(tmp_path, rows, words):
    path = tmp_path / "services.toml"
    path.write_text(rows)
    with pytest.raises(ConfigError, match=words):
        load_services(path)
