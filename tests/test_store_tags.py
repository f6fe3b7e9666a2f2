"""Tags of readers: on posts and on windows, with who and when, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from factories import T0, make_post
from store_fixtures import save

from core.errors import ConfigError
from store import PostFilter, open_annotations

DAY = timedelta(days=1)
WANTED = [("forum", "p1"), ("forum", "2")]


@pytest.fixture
def annotations(store_url):
    with open_annotations(store_url) as opened:
        yield opened


def test_posts_are_tagged_found_by_their_tag_and_untagged(store, reader, annotations):
    save(store, make_post(), make_post(id="2"), make_post(id="3"))
    assert annotations.tag_posts([*WANTED, ("forum", "gone")], tag=" to \n answer ", author="ann", now=T0) == 2
    annotations.tag_posts(WANTED[:1], tag="to answer", author="bo", now=T0 + DAY)
    annotations.tag_posts(WANTED[:1], tag="quote", author="bo", now=T0 + DAY)
    used = reader.tags("acme")
    assert list(zip(used["tag"], used["posts"], strict=True)) == [("to answer", 2), ("quote", 1)]
    assert set(reader.posts(PostFilter("acme", tag="to answer"))["id"]) == {"p1", "2"}
    assert reader.count_posts(PostFilter("acme", tag="to")) == 0
    given = reader.post_tags([("forum", "p1"), ("forum", "3")])
    assert list(zip(given["tag"], given["author"], strict=True)) == [("to answer", "ann"), ("quote", "bo")]
    assert given["at"].tolist() == [T0, T0 + DAY]
    annotations.untag_posts([("forum", "p1")], tag="to answer")
    assert reader.posts(PostFilter("acme", tag="to answer"))["id"].tolist() == ["2"]
    assert reader.post_tags([]).empty


def test_tags_of_a_deleted_post_go_with_it(store, reader, annotations):
    save(store, make_post())
    annotations.tag_posts(WANTED[:1], tag="quote", author="ann", now=T0)
    store.forget("forum", ids=["p1"], now=T0)
    assert reader.tags("acme").empty


def test_a_tag_is_of_the_watches_that_hold_the_post(store, reader, annotations):
    save(store, make_post())
    save(store, make_post(id="2"), watch="other")
    annotations.tag_posts(WANTED, tag="quote", author="ann", now=T0)
    assert reader.tags("acme")["posts"].tolist() == reader.tags("other")["posts"].tolist() == [1]


def test_windows_are_tagged_by_watch_the_latest_first(store, reader, annotations):
    store.register_watch("acme")
    store.register_watch("other")
    annotations.tag_window("acme", T0, T0 + DAY, tag="first day", author="ann", now=T0)
    annotations.tag_window("acme", T0, T0 + DAY, tag="first day", author="bo", now=T0 + DAY)
    annotations.tag_window("acme", T0 + DAY, T0 + 2 * DAY, tag="letter", author="bo", now=T0)
    found = reader.window_tags("acme")
    assert list(zip(found["tag"], found["author"], strict=True)) == [("letter", "bo"), ("first day", "ann")]
    assert found["since"].tolist() == [T0 + DAY, T0]
    assert reader.window_tags("other").empty
    annotations.untag_window("acme", T0, T0 + DAY, tag="first day")
    assert reader.window_tags("acme")["tag"].tolist() == ["letter"]


@pytest.mark.parametrize("tag", ["", "  \n", "x" * 61])
def test_a_tag_without_words_or_too_long_is_refused(store, annotations, tag):
    store.register_watch("acme")
    with pytest.raises(ConfigError, match="1 to 60"):
        annotations.tag_posts(WANTED, tag=tag, author="ann", now=T0)
    with pytest.raises(ConfigError, match="1 to 60"):
        annotations.tag_window("acme", T0, T0 + DAY, tag=tag, author="ann", now=T0)


def test_a_window_of_no_length_or_of_an_unknown_watch_is_refused(store, annotations):
    store.register_watch("acme")
    with pytest.raises(ConfigError, match="ends after"):
        annotations.tag_window("acme", T0, T0, tag="x", author="ann", now=T0)
    with pytest.raises(ConfigError, match="nobody"):
        annotations.tag_window("nobody", T0, T0 + DAY, tag="x", author="ann", now=T0)
