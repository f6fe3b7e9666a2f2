"""Recorded answers of Reddit are understood, and answers broken in any field never stop a run."""

import copy
import json
from datetime import UTC, datetime

import pytest
from fake_reddit import comment, submission
from hypothesis import given
from hypothesis import strategies as st

from collectors.json_fields import NotAPost
from collectors.protocol import Limits
from collectors.reddit import RedditCollector
from collectors.reddit_things import post_of
from core.errors import UproarError
from core.keys import Keys
from core.records import Query
from core.settings import Settings

KEYS = Keys(b"k" * 32)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
RECORDED = Settings().shared_data / "api" / "praw"
recorded = pytest.mark.skipif(not RECORDED.is_dir(), reason=f"no recorded replies in {RECORDED}")
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just([]), st.just({}),
    st.lists(st.none(), max_size=2), st.just("\ud800"), st.just("x" * 200_000), st.just(10**400),
)  # fmt: skip


def things(value):
    """Every thing in an answer, however deep."""
    if isinstance(value, dict):
        if isinstance(value.get("kind"), str) and value["kind"].startswith("t") and "data" in value:
            yield value
        for inner in value.values():
            yield from things(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from things(inner)


def replies():
    for path in sorted(RECORDED.glob("*.json")):
        for exchange in json.loads(path.read_text())["interactions"]:
            yield path.name, json.loads(exchange["response"]["body"]["string"])


class Canned:
    """A client that gives one answer to everything."""

    def __init__(self, answer):
        self.answer = answer

    def get(self, path, params=None):
        return self.answer


@recorded
def test_every_recorded_submission_and_comment_is_a_post_gone_or_neither():
    posts, gone, other = [], 0, set()
    for _, answer in replies():
        for thing in things(answer):
            try:
                posts.append(post_of(thing, KEYS, NOW))
            except NotAPost as error:
                gone += not error.reason
                other.add(error.reason)
    assert len(posts) > 400
    assert other <= {"", "neither submission nor comment"}
    assert all(post.id[:3] in ("t1_", "t3_") and post.text and post.author.startswith(f"{KEYS.id}:") for post in posts)
    assert all(post.url.startswith("https://www.reddit.com/") and post.community.startswith("r/") for post in posts)
    assert all(post.parent_id and post.root_id.startswith("t3_") for post in posts if post.kind == "comment")


@recorded
def test_the_fake_gives_things_of_the_recorded_shape():
    known = {"t1": set(), "t3": set()}
    kinds = {}
    for _, answer in replies():
        for thing in things(answer):
            if thing["kind"] in known:
                known[thing["kind"]] |= set(thing["data"])
                kinds |= {
                    (thing["kind"], name): type(value) for name, value in thing["data"].items() if value is not None
                }
    since_then = {"removed_by_category", "permalink"}  # fields that the service has added after these recordings
    for thing in (submission("a", 1.0, "t"), comment("b", 1.0, "t", under="a")):
        assert set(thing["data"]) - since_then <= known[thing["kind"]]
        for name, value in thing["data"].items():
            if value is not None and (thing["kind"], name) in kinds and name != "replies":
                assert type(value) is kinds[thing["kind"], name], name


def broken(thing, name, how, value, inside=True):
    found = copy.deepcopy(thing)
    table = found["data"] if inside else found
    old = table.pop(name)
    if how == "retype":
        table[name] = value
    elif how == "null":
        table[name] = None
    elif how == "rename":
        table[f"new_{name}"] = old
    return found


@given(
    kind=st.sampled_from(["t1", "t3"]), name=st.integers(0, 30), value=ODD, inside=st.booleans(),
    how=st.sampled_from(["drop", "null", "rename", "retype"]),
)  # fmt: skip
def test_a_broken_field_costs_at_most_its_own_record(kind, name, how, value, inside):
    at = NOW.timestamp() - 60
    good = submission("good", at, "acme")
    bad = submission("bad", at, "acme") if kind == "t3" else comment("bad", at, "acme", under="good")
    names = sorted(bad["data"] if inside else bad)
    bad = broken(bad, names[name % len(names)], how, value, inside)
    answer = {"kind": "Listing", "data": {"children": [bad, good, bad], "after": None}}
    query = Query("acme", datetime(2025, 12, 31, tzinfo=UTC), NOW, "reddit", {"subreddits": "test", "search": "no"})
    collector = RedditCollector(Canned(answer), lambda: KEYS, clock=lambda: NOW)
    pages = list(collector.collect(query, None, Limits()))
    assert "t3_good" in {sighted.post.id for page in pages for sighted in page.posts}
    assert list(collector.recheck(["t3_good"], Limits()))


@given(answer=st.recursive(ODD, lambda inner: st.one_of(
    st.lists(inner, max_size=3),
    st.dictionaries(st.sampled_from(["kind", "data", "children", "after", "id", "name", "replies"]), inner, max_size=4),
), max_leaves=12))  # fmt: skip
def test_an_answer_of_any_shape_is_posts_or_one_of_our_errors(answer):
    query = Query("acme", datetime(2025, 12, 31, tzinfo=UTC), NOW, "reddit", {"subreddits": "test"})
    collector = RedditCollector(Canned(answer), lambda: KEYS, clock=lambda: NOW)
    try:
        list(collector.collect(query, None, Limits()))
        list(collector.recheck(["t3_a"], Limits()))
    except UproarError:
        pass
