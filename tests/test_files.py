"""Files: forms, columns, times, and every kind of bad row; the rest is always taken."""

import bz2
import gzip
import io
import json
import os
import sys
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.files import FilesCollector
from collectors.protocol import Limits
from core.errors import ConfigError, InputUnusable
from core.keys import Keys
from core.records import Query, Reason
from core.settings import load_settings

KEYS = Keys(b"k" * 32)
NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
AT = "2025-05-09T14:00:00Z"


class Taken(SimpleNamespace):
    """The posts, the reasons of rejected rows by line, and the error that ended the file, if any."""


def take(path, expression="terms", **options):
    collector = FilesCollector(lambda: KEYS, clock=lambda: NOW)
    query = Query(expression, NOW - timedelta(days=1), NOW, "files", {"path": str(path), **options})
    taken = Taken(sighted=[], rejected=[], truncated=[], pages=[], error=None)
    try:
        for page in collector.collect(query, None, Limits()):
            assert page.cursor is None
            taken.pages.append(page)
            taken.sighted += page.posts
            taken.rejected += page.rejected
            taken.truncated += page.truncated
    except InputUnusable as error:
        taken.error = error
    taken.posts = [s.post for s in taken.sighted]
    taken.reasons = {r.line: r.reason for r in taken.rejected}
    return taken


def jsonl(tmp_path, *rows, name="posts.jsonl"):
    path = tmp_path / name
    path.write_bytes(b"".join((row if isinstance(row, bytes) else json.dumps(row).encode()) + b"\n" for row in rows))
    return path


