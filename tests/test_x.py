"""X, by real tweepy against a small X: what each known failure does, what is paid, and what a spent budget shows."""

import json
import logging
import random
import re
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from fake_x import FakeX, post, snowflake
from werkzeug import Response

from collectors.protocol import Limits, Priced, Recheckable
from collectors.registry import load_collector
from collectors.x import RECENT, XCollector
from collectors.x_client import XClient
from collectors.x_plan import Bucket, is_spike, plan
from collectors.x_query import x_query
from core.errors import (
    AccessDenied,
    BudgetExhausted,
    ConfigError,
    MissingSetting,
    QueryRejected,
    RetryLater,
    SourceChanged,
)
from core.expressions import parse_tree
from core.http import Transport
from core.keys import Keys
from core.permissions import Permission
from core.records import Gone, Interval, Query, Reason, Seen
from core.settings import Settings

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SINCE = NOW - 6 * HOUR
KEYS = Keys(b"k" * 32)
TOKEN = "canary-token-4711"


class Purse:
    """A budget in memory: refuses beyond `cap`, and keeps what was spent."""

    def __init__(self, cap, allowed=None, kept=0.0):
        self.cap, self.allowed, self.kept, self.spent = cap, cap if allowed is None else allowed, kept, 0.0
        self.spikes = []

    def reserve(self, units):
        if self.spent + units > self.cap + 1e-9:
            raise BudgetExhausted("spent")
        self.spent += units

    def release(self, units):
        self.spent -= units

    def allowance(self, *, spike=False):
        self.spikes.append(spike)
        return self.allowed + (self.kept if spike else 0) - self.spent


class World:
    def __init__(self, httpserver, tmp_path, posts, **more):
        self.fake = FakeX(posts, NOW, prefix="/x", **more)
        httpserver.clear()
        httpserver.expect_request(re.compile("/x/2/.*")).respond_with_handler(self.fake)
        settings = Settings(
            home=tmp_path, allow_private_addresses=True, x_bearer_token=TOKEN, x_url=httpserver.url_for("/x")
        )
        self.slept = []
        transport = Transport(settings, timeout=0.5, sleep=self.slept.append, jitter=lambda: 0.0, clock=lambda: NOW)
        self.collector = XCollector(
            XClient(settings, transport), lambda: KEYS, clock=lambda: self.fake.now, chance=random.Random(7)
        )

    def run(self, cursor=None, budget=None, *, since=SINCE, until=NOW, terms="acme", **options):
        query = Query(terms, since, until, "x", options)
        return self.collector.collect(query, cursor, Limits(budget=budget))

    def collect(self, *args, **more):
        return list(self.run(*args, **more))

    def paths(self):
        return [path.removeprefix("/2/tweets/") for path, _ in self.fake.asked]


@pytest.fixture
def world(httpserver, tmp_path):
    return lambda posts, **more: World(httpserver, tmp_path, posts, **more)


def crowd(number, start=SINCE, end=NOW - timedelta(minutes=1), text="acme"):
    return [post(start + (end - start) * n / number, f"{text} {n}", n % 1_000) for n in range(number)]


def ids(pages):
    return [sighted.post.id for page in pages for sighted in page.posts]


def cut(pages):
    return [interval for page in pages for interval in page.truncated]


def answer(body, status=200, **headers):
    return lambda: Response(
        body if isinstance(body, str) else json.dumps(body),
        status,
        headers={k.replace("_", "-"): v for k, v in headers.items()},
    )


def test_counts_come_before_posts(world):
    x = world(crowd(30))
    assert len(ids(x.collect())) == 30
    assert x.paths()[0] == "counts/recent"
    assert set(x.paths()[1:]) == {"search/recent"}


def test_since_id_is_committed_only_with_the_last_page(world):
    x = world(crowd(250))
    pages = x.collect()
    assert len(set(ids(pages))) == 250
    assert [page.cursor for page in pages[:-1]] == [None] * (len(pages) - 1)
    assert json.loads(pages[-1].cursor)["since_id"] == max(p["id"] for p in x.fake.posts)


def test_a_run_killed_between_two_pages_starts_its_window_again(world):
    x = world(crowd(250))
    run = x.run()
    first = next(run)
    assert first.cursor is None
    run.close()
    assert len(set(ids(x.collect(first.cursor)))) == 250


