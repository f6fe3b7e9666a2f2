"""Recorded answers of X are understood, and answers broken in any field never stop a run."""

import copy
import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest
import yaml
from fake_x import FakeX, post
from hypothesis import given
from hypothesis import strategies as st

from collectors.json_fields import inside, rows
from collectors.protocol import Limits
from collectors.x import XCollector
from collectors.x_posts import included, post_of, written_at
from core.errors import UproarError
from core.keys import Keys
from core.records import Query
from core.settings import Settings

KEYS = Keys(b"k" * 32)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
AT = NOW - timedelta(hours=1)
RECORDED = Settings().shared_data / "api" / "tweepy"
recorded = pytest.mark.skipif(not RECORDED.is_dir(), reason=f"no recorded replies in {RECORDED}")
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just([]), st.just({}),
    st.lists(st.none(), max_size=2), st.just("\ud800"), st.just("x" * 200_000), st.just(10**400), st.just("9" * 19),
)  # fmt: skip
QUERY = Query("acme", NOW - timedelta(hours=6), NOW, "x", {"reposts": "yes"})


class Canned:
    """A client that gives one answer to each kind of question."""

    def __init__(self, search, counts=None, lookup=None):
        self._search, self._counts, self._lookup = search, counts or {"data": [], "meta": {}}, lookup

    def search(self, query, **asked):
        return self._search

    def counts(self, query, **asked):
        return self._counts

    def lookup(self, ids):
        return self._search if self._lookup is None else self._lookup


def collector(client):
    return XCollector(client, lambda: KEYS, clock=lambda: NOW)


def replies():
    for path in sorted(RECORDED.glob("*.yaml")):
        for exchange in yaml.safe_load(path.read_text())["interactions"]:
            body = exchange["response"]["body"]["string"]
            if isinstance(body, str):
                body = body.encode()
            yield path.name, json.loads(gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body)


@recorded
def test_every_recorded_post_is_understood():
    found = 0
    for name, answer in replies():
        data = inside(answer, "data")
        records = data if isinstance(data, list) else [data]
        for record in records:
            made = post_of(record, KEYS, NOW, included(answer))
            assert made.id == record["id"], name
            assert made.text, name
            assert made.created_at == written_at(record["id"]), "no recorded reply asked for created_at"
            found += 1
    assert found >= 30


@recorded
def test_the_fake_gives_what_the_recorded_answers_hold():
    ours = {"meta": set(), "data": set()}
    fake = FakeX([post(AT, "acme", n) for n in range(20)], NOW)
    given_by_fake = json.loads(fake._page(fake.posts, "recent", {}).get_data())
    ours["meta"] |= set(given_by_fake["meta"])
    ours["data"] |= set(given_by_fake["data"][0])
    for name, answer in replies():
        if "search_recent" in name:
            assert set(answer["meta"]) <= ours["meta"]
            assert {key for record in answer["data"] for key in record} <= ours["data"]


def broken(record, name, how, value):
    found = copy.deepcopy(record)
    old = found.pop(name)
    if how == "retype":
        found[name] = value
    elif how == "null":
        found[name] = None
    elif how == "rename":
        found[f"new_{name}"] = old
    return found


FIELDS = sorted(post(AT, "acme", 1, referenced_tweets=[{"type": "quoted", "id": "5"}], note_tweet={"text": "acme"}))


@given(name=st.sampled_from(FIELDS), how=st.sampled_from(["drop", "null", "rename", "retype"]), value=ODD)
def test_a_broken_field_costs_at_most_its_own_record(name, how, value):
    good = post(AT, "acme", 2)
    whole = post(AT, "acme", 1, referenced_tweets=[{"type": "quoted", "id": "5"}], note_tweet={"text": "acme"})
    bad = broken(whole, name, how, value)
    answer = {"data": [bad, good, bad], "includes": {"tweets": [bad]}, "meta": {"result_count": 3}}
    x = collector(Canned(answer))
    pages = list(x.collect(QUERY, None, Limits()))
    assert good["id"] in {sighted.post.id for page in pages for sighted in page.posts}
    assert good["id"] in {item.id for item in x.recheck([good["id"]], Limits())}


KEYS_OF_ANSWERS = ["data", "meta", "errors", "includes", "tweets", "id", "text", "next_token", "start", "end",
                   "tweet_count", "resource_id", "type", "title"]  # fmt: skip
ANSWERS = st.recursive(
    ODD,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS_OF_ANSWERS), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(search=ANSWERS, counts=ANSWERS)
def test_an_answer_of_any_shape_is_posts_or_one_of_our_errors(search, counts):
    x = collector(Canned(search, counts))
    try:
        list(x.collect(QUERY, None, Limits()))
        x.estimate(QUERY, None, Limits())
        list(x.recheck(["123"], Limits()))
    except UproarError:
        pass
    assert rows(search, "data") is not None
