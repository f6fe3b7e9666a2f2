"""YouTube: videos and threads, replies in full, refusals told apart, and the day's quota over processes."""

import json
import re
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from fake_youtube import KEY, FakeYoutube, comment, refused
from werkzeug import Response

from collectors.protocol import Limits, Recheckable
from collectors.registry import load_collector
from collectors.youtube import YoutubeCollector
from collectors.youtube_api import CommentsOff, VideoMissing
from collectors.youtube_progress import Progress
from collectors.youtube_quota import SEARCHES, UNITS, DailyQuota
from core.errors import (
    AccessDenied,
    BudgetExhausted,
    ConfigError,
    MissingSetting,
    QueryRejected,
    RetryLater,
    SourceChanged,
)
from core.http import Transport
from core.records import Gone, Query, Reason, Seen
from core.settings import Settings

SINCE = datetime(2025, 5, 9, tzinfo=UTC)
NOW = SINCE + timedelta(days=5)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
A, B = "video-00001", "video_00002"


@pytest.fixture
def serve(httpserver, tmp_path):
    """A collector on a fake with these comments by video, or on a handler."""

    def start(comments_or_handler, *, units=10_000, searches=100, clock=lambda: NOW, **more):
        fake = comments_or_handler
        if not callable(fake):
            fake = FakeYoutube(fake, more.pop("titles", dict.fromkeys(fake, "On Acme")), **more)
        httpserver.clear()
        httpserver.expect_request(re.compile("/youtube/v3/.*")).respond_with_handler(fake)
        settings = Settings(
            home=tmp_path / "home", allow_private_addresses=True, youtube_key=KEY, youtube_url=httpserver.url_for(""),
            youtube_daily_units=units, youtube_daily_searches=searches,
        )  # fmt: skip
        return YoutubeCollector(settings, Transport(settings, sleep=lambda s: None), clock=clock), fake

    return start


def query(expression="acme", days=4.0, **options):
    return Query(expression, SINCE, SINCE + timedelta(days=days), "youtube", options)


def run(collector, asked=None, cursor=None):
    pages = list(collector.collect(asked or query(videos=A), cursor, Limits()))
    return pages, [s for page in pages for s in page.posts]


def methods(fake):
    return [resource for resource, _ in fake.asked]


def test_a_comment_becomes_a_post(serve):
    said = [comment("a", SINCE, "Acme <3 & more", likes=7), comment("a.b", SINCE + SECOND, "yes", parent="a")]
    collector, _ = serve({A: said})
    top, reply = (s.post for s in run(collector)[1])
    assert (top.source, top.id, top.kind, top.community) == ("youtube", "a", "comment", A)
    assert (top.text, top.likes, top.replies) == ("Acme <3 & more", 7, 1)
    assert top.url == f"https://www.youtube.com/watch?v={A}&lc=a"
    assert (reply.parent_id, reply.root_id) == ("a", "a")


def test_what_a_video_or_the_comment_above_says_holds_a_comment(serve):
    talk = [comment("a", SINCE, "I left acme"), comment("b", SINCE, "nice"), comment("a.1", SINCE, "same", parent="a")]
    collector, _ = serve({A: talk}, titles={A: "My week"})
    held = {s.post.id: s.reason for s in run(collector, query())[1]}
    assert held == {"a": Reason.TEXT, "a.1": Reason.THREAD}
    collector, _ = serve({A: talk}, titles={A: "Acme &amp; its terms"})
    assert {s.post.id: s.reason for s in run(collector, query())[1]} == {
        "a": Reason.TEXT, "a.1": Reason.THREAD, "b": Reason.THREAD,
    }  # fmt: skip


def test_naming_a_video_says_that_it_is_about_the_watch(serve):
    collector, fake = serve({A: [comment("a", SINCE, "nice")]}, titles={A: "My week"})
    assert [s.reason for s in run(collector)[1]] == [Reason.THREAD]
    assert "search" not in methods(fake)


def test_replies_are_completed(serve):
    talk = [comment("a", SINCE, "acme")]
    talk += [comment(f"a.{n}", SINCE + n * SECOND, "yes", parent="a") for n in range(250)]
    collector, fake = serve({A: talk})
    assert len(run(collector)[1]) == 251
    assert methods(fake).count("comments") == 3


def test_plain_text_is_asked_for(serve):
    collector, fake = serve({A: [comment("a", SINCE, "acme")]})
    run(collector)
    assert all(args["textFormat"] == "plainText" for name, args in fake.asked if name == "commentThreads")
    assert all("key" not in args for _, args in fake.asked), "the key travels in a header"


def test_a_pinned_comment_does_not_end_the_reading(serve):
    talk = [comment("pin", SINCE - timedelta(days=90), "acme, pinned")]
    talk += [comment(f"n{n}", SINCE + n * SECOND, "acme") for n in range(350)]
    collector, _ = serve({A: talk}, pinned="pin")
    first, _ = run(collector)
    later = query(days=4.5, videos=A)
    collector, fake = serve({A: [*talk, comment("new", SINCE + timedelta(days=4.2), "acme")]}, pinned="pin")
    _, held = run(collector, later, first[-1].cursor)
    assert [s.post.id for s in held] == ["new"]
    assert methods(fake).count("commentThreads") == 2, "up to the first page that is old as a whole"


