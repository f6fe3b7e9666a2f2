"""Keys, pseudonyms and text keys."""

import stat
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigError
from core.keys import Keys, load_keys
from core.text import MAX_CHARACTERS, clean, model_input, text_key

KEYS = Keys(b"k" * 32)


def test_the_key_is_made_once_and_private(tmp_path):
    first = load_keys(tmp_path)
    assert load_keys(tmp_path).id == first.id
    assert stat.S_IMODE((tmp_path / "author.key").stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["author.key"]


def test_two_starts_at_once_agree(tmp_path):
    ids = []
    threads = [threading.Thread(target=lambda: ids.append(load_keys(tmp_path).id)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 8
    assert len(set(ids)) == 1


@pytest.mark.parametrize("bad", ["", "zz", "ab" * 31])
def test_a_wrong_key_is_refused_without_showing_it(tmp_path, bad):
    with pytest.raises(ConfigError, match="64 hex digits") as caught:
        load_keys(tmp_path, bad)
    assert not bad or bad not in str(caught.value)


def test_pseudonyms_name_their_key_and_never_join_sources():
    author = KEYS.author("reddit", "someone")
    assert author.startswith(f"{KEYS.id}:")
    assert author == KEYS.author("reddit", "someone")
    assert author != KEYS.author("bluesky", "someone")
    assert author != Keys(b"x" * 32).author("reddit", "someone")
    assert KEYS.author("reddit", "") == ""


def test_a_pseudonym_of_this_key_is_kept_on_reimport():
    author = KEYS.author("reddit", "someone")
    assert KEYS.author("reddit", author) == author
    assert Keys(b"x" * 32).author("reddit", author) != author


def test_a_rotated_key_makes_new_pseudonyms_and_knows_the_old_ones(tmp_path):
    old, new = b"k" * 32, b"n" * 32
    rotated = load_keys(tmp_path, f"{old.hex()},{new.hex()}")
    assert (rotated.id, rotated.text) == (KEYS.id, KEYS.text), "texts and deleted posts are still recognised"
    assert rotated.tombstone("reddit", "t3_a") == KEYS.tombstone("reddit", "t3_a")
    assert rotated.versions == (KEYS.id, Keys(new).id)
    assert rotated.author("reddit", "ann") == Keys(new).author("reddit", "ann")
    assert rotated.authors("reddit", "ann") == (KEYS.author("reddit", "ann"), Keys(new).author("reddit", "ann"))
    for pseudonym in rotated.authors("reddit", "ann"):
        assert rotated.author("reddit", pseudonym) == pseudonym
    (tmp_path / "author.key").write_text(f"{old.hex()}\n{new.hex()}\n")
    assert load_keys(tmp_path).versions == rotated.versions


def test_the_secret_is_not_shown():
    assert "kkkk" not in repr(KEYS)


@given(st.text(alphabet=st.characters(codec=None), max_size=300))
def test_any_text_is_cleaned_for_every_store(text):
    cleaned = clean(text)
    assert "\x00" not in cleaned
    assert cleaned.encode("utf-8").decode("utf-8") == cleaned
    assert len(text_key(text, KEYS.text)) == 16


@given(st.text(max_size=200))
def test_the_model_input_is_a_fixed_point(text):
    assert model_input(model_input(text)) == model_input(text)


def test_copies_share_one_score():
    original = model_input("SoundCloud did it again https://example.org/a @one")
    assert original == "SoundCloud did it again http @user"
    assert model_input("RT @some_one: SoundCloud  did it again https://example.org/b @two") == original
    assert model_input("SoundCloud did NOT do it again http @user") != original


def test_long_texts_are_cut():
    assert len(model_input("a" * 1_000_000)) == MAX_CHARACTERS