def csv_file(tmp_path, text, *, encoding="utf-8", name="posts.csv"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def row(**changes):
    return {"id": "1", "platform": "forum", "created_at": AT, "text": "the terms", **changes}


FORMS = {
    "plain": lambda data: data,
    "bom": lambda data: b"\xef\xbb\xbf" + data,
    "gzip": gzip.compress,
    "gzip members": lambda data: gzip.compress(data[:100]) + gzip.compress(data[100:]),
    "zstd": lambda data: zstandard.compress(data),
    "zstd frames": lambda data: zstandard.compress(data[:100]) + zstandard.compress(data[100:]),
    "crlf": lambda data: data.replace(b"\n", b"\r\n"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_forms_are_told_by_content_not_by_name(tmp_path, form, kind):
    if kind == "jsonl":
        data = b"".join(json.dumps(row(id=str(n))).encode() + b"\n" for n in range(30))
    else:
        data = b"id,created_at,text\n" + b"".join(b'%d,%s,"the, terms"\n' % (n, AT.encode()) for n in range(30))
    path = tmp_path / "posts.dat"
    path.write_bytes(FORMS[form](data))
    taken = take(path)
    assert [p.id for p in taken.posts] == [str(n) for n in range(30)]
    assert not taken.rejected
    assert not taken.truncated


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiters(tmp_path, delimiter):
    lines = [["id", "created_at", "text"], ["1", AT, '"terms, and; more\nlines ""quoted"""']]
    taken = take(csv_file(tmp_path, "".join(delimiter.join(line) + "\n" for line in lines)))
    assert taken.posts[0].text == 'terms, and; more\nlines "quoted"'


def test_stdin_is_read_as_a_stream(monkeypatch):
    packed = gzip.compress((json.dumps(row()) + "\n").encode())
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(packed)))
    assert [p.text for p in take("-").posts] == ["the terms"]


def test_a_row_becomes_a_post_whole(tmp_path):
    full = row(
        id="reddit_ab1", platform="Reddit", source_url="https://example.org/a", link_url="https://example.org/b",
        author_hash="12ab", community="r/example", kind="submission", parent_id="t3_x", lang="en-GB", score=-7,
        num_comments="12", views=3.0, retweets=None, shares=5,
    )  # fmt: skip
    post = take(jsonl(tmp_path, full)).posts[0]
    assert (post.source, post.id, post.kind, post.lang) == ("reddit", "reddit_ab1", "post", "en")
    assert (post.likes, post.replies, post.views, post.reposts) == (-7, 12, 3, 5)
    assert (post.url, post.community, post.parent_id) == ("https://example.org/b", "r/example", "t3_x")
    assert post.author == KEYS.author("reddit", "12ab")
    assert (post.created_at, post.collected_at) == (datetime(2025, 5, 9, 14, tzinfo=UTC), NOW)


@pytest.mark.parametrize(
    ("extra", "kind"),
    [({"type": "Comment"}, "comment"), ({"kind": "retweet"}, "repost"), ({"is_retweet": True}, "repost"), ({}, "post"),
     ({"parent_id": "9"}, "comment"), ({"kind": "review"}, "review"), ({"is_retweet": False}, "post")],
)  # fmt: skip
def test_kinds(tmp_path, extra, kind):
    assert take(jsonl(tmp_path, row(**extra))).posts[0].kind == kind


def test_the_best_known_column_that_is_not_empty_is_taken(tmp_path):
    rows = [row(text="", body="a body"), row(text=None, Title="a title")]
    assert [p.text for p in take(jsonl(tmp_path, *rows)).posts] == ["a body", "a title"]


def test_unknown_authors_stay_unknown(tmp_path):
    rows = [row(author=a) for a in (None, "", "[deleted]", {"name": "x"})]
    assert {p.author for p in take(jsonl(tmp_path, *rows)).posts} == {""}


def test_the_platform_of_rows_without_one(tmp_path):
    bare = {"created_at": AT, "text": "terms"}
    apps = {**bare, "source": "<a href='x'>An app</a>"}
    assert {p.source for p in take(jsonl(tmp_path, bare, apps)).posts} == {"import"}
    assert {p.source for p in take(jsonl(tmp_path, bare, apps), platform="Forum").posts} == {"forum"}


def test_rows_without_an_id_get_a_stable_one(tmp_path):
    rows = [{"created_at": AT, "text": t, "author": "a"} for t in ("one", "two", "one")]
    first, second = (take(jsonl(tmp_path, *rows)).posts for _ in range(2))
    assert [p.id for p in first] == [p.id for p in second]
    assert len({p.id for p in first}) == 2


def test_a_map_names_columns_and_frees_their_usual_meaning(tmp_path):
    path = csv_file(tmp_path, f"nr,When,title,text,date\n7,{AT},the title,the body,junk\n")
    post = take(path, map="id=nr, created_at=When, text=title").posts[0]
    assert (post.id, post.text) == ("7", "the title")


@pytest.mark.parametrize("mapping", ["body", "text=", "words=body", "text=a,text=b"])
def test_a_map_that_makes_no_sense_is_refused(tmp_path, mapping):
    with pytest.raises(ConfigError, match="--map"):
        take(jsonl(tmp_path, row()), map=mapping)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"timezone": "Mars/Phobos"}, "IANA"),
        ({"platform": "no name!"}, "reddit"),
        ({"colour": "red"}, "unknown option"),
    ],
)
def test_options_that_make_no_sense_are_refused(tmp_path, options, message):
    with pytest.raises(ConfigError, match=message):
        take(jsonl(tmp_path, row()), **options)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2025-05-09T14:00:00Z", "14:00:00"),
        ("2025-05-09 16:00:00+02:00", "14:00:00"),
        ("2025-05-09 14:00:00 UTC", "14:00:00"),
        ("2025-05-09T14:00:00.123456Z", "14:00:00.123456"),
        (1746799200, "14:00:00"),
        ("1746799200", "14:00:00"),
        (1746799200.5, "14:00:00.500000"),
        (1746799200123, "14:00:00.123000"),
        ("Fri, 09 May 2025 14:00:00 +0000", "14:00:00"),
        ("Fri May 09 14:00:00 +0000 2025", "14:00:00"),
    ],
)
def test_times_in_many_forms(tmp_path, written, expected):
    post = take(jsonl(tmp_path, row(created_at=written))).posts[0]
    assert post.created_at == datetime.fromisoformat(f"2025-05-09T{expected}+00:00")
    assert post.created_at.tzinfo is UTC


def test_naive_times_need_a_zone_and_take_the_first_of_two(tmp_path):
    rows = [row(created_at="2024-07-01T12:00:00"), row(created_at="2024-10-27T02:30:00"), row(created_at="2024-10-27")]
    path = jsonl(tmp_path, *rows)
    assert set(take(path).reasons.values()) == {"time without an offset: give --timezone"}
    times = [p.created_at.isoformat() for p in take(path, timezone="Europe/Berlin").posts]
    assert times == ["2024-07-01T10:00:00+00:00", "2024-10-27T00:30:00+00:00", "2024-10-26T22:00:00+00:00"]


BAD = {
    "no text": row(text=" \n"),
    "text is not text": row(text=["terms"]),
    "NUL byte": row(text="te\x00rms"),
    "lone surrogate": row(text="terms \ud83d"),
    "text over 100,000 characters": row(text="terms" * 200_000),
    "no time": row(created_at=""),
    "time not understood": row(created_at="last Tuesday"),
    "time without an offset: give --timezone": row(created_at="2025-05-09T14:00:00"),
    "time more than ten minutes in the future": row(created_at=(NOW + timedelta(minutes=11)).isoformat()),
    "time before 1990": row(created_at=1),
    "id over 300 characters": row(id="x" * 301),
    "not JSON": b'{"id": 1, "text"',
    "not a JSON object": b'["terms"]',
    "not UTF-8": '{"id":"1","created_at":"2025-05-09T14:00:00Z","text":"größer"}'.encode("latin-1"),
}


