"""The command line by hand: verbs, JSON, exit codes. The classifier is the shipped one."""

import json
import os
import subprocess
import sys

import pytest

WATCH = """
platform = "Example"
terms = "example AND (terms OR ai)"
since = 2025-05-01T00:00:00Z
as_of = 2025-05-03T00:00:00Z

[[announcements]]
id = "change"
kind = "terms_change"
at = "2025-05-02"
title = "New terms"
"""
POSTS = [
    {"id": f"p{n}", "platform": "forum", "created_at": f"2025-05-0{1 + n % 2}T1{n % 10}:00:00Z", "author": f"a{n}",
     "text": f"The example terms are awful, number {n}. I hate that they train AI on my work and I am leaving."}
    for n in range(20)
]  # fmt: skip


@pytest.fixture
def home(tmp_path):
    (tmp_path / "watches").mkdir()
    (tmp_path / "watches" / "example.toml").write_text(WATCH)
    return tmp_path


def uproar(home, *arguments, stdin="", code=0, **variables):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("UPROAR_")}
    environment |= {"UPROAR_HOME": str(home), "COLUMNS": "160", **variables}
    done = subprocess.run(
        [sys.executable, "-c", "from uproar.cli import main; main()", *arguments],
        input=stdin, capture_output=True, text=True, env=environment, cwd=home, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == code, f"exit {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done


def answer(home, *arguments, **more):
    return json.loads(uproar(home, *arguments, "--json", **more).stdout)


def lines(posts=POSTS):
    return "".join(json.dumps(p) + "\n" for p in posts)


def test_the_road_from_posts_to_figures_and_files(home):
    assert answer(home, "import", "example", "-", stdin=lines()) == {"read": 20, "new": 20, "seen": 0, "rejected": 0}
    assert answer(home, "import", "example", "-", stdin=lines()) == {"read": 20, "new": 0, "seen": 20, "rejected": 0}
    before = answer(home, "timeline", "example", "--by", "day")
    assert sum(row["posts"] for row in before) == 20
    assert all(row["negative_share"] is None for row in before), "what is not scored has no share"
    assert answer(home, "score", "example")["texts_scored"] == 20
    assert answer(home, "score", "example")["texts_scored"] == 0
    rows = answer(home, "timeline", "example", "--by", "day")
    assert {
        "time",
        "posts",
        "scored",
        "relevant",
        "negative",
        "neutral",
        "positive",
        "negative_share",
        "coverage",
    } <= set(rows[0])
    assert sum(row["scored"] for row in rows) == 20
    assert sum(row["negative"] + row["neutral"] + row["positive"] for row in rows) == sum(
        row["relevant"] for row in rows
    )
    hours = answer(home, "timeline", "example", "--by", "hour")
    assert {row["coverage"] for row in hours if row["posts"]} == {"sample"}, "an import is never complete"
    assert answer(home, "rollup", "--check")["differences"] == 0
    exported = home / "posts.csv"
    assert answer(home, "export", "posts", "example", "--out", str(exported))["rows"] == 20
    again = home / "again"
    (again / "watches").mkdir(parents=True)
    (again / "watches" / "example.toml").write_text(WATCH)
    assert answer(again, "import", "example", str(exported))["new"] == 20
    assert answer(home, "export", "timeline", "example", "--out", str(home / "t.csv"), "--by", "hour")["rows"] == 48


def test_classify_keeps_order_and_reports_bad_lines(home):
    stdin = '{"id": 1, "text": "I hate these terms"}\nnot json\n{"id": "b", "text": ""}\n{"id": 3}\n'
    done = uproar(home, "classify", stdin=stdin)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["id"] for row in rows] == [1, None, "b", 3]
    assert {"sentiment", "stance", "relevant", "topics", "probabilities"} <= set(rows[0])
    assert "not JSON" in rows[1]["error"]
    assert rows[2]["scored"] is False
    assert rows[2]["sentiment"] is None


def test_forget_erases_and_keeps_the_counts(home):
    answer(home, "import", "example", "-", stdin=lines())
    answer(home, "score", "example")
    before = answer(home, "timeline", "example", "--by", "hour")
    assert answer(home, "forget", "forum", "--id", "p3")["posts_erased"] == 1
    assert answer(home, "forget", "forum", "--author", "a4")["posts_erased"] == 1
    assert answer(home, "timeline", "example", "--by", "hour") == before
    assert answer(home, "import", "example", "-", stdin=lines())["new"] == 0, "a tombstone stops re-collection"
    assert answer(home, "rollup", "--check")["differences"] == 0


def test_announce_shows_in_the_store_once(home):
    arguments = (
        "announce",
        "example",
        "--kind",
        "statement",
        "--at",
        "2025-05-02T10:00:00+02:00",
        "--title",
        "We hear you",
    )
    first = answer(home, *arguments)
    assert first["start"] == "2025-05-02T08:00:00Z"
    assert answer(home, *arguments)["id"] == first["id"]


def test_watch_new_writes_a_file_that_loads(home):
    made = answer(
        home, "watch", "new", "fresh", "--platform", "Example", "--terms", "example AND terms", "--no-backfill",
        UPROAR_HACKERNEWS_URL="http://127.0.0.1:9/api/v1", UPROAR_ALLOW_PRIVATE_ADDRESSES="true",
    )  # fmt: skip
    assert made["sources"][0]["source"] == "hackernews"
    assert made["sources"][0]["remark"], "a source that cannot be reached says so"
    assert "fresh" in [row["watch"] for row in answer(home, "watch", "list")]
    uproar(home, "watch", "new", "fresh", "--platform", "E", "--terms", "x", "--no-backfill", code=3)


def test_watch_new_leaves_no_file_behind_for_terms_that_cannot_be_read(home):
    uproar(home, "watch", "new", "broken", "--platform", "E", "--terms", "(a", "--no-backfill", code=3)
    assert not (home / "watches" / "broken.toml").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["timeline", "exampel"], 3, "Did you mean 'example'"),
        (["timeline", "example"], 3, "uproar demo"),
        (["timeline", "example", "--by", "week"], 2, "week"),
        (["nonsense"], 2, "nonsense"),
        (["import", "example", "missing.jsonl"], 7, "missing.jsonl"),
        (["import", "example", "-"], 7, "stdin"),
        (["collect", "example"], 3, "uproar import"),
        (["forget", "forum"], 3, "--id"),
        (["score", "--model", "gpt-99"], 3, "uproar-minilm"),
        (["classify"], 0, ""),
    ],
)
def test_exit_codes(home, arguments, code, message):
    assert message in uproar(home, *arguments, code=code).stderr


def test_a_wholly_unusable_stream_ends_with_seven(home):
    uproar(home, "classify", stdin="nonsense\n", code=7)
    done = uproar(home, "import", "example", "-", stdin="nonsense\nmore\n", code=7)
    assert "Traceback" not in done.stderr


def test_doctor_names_what_is_wrong(home):
    done = uproar(home, "doctor", "--json", code=3)
    rows = {row["check"]: row for row in json.loads(done.stdout)}
    assert rows["database"]["ok"] == "no"
    assert rows["model"]["ok"] == "yes"
    answer(home, "import", "example", "-", stdin=lines())
    assert all(row["ok"] == "yes" for row in answer(home, "doctor"))
