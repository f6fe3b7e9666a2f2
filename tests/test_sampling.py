"""A sampled hour on its way to the reader: spent money looks neither like calm nor like another mood."""

import json
import re
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from factories import T0
from fake_reader import FakeReader
from fake_x import FakeX, post
from typer.testing import CliRunner

from analysis.weights import hour_weights, weighted
from core.records import Interval, Outcome, Sampled
from core.watches import SourceRule, Watch
from reports.coverage import coverage
from reports.measure import Share, change_between
from reports.overview import _counts, _languages, overview
from reports.spikes import _as_if_read
from reports.timeline import timeline
from reports.window import Window
from uproar.cli import app

HOUR = timedelta(hours=1)
WATCH = Watch("acme", "Acme", "Acme", "acme", T0, sources=(SourceRule("x"), SourceRule("forum")))


def runs(*rows):
    names = ("source", "since", "until", "started_at", "outcome", "truncated", "sampled")
    return pd.DataFrame([dict(zip(names, row, strict=True)) for row in rows], columns=list(names))


def part(start, end, rate, volume=100):
    return Sampled(Interval(start, end), rate, volume)


def test_a_weight_is_one_over_the_share_that_was_read():
    found = hour_weights(runs(
        ("x", T0, T0 + 3 * HOUR, T0 + 3 * HOUR, Outcome.OK, [], [part(T0 + HOUR, T0 + 2 * HOUR, 0.1)]),
    ), T0, T0 + 3 * HOUR)  # fmt: skip
    assert [tuple(row) for row in found.itertuples(index=False)] == [(T0 + HOUR, "x", pytest.approx(10.0))]


def test_an_hour_that_was_sampled_in_part_counts_in_part():
    half = part(T0, T0 + HOUR / 2, 0.5)
    found = hour_weights(runs(("x", T0, T0 + HOUR, T0 + HOUR, Outcome.OK, [], [half])), T0, T0 + HOUR)
    assert found["weight"].tolist() == [pytest.approx(1 / 0.75)]


def test_an_hour_that_another_run_read_whole_has_no_weight():
    found = hour_weights(runs(
        ("x", T0, T0 + HOUR, T0 + HOUR, Outcome.OK, [], [part(T0, T0 + HOUR, 0.1)]),
        ("x", T0, T0 + HOUR, T0 + 2 * HOUR, Outcome.OK, [], []),
    ), T0, T0 + HOUR)  # fmt: skip
    assert found.empty


def test_sources_are_weighted_apart():
    counts = pd.DataFrame({"hour": [T0, T0], "source": ["x", "forum"], "posts": [10, 50], "negative": [5, 1],
                           "measured": [10, 50]})  # fmt: skip
    weights = pd.DataFrame({"hour": [T0], "source": ["x"], "weight": [10.0]})
    [row] = weighted(counts, weights).to_dict("records")
    assert (row["volume"], row["weighted_negative"], row["weighted_measured"]) == (150, 51.0, 150.0)


def reader_with(rate):
    reader = FakeReader()
    for n in range(3):
        reader.score(T0 + n * HOUR, negative=8, relevant=10, posts=10, source="x")
        reader.score(T0 + n * HOUR, negative=10, relevant=100, posts=100, source="forum")
    for source in ("x", "forum"):
        sampled = [part(T0 + HOUR, T0 + 2 * HOUR, rate)] if source == "x" and rate else []
        reader.run(T0, T0 + 3 * HOUR, source=source, sampled=sampled, permission="contract" if source == "x" else "")
    return reader


def test_the_timeline_counts_a_sampled_hour_as_what_it_stands_for():
    frame = timeline(reader_with(0.1), WATCH, clock=T0 + 3 * HOUR, until=T0 + 3 * HOUR)
    plain = timeline(reader_with(None), WATCH, clock=T0 + 3 * HOUR, until=T0 + 3 * HOUR)
    assert frame["posts"].tolist() == [110, 110, 110]
    assert frame["volume"].tolist() == [110, 200, 110]
    assert frame["coverage"].tolist() == ["complete", "sample", "complete"]
    share = (80 + 10) / (100 + 100)
    assert frame["negative_share"].tolist() == [pytest.approx(18 / 110), pytest.approx(share), pytest.approx(18 / 110)]
    width = (frame["high"] - frame["low"]).tolist()
    assert width[1] > width[0] * 1.4, "ten posts that stand for a hundred are no hundred"
    for name in ("negative_share", "low", "high"):
        assert frame[name].tolist()[::2] == plain[name].tolist()[::2], "other hours are as they were"