def test_a_later_run_reads_what_is_new_and_old_threads_once_a_day(serve):
    talk = [comment(f"n{n:04d}", SINCE + n * 60 * SECOND, "acme") for n in range(1_000)]
    collector, fake = serve({A: talk})
    first, held = run(collector, query(days=2, videos=A))
    assert len(held) == 1_000
    talk.append(comment("n0001.late", SINCE + timedelta(days=2, hours=1), "a late reply", parent="n0001"))
    soon, _ = run(collector, query(days=2.1, videos=A), first[-1].cursor)
    assert len(fake.asked) <= 15
    assert not [s for page in soon for s in page.posts]
    _, later = run(collector, query(days=3.2, videos=A), soon[-1].cursor)
    assert "n0001.late" in {s.post.id for s in later}


def test_a_search_is_made_once_in_six_hours_and_its_videos_stay(serve):
    collector, fake = serve({A: [comment("a", SINCE, "acme")], B: []})
    first, _ = run(collector, query('acme OR "opt out"', days=1))
    assert next(args["q"] for name, args in fake.asked if name == "search") == 'acme|"opt out"'
    second, _ = run(collector, query("acme", days=1.2), first[-1].cursor)
    assert methods(fake).count("search") == 1
    run(collector, query("acme", days=1.3), second[-1].cursor)
    assert methods(fake).count("search") == 2
    assert set(Progress(second[-1].cursor).videos) == {A, B}


def test_more_videos_than_a_search_gives_are_truncated(serve):
    titles = {f"v{n:010d}": "Acme" for n in range(60)}
    collector, fake = serve({}, titles=titles)
    pages, _ = run(collector, query())
    assert [(i.start, i.end) for page in pages for i in page.truncated] == [(query().since, query().until)]
    assert methods(fake).count("commentThreads") == 50


def test_comments_that_are_off_are_told_apart(serve):
    collector, _ = serve({A: [], B: [comment("b", SINCE, "acme")]}, off={A})
    with pytest.raises(CommentsOff, match="switched off"):
        run(collector)
    assert [s.post.id for s in run(collector, query(videos=f"{A},{B}"))[1]] == ["b"]


def test_a_missing_video_is_told_apart(serve):
    collector, _ = serve({B: [comment("b", SINCE, "acme")]})
    with pytest.raises(VideoMissing, match=A):
        run(collector)
    assert [s.post.id for s in run(collector, query(videos=f"{A},{B}"))[1]] == ["b"]


def test_a_spent_quota_is_told_apart_and_remembered(serve):
    collector, fake = serve({A: [comment("a", SINCE, "acme")]}, quota=1)
    with pytest.raises(BudgetExhausted, match="midnight Pacific"):
        run(collector)
    asked = len(fake.asked)
    with pytest.raises(BudgetExhausted):
        run(collector)
    assert len(fake.asked) == asked, "nothing more is asked today"


def test_a_run_that_the_quota_ends_goes_on_with_the_next_video(serve):
    comments = {f"v{n:010d}": [comment(f"c{n}", SINCE, "acme")] for n in range(5)}
    named = query(videos=",".join(comments))
    now = [NOW]
    collector, fake = serve(comments, units=3, clock=lambda: now[0])
    cursor, found = None, set()
    for _ in range(3):  # three days of three units: one for the videos, two for threads
        pages = collector.collect(named, cursor, Limits())
        with suppress(BudgetExhausted):
            for page in pages:
                cursor = page.cursor or cursor
                found |= {s.post.id for s in page.posts}
        now[0] += timedelta(days=1)
    assert found == {f"c{n}" for n in range(5)}
    assert len(fake.asked) == 9


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (lambda: refused(400, "badRequest", details="API_KEY_INVALID"), AccessDenied),
        (lambda: refused(403, "accessNotConfigured"), AccessDenied),
        (lambda: refused(403, "ipRefererBlocked"), AccessDenied),
        (lambda: refused(403, "dailyLimitExceeded"), BudgetExhausted),
        (lambda: refused(403, "rateLimitExceeded"), RetryLater),
        (lambda: refused(400, "processingFailure"), RetryLater),
        (lambda: refused(400, "invalidPageToken"), QueryRejected),
        (lambda: Response("<html>", 403), AccessDenied),
        (lambda: Response("<html>", 200), SourceChanged),
        (lambda: Response('{"items"', 200), SourceChanged),
        (lambda: Response("[]", 200), SourceChanged),
        (lambda: Response("", 429), RetryLater),
        (lambda: Response("", 503), RetryLater),
    ],
)
def test_refusals_are_told_apart(serve, reply, error):
    collector, _ = serve(lambda request: reply())
    with pytest.raises(error) as raised:
        run(collector)
    assert KEY not in str(raised.value)
    assert "acme" not in str(raised.value)


