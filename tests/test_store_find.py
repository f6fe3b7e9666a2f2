"""Finding posts and people: filters, orders, streams, full-text search of whatever is typed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from factories import T0, make_post
from fakes_models import KeywordClassifier
from hypothesis import given, settings
from hypothesis import strategies as st
from store_fixtures import save, score_all

from core.errors import ConfigError
from core.text import clean
from store import People, PostFilter, open_reader, open_store
from store.search import phrases

HOUR = timedelta(hours=1)


@pytest.fixture
def filled(store):
    save(
        store,
        make_post(id="1", text="I hate these terms", likes=5, kind="comment"),
        make_post(id="2", text="great ai clause thanks", created_at=T0 + HOUR, reposts=3, likes=4),
        make_post(id="3", text="nothing of interest here", created_at=T0 + HOUR / 2),
        make_post(id="4", text="\u043e\u0447\u0435\u043d\u044c", created_at=T0 + 3 * HOUR),
        make_post(id="5", source="reddit", text="angry about privacy", created_at=T0 + 2 * HOUR),
    )  # fmt: skip
    save(store, make_post(id="9"), watch="other")
    score_all(store, KeywordClassifier())


def ids(reader, **filters):
    return "".join(reader.posts(PostFilter("acme", **filters))["id"])


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, "45231"),
        ({"order": "time_asc"}, "13254"),
        ({"order": "spread"}, "21543"),
        ({"since": T0 + HOUR / 2, "until": T0 + 2 * HOUR}, "23"),
        ({"since": T0 + HOUR / 2 + timedelta(microseconds=1), "until": T0 + HOUR}, ""),
        ({"sources": ("reddit",)}, "5"),
        ({"sources": ("reddit", "forum"), "kind": "comment"}, "1"),
        ({"languages": ("xx",)}, "4"),
        ({"sentiment": "negative"}, "51"),
        ({"sentiment": "negative", "relevant": True}, "1"),
        ({"relevant": False}, "53"),
        ({"stance": "for"}, "2"),
        ({"topic": "ai_training"}, "2"),
        ({"topic": "privacy"}, ""),
        ({"search": "terms"}, "1"),
    ],
)
def test_filters(filled, reader, filters, found):
    assert ids(reader, **filters) == found
    assert reader.count_posts(PostFilter("acme", **filters)) == len(found)
    frames = reader.stream_posts(PostFilter("acme", **filters), chunk=2)
    assert "".join(id for frame in frames for id in frame["id"]) == found


def test_the_most_negative_come_first_and_the_unscored_last(filled, reader):
    assert ids(reader, order="negative")[-1] == "4"
    assert set(ids(reader, order="negative")[:2]) == {"1", "5"}


def test_pages(filled, reader):
    filter = PostFilter("acme")
    pages = [list(reader.posts(filter, limit=2, offset=offset)["id"]) for offset in (0, 2, 4, 6)]
    assert pages == [["4", "5"], ["2", "3"], ["1"], []]


@pytest.mark.parametrize("wrong", [{"sentiment": "angry"}, {"stance": "pro"}, {"topic": "all"}, {"order": "id"}])
def test_unknown_values_are_refused_with_the_known_ones(wrong):
    with pytest.raises(ConfigError, match="known: "):
        PostFilter("acme", **wrong)


def test_no_posts_have_the_same_columns_and_types(filled, reader):
    some, none = reader.posts(PostFilter("acme")), reader.posts(PostFilter("nobody"))
    assert none.empty
    assert list(none.columns) == list(some.columns)
    assert [str(kind) for kind in none.dtypes] == [str(kind) for kind in some.dtypes]


def test_a_stream_begins_when_asked_ends_when_left_and_is_of_one_state(filled, store, reader):
    stream = reader.stream_posts(PostFilter("acme"), chunk=2)
    save(store, make_post(id="a"))
    first = next(stream)
    save(store, *(make_post(id=f"new{n}") for n in range(9)))
    assert sum(map(len, [first, *stream])) == 6
    left = reader.stream_posts(PostFilter("acme"), chunk=1)
    next(left)
    left.close()
    assert reader.count_posts(PostFilter("acme")) == 15


def test_frames_of_a_stream_are_as_long_as_asked(store, reader):
    save(store, *(make_post(id=str(n), created_at=T0 + n * HOUR / 9) for n in range(95)))
    frames = list(reader.stream_posts(PostFilter("acme", order="time_asc"), chunk=20))
    assert [len(frame) for frame in frames] == [20, 20, 20, 20, 15]
    assert [frame.index[0] for frame in frames] == [0] * 5
    assert [id for frame in frames for id in frame["id"]] == [str(n) for n in range(95)]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("violin", "1"), ("VIOLIN", "1"), ("violin terms", "1"), ("terms violin", "1"), ('"violin terms"', "1"),
        ('"terms violin"', ""), ("example", "2"), ("forum.example/path", "2"), ("caf\u00e9", "3"), ("cafe", ""),
        ("snake_case", "3"), ("don't", "3"), ("#hashtag", "3"), ("\u0447\u0443\u0434\u043e", "4"), ("vio", ""),
        ("violin NOT terms", ""), ("violin OR nothing", ""), ("violin*", "1"), ("text:violin", ""), ("!!!", ""),
        ("   ", ""), ("\x00", ""), ('"', ""), ("^ violin", "1"), ("-violin", "1"), ("(violin", "1"),
        ("a" * 600, ""), ("violin " * 60, "1"),
    ],
)  # fmt: skip
def test_search_finds_words_and_phrases_and_knows_no_syntax(store, reader, search, found):
    save(
        store,
        make_post(id="1", text="The violin terms"),
        make_post(id="2", text="see https://forum.example/path?x=1"),
        make_post(id="3", text="caf\u00e9 snake_case don't #hashtag"),
        make_post(id="4", text="\u0447\u0443\u0434\u043e!"),
    )
    assert ids(reader, search=search) == found


@settings(max_examples=60)
@given(search=st.text(max_size=80), body=st.text(max_size=80))
def test_any_search_is_harmless_and_finds_the_text_it_came_from(store_url, keys, search, body):
    with open_store(store_url, keys) as store, open_reader(store_url) as reader:
        save(store, make_post(text=body))
        reader.count_posts(PostFilter("acme", search=search))
        words = phrases(clean(body))
        if words and all(word.isascii() for word in words):
            assert reader.count_posts(PostFilter("acme", search=body.replace('"', " "))) == 1


def test_people_are_counted_per_source_and_the_busiest_apart(store, reader):
    posts = [make_post(id=f"{n}", author=f"k:{n % 12}") for n in range(40)]
    posts += [make_post(id=f"x{n}", source="reddit", author="k:0") for n in range(2)]
    posts += [make_post(id=f"u{n}") for n in range(3)]
    posts += [make_post(id="late", created_at=T0 + HOUR, author="k:99")]
    save(store, *posts)
    found = reader.people("acme", since=T0, until=T0 + HOUR)
    assert found == People(posts=45, authors=13, unknown_author_posts=3, top_ten_posts=4 * 4 + 6 * 3)
    assert reader.people("acme", since=T0, until=T0 + HOUR, relevant_only=True).posts == 0
    score_all(store, KeywordClassifier())
    assert reader.people("acme", since=T0, until=T0 + HOUR, relevant_only=True).posts == 45
    assert reader.people("nobody", since=T0, until=T0 + HOUR) == People(0, 0, 0, 0)


def test_the_authors_of_an_hour_are_those_of_its_relevant_posts_each_once(store, reader):
    posts = [make_post(id=f"{n}", author=f"k:{n % 12}") for n in range(40)]
    posts += [make_post(id="x", source="reddit", author="k:0"), make_post(id="u", author="")]
    posts += [make_post(id="nobody", created_at=T0 + HOUR, author=""), make_post(id="late", created_at=T0 + 2 * HOUR)]
    save(store, *posts)
    hours = [T0, T0 + HOUR]
    assert reader.authors_by_hour("acme", hours) == {}, "nothing is scored yet"
    score_all(store, KeywordClassifier())
    assert reader.authors_by_hour("acme", hours) == {T0: 13}
    assert reader.authors_by_hour("acme", []) == {}
    assert reader.authors_by_hour("nobody", hours) == {}


def test_communities_of_under_five_authors_are_left_out(store, reader):
    def group(name, authors, posts):
        return [make_post(id=f"{name}{n}", community=name, author=f"k:{n % authors}") for n in range(posts)]

    unknown = [make_post(id=f"anon{n}", community="anon") for n in range(9)]
    save(store, *group("large", 7, 20), *group("five", 5, 5), *group("four", 4, 30), *unknown, make_post(id="none"))
    found = reader.communities("acme", since=T0, until=T0 + HOUR)
    assert found.values.tolist() == [["forum", "large", 20, 7], ["forum", "five", 5, 5]]
    assert len(reader.communities("acme", since=T0, until=T0 + HOUR, limit=1)) == 1
    assert reader.communities("acme", since=T0 + HOUR, until=T0 + 2 * HOUR).empty
