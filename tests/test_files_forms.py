"""Files as platforms and archivers write them, told by content. All posts are invented."""

import json
import random
from datetime import UTC, datetime

import pyarrow as pa
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet
from test_files import AT, KEYS, row, take

from collectors.documents import pieces
from collectors.streams import MAX_LINE

WHEN = datetime(2025, 5, 9, 14, tzinfo=UTC)


def written(tmp_path, value, *, name="posts.dat", indent=None, prefix=""):
    path = tmp_path / name
    path.write_text(prefix + (value if isinstance(value, str) else json.dumps(value, indent=indent)))
    return path


def lines(*records):
    return "".join(json.dumps(record) + "\n" for record in records)


X2 = {"id": "1920846400000000001", "text": "the terms", "created_at": "2025-05-09T14:00:00.000Z", "author_id": "77",
      "lang": "en", "conversation_id": "1920846400000000000", "edit_history_tweet_ids": ["1920846400000000001"],
      "public_metrics": {"retweet_count": 1, "reply_count": 2, "like_count": 3, "impression_count": 4}}  # fmt: skip
NEW = {**{k: v for k, v in X2.items() if k != "edit_history_tweet_ids"}, "edit_history_post_ids": [X2["id"]],
       "referenced_posts": [{"type": "replied_to", "id": "1920846400000000000"}]}  # fmt: skip
OLD = {"created_at": "Fri May 09 14:00:00 +0000 2025", "id": 1920846400000000001, "id_str": "1920846400000000001",
       "full_text": "the terms", "user": {"id_str": "77", "screen_name": "someone"}, "lang": "en",
       "retweet_count": 1, "favorite_count": "3"}  # fmt: skip
X_POST = (
    "x",
    "1920846400000000001",
    "the terms",
    WHEN,
    KEYS.author("x", "77"),
    "https://x.com/i/status/1920846400000000001",
)


def told(post):
    return post.source, post.id, post.text, post.created_at, post.author, post.url


X_FORMS = {
    "v2 lines": (lines(X2), None, ""),
    "v2, new spelling": (lines(NEW), None, ""),
    "twarc pages": (
        lines({"data": [X2], "includes": {"users": [{"id": "77"}]}, "meta": {"result_count": 1}}),
        None,
        "",
    ),
    "an API page laid out": ({"data": [X2], "meta": {"next_token": "x"}}, 2, ""),
    "twarc flattened": (lines({**X2, "author": {"id": "77", "username": "someone"}, "author_id": None}), None, ""),
    "v1.1 lines": (lines(OLD), None, ""),
    "an array": ([X2], None, ""),
    "an array laid out": ([NEW], 2, ""),
}


@pytest.mark.parametrize("form", X_FORMS)
def test_posts_of_x_in_every_form(tmp_path, form):
    value, indent, prefix = X_FORMS[form]
    taken = take(written(tmp_path, value, indent=indent, prefix=prefix))
    assert [told(post) for post in taken.posts] == [X_POST]
    assert (taken.posts[0].likes, taken.posts[0].reposts, taken.posts[0].lang) == (3, 1, "en")
    assert not taken.rejected


def test_the_account_archive_of_x_is_javascript(tmp_path):
    archived = {k: v for k, v in OLD.items() if k != "user"}
    taken = take(written(tmp_path, [{"tweet": archived}], indent=2, prefix="window.YTD.tweets.part0 = "))
    assert [(p.id, p.text, p.author) for p in taken.posts] == [(OLD["id_str"], "the terms", "")]


@pytest.mark.parametrize("spelling", ["tweet", "post"])
def test_a_repost_has_the_text_of_its_original_whole(tmp_path, spelling):
    repost = {**X2, "text": "RT @a: the te…", f"referenced_{spelling}s": [
        {"type": "retweeted", "id": "1920846400000000000", "text": "the terms in full"}]}  # fmt: skip
    page = {"data": [{**repost, f"referenced_{spelling}s": [{"type": "retweeted", "id": "1920846400000000000"}]}],
            "includes": {f"{spelling}s": [{"id": "1920846400000000000", "text": "the terms in full"}]}}  # fmt: skip
    old = {**OLD, "full_text": "RT @a: the te…", "retweeted_status": {"id_str": "9", "full_text": "the terms in full"}}
    for text in (lines(repost), lines(page), lines(old)):
        (post,) = take(written(tmp_path, text)).posts
        assert (post.text, post.kind) == ("the terms in full", "repost")


SUBMISSION = {"id": "1kabcd", "title": "New terms", "selftext": "are bad", "subreddit": "example", "author": "someone",
              "created_utc": 1746799200, "permalink": "/r/example/comments/1kabcd/new_terms/", "num_comments": 5,
              "score": 7}  # fmt: skip