def test_the_overview_counts_posts_topics_and_languages_as_what_they_stand_for():
    reader = reader_with(0.1)
    for topic, source, language, n in (("consent", "x", "de", 6), ("legal", "forum", "en", 30)):
        for hour in range(3):
            key = {"source": source, "topic": topic, "language": language}
            reader.score(T0 + hour * HOUR, negative=n // 2, relevant=n, **key)
    found = overview(reader, WATCH, clock=T0 + 3 * HOUR)
    assert (found.posts, found.read) == (420, 330)
    assert {row.topic: row.relevant for row in found.topics} == {"consent": 72, "legal": 90}
    assert found.topics[0].share_of_relevant == pytest.approx(90 / 420)
    assert found.share.share == pytest.approx((18 + 90 + 18) / 420), "as on the timeline"
    assert (found.share.negative, found.share.relevant) == (54, 330), "counts are those in hand"
    assert found.share.worth < 330
    assert "420 posts in the last day" in found.headline
    assert "by the 330 that the budget let us read" in found.headline
    plain = overview(reader_with(None), WATCH, clock=T0 + 3 * HOUR)
    assert (plain.posts, plain.read, plain.share.worth) == (330, 330, None)
    assert plain.share.high - plain.share.low < found.share.high - found.share.low


def test_languages_are_named_by_what_they_stand_for():
    reader = FakeReader()
    reader.score(T0, negative=1, relevant=40, source="forum", language="en")
    reader.score(T0, negative=1, relevant=10, source="x", language="de")
    reader.run(T0, T0 + HOUR, source="x", sampled=[part(T0, T0 + HOUR, 0.1)], permission="contract")
    reader.run(T0, T0 + HOUR, source="forum")
    counts = _counts(reader, WATCH, Window(T0, T0 + HOUR), clock=T0 + HOUR)
    assert _languages(counts) == ("de", "en")
    assert counts.set_index("language")["volume"].to_dict() == {"de": 100, "en": 40}


def test_two_samples_are_compared_as_what_they_are_worth():
    plain, thin = Share(50, 100, 0.5, 0.4, 0.6), Share(60, 100, 0.6, 0.4, 0.8, worth=25.0)
    whole = Share(60, 100, 0.6, 0.5, 0.7)
    found, narrow = change_between(plain, thin), change_between(plain, whole)
    assert found.points == pytest.approx(narrow.points) == pytest.approx(0.1)
    assert found.high - found.low > narrow.high - narrow.low


def test_a_day_sums_what_its_hours_stand_for():
    frame = timeline(reader_with(0.1), WATCH, clock=T0 + 3 * HOUR, until=T0 + 3 * HOUR, by="day")
    assert frame["volume"].tolist() == [420]
    assert frame["negative_share"].tolist() == [pytest.approx((18 + 90 + 18) / 420)]


def test_a_sampled_hour_is_judged_by_what_it_stands_for_unless_chance_alone_could_make_it():
    hours = pd.DataFrame({
        "negative": [8, 2, 8], "relevant": [10, 10, 10], "weighted_negative": [80.0, 20.0, 8.0],
        "weighted_measured": [100.0, 100.0, 10.0], "weighted_square": [1000.0, 1000.0, 10.0],
        "negative_reposts": [2, 1, 2], "relevant_reposts": [3, 3, 3],
    })  # fmt: skip
    judged = _as_if_read(hours, least=5)
    assert judged["negative"].tolist() == [80, 2, 8]
    assert judged["negative_reposts"].tolist() == [20, 1, 2]
    assert judged["relevant_reposts"].tolist() == [30, 3, 3]
    assert judged["relevant"].tolist() == [100, 10, 10]


def test_coverage_says_rate_cost_and_permission():
    found = coverage(reader_with(0.1), WATCH, clock=T0 + 3 * HOUR, until=T0 + 3 * HOUR).set_index("source")
    assert "10.0% of the posts were read" in found.loc["x", "sentence"].replace("10.0% to ", "")
    assert found.loc["x", "permission"] == "contract"
    assert found.loc["forum", "permission"] == ""
    assert "permission" not in found.loc["forum", "sentence"] + found.loc["x", "sentence"]
    bare = coverage(FakeReader(), WATCH, clock=T0 + HOUR, until=T0 + HOUR).set_index("source")
    assert "only with a recorded permission" in bare.loc["x", "sentence"]
    assert found.loc["x", "cost"] == 0.0


def test_a_dry_run_prints_the_price_and_reads_nothing(httpserver, tmp_path, monkeypatch):
    now = datetime.now(UTC)
    fake = FakeX([post(now - HOUR - n * HOUR / 30, f"acme {n}", n) for n in range(600)], now, prefix="/x")
    httpserver.expect_request(re.compile("/x/2/.*")).respond_with_handler(fake)
    (tmp_path / "watches").mkdir()
    (tmp_path / "watches" / "acme.toml").write_text(
        f'platform = "Acme"\nterms = "acme"\nsince = {(now - 24 * HOUR).isoformat()}\n[[sources]]\nname = "x"\n'
    )
    given = {
        "HOME": str(tmp_path), "X_URL": httpserver.url_for("/x"), "ALLOW_PRIVATE_ADDRESSES": "true",
        "X_BEARER_TOKEN": "canary-4711", "BUDGETS__X__DAILY": "100", "BUDGETS__X__MONTHLY": "1000",
        "PERMISSIONS__X__BASIS": "a", "PERMISSIONS__X__WHO": "b", "PERMISSIONS__X__DATE": "2026-01-01",
        "PERMISSIONS__X__USE": "c",
    }  # fmt: skip
    for name, value in given.items():
        monkeypatch.setenv(f"UPROAR_{name}", value)
    done = CliRunner().invoke(app, ["collect", "acme", "--dry-run", "--json"])
    assert done.exit_code == 0, done.output
    [row] = json.loads(done.stdout)
    assert (row["posts"], row["price_usd"], row["spent_usd"]) == (600, 3.0, 0.005)
    assert row["allowed_now_usd"] > 0
    assert fake.read == 0