def test_a_page_token_loop_stops(serve):
    _, fake = serve({A: [comment(f"n{n}", SINCE + n * SECOND, "acme") for n in range(5)]})

    def looping(request):
        answer = fake(request)
        if "commentThreads" not in request.path:
            return answer
        return Response(json.dumps({**answer.get_json(), "nextPageToken": "0"}), content_type="application/json")

    collector, _ = serve(looping)
    pages, held = run(collector)
    assert len(held) == 5
    assert [page for page in pages if page.truncated]
    assert len(fake.asked) < 8


def test_odd_comments_are_rejected_and_the_rest_taken(serve):
    odd = comment("odd", SINCE, "acme")
    strange = [{**odd, "id": None}, {**odd, "snippet": {**odd["snippet"], "publishedAt": "soon"}},
               {**odd, "snippet": {**odd["snippet"], "textOriginal": None, "textDisplay": 5}}]  # fmt: skip
    threads = [{"snippet": {"topLevelComment": c, "totalReplyCount": "many"}, "replies": 5} for c in [*strange, odd]]
    _, fake = serve({A: []})

    def handler(request):
        if "commentThreads" not in request.path:
            return fake(request)
        return Response(json.dumps({"items": [*threads, None, 5]}), content_type="application/json")

    pages, held = run(serve(handler)[0])
    assert [s.post.id for s in held] == ["odd"]
    assert [r.reason for page in pages for r in page.rejected] == [
        "comment without an id", "comment without a time", "comment without a text", *["comment without an id"] * 2
    ]  # fmt: skip


def test_the_quota_is_one_for_all_processes_and_renews_at_midnight_pacific(tmp_path):
    midnight = datetime(2025, 5, 9, 7, tzinfo=UTC)  # daylight saving time: UTC-7
    now = [midnight - SECOND]
    caps = {UNITS: 2, SEARCHES: 1}
    one, two = (DailyQuota(tmp_path, caps, lambda: now[0]) for _ in range(2))
    one.reserve(UNITS)
    two.reserve(UNITS)
    one.reserve(SEARCHES)
    for quota in (one, two):
        with pytest.raises(BudgetExhausted, match="midnight Pacific"):
            quota.reserve(UNITS)
        with pytest.raises(BudgetExhausted):
            quota.reserve(SEARCHES)
    now[0] = midnight
    two.reserve(UNITS)
    assert one.spent() == {UNITS: 1, SEARCHES: 0}
    assert (tmp_path / "youtube-quota.json").stat().st_mode & 0o777 == 0o600


def test_the_quota_counts_every_call_of_threads_at_once(tmp_path):
    quota = DailyQuota(tmp_path, {UNITS: 10_000, SEARCHES: 1}, lambda: NOW)
    workers = [threading.Thread(target=lambda: [quota.reserve(UNITS) for _ in range(25)]) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert quota.spent()[UNITS] == 100


@pytest.mark.parametrize("content", ["", "[]", '{"day": 5}', '{"day": "2025-05-13", "units": "x"}'])
def test_a_broken_quota_file_counts_from_nothing(tmp_path, content):
    (tmp_path / "youtube-quota.json").write_text(content)
    quota = DailyQuota(tmp_path, {UNITS: 5, SEARCHES: 1}, lambda: NOW)
    quota.reserve(UNITS)
    assert quota.spent()[UNITS] == 1


def test_it_collects_only_with_a_permission_and_a_key(tmp_path):
    with pytest.raises(MissingSetting, match="UPROAR_PERMISSIONS__YOUTUBE__BASIS"):
        load_collector("youtube", Settings(home=tmp_path, youtube_key="k"))
    settings = Settings(home=tmp_path)
    with pytest.raises(MissingSetting, match="UPROAR_YOUTUBE_KEY"):
        YoutubeCollector.from_settings(settings)


@pytest.mark.parametrize("options", [{"videos": "https://youtu.be/x"}, {"tags": "x"}])
def test_options_that_cannot_be_are_named(serve, options):
    with pytest.raises(ConfigError, match="youtube"):
        run(serve({})[0], query(**options))


@pytest.mark.parametrize(
    "cursor", ["", "x", "[]", '{"videos": [1]}', '{"videos": {"x": 1}, "searched": 5, "more": "y"}']
)
def test_a_cursor_that_cannot_be_read_starts_at_the_beginning(serve, cursor):
    collector, _ = serve({A: [comment("a", SINCE, "acme")]})
    assert len(run(collector, cursor=cursor)[1]) == 1


def test_recheck_tells_gone_from_seen(serve):
    talk = [comment(f"c{n}", SINCE, "acme", likes=n) for n in range(30)]
    collector, fake = serve({A: talk[:29]})
    assert isinstance(collector, Recheckable)
    answers = {a.id: a for a in collector.recheck([c["id"] for c in talk], Limits())}
    assert answers["c29"] == Gone("c29")
    assert answers["c7"] == Seen("c7", likes=7)
    assert len(answers) == 30
    assert len(fake.asked) <= 3


@pytest.mark.parametrize("reply", ['{"items": null}', "<html>", "{}"])
def test_recheck_erases_nothing_on_an_odd_answer(serve, reply):
    collector, _ = serve(lambda request: Response(reply))
    with pytest.raises(SourceChanged):
        list(collector.recheck(["c1", "c2"], Limits()))
