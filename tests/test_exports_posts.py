"""Posts as CSV: stamped, streamed, within the policy, and readable again."""

import csv
import hashlib
import io
import json
from datetime import timedelta

import numpy as np
import pytest
from factories import T0, make_post, make_query
from hypothesis import given
from hypothesis import strategies as st
from test_exports_cells import HOSTILE

from core.errors import UproarError
from core.records import SENTIMENTS, STANCES, TOPICS, Outcome, Page, Reason, Scores, Sighted
from core.text import clean
from core.watches import Watch
from exports.cells import unsafe
from exports.columns import schema_of
from exports.formats import csv_pieces
from exports.policy import POLICY, ExportRule, Form, rule_for
from exports.posts import COLUMNS, export_posts, posts_csv, posts_table
from exports.stamp import sidecar_path
from store import PostFilter, open_annotations, open_reader, open_store

CLOCK = T0 + timedelta(days=2)
NOTICE = "invented posts, not Example's public"
CELLS = ("id", "platform", "created_at", "text", "author", "url", "community", "kind", "parent_id", "lang", "likes")


def make_watch(**changes):
    values = {
        "name": "example", "title": "Example", "platform": "Example", "expression": "terms", "since": T0,
        "notice": NOTICE,
    }  # fmt: skip
    return Watch(**values | changes)


@pytest.fixture
def filled(store_url, keys):
    """A function that saves posts into the watch "example" and gives a reader."""
    readers = []

    def fill(*posts, reason=Reason.IMPORT, score=False):
        with open_store(store_url, keys) as store:
            store.register_watch("example")
            query = make_query()
            run = store.begin_run("example", query, now=CLOCK)
            store.save("example", query, Page(tuple(Sighted(post, reason) for post in posts)), run=run)
            store.end_run(run, Outcome.SAMPLE, now=CLOCK)
            if score:
                store.register_model("m@1")
                for batch in store.unscored("m@1"):
                    store.save_scores([key for key, _ in batch], negative_scores(len(batch)))
            store.refresh_rollups()
        readers.append(open_reader(store_url))
        return readers[-1]

    yield fill
    for reader in readers:
        reader.close()


def negative_scores(n):
    heads = {"sentiment": SENTIMENTS, "stance": STANCES, "relevance": ("no", "yes"), "topics": TOPICS}
    rows = {"sentiment": [0.7, 0.2, 0.1], "stance": [0.6, 0.3, 0.1], "relevance": [0.1, 0.9],
            "topics": [0.9, 0.8] + [0.0] * 7}  # fmt: skip
    probabilities = {head: np.tile(np.array(row, dtype=np.float32), (n, 1)) for head, row in rows.items()}
    return Scores("m@1", heads, probabilities, ("en",) * n, np.ones(n, dtype=bool))


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


def export(reader, **more):
    return rows_of("".join(posts_csv(reader, more.pop("watch", make_watch()), clock=CLOCK, **more)))


def test_a_row_has_what_the_importer_reads_then_labels_then_the_stamp(filled):
    post = make_post(
        id="t3_a", source="reddit", author="0123abcd:" + "0" * 32, url="https://x.example/a", community="r/x",
        kind="comment", parent_id="t3_0", likes=-3, reposts=0, created_at=T0 + timedelta(hours=1, microseconds=5),
    )  # fmt: skip
    (row,) = export(filled(post, score=True))
    assert tuple(row) == COLUMNS
    assert {name: row[name] for name in CELLS} == {
        "id": "t3_a", "platform": "reddit", "created_at": "2025-05-09T01:00:00.000005Z", "text": post.text,
        "author": "0123abcd:" + "0" * 32, "url": "https://x.example/a", "community": "r/x", "kind": "comment",
        "parent_id": "t3_0", "lang": "en", "likes": "-3",
    }  # fmt: skip
    assert (row["reposts"], row["replies"]) == ("0", ""), "nought is not unknown"
    assert (row["scored"], row["relevant"], row["sentiment"], row["stance"]) == ("scored", "yes", "negative", "against")
    assert row["topics"] == "ai_training;consent"
    assert float(row["p_negative"]) == pytest.approx(0.7)
    assert (row["model"], row["watch"], row["notice"]) == ("m@1", "example", NOTICE)
    assert row["as_of"] == "2025-05-11T00:00:00Z"


