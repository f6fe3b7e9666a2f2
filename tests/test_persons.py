"""A person's request: found under every name, reported, erased, certified without the data. Invented people."""

from __future__ import annotations

import json

import pytest
from factories import T0, make_post
from fakes_models import KeywordClassifier
from store_fixtures import save, score_all
from test_cli import answer, home, lines, uproar  # noqa: F401
from test_store_forget import everything

from core.errors import ConfigError
from core.identities import identify
from core.keys import Keys
from core.settings import Settings
from store import PostFilter, open_annotations, open_store
from uproar.steps.persons import access_report, certificate, erase, find_identity

DID = "did:plc:anninvented"


@pytest.mark.parametrize(
    ("asked", "source", "account", "id_"),
    [
        ("@ann", "", "ann", "@ann"),
        ("u/Ann_B", "reddit", "Ann_B", ""),
        ("/u/Ann_B", "reddit", "Ann_B", ""),
        ("https://www.reddit.com/user/Ann_B/", "reddit", "Ann_B", ""),
        ("https://old.reddit.com/r/test/comments/1abc/a_title/def2/", "reddit", "", "t1_def2"),
        ("https://www.reddit.com/r/test/comments/1abc/a_title/", "reddit", "", "t3_1abc"),
        ("https://reddit.com/comments/1abc", "reddit", "", "t3_1abc"),
        ("https://x.com/ann/status/1234567890", "x", "", "1234567890"),
        ("https://twitter.com/Ann", "x", "Ann", ""),
        ("ann.bsky.social", "bluesky", "ann.bsky.social", ""),
        (DID, "bluesky", DID, ""),
        (f"https://bsky.app/profile/{DID}/post/3k", "bluesky", "", f"at://{DID}/app.bsky.feed.post/3k"),
        ("@Ann@Mastodon.example", "mastodon", "ann@mastodon.example", ""),
        ("https://mastodon.example/@Ann", "mastodon", "ann@mastodon.example", ""),
        ("https://mastodon.example/@ann/1142", "mastodon", "", "https://mastodon.example/@ann/1142"),
        ("https://www.youtube.com/watch?v=abcdefghijk&lc=Ugx-4", "youtube", "", "Ugx-4"),
        ("https://www.youtube.com/channel/UCann", "youtube", "UCann", ""),
        ("https://news.ycombinator.com/item?id=4711", "hackernews", "", "4711"),
        ("https://news.ycombinator.com/user?id=ann", "hackernews", "ann", ""),
        ("https://forum.example/4711", "", "", "https://forum.example/4711"),
    ],
)
def test_handles_links_and_ids_are_told_apart(asked, source, account, id_):
    found = identify(asked)
    assert found.source == source
    assert not account or account in found.accounts
    assert not id_ or id_ in found.ids


def test_nothing_and_contradictions_are_refused():
    for nothing in ("", " ", "a"):
        with pytest.raises(ConfigError, match="handle, a link or"):
            identify(nothing)
    with pytest.raises(ConfigError, match="on reddit, not on x"):
        identify("u/ann", source="x")


@pytest.mark.parametrize(
    ("asked", "text", "named"),
    [
        ("@ann", "I agree with @Ann, sadly", True),
        ("@ann", "(@ann)", True),
        ("@ann", "write to @anna or joan@ann.example", False),
        ("@ann", "@ann@elsewhere.example is another one", False),
        ("@ann", "@ann.bsky.social", False),
        ("u/ann", "as /u/ann said, and u/ann again", True),
        ("u/ann", "menu/ann", False),
        ("u/ann", "see https://www.reddit.com/user/ann/comments", True),
        ("https://x.com/ann", "https://x.com/ann/status/1", True),
        ("https://x.com/ann", "netflix.com/ann and x.com/anna", False),
        ("@ann@m.example", "@ann@m.example yes", True),
    ],
)
def test_a_mention_is_a_word_of_its_own(asked, text, named):
    assert identify(asked).mentioned_in(text) is named


@pytest.fixture
def world(store, keys):
    """What is held of the Reddit account Ann, of her posts' copies, and of others."""
    ann = keys.author("reddit", "Ann")
    url = "https://www.reddit.com/r/test/comments/"
    save(
        store,
        make_post(source="reddit", id="t3_1", author=ann, text="zyxomma, I hate these terms", url=f"{url}1/"),
        make_post(source="reddit", id="t1_2", author=ann, text="great terms, quibblefrotz", kind="comment"),
        make_post(source="reddit", id="t3_3", kind="repost", text="zyxomma, I hate these terms"),
        make_post(source="reddit", id="t3_4", kind="quote", parent_id="t3_1", text="how wrong"),
        make_post(source="reddit", id="t1_5", text="as u/Ann says, terrible"),
        make_post(
            source="reddit", id="t1_6", text="u/Anna is somebody else", url="https://www.reddit.com/user/annabel"
        ),
        make_post(source="forum", id="f1", author=keys.author("forum", "Ann"), text="another Ann altogether"),
    )
    score_all(store, KeywordClassifier())
    store.refresh_rollups()
    return store


def relations(store, asked, source=""):
    return {trace.id: trace.relation for trace in store.traces(identify(asked, source=source))}


def test_posts_copies_and_mentions_are_found(world):
    assert relations(world, "u/Ann") == {
        "t3_1": "author", "t1_2": "author", "t3_3": "repost", "t3_4": "quote", "t1_5": "mention",
    }  # fmt: skip


def test_a_post_is_found_by_link_or_id_with_its_copies_alone(world):
    for asked in ("https://www.reddit.com/r/test/comments/1/", "t3_1"):
        assert relations(world, asked, "reddit") == {"t3_1": "id", "t3_3": "repost", "t3_4": "quote"}


