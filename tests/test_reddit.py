"""Reddit, by real PRAW against a small Reddit: every way in which it is known to lose posts or to fail."""

import json
import logging
import re
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from fake_reddit import FakeReddit, comment, submission
from werkzeug import Response

from collectors.protocol import Limits, Recheckable
from collectors.reddit import RedditCollector
from collectors.reddit_client import RedditClient, pace_of, user_agent
from collectors.reddit_marks import FOLLOWED, KEPT_THREADS, OVERLAP, Marks
from collectors.registry import load_collector
from core.errors import AccessDenied, BudgetExhausted, ConfigError, MissingSetting, RetryLater, SourceChanged
from core.http import Transport
from core.keys import Keys
from core.pacing import Pacer
from core.permissions import Permission
from core.records import Gone, Interval, Query, Reason, Seen
from core.settings import Settings

SINCE = datetime(2025, 5, 8, tzinfo=UTC)
UNTIL = datetime(2025, 5, 9, 12, tzinfo=UTC)
KEYS = Keys(b"k" * 32)
SECRET = "canary-secret-4711"


class World:
    """A fake Reddit behind an HTTP server, and a collector that reaches it through PRAW."""

    def __init__(self, httpserver, tmp_path, things, **more):
        self.fake = FakeReddit(things, UNTIL.timestamp(), **more)
        httpserver.clear()
        for method in ("GET", "POST"):
            httpserver.expect_request(re.compile("/reddit/.*"), method=method).respond_with_handler(self.fake)
        url = httpserver.url_for("/reddit")
        self.settings = Settings(
            home=tmp_path, allow_private_addresses=True, reddit_client_id="app", reddit_client_secret=SECRET,
            reddit_username="uproar_test", reddit_url=url, reddit_oauth_url=url,
        )  # fmt: skip
        self.slept: list[float] = []
        self.pacer = Pacer(sleep=self.slept.append)
        transport = Transport(
            self.settings, sleep=self.slept.append, jitter=lambda: 0.0, pacer=self.pacer,
            agent=user_agent("uproar_test"), pace=pace_of(self.settings), clock=lambda: UNTIL,
        )  # fmt: skip
        self.client = RedditClient(self.settings, transport, pacer=self.pacer)
        self.collector = RedditCollector(self.client, lambda: KEYS, clock=lambda: UNTIL)

    def collect(self, cursor=None, limits=None, *, since=SINCE, until=UNTIL, terms="acme", **options):
        query = Query(terms, since, until, "reddit", options)
        return list(self.collector.collect(query, cursor, limits or Limits()))


@pytest.fixture
def world(httpserver, tmp_path):
    return lambda things, **more: World(httpserver, tmp_path, things, **more)


def at(minutes: float) -> float:
    return (UNTIL - timedelta(minutes=minutes)).timestamp()


def ids(pages):
    return [sighted.post.id for page in pages for sighted in page.posts]


def cut(pages):
    return [interval for page in pages for interval in page.truncated]