def test_the_next_run_asks_from_the_newest_post_on_and_pays_for_nothing_twice(world):
    x = world(crowd(40))
    last = x.collect()[-1].cursor
    x.fake.now += HOUR
    x.fake.posts.append(post(NOW + timedelta(minutes=5), "acme again"))
    read = x.fake.read
    assert ids(x.collect(last, until=NOW + HOUR)) == [x.fake.posts[-1]["id"]]
    assert x.fake.read == read + 1
    assert "since_id" in x.fake.asked[-1][1]
    assert "start_time" not in x.fake.asked[-1][1]


def test_a_cursor_older_than_a_week_uses_no_since_id_and_says_what_is_lost(world):
    old = NOW - timedelta(days=9)
    cursor = json.dumps({"at": old.isoformat(), "since_id": snowflake(old)})
    x = world(crowd(5))
    pages = x.collect(cursor, since=NOW - timedelta(days=60))
    assert len(ids(pages)) == 5
    assert cut(pages) == [Interval(old, NOW - RECENT)]
    assert not [args for _, args in x.fake.asked if "since_id" in args]


def test_the_archive_gives_what_recent_search_does_not(world):
    old = crowd(20, NOW - timedelta(days=40), NOW - timedelta(days=39))
    x = world([*old, *crowd(5)])
    pages = x.collect(since=NOW - timedelta(days=60), archive="yes")
    assert len(ids(pages)) == 25
    assert cut(pages) == []
    assert x.paths()[0] == "counts/all"


def test_an_archive_that_the_plan_lacks_is_access_denied(world):
    with pytest.raises(AccessDenied):
        world([], archive=False).collect(since=NOW - timedelta(days=60), archive="yes")


@pytest.mark.parametrize("new", [False, True])
def test_both_spellings_of_the_fields_are_read(world, new):
    original = post(SINCE, "acme at full length " * 12, 5)
    quote = post(SINCE + HOUR, "acme? really", 1, referenced_tweets=[{"type": "quoted", "id": original["id"]}])
    reply = post(SINCE + HOUR, "acme!", 2, referenced_tweets=[{"type": "replied_to", "id": original["id"]}],
                 conversation_id=original["id"])  # fmt: skip
    found = {s.post.id: s.post for page in world([original, quote, reply], new_names=new).collect() for s in page.posts}
    assert found[quote["id"]].kind == "quote"
    assert (found[reply["id"]].kind, found[reply["id"]].parent_id) == ("comment", original["id"])
    assert found[reply["id"]].root_id == original["id"]
    assert (found[reply["id"]].likes, found[reply["id"]].views) == (3, 40)


def test_a_service_that_refuses_the_old_names_is_asked_by_the_new_ones(world):
    x = world(crowd(3), demand_new_names=True, new_names=True)
    assert len(ids(x.collect())) == 3
    assert "post.fields" in x.fake.asked[-1][1]


@pytest.mark.parametrize("key", ["tweets", "posts"])
def test_a_repost_has_the_text_of_its_original_in_either_spelling(world, key):
    long = {"id": "5", "text": "acme at full length, beyond what a repost shows"}
    record = post(SINCE, "RT @someone: at full len…", referenced_tweets=[{"type": "retweeted", "id": "5"}])
    x = world([])
    found = {"data": [record], "includes": {key: [long]}, "meta": {"result_count": 1}}
    x.fake.faults = [answer({"data": [], "meta": {}}), answer(found)]
    [held] = [s for page in x.collect(reposts="yes") for s in page.posts]
    assert (held.post.text, held.post.kind, held.reason) == (long["text"], "repost", Reason.TEXT)


def test_reposts_are_left_out_unless_asked_for(world):
    x = world([])
    x.collect()
    assert all("-is:retweet" in args["query"] for _, args in x.fake.asked)
    x.fake.asked.clear()
    x.collect(reposts="yes")
    assert not [args for _, args in x.fake.asked if "is:retweet" in args["query"]]


def test_an_empty_page_has_no_data_and_is_no_failure(world):
    pages = world([]).collect()
    assert ids(pages) == cut(pages) == []
    assert pages[-1].cursor