COMMENT = {"id": "mra1", "body": "agreed", "subreddit": "example", "author": "other", "created_utc": "1746799260",
           "link_id": "t3_1kabcd", "parent_id": "t3_1kabcd", "score": -2}  # fmt: skip


@pytest.mark.parametrize("window", [20, 31])
def test_dumps_of_reddit_as_zstd_with_long_windows(tmp_path, window):
    gone = {**COMMENT, "id": "mra2", "author": "[deleted]", "body": "[deleted]"}
    packer = zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters(window_log=window, enable_ldm=False)
    )
    path = tmp_path / "RC_2025-05"
    stream = packer.compressobj()
    path.write_bytes(stream.compress(lines(SUBMISSION, COMMENT, gone).encode()) + stream.flush())
    taken = take(path)
    first, second = taken.posts
    assert (first.id, first.text, first.kind, first.community) == (
        "t3_1kabcd",
        "New terms\n\nare bad",
        "post",
        "r/example",
    )
    assert (second.id, second.parent_id, second.root_id, second.likes) == (
        "mra1" and "t1_mra1",
        "t3_1kabcd",
        "t3_1kabcd",
        -2,
    )
    assert first.created_at == WHEN
    assert first.author == KEYS.author("reddit", "someone")
    assert not taken.rejected, "what its author deleted is left out without a word"


def test_a_thread_of_reddits_api(tmp_path):
    def listing(*things):
        return {"kind": "Listing", "data": {"children": list(things), "after": None}}

    thread = [listing({"kind": "t3", "data": SUBMISSION}),
              listing({"kind": "t1", "data": COMMENT}, {"kind": "more", "data": {"count": 3}})]  # fmt: skip
    thread[1]["data"]["children"][0]["data"]["created_utc"] = 1746799260.0
    for indent in (None, 2):
        assert [p.id for p in take(written(tmp_path, thread, indent=indent)).posts] == ["t3_1kabcd", "t1_mra1"]
    assert [p.id for p in take(written(tmp_path, thread[0], indent=2)).posts] == ["t3_1kabcd"]


ADDRESS = "at://did:plc:abc/app.bsky.feed.post/3k1"
RECORD = {"$type": "app.bsky.feed.post", "text": "the terms", "createdAt": AT, "langs": ["en"]}
VIEW = {"uri": ADDRESS, "cid": "c", "author": {"did": "did:plc:abc"}, "record": RECORD, "indexedAt": AT, "likeCount": 3}
BLUESKY = {
    "search pages": lines({"posts": [VIEW], "cursor": "1"}),
    "a feed": {"feed": [{"post": VIEW}]},
    "an array of views": [VIEW],
    "records of a repository": {"records": [{"uri": ADDRESS, "cid": "c", "value": RECORD}], "cursor": "1"},
    "stream events": lines({"did": "did:plc:abc", "time_us": 1746799200_000000, "kind": "commit", "commit": {
        "operation": "create", "collection": "app.bsky.feed.post", "rkey": "3k1", "record": RECORD}}),
}  # fmt: skip


@pytest.mark.parametrize("form", BLUESKY)
def test_posts_of_bluesky_in_every_form(tmp_path, form):
    for indent in (None, 2):
        (post,) = take(written(tmp_path, BLUESKY[form], indent=indent)).posts
        assert (post.source, post.id, post.text, post.created_at, post.lang) == (
            "bluesky",
            ADDRESS,
            "the terms",
            WHEN,
            "en",
        )
        assert post.author == KEYS.author("bluesky", "did:plc:abc")


def test_bare_records_of_bluesky(tmp_path):
    taken = take(written(tmp_path, lines(RECORD, {"$type": "app.bsky.feed.like", "createdAt": AT, "text": ""})))
    assert [(p.source, p.text, p.created_at) for p in taken.posts] == [("bluesky", "the terms", WHEN)]
    assert not taken.rejected


ACTOR = "https://m.example/users/a"
STATUS = {"id": "1", "uri": f"{ACTOR}/statuses/1", "url": "https://m.example/@a/1", "content": "<p>the terms</p>",
          "created_at": AT, "visibility": "public", "language": "en",
          "account": {"acct": "a", "url": "https://m.example/@a"}}  # fmt: skip
NOTE = {"type": "Note", "id": STATUS["uri"], "url": STATUS["url"], "content": STATUS["content"], "published": AT,
        "attributedTo": ACTOR, "to": ["https://www.w3.org/ns/activitystreams#Public"]}  # fmt: skip