def text(body, status=200, **headers):
    return lambda: Response(body, status, headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_a_burst_after_a_quiet_poll_is_read_whole_which_a_stream_loses(world):
    burst = [submission(f"b{n}", at(60 - n / 10), f"acme {n}") for n in range(350)]
    reddit = world([])
    quiet = reddit.collect(subreddits="test", search="no", until=UNTIL - timedelta(hours=2))
    reddit.fake.things += burst
    found = reddit.collect(quiet[-1].cursor, subreddits="test", search="no")
    assert set(ids(found)) == {f"t3_b{n}" for n in range(350)}
    assert cut(found) == []


def test_a_listing_is_paged_back_to_its_mark_and_no_further(world):
    reddit = world([submission(f"s{n}", at(n * 10), "acme") for n in range(1_500)])
    cursor = json.dumps({"marks": {"/r/test/new": datetime.fromtimestamp(at(1_500), UTC).isoformat()}})
    found = reddit.collect(cursor, subreddits="test", search="no", since=SINCE - timedelta(days=30))
    assert {f"t3_s{n}" for n in range(1, 151)} <= set(ids(found))
    assert sum(path == "/r/test/new" for path, _ in reddit.fake.asked) == 3


def test_the_three_hours_before_the_last_run_are_read_again_because_search_lags(world):
    late = submission("late", at(170), "acme was indexed late")
    reddit = world([submission("first", at(200), "acme")])
    before = reddit.collect()
    assert timedelta(hours=3) <= OVERLAP
    reddit.fake.things.append(late)
    assert "t3_late" in ids(reddit.collect(before[-1].cursor, until=UNTIL + timedelta(minutes=5)))


def test_a_window_that_hits_the_thousand_is_truncated(world):
    reddit = world([submission(f"s{n}", at(n + 1), "acme") for n in range(1_200)])
    found = reddit.collect(subreddits="test", search="no")
    oldest = datetime.fromtimestamp(at(1_000), UTC)
    assert Interval(SINCE, oldest) in cut(found)
    assert len(set(ids(found))) >= 1_000


def test_a_young_subreddit_that_simply_ends_is_not_truncated(world):
    reddit = world([submission(f"s{n}", at(n + 1), "acme") for n in range(150)])
    assert cut(reddit.collect(subreddits="test", search="no", since=SINCE - timedelta(days=300))) == []


def test_a_search_near_its_cap_is_truncated_and_tried_in_other_orders(world):
    reddit = world([submission(f"s{n}", at(n + 1), "acme", score=n) for n in range(400)])
    found = reddit.collect()
    assert cut(found) == [Interval(SINCE, datetime.fromtimestamp(at(250), UTC))]
    assert {args["sort"] for path, args in reddit.fake.asked if path == "/search"} == {
        "new", "relevance", "top", "comments",
    }  # fmt: skip
    assert "t3_s399" in ids(found), "another order brings what the newest 250 do not hold"


def test_search_runs_across_reddit_and_within_the_named_subreddits(world):
    reddit = world([submission("a", at(5), "acme", subreddit="one"), submission("b", at(6), "acme", subreddit="two")])
    assert set(ids(reddit.collect(subreddits="['one', 'r/three']"))) == {"t3_a", "t3_b"}
    paths = {path for path, _ in reddit.fake.asked}
    assert {"/search", "/r/one/search", "/r/three/search", "/r/one/new", "/r/three/comments"} <= paths


def test_an_empty_search_is_asked_again(world):
    reddit = world([submission("a", at(5), "acme")])
    empty = text(json.dumps({"kind": "Listing", "data": {"children": [], "after": None}}))
    reddit.fake.faults = [empty, empty]
    assert ids(reddit.collect()) == ["t3_a"]


def test_comments_below_a_match_are_held_for_their_thread_folded_and_deep_ones_too(world):
    things = [submission("root", at(50), "acme changes its terms")]
    things += [comment(f"c{n}", at(49 - n / 10), f"reply {n}", under="root") for n in range(230)]
    things += [comment("d1", at(20), "deeper", under="root", parent="t1_c1")]
    things += [comment("d2", at(19), "deepest", under="root", parent="t1_d1")]
    reddit = world(things, shown=20)
    found = {s.post.id: s for page in reddit.collect() for s in page.posts}
    assert set(found) == {thing["data"]["name"] for thing in things}
    assert found["t1_d2"].reason is Reason.THREAD
    assert found["t1_d2"].post.root_id == "t3_root"
    assert found["t1_d2"].post.parent_id == "t1_d1"
    assert found["t1_c1"].post.likes == -2
    infos = [args["id"].count(",") + 1 for path, args in reddit.fake.asked if path == "/api/info"]
    assert max(infos) == 100, "a hundred ids a call"


def test_a_thread_is_read_again_only_when_its_comments_have_changed(world):
    reddit = world([submission("root", at(50), "acme"), comment("c1", at(40), "one", under="root")])
    first = reddit.collect()
    asked = len(reddit.fake.asked)
    second = reddit.collect(first[-1].cursor, until=UNTIL + timedelta(hours=5))
    assert not [path for path, _ in reddit.fake.asked[asked:] if path.startswith("/comments/")]
    reddit.fake.things.append(comment("c2", (UNTIL + timedelta(hours=4)).timestamp(), "two", under="root"))
    reddit.collector = RedditCollector(reddit.client, lambda: KEYS, clock=lambda: UNTIL + timedelta(hours=6))
    assert ids(reddit.collect(second[-1].cursor, until=UNTIL + timedelta(hours=6))) == ["t1_c2"]


def test_a_thread_of_endless_folds_is_cut_and_says_so(world):
    things = [submission("root", at(50), "acme")]
    things += [comment(f"c{n}", at(49), "x", under="root") for n in range(6_500)]
    reddit = world(things, shown=10)
    found = reddit.collect()
    assert cut(found) == [Interval(SINCE, UNTIL)]


def test_what_was_deleted_or_removed_is_neither_held_nor_rejected(world):
    things = [
        submission("gone1", at(5), "acme", author="[deleted]"),
        submission("gone2", at(5), "acme", selftext="[removed]"),
        submission("gone3", at(5), "acme", removed_by_category="moderator"),
        submission("gone4", at(5), "acme", author=None),
        submission("kept", at(5), "acme"),
        comment("gone5", at(4), "[deleted]", under="kept"),
    ]
    found = world(things).collect()
    assert ids(found) == ["t3_kept"]
    assert not [page for page in found if page.rejected]


def test_recheck_asks_a_hundred_at_a_time_and_tells_what_is_gone(world):
    things = [submission(f"s{n}", at(5), "acme") for n in range(150)]
    things[7]["data"]["author"] = None
    things[8]["data"]["selftext"] = "[removed]"
    reddit = world(things)
    assert isinstance(reddit.collector, Recheckable)
    found = list(reddit.collector.recheck([f"t3_s{n}" for n in range(151)], Limits()))
    assert {item.id for item in found if isinstance(item, Gone)} == {"t3_s7", "t3_s8", "t3_s150"}
    assert Seen("t3_s0", likes=3, replies=0) in found
    assert len(reddit.fake.asked) == 2


def test_a_fault_never_erases(world):
    reddit = world([])
    assert list(reddit.collector.recheck(["t3_a", "t3_b", "no id"], Limits())) == []
    reddit.fake.faults = [text("<html>", 200)]
    with pytest.raises(SourceChanged):
        list(reddit.collector.recheck(["t3_a"], Limits()))


def test_a_429_with_retry_after_is_waited_out(world):
    reddit = world([submission("a", at(5), "acme")])
    reddit.fake.faults = [text("{}", 429, Retry_After="7")]
    assert ids(reddit.collect()) == ["t3_a"]
    assert 7.0 in reddit.slept


def test_a_429_without_retry_after_is_waited_out_with_growing_pauses(world):
    reddit = world([submission("a", at(5), "acme")])
    reddit.fake.faults = [text("{}", 429), text("{}", 429), text("{}", 429)]
    assert ids(reddit.collect()) == ["t3_a"]
    pauses = [pause for pause in reddit.slept if pause]
    assert all(first < second for first, second in pairwise(pauses[:3]))


def test_a_429_that_does_not_end_is_retry_later_and_holds_every_client_of_the_key(world):
    reddit = world([])
    reddit.fake.faults = [text("{}", 429, Retry_After="300")]
    with pytest.raises(RetryLater) as raised:
        reddit.collect()
    assert raised.value.after == 300
    other = RedditClient(reddit.settings, Transport(reddit.settings), pacer=reddit.pacer)
    asked = len(reddit.fake.asked)
    with pytest.raises(RetryLater, match="used up"):
        other.get("/search")
    assert len(reddit.fake.asked) == asked


def test_the_header_x_ratelimit_used_with_a_fraction_does_no_harm(world):
    reddit = world([submission("a", at(5), "acme")])
    reddit.fake.headers = {
        "x-ratelimit-used": "12.0", "x-ratelimit-remaining": "588.0", "x-ratelimit-reset": "333.0",
    }  # fmt: skip
    assert ids(reddit.collect()) == ["t3_a"]


def test_a_used_up_limit_is_kept_for_the_whole_process(world):
    reddit = world([submission("a", at(5), "acme")])
    reddit.fake.headers = {"x-ratelimit-used": "600", "x-ratelimit-remaining": "0.0", "x-ratelimit-reset": "40"}
    reddit.collect(subreddits="test")
    assert max(reddit.slept) > 35, "the next request waits for the reset"


def test_server_errors_are_retried(world):
    reddit = world([submission("a", at(5), "acme")])
    reddit.fake.faults = [text("", 503), text("<html>", 500), text("", 520)]
    assert ids(reddit.collect()) == ["t3_a"]


@pytest.mark.parametrize("body", ["<html>blocked</html>", "", "null", "[]", "{}", '{"data": {"children": 7}}'])
def test_something_else_with_200_is_source_changed(world, body):
    reddit = world([])
    reddit.fake.faults = [text(body)]
    with pytest.raises(SourceChanged):
        reddit.collect()


def test_html_with_403_is_access_denied(world):
    reddit = world([])
    reddit.fake.faults = [text("<html>whoa there, pardner!", 403)]
    with pytest.raises(AccessDenied):
        reddit.collect()


def test_a_private_subreddit_does_not_stop_the_others_is_named_and_keeps_its_mark(world):
    reddit = world([submission("a", at(5), "acme", subreddit="open")], refused=("closed",))
    query = Query("acme", SINCE, UNTIL, "reddit", {"subreddits": "closed, open", "search": "no"})
    run = reddit.collector.collect(query, None, Limits())
    last, found = None, []

    def read() -> None:
        nonlocal last
        for page in run:
            found.extend(ids([page]))
            last = page.cursor or last

    with pytest.raises(AccessDenied, match="/r/closed/new"):
        read()
    assert found == ["t3_a"]
    marks = Marks.read(last, SINCE)
    assert marks.mark("/r/open/new") == UNTIL - OVERLAP
    assert marks.mark("/r/closed/new") == SINCE


def test_subreddits_in_place_of_posts_mean_that_there_is_no_such_subreddit(world):
    reddit = world([])
    other = {"kind": "Listing", "data": {"children": [{"kind": "t5", "data": {"id": "x"}}], "after": None}}
    reddit.fake.faults = [text(json.dumps(other))]
    with pytest.raises(AccessDenied, match="no such subreddit"):
        reddit.collect(subreddits="nowhere", search="no")


def test_a_page_that_comes_again_ends_the_listing(world):
    reddit = world([])
    page = {"kind": "Listing", "data": {"children": [submission("a", at(5), "acme")], "after": "t3_a"}}
    reddit.fake.faults = [text(json.dumps(page))] * 40
    found = reddit.collect(subreddits="test", search="no")
    assert ids(found).count("t3_a") == 1
    assert sum(path == "/r/test/new" for path, _ in reddit.fake.asked) == 2
    assert cut(found), "where it goes on nobody knows: not complete"


def test_a_token_that_has_run_out_is_renewed(world):
    reddit = world([submission("a", at(5), "acme")])
    reddit.fake.faults = [text("{}", 401)]
    assert ids(reddit.collect()) == ["t3_a"]
    assert reddit.fake.tokens == 2


def test_wrong_keys_are_access_denied_with_the_place_to_look(world, httpserver):
    reddit = world([])
    client = RedditClient(
        reddit.settings.model_copy(update={"reddit_client_id": "nobody"}),
        Transport(reddit.settings),
        pacer=reddit.pacer,
    )
    with pytest.raises(AccessDenied):
        client.get("/search")


def test_the_user_agent_is_the_form_that_reddit_asks_for(world):
    reddit = world([submission("a", at(5), "acme")])
    reddit.collect()
    assert set(reddit.fake.agents) == {user_agent("uproar_test")}
    assert user_agent("uproar_test").startswith("python:uproar:")
    assert user_agent("uproar_test").endswith("(by /u/uproar_test)")


@pytest.mark.parametrize(
    "content",
    ["[DEFAULT]\noauth_url=http://127.0.0.1:9/\nreddit_url=http://127.0.0.1:9/\nusername=x\npassword=y\n", "no"],
)
def test_a_praw_ini_in_the_working_folder_does_not_matter(world, tmp_path, monkeypatch, content):
    (tmp_path / "praw.ini").write_text(content)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("praw_reddit_url", "http://127.0.0.1:9/")
    monkeypatch.setenv("praw_site", "elsewhere")
    assert ids(world([submission("a", at(5), "acme")]).collect()) == ["t3_a"]


def test_debug_logs_show_neither_secret_nor_token_nor_query(world, caplog):
    caplog.set_level(logging.DEBUG)
    reddit = world([submission("a", at(5), "acme zanzibar")])
    reddit.collect(terms="zanzibar")
    logging.getLogger("praw.anything").warning("the secret is %s", SECRET)
    told = "\n".join(r.getMessage() for r in caplog.records if r.name != "werkzeug")
    for word in (SECRET, "zanzibar"):
        assert word not in told


def test_a_spent_budget_ends_the_run(world):
    class Spent:
        def reserve(self, units):
            raise BudgetExhausted("spent")

    with pytest.raises(BudgetExhausted):
        world([]).collect(limits=Limits(budget=Spent()))


@pytest.mark.parametrize("options", [{"subreddit": "x"}, {"subreddits": "a/b"}, {"search": "maybe"}, {"search": "no"}])
def test_wrong_options_are_named(world, options):
    with pytest.raises(ConfigError, match="reddit"):
        world([]).collect(**options)


def test_missing_keys_are_named_with_where_to_get_them(tmp_path):
    allowed = {"reddit": Permission("test", "test", date(2026, 1, 1), "test")}
    with pytest.raises(MissingSetting, match=r"UPROAR_REDDIT_CLIENT_ID.*prefs/apps"):
        load_collector("reddit", Settings(home=tmp_path, permissions=allowed))


@pytest.mark.parametrize(
    "cursor", ["", "x", "[]", '{"marks": 3}', '{"marks": {"/search?\\"acme\\"": 7}, "threads": []}']
)
def test_an_unreadable_cursor_starts_at_the_beginning(world, cursor):
    assert ids(world([submission("a", at(600), "acme")]).collect(cursor)) == ["t3_a"]


def test_threads_are_followed_for_a_week_and_not_too_many():
    marks = Marks(SINCE)
    marks.follow({f"t3_{n}": 1 for n in range(KEPT_THREADS + 50)}, UNTIL)
    assert len(marks.threads) == KEPT_THREADS
    again = Marks.read(marks.cursor(), SINCE)
    assert again.threads == marks.threads
    again.follow(again.threads, UNTIL + FOLLOWED)
    assert again.threads == {}