@pytest.mark.parametrize("reason", BAD)
def test_a_bad_row_is_rejected_with_its_line_and_the_rest_is_taken(tmp_path, reason):
    path = jsonl(tmp_path, row(id="1"), BAD[reason], row(id="3"))
    taken = take(path)
    assert taken.reasons == {2: reason}
    assert [p.id for p in taken.posts] == ["1", "3"]
    assert taken.pages[0].read == 3
    assert taken.rejected[0].offset == len(json.dumps(row(id="1"))) + 1


def test_nine_minutes_ahead_is_a_clock_not_the_future(tmp_path):
    assert take(jsonl(tmp_path, row(created_at=(NOW + timedelta(minutes=9)).isoformat()))).posts


@pytest.mark.parametrize(
    "value", [1e400, float("nan"), 10**30, True, "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"]
)
def test_absurd_times_are_rejected(tmp_path, value):
    taken = take(jsonl(tmp_path, row(created_at=value), row()))
    assert len(taken.posts) == 1
    assert taken.reasons[1].startswith("time ")


def test_other_fields_never_reject_a_row(tmp_path):
    odd = row(author="a\x00b", community=["x"], url="javascript:alert(1)", score="many", views=10**30, lang="klingon")
    post = take(jsonl(tmp_path, odd)).posts[0]
    assert (post.author, post.url, post.likes, post.views, post.lang) == (
        KEYS.author("forum", "ab"),
        "",
        None,
        None,
        "",
    )


def test_bad_rows_of_a_csv(tmp_path):
    good = f"1,{AT},terms one\n"
    text = f'id,created_at,text\n{good}2,{AT},x,y\n\n3,{AT}\n4,{AT},gr\udcf6\udcdfer\n5,{AT},"two\nlines"\n6,{AT},\n'
    path = tmp_path / "posts.csv"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    taken = take(path)
    assert taken.reasons == {3: "4 cells under 3 columns", 5: "no text", 6: "not UTF-8", 9: "no text"}
    assert [p.id for p in taken.posts] == ["1", "5"]
    assert path.read_bytes()[taken.rejected[2].offset :].startswith(b"4,")


def test_a_quote_that_nothing_closes_costs_one_row_not_the_file(tmp_path):
    rows = "".join(f"{n},{AT},terms {n}\n" for n in range(3, 500))
    taken = take(csv_file(tmp_path, f'id,created_at,text\n1,{AT},terms\n2,{AT},"opened\n{rows}'))
    assert taken.reasons == {3: "a quote is opened and not closed"}
    assert len(taken.posts) == 498


def test_an_endless_line_is_one_rejected_row(tmp_path):
    path = jsonl(tmp_path, row(id="1"), b'{"text": "' + b"x" * (17 * 2**20) + b'"}', row(id="3"))
    taken = take(path)
    assert taken.reasons == {2: "line over 16 MB"}
    assert [p.id for p in taken.posts] == ["1", "3"]


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress], ids=["gzip", "zstd"])
@pytest.mark.parametrize("harm", ["cut", "garbled"])
def test_damaged_archives_keep_what_came_before(tmp_path, pack, harm):
    words = [f"terms {n} {n * 7919 % 104729} {n**3 % 99991}" for n in range(20_000)]
    data = pack(b"".join(json.dumps(row(id=str(n), text=words[n])).encode() + b"\n" for n in range(20_000)))
    middle = len(data) // 2
    path = tmp_path / "posts"
    path.write_bytes(
        data[:middle] if harm == "cut" else data[:middle] + bytes(400) + b"\xff" * 400 + data[middle + 800 :]
    )
    taken = take(path)
    assert taken.error is None
    assert len(taken.posts) > 2_000
    last = taken.rejected[-1]
    assert ("breaks off" in last.reason) or ("damaged" in last.reason) or harm == "garbled"
    assert [p.id for p in taken.posts[:2_000]] == [str(n) for n in range(2_000)]
    assert len(taken.truncated) == 1
    assert (taken.truncated[0].start, taken.truncated[0].end) == (
        taken.posts[0].created_at,
        taken.posts[-1].created_at + timedelta(microseconds=1),
    )