def test_the_report_tells_what_hangs_on_a_post_and_keeps_the_words_of_others(world, store_url, keys):
    with open_annotations(store_url) as notes:
        notes.add_label("reddit", "t3_1", head="sentiment", value="neutral", author="me", now=T0)
        notes.tag_posts([("reddit", "t3_1")], tag="quote this", author="me", now=T0)
        notes.log_export("acme", "posts", "acme.csv", 1, {}, [("reddit", "t3_1")], T0)
    rows = access_report("u/Ann", world.traces(identify("u/Ann")), keys=keys, now=T0)["posts"]
    one = next(row for row in rows if row["id"] == "t3_1")
    assert (one["sentiment"], one["watches"], one["labels"]) == ("negative", ("acme",), ("neutral",))
    assert (one["tags"], one["exported_to"]) == (("quote this",), ("acme.csv",))
    assert "zyxomma" in one["text"]
    assert [row["text"] for row in rows if row["relation"] in ("mention", "quote")] == [None, None]


def test_erased_are_all_of_them_and_counts_stay(world, reader, store_url, keys):
    before = reader.rollup("acme")[["posts", "negative"]].sum().tolist()
    done = erase(world, identify("u/Ann"), now=T0)
    assert (done.total, done.kept, done.found_after) == (5, 0, 0)
    assert reader.rollup("acme")[["posts", "negative"]].sum().tolist() == before
    assert world.check_rollups() == []
    left = everything(store_url)
    assert not [trace for trace in ("zyxomma", "quibblefrotz", "u/Ann ", keys.author("reddit", "Ann")) if trace in left]
    assert set(reader.posts(PostFilter("acme"))["id"]) == {"t1_6", "f1"}
    proof = json.dumps(certificate("u/Ann", done, keys=keys, now=T0), default=str)
    assert not [word for word in ("Ann", "t3_1", "zyxomma", "reddit.com") if word in proof]
    assert '"posts_erased": 5' in proof


def test_what_others_wrote_may_be_kept(world, reader):
    done = erase(world, identify("u/Ann"), now=T0, keep_mentions=True)
    assert (done.total, done.kept, done.found_after) == (3, 2, 0)
    assert {"t3_4", "t1_5"} <= set(reader.posts(PostFilter("acme"))["id"])


def test_a_name_on_several_platforms_is_not_erased_on_a_guess(world, reader):
    with pytest.raises(ConfigError, match="forum, reddit"):
        erase(world, identify("@Ann"), now=T0)
    assert len(reader.posts(PostFilter("acme"))) == 7
    assert erase(world, identify("@Ann", source="forum"), now=T0).total == 1


def test_authors_are_found_under_every_version_of_the_key(sqlite_url):
    old, new = b"k" * 32, b"n" * 32
    with open_store(sqlite_url, Keys(old)) as store:
        save(store, make_post(author=Keys(old).author("forum", "ann")))
    rotated = Keys(old, new)
    with open_store(sqlite_url, rotated) as store:
        save(store, make_post(id="2", author=rotated.author("forum", "ann")))
        assert relations(store, "ann", "forum") == {"p1": "author", "2": "author"}
        assert store.forget("forum", author="ann", now=T0).posts == 2


def test_a_bluesky_handle_is_looked_up_for_its_account(store, keys, httpserver, tmp_path):
    address = f"at://{DID}/app.bsky.feed.post/3k"
    save(store, make_post(source="bluesky", id=address, author=keys.author("bluesky", DID),
                          url=f"https://bsky.app/profile/{DID}/post/3k"))  # fmt: skip
    path = "/b/xrpc/com.atproto.identity.resolveHandle"
    httpserver.expect_request(path, query_string="handle=ann.bsky.social").respond_with_json({"did": DID})
    httpserver.expect_request(path).respond_with_json({"error": "InvalidRequest"}, status=400)
    settings = Settings(home=tmp_path, bluesky_public_url=httpserver.url_for("/b"), allow_private_addresses=True)
    for asked in ("ann.bsky.social", "@ann.bsky.social", "https://bsky.app/profile/ann.bsky.social",
                  "https://bsky.app/profile/ann.bsky.social/post/3k", DID):  # fmt: skip
        who, remark = find_identity(asked, "", settings)
        assert not remark
        assert [trace.id for trace in store.traces(who)] == [address], asked
    who, remark = find_identity("nobody.bsky.social", "", settings)
    assert "knows no handle" in remark
    assert store.traces(who) == []


def test_numbers_are_asked_for_where_a_platform_is_held_by_number(tmp_path):
    _, remark = find_identity("https://x.com/ann", "", Settings(home=tmp_path))
    assert "number" in remark


def test_the_verbs_report_erase_and_certify(home):  # noqa: F811
    answer(home, "import", "example", "-", stdin=lines())
    report = answer(home, "person", "a4", "--out", "report.json")
    assert [(row["source"], row["relation"], row["id"]) for row in report["posts"]] == [("forum", "author", "p4")]
    assert json.loads((home / "report.json").read_text())["posts"][0]["id"] == "p4"
    assert answer(home, "forget", "@a4", "--dry-run") == [{"source": "forum", "relation": "author", "posts": 1}]
    done = answer(home, "forget", "@a4")
    assert (done["posts_erased"], done["found_after"]) == (1, 0)
    proof = (home / "certificates").glob("erasure-*.json")
    assert [json.loads(path.read_text())["posts_erased"] for path in proof] == [1]
    assert answer(home, "person", "a4")["posts"] == []
    assert "--author" in uproar(home, "forget", "forum", code=3).stderr
    assert answer(home, "import", "example", "-", stdin=lines())["new"] == 0