def test_partial_errors_with_200_are_dead_letters_beside_the_posts(world):
    x = world([])
    error = {"title": "Not Found Error", "detail": "a text of somebody", "resource_id": "9"}
    record = post(SINCE, "acme")
    x.fake.faults = [answer({"meta": {}}), answer({"data": [record], "errors": [error], "meta": {}})]
    pages = x.collect()
    assert ids(pages) == [record["id"]]
    assert [r.reason for page in pages for r in page.rejected] == ["X gave no post: Not Found Error"]
    assert cut(pages) == []


def test_errors_in_place_of_posts_with_200_are_truncated(world):
    x = world([])
    x.fake.faults = [answer({"meta": {}}), answer({"errors": [{"title": "Disconnected"}]})]
    assert cut(x.collect()) == [Interval(SINCE, NOW - timedelta(seconds=30))]


@pytest.mark.parametrize("body", ["<html>over capacity</html>", "", "[]", "null", "{}", '"x"', "{"])
def test_html_or_another_shape_with_200_is_source_changed(world, body):
    x = world([])
    x.fake.faults = [answer(body)]
    with pytest.raises(SourceChanged):
        x.collect()


def test_a_server_that_says_nothing_times_out(world, httpserver):
    import time

    x = world([])
    x.fake.faults = [lambda: time.sleep(0.9) or Response("{}")] * 4
    with pytest.raises(RetryLater, match="did not answer within"):
        x.collect()


def test_server_errors_are_tried_again(world):
    x = world(crowd(3))
    x.fake.faults = [answer("", 503), answer("<html>", 500)]
    assert len(ids(x.collect())) == 3


def test_a_429_without_a_reset_is_waited_out_by_us_and_ends(world):
    x = world([])
    x.fake.faults = [answer({}, 429)] * 1_000
    with pytest.raises(RetryLater):
        x.collect()
    assert len(x.fake.asked) == 4, "never the thousand requests of wait_on_rate_limit"
    pauses = [pause for pause in x.slept if pause]
    assert all(a < b for a, b in pairwise(pauses))


def test_a_429_whose_reset_has_passed_does_not_spin(world):
    x = world(crowd(3))
    x.fake.faults = [answer({}, 429, x_rate_limit_reset=str(int(NOW.timestamp()) - 60))] * 2
    assert len(ids(x.collect())) == 3
    assert min(pause for pause in x.slept if pause) >= 0.5


def test_a_429_with_a_near_reset_is_waited_out_and_a_far_one_is_retry_later(world):
    x = world(crowd(3))
    x.fake.faults = [answer({}, 429, x_rate_limit_reset=str(int(NOW.timestamp()) + 20))]
    assert len(ids(x.collect())) == 3
    assert max(x.slept) >= 20
    x.fake.faults = [answer({}, 429, x_rate_limit_reset=str(int(NOW.timestamp()) + 800))]
    with pytest.raises(RetryLater) as raised:
        x.collect()
    assert raised.value.after == 800


@pytest.mark.parametrize(
    ("status", "error"), [(400, QueryRejected), (401, AccessDenied), (402, BudgetExhausted), (403, AccessDenied)]
)
def test_refusals_say_what_to_do(world, status, error):
    x = world([])
    x.fake.faults = [answer({"title": "no"}, status)]
    with pytest.raises(error):
        x.collect()


def test_a_cursor_loop_of_pages_stops_and_is_truncated(world):
    x = world(crowd(20))
    page = {"data": [post(SINCE, "acme")], "meta": {"next_token": "t1"}}
    x.fake.faults = [answer({"meta": {}})] + [answer(page)] * 30
    pages = x.collect()
    assert len(ids(pages)) == 1
    assert cut(pages)
    assert len(x.fake.asked) <= 4


def test_debug_logs_never_show_the_token_nor_a_text(world, caplog):
    caplog.set_level(logging.DEBUG)
    world([post(SINCE, "acme zanzibar")]).collect(terms="zanzibar")
    logging.getLogger("tweepy.client").error("Headers: {'Authorization': 'Bearer %s'}", TOKEN)
    try:
        raise RuntimeError(f"Bearer {TOKEN}")
    except RuntimeError:
        logging.getLogger("anything").exception("a traceback")
    told = "\n".join(logging.Formatter().format(r) for r in caplog.records if r.name != "werkzeug")
    assert "[secret]" in told
    assert TOKEN not in told
    assert "zanzibar" not in told


