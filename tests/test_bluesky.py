"""Bluesky's search: sessions, windows, caps, refusals, look-ups. Each failure mode known of it is a test here."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from fake_bluesky import HANDLE, PASSWORD, FakeBluesky, view
from werkzeug import Response

from collectors.bluesky import BlueskyCollector
from collectors.bluesky_search import searches
from collectors.bluesky_session import LOGINS_A_DAY
from collectors.protocol import Limits, Recheckable
from core.errors import AccessDenied, ConfigError, MissingSetting, QueryRejected, RetryLater, SourceChanged
from core.http import Transport
from core.matching import parse
from core.records import Gone, Query, Seen
from core.settings import Settings

SINCE = datetime(2025, 5, 9, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


class Clock:
    """A time that tests move."""

    def __init__(self):
        self.now = SINCE + timedelta(days=20)

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def settings(tmp_path, httpserver):
    return Settings(
        home=tmp_path / "home", allow_private_addresses=True, bluesky_handle=HANDLE, bluesky_password=PASSWORD,
        bluesky_url=httpserver.url_for(""), bluesky_public_url=httpserver.url_for("/public"),
    )  # fmt: skip


@pytest.fixture
def serve(httpserver, settings, clock):
    """A collector on a fake with these views, or on a handler; called again it is another process on the same home."""

    def start(views_or_handler, **more):
        fake = views_or_handler if callable(views_or_handler) else FakeBluesky(views_or_handler, clock, **more)
        httpserver.clear()
        httpserver.expect_request(re.compile("(/public)?/xrpc/.*")).respond_with_handler(fake)
        return BlueskyCollector(settings, Transport(settings, sleep=lambda s: None), clock=clock), fake

    return start


def query(expression="acme", days=1.0, **more):
    return Query(expression, SINCE, SINCE + timedelta(days=days), "bluesky", **more)


def run(collector, asked=None, cursor=None):
    pages = list(collector.collect(asked or query(), cursor, Limits()))
    return pages, [s.post for page in pages for s in page.posts]


def many(count, step=SECOND, text="acme"):
    return [view(f"n{n}", SINCE + n * step, f"{text} {n}") for n in range(count)]


def kept(settings):
    return json.loads((settings.home / "bluesky-session.json").read_text())


def test_a_view_becomes_a_post(serve):
    reply = {"reply": {"root": {"uri": "at://did:plc:r/app.bsky.feed.post/1"},
                       "parent": {"uri": "at://did:plc:p/app.bsky.feed.post/2"}}}  # fmt: skip
    quoting = view("b", SINCE + SECOND, "acme quoted", embed={"$type": "app.bsky.embed.record"})
    collector, _ = serve([view("a", SINCE, "Acme\0 again", langs=["de-AT", "en"], **reply), quoting])
    _, (first, second) = run(collector)
    assert (first.source, first.id) == ("bluesky", "at://did:plc:author1/app.bsky.feed.post/a")
    assert first.url == "https://bsky.app/profile/did:plc:author1/post/a"
    assert (first.text, first.lang, first.kind) == ("Acme again", "de", "comment")
    assert (first.likes, first.reposts, first.replies) == (3, 2, 1)
    assert first.parent_id.endswith("/2")
    assert first.root_id.endswith("/1")
    assert second.kind == "quote"


def test_created_at_is_the_authors_and_the_earlier_time_counts(serve):
    future = SINCE + timedelta(days=9_000)
    views = [view("a", SINCE + HOUR, "acme in the future", created=future),
             view("b", SINCE + 3 * HOUR, "acme imported", created=SINCE + 2 * HOUR)]  # fmt: skip
    collector, _ = serve(views)
    assert [post.created_at for post in run(collector)[1]] == [SINCE + HOUR, SINCE + 2 * HOUR]


def test_html_403_is_blocked(serve, httpserver):
    _, fake = serve(many(3))

    def blocked(request):
        return Response("<html>", 403) if "searchPosts" in request.path else fake(request)

    with pytest.raises(AccessDenied, match="blocks this address"):
        run(serve(blocked)[0])


def test_html_403_at_the_login_is_blocked(serve):
    with pytest.raises(AccessDenied, match="blocks this address"):
        run(serve(lambda request: Response("<html>", 403))[0])


def test_search_without_an_account_is_not_tried(httpserver, tmp_path):
    settings = Settings(home=tmp_path, allow_private_addresses=True, bluesky_public_url=httpserver.url_for(""))
    with pytest.raises(MissingSetting, match=r"UPROAR_BLUESKY_PASSWORD.*jetstream"):
        run(BlueskyCollector.from_settings(settings))
    assert not httpserver.log


def test_the_session_is_kept_with_mode_0600_and_shared(serve, settings):
    collector, fake = serve(many(3))
    run(collector)
    path = settings.home / "bluesky-session.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert PASSWORD not in path.read_text()
    another = BlueskyCollector(settings, Transport(settings), clock=fake.clock)
    assert len(run(another)[1]) == 3
    assert fake.logins == 1


def test_a_token_that_runs_out_is_refreshed_in_time(serve, clock):
    collector, fake = serve(many(3))
    run(collector)
    clock.now += timedelta(hours=1, minutes=50)
    assert len(run(collector)[1]) == 3
    assert (fake.logins, fake.refreshes) == (1, 1)


def test_a_token_that_the_server_forgot_is_refreshed_once(serve):
    collector, fake = serve(many(3))
    run(collector)
    fake.expire()
    assert len(run(collector)[1]) == 3
    assert (fake.logins, fake.refreshes) == (1, 1)


def test_a_revoked_session_logs_in_anew(serve, settings):
    collector, fake = serve(many(3))
    run(collector)
    fake.revoke()
    assert len(run(collector)[1]) == 3
    assert fake.logins == 2
    assert len(kept(settings)["logins"]) == 2


def test_logins_stay_below_what_the_service_bears(serve, settings, clock):
    collector, fake = serve(many(3))
    for _ in range(LOGINS_A_DAY):
        run(collector)
        fake.revoke()
        clock.now += timedelta(minutes=1)
    assert fake.logins == LOGINS_A_DAY < 100
    with pytest.raises(RetryLater, match="logins") as raised:
        run(collector)
    assert fake.logins == LOGINS_A_DAY
    assert raised.value.after <= 900
    clock.now += timedelta(days=1)
    assert len(run(collector)[1]) == 3


@pytest.mark.parametrize("content", ["", "{", "[]", '{"session": 5}', '{"session": "a:::b", "account": "x"}'])
def test_a_broken_session_file_is_none(serve, settings, content):
    settings.home.mkdir()
    (settings.home / "bluesky-session.json").write_text(content)
    collector, fake = serve(many(3))
    assert len(run(collector)[1]) == 3
    assert fake.logins == 1


def test_the_session_of_another_account_is_not_used(serve, settings, httpserver):
    collector, fake = serve(many(3))
    run(collector)
    other = settings.model_copy(update={"bluesky_handle": "other.test"})
    with pytest.raises(AccessDenied, match="UPROAR_BLUESKY_HANDLE"):
        run(BlueskyCollector(other, Transport(other), clock=fake.clock))


def test_a_window_over_ten_thousand_posts_is_halved(serve):
    collector, _ = serve(many(10_500, step=timedelta(seconds=8)))
    pages, posts = run(collector)
    assert len({post.id for post in posts}) == len(posts) == 10_500
    assert not any(page.truncated for page in pages)
    assert max(len(page.posts) for page in pages) == 100
    assert [post.created_at for post in posts] == sorted(post.created_at for post in posts)


def test_a_second_with_ten_thousand_posts_is_truncated(serve):
    crowd = [view(f"n{n}", SINCE + 77 * SECOND, f"acme {n}") for n in range(10_001)]
    collector, _ = serve([*crowd, view("x", SINCE + 76 * SECOND, "acme before")])
    pages, posts = run(collector, query(days=0.002))
    cut = [(i.start, i.end) for page in pages for i in page.truncated]
    assert cut == [(SINCE + 77 * SECOND, SINCE + 78 * SECOND)]
    assert "acme before" in [post.text for post in posts]


def test_a_cursor_that_stops_early_narrows_the_window(serve):
    collector, _ = serve(many(240, step=timedelta(minutes=6)), stop_after=100)
    pages, posts = run(collector)
    assert len({post.id for post in posts}) == 240
    assert not any(page.truncated for page in pages)


def test_a_cursor_that_stops_early_within_an_hour_is_truncated(serve):
    collector, _ = serve(many(240), stop_after=100)
    pages, _ = run(collector)
    cut = [interval for page in pages for interval in page.truncated]
    assert len(cut) == 1
    assert cut[0].start <= SINCE
    assert cut[0].end - cut[0].start <= HOUR


def test_a_cursor_loop_stops(serve):
    _, fake = serve(many(5))

    asked = []

    def looping(request):
        if "searchPosts" not in request.path:
            return fake(request)
        asked.append(request)
        return Response(json.dumps({"posts": fake.views, "cursor": "same"}), content_type="application/json")

    collector, _ = serve(looping)
    pages, posts = run(collector, query(days=0.04))
    assert len(posts) == 5
    assert pages[-1].truncated
    assert len(asked) <= 4


def test_a_prefix_cannot_be_searched_for_and_is_truncated(serve):
    collector, _ = serve([view("a", SINCE, "deleting acme")])
    pages, posts = run(collector, query("delet*"))
    assert len(posts) == 1
    assert all(page.truncated for page in pages if page.cursor)
    assert searches(parse('"opt out" OR #NoAI OR it\'s OR acme').cover) == ['"opt out"', "#noai", '"it\'s"', "acme"]


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, "<html>down</html>", SourceChanged),
        (200, '{"posts": [{"uri"', SourceChanged),
        (200, "[]", SourceChanged),
        (200, '{"posts": null}', SourceChanged),
        (400, '{"error": "InvalidRequest"}', QueryRejected),
        (401, '{"error": "AccountTakedown"}', AccessDenied),
        (404, "", SourceChanged),
        (429, "", RetryLater),
        (502, "", RetryLater),
    ],
)
def test_answers_that_are_no_answers(serve, status, body, error):
    _, fake = serve([])
    collector, _ = serve(lambda r: Response(body, status) if "searchPosts" in r.path else fake(r))
    with pytest.raises(error) as raised:
        run(collector)
    assert "acme" not in str(raised.value)


def test_a_rate_limit_is_waited_for_by_its_reset(httpserver, settings, clock):
    fake, slept, refusals = FakeBluesky(many(3), clock), [], [1]

    def limited(request):
        if "searchPosts" in request.path and refusals:
            refusals.pop()
            return Response("", 429, headers={"ratelimit-reset": str(int(clock.now.timestamp()) + 30)})
        return fake(request)

    httpserver.expect_request(re.compile("/xrpc/.*")).respond_with_handler(limited)
    transport = Transport(settings, sleep=slept.append, clock=clock, jitter=lambda: 0.5)
    assert len(run(BlueskyCollector(settings, transport, clock=clock))[1]) == 3
    assert slept == [30.5]


def test_odd_views_are_rejected_and_the_rest_taken(serve):
    good, odd = view("a", SINCE, "acme"), view("b", SINCE, "acme")
    views = [
        good,
        {**odd, "uri": 5},
        {**odd, "indexedAt": "soon", "record": {"text": "acme"}},
        None,
        {"x": 1},
        {**odd, "uri": odd["uri"] + "c", "record": {**odd["record"], "text": ""}},
        {**good, "tomorrow": {"new": True}},
    ]
    _, fake = serve([])

    def handler(request):
        if "searchPosts" in request.path:
            return Response(json.dumps({"posts": views, "more": 1}), content_type="application/json")
        return fake(request)

    pages, posts = run(serve(handler)[0])
    assert [post.id for post in posts] == [good["uri"]]
    assert sorted(r.reason for r in pages[-1].rejected) == [
        "record without a time", *["record without the address of a post"] * 3
    ]  # fmt: skip


@pytest.mark.parametrize("options", [{"via": "carrier pigeon"}, {"instances": "x"}])
def test_unknown_options_are_named(serve, options):
    with pytest.raises(ConfigError, match="jetstream"):
        run(serve([])[0], query(options=options))


def test_recheck_tells_gone_from_seen_in_batches(serve):
    views = many(30)
    collector, fake = serve(views[:29])
    assert isinstance(collector, Recheckable)
    answers = {a.id: a for a in collector.recheck([v["uri"] for v in views] + ["imported-7"], Limits())}
    assert answers[views[29]["uri"]] == Gone(views[29]["uri"])
    assert answers[views[0]["uri"]] == Seen(views[0]["uri"], likes=3, reposts=2, replies=1)
    assert set(answers) == {v["uri"] for v in views}, "of an id that is none of Bluesky's nothing is said"
    assert [method for method, _ in fake.asked].count("app.bsky.feed.getPosts") == 2


def test_recheck_believes_an_empty_answer_only_when_it_comes_again(serve):
    views, empty = many(3), [1]
    _, fake = serve(views)

    def hiccup(request):
        if "getPosts" in request.path and empty:
            empty.pop()
            return Response('{"posts": []}', content_type="application/json")
        return fake(request)

    collector, _ = serve(hiccup)
    assert all(isinstance(a, Seen) for a in collector.recheck([v["uri"] for v in views], Limits()))


def test_recheck_without_an_account_asks_the_public_server(httpserver, serve, settings):
    _, fake = serve(many(2), needs_session=False)
    bare = settings.model_copy(update={"bluesky_handle": ""})
    collector = BlueskyCollector(bare, Transport(bare), clock=fake.clock)
    assert len(list(collector.recheck([v["uri"] for v in fake.views], Limits()))) == 2
    assert fake.logins == 0


def test_recheck_erases_nothing_when_the_source_fails(serve):
    _, fake = serve([])
    for body, status in (("<html>", 200), ('{"posts": null}', 200), ("", 502), ("<html>", 403)):
        collector, _ = serve(lambda r, b=body, s=status: Response(b, s) if "getPosts" in r.path else fake(r))
        with pytest.raises((SourceChanged, RetryLater, AccessDenied)):
            list(collector.recheck([view("a", SINCE, "x")["uri"]], Limits()))
