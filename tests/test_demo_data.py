"""The demo replay is invented, rebuilds to the byte, and holds the pattern that its README names."""

import gzip
import importlib
import json
import re
import statistics
import sys
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

import pytest

from core.matching import parse
from core.settings import PROJECT
from core.watches import load_watch

DEMO = PROJECT / "data" / "demo"
PHASES = {"quiet": 140, "discovery": 150, "statement": 70, "letter": 70, "after": 50}
FIELDS = [
    "id", "platform", "created_at", "text", "author", "community", "kind", "parent_id", "lang",
    "likes", "reposts", "replies", "url", "invented",
]  # fmt: skip
NOTICED = datetime(2025, 5, 9, 13, tzinfo=UTC)
LETTER = datetime(2025, 5, 14, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def texts():
    return [json.loads(line) for line in (DEMO / "texts.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def shipped():
    return gzip.decompress((DEMO / "posts.jsonl.gz").read_bytes())


@pytest.fixture(scope="module")
def posts(shipped):
    rows = [json.loads(line) for line in shipped.splitlines()]
    for row in rows:
        row["at"] = datetime.fromisoformat(row["created_at"])
    return rows


@pytest.fixture(scope="module")
def expression():
    return parse(load_watch(PROJECT / "watches" / "soundcloud-ai-terms.toml").expression)


@pytest.fixture
def build(monkeypatch):
    """The builder, imported as a script would: its folder comes first on the path."""
    monkeypatch.syspath_prepend(str(DEMO))
    names = ("build", "pace", "wording")
    for name in names:
        sys.modules.pop(name, None)
    yield importlib.import_module("build")
    for name in names:
        sys.modules.pop(name, None)


def per_hour(posts):
    return Counter(row["at"].replace(minute=0, second=0) for row in posts)


def hours(start, end):
    return [start + timedelta(hours=n) for n in range(int((end - start) / timedelta(hours=1)))]


def test_there_are_enough_different_texts_in_every_phase(texts):
    plain = {re.sub(r"\W+", " ", row["text"]).casefold().strip() for row in texts}
    assert len(plain) == len(texts) >= 480
    found = Counter(row["phase"] for row in texts)
    assert set(found) == set(PHASES)
    assert {phase for phase, least in PHASES.items() if found[phase] < least} == set()


def test_no_two_texts_are_variants_of_one(texts):
    words = [frozenset(re.findall(r"\w+", row["text"].casefold())) for row in texts]
    close = [
        (texts[i]["text"], texts[j]["text"])
        for i in range(len(words))
        for j in range(i)
        if len(words[i] & words[j]) > 0.6 * len(words[i] | words[j])
    ]
    assert close == []


def test_texts_say_what_they_are(texts):
    assert {row["stance"] for row in texts} == {"against", "neutral", "for"}
    assert {row["kind"] for row in texts} == {"post", "comment", "article"}
    topics = {
        "ai_training", "consent", "ownership", "compensation", "privacy", "trust", "leaving", "replacement", "legal",
    }  # fmt: skip
    assert topics <= {row["angle"] for row in texts}
    assert sum(row["lang"] != "en" for row in texts) >= 12


def test_every_post_is_marked_invented_and_complete(posts):
    assert all(row["invented"] is True for row in posts)
    assert all(list(row)[: len(FIELDS)] == FIELDS for row in posts)
    assert len({row["id"] for row in posts}) == len(posts)
    assert {row["platform"] for row in posts} == {"bluesky", "reddit", "hackernews"}
    assert {row["kind"] for row in posts} == {"post", "comment", "repost", "article"}


def test_nothing_points_to_a_real_person_or_place(posts):
    urls = [url for row in posts for url in [row["url"], *re.findall(r"\w+://\S+|www\.\S+", row["text"])]]
    assert [url for url in urls if not url.startswith("https://example.org/")] == []
    assert [row["id"] for row in posts if "@" in row["text"] or re.search(r"(?<!\w)u/\w", row["text"])] == []
    assert all(re.fullmatch(r"demo-author-\d{4}", row["author"]) for row in posts)
    assert all(re.fullmatch(r"(demo-[a-z]+)?", row["community"]) for row in posts)


def test_the_watch_finds_every_text_and_every_post(texts, posts, expression):
    assert [row["text"] for row in texts if not expression.matches(row["text"])] == []
    assert [row["id"] for row in posts if not expression.matches(row["text"])] == []


def test_the_builder_gives_the_shipped_posts(build, shipped):
    assert build.content() == shipped, "texts or builder changed: run python data/demo/build.py"


def test_another_seed_gives_other_posts(build, posts):
    assert [row["text"] for row in build.Replay(seed=1).run()] != [row["text"] for row in posts]


def test_counts_span_and_size(posts):
    assert 6_000 <= len(posts) <= 8_500
    assert (DEMO / "posts.jsonl.gz").stat().st_size < 1_000_000
    times = [row["at"] for row in posts]
    assert times == sorted(times)
    assert times[0] >= datetime(2025, 3, 1, tzinfo=UTC)
    assert times[-1] < datetime(2025, 5, 26, tzinfo=UTC)
    assert len({at.date() for at in times}) == 86
    authors = Counter(row["author"] for row in posts)
    assert len(authors) > 2_000
    assert max(authors.values()) > 10


def test_the_quiet_days_are_quiet_and_overdispersed(posts):
    counts = per_hour(posts)
    quiet = [counts[hour] for hour in hours(datetime(2025, 3, 1, tzinfo=UTC), datetime(2025, 5, 9, tzinfo=UTC))]
    assert len(quiet) == 69 * 24
    assert 1.2 <= statistics.mean(quiet) <= 2.0
    assert statistics.variance(quiet) > 1.5 * statistics.mean(quiet)
    assert max(quiet) < 20


def test_the_day_rhythm_is_there_before_and_after(posts):
    day = datetime(2025, 5, 11, tzinfo=UTC)
    for start, end in ((datetime(2025, 3, 1, tzinfo=UTC), NOTICED), (day, day + timedelta(days=3))):
        by_hour = Counter(row["at"].hour for row in posts if start <= row["at"] < end)
        evening = sum(by_hour[hour] for hour in range(17, 22)) / 5
        night = sum(by_hour[hour] for hour in range(3, 8)) / 5
        assert evening > 1.6 * night


def test_the_reaction_peaks_in_the_evening_and_decays(posts):
    counts = per_hour(posts)
    peak, most = counts.most_common(1)[0]
    assert datetime(2025, 5, 9, 18, tzinfo=UTC) <= peak <= datetime(2025, 5, 9, 22, tzinfo=UTC)
    assert 150 <= most <= 250
    before = sum(counts[hour] for hour in hours(LETTER - timedelta(hours=8), LETTER))
    after = sum(counts[hour] for hour in hours(LETTER, LETTER + timedelta(hours=8)))
    assert after > 4 * before
    days = Counter(row["at"].date() for row in posts)
    quiet = statistics.mean(n for day, n in days.items() if day < NOTICED.date())
    end = statistics.mean(n for day, n in days.items() if day > datetime(2025, 5, 22, tzinfo=UTC).date())
    assert quiet < end < 2.5 * quiet


def test_the_mood_turns_with_the_letter_and_not_with_the_first_statement(build):
    share = defaultdict(list)
    replay = build.Replay()
    replay.run()
    for draft in replay.drafts:
        part = (
            "quiet" if draft.at < NOTICED
            else "first" if draft.at < datetime(2025, 5, 10, 2, tzinfo=UTC)
            else "statement" if draft.at < LETTER
            else "letter" if draft.at < datetime(2025, 5, 17, tzinfo=UTC)
            else "after"
        )  # fmt: skip
        share[part].append(draft.base.stance == "against")
    against = {part: statistics.mean(values) for part, values in share.items()}
    assert 0.15 <= against["quiet"] <= 0.25
    assert against["first"] > 0.7
    assert against["statement"] > against["first"] - 0.12
    assert against["letter"] < against["statement"] - 0.25
    assert against["quiet"] < against["after"] < against["letter"] + 0.05


def test_replies_and_reposts_come_after_what_they_answer(posts):
    by_id = {row["id"]: row for row in posts}
    for row in posts:
        if row["parent_id"]:
            parent = by_id[row["parent_id"]]
            assert parent["at"] <= row["at"]
            assert parent["platform"] == row["platform"]
        if row["kind"] == "repost":
            assert row["text"] == by_id[row["parent_id"]]["text"]
    copies = Counter(row["parent_id"] for row in posts if row["kind"] == "repost")
    assert sum(copies.values()) > 500
    assert all(by_id[name]["reposts"] >= number for name, number in copies.items())


def test_few_posts_repeat_word_for_word_apart_from_reposts(posts):
    own = Counter(row["text"] for row in posts if row["kind"] != "repost")
    assert max(own.values()) <= 8
    assert len(own) > 0.95 * sum(own.values())


def test_the_readme_gives_the_counts_of_the_files(texts, posts):
    page = (DEMO / "README.md").read_text(encoding="utf-8")
    assert f"{len(texts)} different texts" in page
    assert f"{len(posts):,} posts" in page
    assert "Invented posts, not SoundCloud's public." in page
