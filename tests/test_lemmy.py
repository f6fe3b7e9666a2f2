"""Lemmy: posts and comments by search, threads below a match, several instances, odd shapes, what became of a post."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fake_lemmy import FakeLemmy, comment, post
from werkzeug import Response
from worlds import patient

from collectors.lemmy import LemmyCollector
from collectors.lemmy_records import post_of
from collectors.protocol import Limits, Recheckable
from core.errors import AccessDenied, ConfigError, QueryRejected, RetryLater, SourceChanged
from core.keys import Keys
from core.records import Gone, Query, Reason, Seen
from core.settings import Settings

KEYS = Keys(b"k" * 32)
SINCE = datetime(2025, 5, 9, tzinfo=UTC)
NOW = SINCE + timedelta(days=30)
HOUR = timedelta(hours=1)


@pytest.fixture
def start():
    started = []

    def one(views=(), **more):
        started.append(FakeLemmy(list(views), **more).start())
        return started[-1]

    yield one
    for fake in started:
        fake.close()


@pytest.fixture
def collector(tmp_path):
    settings = Settings(home=tmp_path, allow_private_addresses=True)
    return LemmyCollector(settings, patient(settings), clock=lambda: NOW)


def query(*fakes, expression="acme", days=3.0):
    return Query(
        expression, SINCE, SINCE + timedelta(days=days), "lemmy", {"instances": ", ".join(f.url for f in fakes)}
    )


def run(collector, asked, cursor=None):
    pages = list(collector.collect(asked, cursor, Limits()))
    return pages, [sighted for page in pages for sighted in page.posts]


def test_a_post_and_a_comment_become_posts():
    asked = post(1, SINCE, "Acme", "changed its **terms**")
    found = post_of(asked, KEYS, NOW)
    assert (found.id, found.url, found.text) == ("https://l.test/post/1",) * 2 + ("Acme\n\nchanged its **terms**",)
    assert (found.kind, found.community, found.likes, found.replies) == ("post", "tech@l.test", 5, 0)
    assert found.author == KEYS.author("lemmy", "ann@l.test")
    reply = post_of(comment(2, SINCE, "no way", asked), KEYS, NOW)
    assert (reply.kind, reply.root_id, reply.parent_id) == ("comment", found.id, found.id)


@pytest.mark.parametrize("stamp", ["2025-05-09T00:00:00.123456", "2025-05-09T00:00:00Z", "2025-05-09T02:00:00+02:00"])
def test_times_of_every_version_are_utc(stamp):
    assert post_of(post(1, SINCE, "x", published=stamp), KEYS, NOW).created_at.replace(microsecond=0) == SINCE


def test_comments_below_a_match_are_held_as_its_thread(start, collector):
    match, other = post(1, SINCE, "Acme"), post(2, SINCE, "else")
    replies = [comment(n, SINCE + HOUR, "so what", match) for n in range(10, 80)]
    elsewhere = [comment(90, SINCE + HOUR, "like Acme", other), comment(91, SINCE + HOUR, "so what", other)]
    _, held = run(collector, query(start([match, other, *replies, *elsewhere])))
    assert {s.post.id: s.reason for s in held} == {
        "https://l.test/post/1": Reason.TEXT,
        "https://l.test/comment/90": Reason.TEXT,
        **{f"https://l.test/comment/{n}": Reason.THREAD for n in range(10, 80)},
    }


def test_a_thread_is_read_again_where_its_number_of_comments_has_changed(start, collector):
    match = post(1, SINCE + 60 * HOUR, "Acme")
    fake = start([match, comment(10, SINCE + 61 * HOUR, "so what", match)])
    pages, _ = run(collector, query(fake))
    before = len(fake.asked)
    pages, _ = run(collector, query(fake), pages[-1].cursor)
    assert not any("comment/list" in path for path, _ in fake.asked[before:])
    fake.views.append(comment(11, SINCE + 70 * HOUR, "another", match))
    _, held = run(collector, query(fake), pages[-1].cursor)
    assert "https://l.test/comment/11" in {s.post.id for s in held}


def test_pages_go_back_to_the_mark_and_no_further(start, collector):
    fake = start([post(n, SINCE + n * HOUR / 2, f"Acme {n}") for n in range(144)])
    pages, held = run(collector, query(fake))
    assert len(held) == 144
    before = len(fake.asked)
    later = replace(query(fake), until=query(fake).until + HOUR)
    _, held = run(collector, later, pages[-1].cursor)
    assert len(held) == 48, "the last day is read again"
    assert len(fake.asked) - before == 3, "two pages of posts, of which the second is older, and one empty of comments"


def test_more_than_a_hundred_pages_are_truncated(start, collector, monkeypatch):
    monkeypatch.setattr("collectors.lemmy.PAGES", 2)
    fake = start([post(n, SINCE + n * HOUR / 4, f"Acme {n}") for n in range(144)])
    pages, held = run(collector, query(fake))
    assert len(held) == 100
    [cut] = [interval for page in pages for interval in page.truncated]
    assert (cut.start, cut.end) == (SINCE, SINCE + 11 * HOUR)


def test_one_instance_that_fails_is_read_on_from_where_it_stood(start, collector):
    well, ill = start([post(1, SINCE, "Acme")]), start([post(2, SINCE, "Acme")], closed=True)
    pages, held = run(collector, query(well, ill))
    assert len(held) == 1
    assert pages[-1].truncated
    ill.closed = False
    pages, held = run(collector, query(well, ill, days=9), pages[-1].cursor)
    assert [s.post.id for s in held] == ["https://l.test/post/2"]
    ill.down = True
    found = collector.collect(query(well, ill), None, Limits())
    assert [s.post.id for s in next(found).posts] == ["https://l.test/post/1"]
    with pytest.raises(RetryLater):
        list(found)


def test_a_limit_of_requests_in_words_is_a_wait(start, collector):
    with pytest.raises(RetryLater, match="asks to wait"):
        run(collector, query(start([post(1, SINCE, "Acme")], limited=2)))


def test_what_was_taken_back_or_is_not_for_everybody_is_left_out(start, collector):
    gone = post(2, SINCE, "Acme")
    views = [
        post(1, SINCE, "Acme", removed=True), gone, comment(3, SINCE, "Acme", post(4, SINCE, "x", deleted=True)),
        comment(5, SINCE, "Acme", post(6, SINCE, "x"), deleted=True),
        {**post(7, SINCE, "Acme"), "community": {"name": "c", "visibility": "LocalOnly"}},
        {**post(8, SINCE, "Acme"), "creator": {"name": "c", "bio": "artist #NoBot"}},
    ]  # fmt: skip
    pages, held = run(collector, query(start(views)))
    assert [s.post.id for s in held] == ["https://l.test/post/2"]
    assert not any(page.rejected or page.truncated for page in pages)


def test_odd_views_are_rejected_and_the_rest_taken(start, collector):
    good = post(1, SINCE, "Acme")
    strange = {**post(2, SINCE, "Acme"), "creator": None, "community": [], "counts": {"published": ""}, "brand": "new"}
    odd = [
        post(3, SINCE, "Acme", ap_id=None), post(4, SINCE, "Acme", published=None), post(5, SINCE, "Acme", name=5),
        post(6, SINCE, "Acme", "x" * 100_001),
        {**post(7, SINCE, "Acme"), "post": {**good["post"], "id": {}, "ap_id": 7}},
    ]  # fmt: skip
    fake = start([good])
    mixed = [good, strange, *odd, None, "text", {}]
    fake._cut = lambda views, args: mixed if views and args["page"] == "1" else []
    pages, held = run(collector, query(fake, expression="acme"))
    assert {s.post.id for s in held} >= {"https://l.test/post/1", "https://l.test/post/2"}
    reasons = {r.reason for page in pages for r in page.rejected}
    assert reasons >= {"without an address", "without a time", "text over 100,000 characters"}


@pytest.mark.parametrize(
    ("code", "body", "error"),
    [
        (200, "<html>hello</html>", SourceChanged), (200, '{"posts": [', SourceChanged), (200, "[]", SourceChanged),
        (200, '{"posts": null}', SourceChanged), (400, '{"error": "invalid_query"}', QueryRejected),
        (400, '{"error": "rate_limit_error"}', RetryLater), (401, '{"error": "instance_is_private"}', AccessDenied),
        (403, "<html>", AccessDenied), (404, '{"error": "unknown"}', SourceChanged), (404, "<html>", SourceChanged),
        (429, "", RetryLater), (500, "", RetryLater), (503, "<html>", RetryLater),
    ],
)  # fmt: skip
def test_answers_that_are_no_answers(httpserver, collector, code, body, error):
    httpserver.expect_request("/api/v3/search").respond_with_handler(lambda r: Response(body, code))
    options = {"instances": httpserver.url_for("").rstrip("/")}
    with pytest.raises(error):
        run(collector, Query("acme", SINCE, NOW, "lemmy", options))


@pytest.mark.parametrize("options", [{"instances": "l.test/c/x"}, {"instances": " , "}, {"tags": "x"}])
def test_options_that_cannot_be_are_named(collector, options):
    with pytest.raises(ConfigError, match="lemmy"):
        run(collector, Query("acme", SINCE, NOW, "lemmy", options))


def test_a_page_that_comes_again_and_again_stops(start, collector):
    fake = start([post(n, SINCE + n * HOUR / 2, f"Acme {n}") for n in range(120)])
    fake._cut, whole = lambda views, args: views[:50], fake._cut
    pages, held = run(collector, query(fake))
    assert len(held) == 50
    assert any(page.truncated for page in pages)
    assert len(fake.asked) < 8
    fake._cut = whole
    assert len(run(collector, query(fake), pages[-1].cursor)[1]) == 120


def test_recheck_asks_where_it_was_written(start, collector):
    fake = start([post(1, SINCE, "Acme"), post(2, SINCE, "Acme", deleted=True)])
    asked = [f"{fake.url}/post/1", f"{fake.url}/post/2", f"{fake.url}/post/3", f"{fake.url}/comment/4", "imported-7"]
    assert isinstance(collector, Recheckable)
    assert list(collector.recheck(asked, Limits())) == [Seen(asked[0], likes=5, replies=0), *map(Gone, asked[1:4])]


@pytest.mark.parametrize(
    ("code", "body", "gone"),
    [(404, '{"error": "couldnt_find_post"}', True), (404, '{"error": "unknown"}', None), (404, "<html>", None),
     (200, "<html>", None), (200, "{}", None), (401, '{"error": "instance_is_private"}', None), (500, "", None),
     (400, '{"error": "rate_limit_error"}', None), (400, '{"error": "couldnt_find_post"}', True)],
)  # fmt: skip
def test_recheck_erases_only_on_a_plain_answer(httpserver, collector, code, body, gone):
    httpserver.expect_request("/api/v3/post").respond_with_handler(lambda r: Response(body, code))
    answers = list(collector.recheck([httpserver.url_for("/post/1")], Limits()))
    assert [isinstance(answer, Gone) for answer in answers] == ([] if gone is None else [gone])


@pytest.mark.parametrize(
    ("code", "body", "gone"),
    [(200, '{"type": "Tombstone"}', True), (404, "{}", True), (410, "", True), (200, '{"type": "Page"}', False),
     (404, "<html>", None)],
)  # fmt: skip
def test_recheck_of_other_software_reads_the_object_itself(httpserver, collector, code, body, gone):
    httpserver.expect_request("/m/tech/t/9/title").respond_with_handler(lambda r: Response(body, code))
    answers = list(collector.recheck([httpserver.url_for("/m/tech/t/9/title")], Limits()))
    assert [isinstance(answer, Gone) for answer in answers] == ([] if gone is None else [gone])