def test_what_is_not_scored_has_no_label(filled):
    (row,) = export(filled(make_post()))
    assert row["scored"] == "pending"
    assert [row[name] for name in ("relevant", "sentiment", "stance", "topics", "p_negative")] == [""] * 5


def test_numbers_are_bare_and_texts_are_quoted(filled):
    line = "".join(posts_csv(filled(make_post(likes=7, id="1")), make_watch(), clock=CLOCK)).splitlines()[1]
    assert line.startswith('"1","forum","2025-05-09T00:00:00Z","the new terms')
    assert ",7,," in line, "a missing number is nothing at all"


def test_hostile_texts_are_safe_in_every_field_and_come_back(filled):
    posts = [
        make_post(id=f"{n}{t}", text=t + "x", author=t, url=t, community=t, kind=t, parent_id=t,
                  created_at=T0 + timedelta(minutes=n))
        for n, t in enumerate(HOSTILE)
    ]  # fmt: skip
    rows = export(filled(*posts), watch=make_watch(notice="=notice"), filter=PostFilter("example", order="time_asc"))
    assert len(rows) == len(HOSTILE)
    for text, row in zip(HOSTILE, rows, strict=True):
        for name, value in row.items():
            assert not value.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\x00")), name
        assert unsafe(row["text"]) == clean(text + "x")
        assert {unsafe(row[name]) for name in ("author", "url", "community", "parent_id")} == {clean(text)}
        assert row["notice"] == "'=notice"


@given(st.lists(st.text(min_size=1, max_size=60).filter(lambda t: clean(t).strip()), min_size=1, max_size=5))
def test_any_text_comes_back_from_the_file(texts):
    posts = [make_post(id=str(n), text=clean(t)) for n, t in enumerate(texts)]
    rows = export(FakeReader([posts]))
    assert [unsafe(row["text"]) for row in rows] == [clean(t) for t in texts]


class FakeReader:
    """Streams given posts, a frame per list, and counts the frames that were asked for."""

    def __init__(self, chunks):
        self.chunks = chunks
        self.asked = 0
        self.filter = None

    def stream_columns(self, filter, *, chunk=2000):
        from store.post_columns import post_columns
        from store.types import micros

        self.filter = filter
        for posts in self.chunks:
            self.asked += 1
            rows = [
                (1, p.id, micros(p.created_at), p.text, p.url, p.author, p.community, p.kind, p.parent_id, p.lang,
                 p.likes, p.reposts, p.replies, p.views, 2, micros(p.collected_at), "pending", *[None] * 10, n)
                for n, p in enumerate(posts)
            ]  # fmt: skip
            yield post_columns(rows, {1: "forum"})

    def active_model(self):
        return "m@1"


def test_posts_are_streamed_chunk_by_chunk():
    reader = FakeReader([[make_post(id=f"{n}-{i}") for i in range(3)] for n in range(100)])
    pieces = posts_csv(reader, make_watch(), clock=CLOCK)
    assert reader.asked == 0
    assert next(pieces).startswith('"id","platform"')
    assert reader.asked == 0
    assert next(pieces).count("\n") == 3
    assert reader.asked == 1
    assert next(pieces).startswith('"1-0"')
    assert reader.asked == 2


def test_a_replay_exports_nothing_later_than_its_present(filled):
    reader = filled(make_post(id="a"), make_post(id="b", created_at=T0 + timedelta(hours=5)))
    watch = make_watch(as_of=T0 + timedelta(hours=5))
    asked = PostFilter("example", until=T0 + timedelta(days=30))
    rows = export(reader, watch=watch, filter=asked)
    assert [row["id"] for row in rows] == ["a"]
    assert rows[0]["as_of"] == "2025-05-09T05:00:00Z"