OUTBOX = {"@context": "x", "id": "outbox.json", "type": "OrderedCollection", "orderedItems": [
    {"type": "Create", "actor": ACTOR, "object": NOTE},
    {"type": "Create", "actor": ACTOR, "object": {**NOTE, "id": "https://m.example/2", "to": ["x"]}},
    {"type": "Announce", "actor": ACTOR, "object": "https://other.example/1"},
]}  # fmt: skip


@pytest.mark.parametrize("value", [[STATUS], {"statuses": [STATUS], "accounts": []}, OUTBOX, lines(STATUS)],
                         ids=["timeline", "search", "archive", "lines"])  # fmt: skip
def test_posts_of_mastodon_in_every_form(tmp_path, value):
    for indent in (None, 2):
        taken = take(written(tmp_path, value, indent=indent))
        (post,) = taken.posts
        assert (post.source, post.id, post.text) == ("mastodon", STATUS["uri"], "the terms")
        assert post.author == KEYS.author("mastodon", "a@m.example")
        assert not taken.rejected, "what is not public is left out without a word"


def test_a_csv_of_4cat(tmp_path):
    head = "id,thread_id,timestamp,subject,body,author,subreddit,unix_timestamp,score\n"
    rows = (
        "abc,abc,2025-05-09 14:00:00,New terms,are bad,someone,example,1746799200,7\n"
        "m1,abc,2025-05-09 14:01:00,,agreed,other,example,1746799260,1\n"
    )
    first, second = take(written(tmp_path, head + rows)).posts
    assert (first.source, first.id, first.text, first.kind, first.created_at) == (
        "reddit", "t3_abc", "New terms\n\nare bad", "post", WHEN)  # fmt: skip
    assert (second.id, second.root_id, second.kind) == ("t1_m1", "t3_abc", "comment")
    x = "id,thread_id,timestamp,link,subject,body,author,is_retweet\n"
    x += "5,5,2025-05-09 14:00:00,https://x.com/a/status/5,,terms,a,yes\n"
    (post,) = take(written(tmp_path, x)).posts
    assert (post.source, post.id, post.kind, post.created_at, post.root_id) == ("x", "5", "repost", WHEN, "")


def test_rows_with_columns_like_a_platforms_are_still_rows(tmp_path):
    said = lines(
        {"post": "the terms", "date": AT, "text": "the terms"},
        {"tweet": "words", "text": "words", "time": AT},
        {"kind": "post", "data": "x", "text": "words", "time": AT},
        {"id": "1", "text": "t", "author_id": "2", "time": AT},
    )
    taken = take(written(tmp_path, said))
    assert [p.source for p in taken.posts] == ["import"] * 4
    assert take(written(tmp_path, lines(X2)), map="text=id").posts[0].text == X2["id"], "a mapping is obeyed"


def test_a_bad_record_of_a_document_is_rejected_with_its_place_and_the_rest_is_taken(tmp_path):
    good = json.dumps(row())
    text = f'[\n{good},\n5, "x", [1],\n{{"id": 1, "text": }},\n{good[:-1]}, "id": "2"}},\n{{"text": "no time"}}\n]\n'
    taken = take(written(tmp_path, text))
    assert [p.id for p in taken.posts] == ["1", "2"]
    assert taken.reasons == {3: "not a JSON object", 4: "not JSON", 6: "no time"}
    assert [r.offset for r in taken.rejected if r.reason == "no time"] == [text.index('{"text": "no time"')]


def test_a_document_that_breaks_off_keeps_what_came_before(tmp_path):
    taken = take(written(tmp_path, json.dumps([row(id=str(n)) for n in range(5)], indent=1)[:-40]))
    assert [p.id for p in taken.posts] == ["0", "1", "2", "3"]
    assert list(taken.reasons.values()) == ["the document breaks off here"]


def test_a_record_beyond_every_size_is_one_rejected_row(tmp_path):
    huge = json.dumps(row(text="x" * (MAX_LINE + 10)))
    taken = take(written(tmp_path, f"[{huge}, {json.dumps(row())}]"))
    assert [p.id for p in taken.posts] == ["1"]
    assert list(taken.reasons.values()) == ["record over 16 MB"]


def test_a_record_cut_in_the_first_line_is_still_json_lines(tmp_path):
    taken = take(written(tmp_path, '{"id": "1", "te\n' + lines(row(id="2"), row(id="3"))))
    assert [p.id for p in taken.posts] == ["2", "3"]
    assert taken.reasons == {1: "not JSON"}


def chopped(data, sizes):
    at = 0
    for size in sizes:
        yield data[at : at + size]
        at += size
    yield data[at:]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=8,
)  # fmt: skip


@given(st.lists(st.dictionaries(st.text(), JSON, max_size=4), max_size=6), st.sampled_from([None, 1]),
       st.lists(st.integers(0, 20), max_size=30), st.booleans())  # fmt: skip