def test_what_is_paid_is_what_was_read(world):
    purse = Purse(10.0)
    x = world(crowd(130))
    x.collect(budget=purse)
    assert purse.spent == pytest.approx(x.fake.read * 0.005 + x.fake.counts_read * 0.005)
    assert x.fake.read == 130


def test_nothing_is_read_that_the_cap_does_not_hold(world):
    x = world(crowd(600), counted=lambda number: 0)  # the counts say that there is nothing
    purse = Purse(1.0, allowed=10.0)
    with pytest.raises(BudgetExhausted):
        x.collect(budget=purse)
    assert purse.spent <= 1.0
    assert x.fake.read * 0.005 <= 1.0


def test_with_nothing_left_nothing_is_asked(world):
    x = world(crowd(30))
    with pytest.raises(BudgetExhausted, match="UPROAR_BUDGETS__X__DAILY"):
        x.collect(budget=Purse(5.0, allowed=0.0))
    assert x.fake.asked == []


def test_more_than_the_budget_is_sampled_with_its_rate_and_volume(world):
    x = world(crowd(4_000))
    purse = Purse(100.0, allowed=2.0)
    pages = x.collect(budget=purse)
    parts = [part for page in pages for part in page.sampled]
    assert parts
    assert cut(pages) == []
    assert sum(part.volume for part in parts) == 4_000, "counts give the volume"
    covered = sorted((part.span.start, part.span.end) for part in parts)
    assert (covered[0][0], covered[-1][1]) == (SINCE, NOW - timedelta(seconds=30))
    assert all(a[1] == b[0] for a, b in pairwise(covered)), "no hour is left out"
    assert x.fake.read * 0.005 <= 2.0 * 1.5
    estimated = sum(part.volume * part.rate for part in parts)
    assert estimated == pytest.approx(len(ids(pages)), rel=0.05)


def test_a_sample_shows_the_share_of_the_whole(world):
    posts = crowd(6_000)
    for record in posts[::4]:
        record["text"] = "acme is terrible"
    x = world(posts)
    pages = x.collect(budget=Purse(100.0, allowed=5.0))
    held = [s.post for page in pages for s in page.posts]
    assert len(held) < 1_800
    share = sum("terrible" in post.text for post in held) / len(held)
    assert share == pytest.approx(0.25, abs=0.05)


def test_after_a_sampled_window_the_next_run_does_not_read_the_rest_of_it(world):
    x = world(crowd(4_000))
    pages = x.collect(budget=Purse(100.0, allowed=2.0))
    place = json.loads(pages[-1].cursor)
    assert place == {"at": (NOW - timedelta(seconds=30)).isoformat(), "since_id": ""}


def test_a_spike_opens_the_reserve(world):
    quiet = crowd(20, NOW - 48 * HOUR, NOW - 3 * HOUR)
    purse = Purse(100.0, allowed=1.0, kept=50.0)
    x = world([*quiet, *crowd(500, NOW - HOUR, NOW - timedelta(minutes=1))])
    pages = x.collect(budget=purse, since=NOW - 48 * HOUR)
    assert purse.spikes[-1] is True
    assert len(set(ids(pages))) == 520
    assert not [part for page in pages for part in page.sampled]


def test_steady_hours_are_no_spike():
    def hours(*numbers):
        return [Bucket(SINCE + n * HOUR, SINCE + (n + 1) * HOUR, number) for n, number in enumerate(numbers)]

    assert not is_spike(hours(50, 60, 40, 55, 70))
    assert is_spike(hours(50, 60, 40, 55, 700))
    assert not is_spike(hours(1, 1, 1, 1, 9))
    assert not is_spike([])


def test_a_plan_covers_the_span_and_draws_about_what_is_affordable():
    buckets = [Bucket(SINCE + n * HOUR, SINCE + (n + 1) * HOUR, 100 * (n + 1)) for n in range(6)]
    whole = plan(buckets, SINCE, NOW, 10_000, random.Random(1))
    assert all(not window.slices for window in whole)
    assert (whole[0].start, whole[-1].end) == (SINCE, NOW)
    drawn = plan(buckets, SINCE, NOW, 210, random.Random(1))
    for window in drawn:
        length = sum((part.end - part.start for part in window.slices), timedelta())
        assert length / (window.end - window.start) == pytest.approx(0.1, abs=0.05)
        assert all(window.start <= part.start < part.end <= window.end for part in window.slices)
    assert plan(buckets, SINCE, NOW, 210, random.Random(2)) != drawn, "by chance"