def test_a_filter_narrows_and_cannot_reach_another_watch():
    reader = FakeReader([])
    export(reader, filter=PostFilter("other", sentiment="negative", until=T0 + timedelta(hours=1)))
    assert reader.filter == PostFilter("example", sentiment="negative", until=T0 + timedelta(hours=1))


@pytest.mark.parametrize(
    ("source", "reason", "form"),
    [("reddit", Reason.TEXT, Form.IDS), ("reddit", Reason.THREAD, Form.IDS), ("reddit", Reason.IMPORT, Form.FULL),
     ("x", Reason.TEXT, Form.IDS), ("x", Reason.IMPORT, Form.FULL), ("youtube", Reason.TEXT, Form.AGGREGATE),
     ("hackernews", Reason.TEXT, Form.FULL), ("bluesky", Reason.TEXT, Form.FULL), ("mastodon", "text", Form.FULL)],
)  # fmt: skip
def test_the_policy_table(source, reason, form):
    assert rule_for(source, reason, POLICY).form is form


def test_each_source_leaves_in_its_own_form(filled):
    posts = [
        make_post(id=f"{source}-1", source=source, text="terms " * 20, author="who", likes=5, community="c",
                  url="https://x.example")
        for source in ("reddit", "youtube", "hackernews", "lemmy")
    ]  # fmt: skip
    reader = filled(*posts, reason=Reason.TEXT, score=True)
    told = []
    policy = {**POLICY, "lemmy": ExportRule(Form.CAPPED, 11)}
    table = posts_table(reader, make_watch(), clock=CLOCK, policy=policy, on_rows=told.extend)
    text = b"".join(csv_pieces(schema_of(table.columns), table.batches)).decode()
    rows = {row["platform"]: row for row in rows_of(text)}
    assert set(rows) == {"reddit", "hackernews", "lemmy"}
    kept = {name for name, value in rows["reddit"].items() if value}
    assert not kept & {"created_at", "text", "author", "url", "community", "kind", "parent_id", "lang", "likes"}
    assert {"id", "platform", "sentiment", "model", "watch", "as_of", "notice"} <= kept
    assert rows["hackernews"]["text"] == "terms " * 20
    assert rows["lemmy"]["text"] == "terms terms…"
    assert rows["lemmy"]["author"] == "who"
    assert sorted(told) == [("hackernews", "hackernews-1"), ("lemmy", "lemmy-1"), ("reddit", "reddit-1")]
    assert table.tally.rows == 3
    assert table.tally.withheld == {"youtube": 1}
    assert sum(len(part) for part in table.tally.numbers) == 3


def test_identifiers_can_be_left_out(filled):
    (row,) = export(filled(make_post(author="who", url="u", parent_id="p")), identifiers=False)
    assert [row[name] for name in ("id", "author", "url", "parent_id")] == [""] * 4
    assert row["text"]


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("@ann.bsky.social see https://x.test/ann/1?a=b now", "[name] see [link] now"),
        ("RT @ann: thanks @bob@m.test!", "RT [name]: thanks [name]!"),
        ("u/ann and /u/bob, www.ann.test", "[name] and [name], [link]"),
        ("mail ann.b+c@example.org or at://did:plc:abc/app.bsky.feed.post/1", "mail [name] or [link]"),
        ("no menu/ann here, 5 @ 3, a did:plc:abc", "no menu/ann here, 5 @ 3, a [link]"),
    ],
)
def test_without_identifiers_texts_name_nobody(filled, said, left):
    post = make_post(text=said)
    assert export(filled(post), identifiers=False)[0]["text"] == left
    assert export(filled(post))[0]["text"].removeprefix("'") == said