UNUSABLE = {
    "empty": (b"", "empty"),
    "blank": (b"\n \n", "empty"),
    "no rows": (b"id,created_at,text\n", "none of 0 rows"),
    "a word": (b"nonsense\nmore\n", r"no column text, created_at\. Columns: nonsense\. .*--map"),
    "other columns": (b"a,b\n1,2\n", r"no column text, created_at\. Columns: a, b\. .*--map text="),
    "twice": (b"id,text,text,date\n1,2,3,4\n", "text more than once"),
    "bad rows": (b'{"text": "terms"}\n{"x": 1}\n', r"none of 2 rows.*no time: 1.*Columns: text\..*--map"),
    "naive times": (b'{"text": "terms", "date": "2025-05-09T14:00"}\n', r"give --timezone: 1\)$"),
    "carriage returns": (b"id\rtext\r1\rterms\x00", "no header of a CSV"),
    "array": (b'[{"text": "terms"}]', "no time"),
    "zip": (b"PK\x03\x04abc", "save the table as CSV"),
    "bzip2": (bz2.compress(b"x"), "bunzip2"),
    "utf-16": ("id,text\n".encode("utf-16"), "UTF-16"),
    "gzip of nothing": (gzip.compress(b""), "empty"),
    "only a gzip head": (gzip.compress(b"abc" * 1000)[:12], "before the first row"),
    "garbage": (bytes(range(128, 256)) * 20, "no column|empty"),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_a_wholly_unusable_file_says_why(tmp_path, case):
    data, message = UNUSABLE[case]
    path = tmp_path / "posts"
    path.write_bytes(data)
    taken = take(path)
    assert taken.posts == []
    with pytest.raises(InputUnusable, match=message):
        raise taken.error


def test_a_file_without_a_header_does_not_tell_its_first_post(tmp_path):
    error = take(csv_file(tmp_path, f"{AT},what I really think of these terms and why\n")).error
    assert "really" not in str(error)
    assert f"Columns: {AT}, 1 long ones" in str(error)


@pytest.mark.parametrize("name", ["missing.jsonl", "."])
def test_a_file_that_cannot_be_opened_is_named(tmp_path, name):
    assert str(tmp_path / name) in str(take(tmp_path / name).error)


def test_every_row_is_an_import_unless_matching_is_asked_for(tmp_path):
    rows = [row(id="1"), row(id="2", text="cats"), row(id="3", text="agreed", parent_id="1")]
    path = jsonl(tmp_path, *rows)
    assert {s.reason for s in take(path).sighted} == {Reason.IMPORT}
    matched = [(s.post.id, s.reason) for s in take(path, match="yes").sighted]
    assert matched == [("1", Reason.TEXT), ("3", Reason.THREAD)]
    nothing = take(path, "quokka", match="yes")
    assert (nothing.sighted, nothing.error) == ([], None), "rows that do not match are no bad rows"


def test_an_export_of_our_own_loses_its_apostrophes(tmp_path):
    header = "id,platform,created_at,text,author,model,watch,as_of,notice\n"
    mine = f'''"'-1","forum","{AT}","'=1+1","{KEYS.author("forum", "a")}","m","w","{AT}",""\n'''
    post = take(csv_file(tmp_path, header + mine)).posts[0]
    assert (post.id, post.text, post.author) == ("-1", "=1+1", KEYS.author("forum", "a"))
    other = take(csv_file(tmp_path, f"id,created_at,text\n1,{AT},'tis\n")).posts[0]
    assert other.text == "'tis"


def test_memory_holds_a_page_not_the_file(tmp_path):
    path = jsonl(tmp_path, *[row(id=str(n)) for n in range(2_500)])
    assert [len(page.posts) for page in take(path).pages] == [1_000, 1_000, 500]


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"id,created_at,text\n", b'{"text":"terms","date":"2025-05-09Z"}\n', b"\x1f\x8b"]),
)
def test_any_bytes_end_in_posts_or_in_a_reason(tmp_path_factory, data, head):
    path = tmp_path_factory.mktemp("any") / "posts"
    path.write_bytes(head + data)
    taken = take(path)
    assert sum(page.read for page in taken.pages) == len(taken.posts) + len(taken.rejected)
    assert taken.posts or taken.error
    assert all(reason for reason in taken.reasons.values())


def test_real_reactions_come_through_whole():
    path = load_settings().shared_data / "posts" / "duolingo_ai_first_2025.reddit.jsonl"
    if not path.exists():
        message = f"{path} is absent: set UPROAR_SHARED_DATA"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    collector = FilesCollector(lambda: KEYS)
    query = Query("duolingo", NOW, NOW, "files", {"path": str(path)})
    posts = [s.post for page in collector.collect(query, None, Limits()) for s in page.posts]
    assert len({(p.source, p.id) for p in posts}) == 3_635
    assert {p.source for p in posts} == {"reddit"}
    assert sum(p.kind == "comment" for p in posts) == 3_567
    assert sum(p.kind == "post" for p in posts) == 68
    assert min(p.created_at for p in posts) == datetime(2025, 1, 30, 22, 26, 1, tzinfo=UTC)
    assert all(p.likes is not None and p.community for p in posts)