def test_the_price_is_known_before_anything_is_read(world):
    x = world(crowd(400))
    assert isinstance(x.collector, Priced)
    found = x.collector.estimate(Query("acme", SINCE, NOW, "x"), None, Limits())
    assert (found.posts, found.cost, found.spent) == (400, pytest.approx(2.0), 0.005)
    assert x.fake.read == 0


def test_recheck_asks_a_hundred_at_a_time_and_knows_who_is_gone(world):
    posts = crowd(150)
    gone = {posts[3]["id"]: "resource-not-found", posts[4]["id"]: "not-authorized-for-resource",
            posts[5]["id"]: "something-else"}  # fmt: skip
    x = world(posts, gone=gone)
    purse = Purse(10.0)
    assert isinstance(x.collector, Recheckable)
    found = list(x.collector.recheck([p["id"] for p in posts], Limits(budget=purse)))
    assert {item.id for item in found if isinstance(item, Gone)} == {posts[3]["id"], posts[4]["id"]}
    assert Seen(posts[0]["id"], 3, 1, 2, 40) in found
    assert posts[5]["id"] not in {item.id for item in found}, "a fault never erases"
    assert purse.spent == pytest.approx(147 * 0.005)
    assert len(x.fake.asked) == 2


@pytest.mark.parametrize(
    ("terms", "query"),
    [
        ("acme", "acme"),
        ('"ai first"', '"ai first"'),
        ("acme AND (terms OR tos)", "acme (terms OR tos)"),
        ("acme AND (terms OR delet*)", "acme"),
        ("acme NOT spam", "acme"),
        ("acme OR #acme", "(acme OR #acme)"),
        ('"or" OR acme', '("or" OR acme)'),
        ("acme AND (a OR (b c)) AND d", "acme (a OR (b c)) d"),
    ],
)
def test_an_expression_becomes_a_query_that_is_never_narrower(terms, query):
    assert x_query(parse_tree(terms), reposts=True, archive=False) == query
    assert x_query(parse_tree(terms), reposts=False, archive=False) == f"{query} -is:retweet"


@pytest.mark.parametrize("terms", ["delet*", "acme OR delet*", " OR ".join(f"word{n}" for n in range(200))])
def test_terms_that_x_cannot_search_for_are_refused_with_a_remedy(terms):
    with pytest.raises(QueryRejected, match=r"options = \{ query"):
        x_query(parse_tree(terms), reposts=False, archive=False)


def test_the_watch_may_give_its_own_query(world):
    x = world(crowd(3))
    x.collect(query="acme lang:en")
    assert x.fake.asked[0][1]["query"] == "acme lang:en -is:retweet"


@pytest.mark.parametrize("options", [{"archives": "yes"}, {"reposts": "some"}])
def test_wrong_options_are_named(world, options):
    with pytest.raises(ConfigError, match="x: "):
        world([]).collect(**options)


def test_without_a_cap_on_spending_it_is_refused(tmp_path):
    allowed = {"x": Permission("test", "test", date(2026, 1, 1), "test")}
    with pytest.raises(MissingSetting, match="UPROAR_BUDGETS__X__DAILY"):
        load_collector("x", Settings(home=tmp_path, permissions=allowed, x_bearer_token="t" * 20))
    caps = {"x": {"daily": 1, "monthly": 10}}
    with pytest.raises(MissingSetting, match="UPROAR_X_BEARER_TOKEN"):
        load_collector("x", Settings(home=tmp_path, permissions=allowed, budgets=caps))


@pytest.mark.parametrize("cursor", ["", "x", "[]", "{}", '{"at": 3}', '{"at": "2026-11-20T07:00:00"}'])
def test_an_unreadable_cursor_starts_at_the_beginning(world, cursor):
    assert len(ids(world(crowd(5)).collect(cursor))) == 5