def test_the_file_and_its_sidecar(filled, tmp_path):
    reader = filled(make_post(id="a"), make_post(id="b", source="youtube"), reason=Reason.TEXT, score=True)
    path = tmp_path / "posts.csv"
    asked = PostFilter("example", since=T0)
    done = export_posts(reader, make_watch(), path, clock=CLOCK, filter=asked)
    assert done.rows == 1
    assert done.path == path
    assert done.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert done.sidecar == sidecar_path(path) == tmp_path / "posts.csv.meta.json"
    meta = json.loads(done.sidecar.read_text())
    expected = {
        "kind": "posts", "file": "posts.csv", "rows": 1, "sha256": done.sha256, "notice": NOTICE, "watch": "example",
        "query": "terms", "model": "m@1", "as_of": "2025-05-11T00:00:00Z", "exported_at": "2025-05-11T00:00:00Z",
        "withheld": {"youtube": 1}, "columns": list(COLUMNS),
    }  # fmt: skip
    assert {name: meta[name] for name in expected} == expected
    assert meta["asked"]["since"] == "2025-05-09T00:00:00Z"
    assert meta["asked"]["identifiers"] is True
    assert meta["policy"]["reddit"] == "ids"
    assert [row["source"] for row in meta["coverage"]]


def test_the_log_knows_which_posts_a_file_holds(filled, store_url, keys, tmp_path):
    reader = filled(make_post(id="=a", text="x" * 200_000), make_post(id="b", source="lemmy"))
    with open_annotations(store_url) as log:
        done = export_posts(reader, make_watch(), tmp_path / "posts.csv", clock=CLOCK, log=log, who="ann")
    with open_store(store_url, keys) as store:
        assert store.forget("forum", ids=["=a"], now=CLOCK).exports == (str(done.path),)
    (row,) = reader.exports("example").to_dict("records")
    assert (row["id"], row["rows"], row["deleted_since"], row["who"]) == (done.id, 2, 1, "ann")
    assert json.loads(row["stamp"]) == {"sha256": done.sha256}


class FailingLog:
    """A log that cannot be written."""

    def keep_shown(self, kept):
        pass

    def log_export(self, *arguments, **named):
        raise UproarError("the log is away")


def test_no_file_appears_that_the_log_does_not_know(filled, tmp_path):
    with pytest.raises(UproarError, match="log is away"):
        export_posts(filled(make_post()), make_watch(), tmp_path / "a.csv", clock=CLOCK, log=FailingLog())
    assert not [p.name for p in tmp_path.iterdir() if "a.csv" in p.name]


def test_a_person_takes_so_many_texts_of_x_in_a_day(filled, store_url):
    posts = [make_post(id=f"x{n}", source="x", text="terms", created_at=T0 + timedelta(minutes=n)) for n in range(6)]
    reader = filled(*posts, reason=Reason.TEXT)

    def texts(wanted, who, log):
        table = posts_table(reader, make_watch(), clock=CLOCK, texts={"x": wanted}, log=log, who=who)
        rows = rows_of(b"".join(csv_pieces(schema_of(table.columns), table.batches)).decode())
        table.finish()
        assert len(rows) == 6, "the others leave as ids"
        assert all(row["id"] for row in rows)
        return sum(bool(row["text"]) for row in rows)

    with open_annotations(store_url) as log:
        assert [texts(4, "ann", log), texts(0, "ann", log)] == [4, 0]
        assert log.take_texts("ann", "x", 494, limit=500, now=CLOCK) == 494
        assert [texts(100, "ann", log), texts(100, "bob", log)] == [2, 6]
        assert log.take_texts("bob", "x", 600, limit=500, now=CLOCK) == 494, "what was not written is given back"


class BreakingReader:
    """A reader whose stream ends in an error after its first chunk."""

    def __init__(self, reader):
        self._reader = reader

    def __getattr__(self, name):
        return getattr(self._reader, name)

    def stream_columns(self, filter, *, chunk=2000):
        yield from self._reader.stream_columns(filter)
        raise UproarError("the database went away")


def test_a_failure_while_reading_leaves_no_file(filled, tmp_path):
    folder = tmp_path / "exports"
    folder.mkdir()
    with pytest.raises(UproarError, match="went away"):
        export_posts(BreakingReader(filled(make_post())), make_watch(), folder / "a.csv", clock=CLOCK)
    assert list(folder.iterdir()) == []