def test_an_array_in_any_pieces_gives_its_objects(records, indent, sizes, ascii_only):
    data = json.dumps(records, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    found = list(pieces(chopped(data, sizes)))
    assert [json.loads(p.raw.decode("utf-8", "surrogatepass")) for p in found] == records
    assert [data[p.offset : p.offset + len(p.raw)] for p in found] == [p.raw for p in found]
    assert [p.line for p in found] == [1 + data[: p.offset].count(b"\n") for p in found]


@given(st.binary(max_size=80), st.integers(0, 200), st.lists(st.integers(0, 9), max_size=9))
def test_a_garbled_document_ends(noise, at, sizes):
    data = json.dumps({"x": [1], "data": [row(), row(text='a "quoted" \\ [{')]}).encode()
    data = data[:at] + noise + data[at:]
    for piece in pieces(chopped(data, sizes)):
        assert piece.raw is not None or piece.reason


FIELDS = [
    "id", "text", "uri", "record", "post", "tweet", "kind", "data", "object", "actor", "type", "id_str", "user",
    "subreddit", "created_utc", "body", "link_id", "title", "selftext", "account", "content", "visibility", "did",
    "time_us", "commit", "$type", "createdAt", "value", "cid", "public_metrics", "posts", "includes", "author",
    "created_at", "thread_id", "timestamp", "subject",
]  # fmt: skip
ODD = st.sampled_from(["http://[x", "at://did:plc:a/app.bsky.feed.post/1", "public", AT])


@given(st.dictionaries(st.sampled_from(FIELDS), JSON | ODD))
def test_any_record_is_a_post_or_has_a_reason(tmp_path_factory, record):
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_text(json.dumps([record]))
    taken = take(path)
    assert taken.error is None or taken.posts == []


def table(**columns):
    return pa.table(columns)


def test_parquet(tmp_path):
    path = tmp_path / "posts"
    times = [datetime(2025, 5, 9, 14, 0, n, tzinfo=UTC) for n in range(3)]
    parquet.write_table(
        table(id=[1, 2, None], body=["terms", None, "more terms"], date=pa.array(times, pa.timestamp("ns", "UTC")),
              score=[1.0, float("nan"), 3.0]), path,
    )  # fmt: skip
    taken = take(path)
    assert [(p.text, p.created_at, p.likes) for p in taken.posts] == [
        ("terms", times[0], 1),
        ("more terms", times[2], 3),
    ]
    assert taken.reasons == {2: "no text"}
    parquet.write_table(table(words=["x"], when=[AT]), path)
    assert "no column text, created_at. Columns: words, when" in str(take(path).error)
    assert take(path, map="text=words,created_at=when").posts[0].text == "x"
    path.write_bytes(b"PAR1" + b"garbage" * 9)
    assert "cannot be read" in str(take(path).error)


def test_parquet_with_bad_rows_and_naive_times(tmp_path):
    path = tmp_path / "posts"
    texts = pa.array([b"good", b"\xff\xfe", b"fine"]).view(pa.string())
    naive = pa.array([datetime(2025, 5, 9, 16)] * 3)  # noqa: DTZ001 (naive on purpose)
    parquet.write_table(table(text=texts, created_at=naive), path)
    assert set(take(path).reasons.values()) >= {"time without an offset: give --timezone"}
    taken = take(path, timezone="Europe/Berlin")
    assert [(p.text, p.created_at) for p in taken.posts] == [("good", WHEN), ("fine", WHEN)]
    assert taken.reasons == {2: "not UTF-8, or a value out of range"}


def test_damaged_parquet_keeps_what_came_before(tmp_path):
    path = tmp_path / "posts"
    many = [f"terms {random.Random(n).random()}" for n in range(4_000)]
    parquet.write_table(table(text=many, created_at=[AT] * 4_000), path, row_group_size=1_000)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 2_000] = b"\xff" * 2_000
    path.write_bytes(data)
    taken = take(path)
    assert len(taken.posts) >= 1_000
    assert "the Parquet data is damaged here" in taken.reasons.values()
    assert taken.truncated


def test_memory_holds_a_record_not_the_document(tmp_path):
    import tracemalloc

    path = tmp_path / "posts.json"
    with path.open("w") as file:
        file.write("[")
        for n in range(60_000):
            file.write(("," if n else "") + json.dumps(row(id=str(n), text="terms " + "x" * 500)))
        file.write("]")
    tracemalloc.start()
    with path.open("rb") as file:
        count = sum(1 for _ in pieces(iter(lambda: file.read(2**18), b"")))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 60_000
    assert peak < 4 * 2**20 < path.stat().st_size / 8
