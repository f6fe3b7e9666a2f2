"""Mastodon: several instances, paging by id, closed timelines, opt-outs, and what became of a status."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fake_mastodon import FakeMastodon, status
from werkzeug import Response

from collectors.mastodon import MastodonCollector
from collectors.mastodon_records import id_at, opted_out, post_of
from collectors.protocol import Limits, Recheckable
from core.errors import AccessDenied, ConfigError, QueryRejected, RetryLater, SourceChanged
from core.http import Transport
from core.keys import Keys
from core.records import Gone, Query, Seen
from core.settings import Settings

KEYS = Keys(b"k" * 32)
SINCE = datetime(2025, 5, 9, tzinfo=UTC)
NOW = SINCE + timedelta(days=30)
SECOND = timedelta(seconds=1)


@pytest.fixture
def start():
    started = []

    def one(statuses=(), **more):
        started.append(FakeMastodon(list(statuses), **more).start())
        return started[-1]

    yield one
    for fake in started:
        fake.close()


@pytest.fixture
def collector(tmp_path):
    def make(**tokens):
        settings = Settings(home=tmp_path, allow_private_addresses=True, mastodon_tokens=tokens)
        return MastodonCollector(settings, Transport(settings, sleep=lambda s: None), clock=lambda: NOW)

    return make


def query(*fakes, expression="acme", days=3.0, **options):
    instances = ", ".join(fake.url for fake in fakes)
    return Query(expression, SINCE, SINCE + timedelta(days=days), "mastodon", {"instances": instances, **options})


def run(collector, asked, cursor=None):
    pages = list(collector.collect(asked, cursor, Limits()))
    return pages, [s.post for page in pages for s in page.posts]


def many(count, step=SECOND):
    return [status(n, SINCE + n * step, f"#acme {n}") for n in range(count)]


def test_a_status_becomes_a_post():
    found = status(1, SINCE, "We &amp; #Acme", spoiler_text="rant", in_reply_to_id="5")
    shown = '<span class="invisible">https://</span><span>x.test/long</span>'
    found["content"] += f'<p>See <a href="https://x.test/long">{shown}</a></p>'
    post = post_of(found, "m.test", KEYS, NOW)
    assert post.id == found["uri"]
    assert post.text == "rant\n\nWe & #Acme\n\nSee https://x.test/long"
    assert (post.kind, post.community, post.lang) == ("comment", "m.test", "en")
    assert (post.likes, post.reposts, post.replies) == (3, 2, 1)
    assert post.author == KEYS.author("mastodon", "someone@m.test")


def test_an_account_is_the_same_whichever_instance_shows_it():
    home, far = status(1, SINCE, "acme"), status(1, SINCE, "acme", account={"acct": "Someone@M.test"})
    assert post_of(home, "m.test", KEYS, NOW).author == post_of(far, "other.test", KEYS, NOW).author


def test_pages_go_forward_by_min_id(start, collector):
    fake = start(many(205))
    pages, posts = run(collector(), query(fake))
    assert len(posts) == 205
    asked = [args for path, args in fake.asked if "/tag/acme" in path]
    assert asked[1]["min_id"] == str(id_at(SINCE) - 1)
    assert all(args["limit"] == "40" for args in asked)
    assert len(asked) <= 9
    assert [post.created_at for post in posts] == sorted(post.created_at for post in posts)
    assert not any(page.truncated for page in pages)


def test_a_run_resumes_and_reads_the_last_hours_again(start, collector):
    fake = start(many(10, step=timedelta(hours=6)))
    pages, _ = run(collector(), query(fake))
    late = status(99, SINCE + timedelta(days=2, hours=20), "#acme arrived late from another instance")
    fake.statuses.append(late)
    asked = Query("acme", SINCE, SINCE + timedelta(days=4), "mastodon", query(fake).options)
    assert late["uri"] in {post.id for post in run(collector(), asked, pages[-1].cursor)[1]}
    before = len(fake.asked)
    run(collector(), asked, pages[-1].cursor)
    assert len(fake.asked) - before < 6


def test_instances_give_each_status_once(start, collector):
    said = many(60)
    one, two = start(said[:50]), start(said[10:])
    _, posts = run(collector(), query(one, two))
    assert len(posts) == len({post.id for post in posts}) == 60


@pytest.mark.parametrize(
    "account",
    [
        {"noindex": True},
        {"note": "<p>no robots please #nobot</p>"},
        {"note": '<p><a href="https://m.test/tags/NoBot">#<span>NoBot</span></a></p>'},
        {"note": "#noindex"},
        {"display_name": "me #nobots"},
        {"fields": [{"name": "rules", "value": "#NoBot"}]},
    ],
)
def test_accounts_that_ask_not_to_be_indexed_are_left_out(start, collector, account):
    assert opted_out(status(1, SINCE, "x", account=account)["account"])
    fake = start([status(1, SINCE, "#acme", account=account), status(2, SINCE, "#acme fine")])
    pages, posts = run(collector(), query(fake))
    assert [post.text for post in posts] == ["#acme fine"]
    assert not any(page.rejected for page in pages)


def test_accounts_that_are_not_indexable_are_left_out_of_search_alone(start, collector):
    shy = {"indexable": False}  # what an account is that never touched its settings
    fake = start([status(1, SINCE, "#acme", account=shy), status(2, SINCE, "acme unmarked", account=shy)])
    _, posts = run(collector(**{fake.host: fake.token}), query(fake))
    assert [post.text for post in posts] == ["#acme"]


def test_accounts_of_servers_that_say_nothing_are_taken():
    silent = status(1, SINCE, "acme", account={"noindex": None, "indexable": None, "note": "#nobody #nobothering"})
    assert post_of(silent, "m.test", KEYS, NOW)


@pytest.mark.parametrize("visibility", ["unlisted", "private", "direct"])
def test_only_public_statuses_are_taken(start, collector, visibility):
    fake = start([status(1, SINCE, "#acme", visibility=visibility)])
    assert run(collector(), query(fake))[1] == []


def test_a_closed_timeline_is_refused_not_calm(start, collector):
    with pytest.raises(AccessDenied, match="UPROAR_MASTODON_TOKENS"):
        run(collector(), query(start(many(3), closed=True)))


def test_an_empty_list_of_a_disabled_feed_is_refused_not_calm(start, collector):
    with pytest.raises(AccessDenied, match="shows no hashtag timelines"):
        run(collector(), query(start(many(3), hidden=True)))


def test_an_empty_list_of_an_open_feed_is_calm(start, collector):
    pages, posts = run(collector(), query(start()))
    assert posts == []
    assert not any(page.truncated for page in pages)
    assert pages[-1].cursor


def test_one_closed_instance_truncates_and_the_others_are_read(start, collector):
    pages, posts = run(collector(), query(start(many(3)), start(many(9), closed=True)))
    assert len(posts) == 3
    assert pages[-1].truncated
    assert pages[-1].cursor


def test_one_instance_that_is_down_is_read_on_from_where_it_stood(start, collector):
    well, ill = start(many(3)), start(many(9), down=True)
    asked = query(well, ill)
    found = collector().collect(asked, None, Limits())
    pages = [next(found), next(found)]
    assert sum(len(page.posts) for page in pages) == 3
    with pytest.raises(RetryLater):
        next(found)
    assert not any(page.truncated for page in pages), "it is not withheld: the next run reads it"
    ill.down, before = False, len(well.asked)
    assert len(run(collector(), asked, pages[-1].cursor)[1]) == 9
    assert len(well.asked) - before <= 3, "what was read is not read again, but for the overlap"


@pytest.mark.parametrize("closed", [{"closed": True}, {"hidden": True}])
def test_an_instance_that_opens_again_is_read_from_where_it_stood(start, collector, closed):
    well, ill = start(many(3)), start(many(9), **closed)
    asked = query(well, ill)
    pages, _ = run(collector(), asked)
    later = replace(asked, until=asked.until + timedelta(days=9))
    for _ in range(5):  # however long it lasts
        pages, posts = run(collector(), later, pages[-1].cursor)
        assert posts == []
        assert pages[0].truncated[0].start == SINCE
    ill.closed = ill.hidden = False
    pages, posts = run(collector(), later, pages[-1].cursor)
    assert len(posts) == 9
    assert not any(page.truncated for page in pages)
    assert datetime.fromisoformat(pages[-1].cursor) > SINCE, "all have caught up: one moment is enough"


def test_a_page_that_comes_again_is_asked_for_in_three_later_runs(start, collector):
    fake = start(many(50))
    whole, fake._cut = fake._cut, lambda statuses, request: sorted(statuses, key=lambda s: s["id"], reverse=True)[:40]
    pages, posts = run(collector(), query(fake))
    first = pages[-1].cursor
    for _ in range(3):
        pages, posts = run(collector(), query(fake), pages[-1].cursor)
        assert len(posts) == 40
    assert len(run(collector(), query(fake), pages[-1].cursor)[1]) == 0, "it is left at that"
    fake._cut = whole
    assert len(run(collector(), query(fake), first)[1]) == 50


@pytest.mark.parametrize("cursor", ["{", '{"at": 5, "behind": []}', '{"at": "soon", "behind": {"x": [1]}}', "[1]"])
def test_a_cursor_that_cannot_be_read_starts_at_the_beginning(start, collector, cursor):
    assert len(run(collector(), query(start(many(3))), cursor)[1]) == 3


def test_a_token_opens_closed_timelines_and_full_text_search(start, collector):
    fake = start([status(1, SINCE, "#acme"), status(2, SINCE, "acme without a hashtag")], closed=True)
    _, posts = run(collector(**{fake.host: fake.token}), query(fake))
    assert len(posts) == 2
    searched = [args for path, args in fake.asked if path == "/api/v2/search"]
    assert searched[0]["q"] == "acme"
    assert searched[0]["type"] == "statuses"


def test_a_token_stays_with_its_instance(start, collector):
    one, two = start(many(3)), start(many(3))
    run(collector(**{one.host: one.token}), query(one, two))
    assert any(path == "/api/v2/search" for path, _ in one.asked)
    assert not any(path == "/api/v2/search" for path, _ in two.asked)


def test_search_pages_down_through_a_window(start, collector):
    fake = start([status(n, SINCE + n * SECOND, f"acme {n}") for n in range(130)])
    _, posts = run(collector(**{fake.host: fake.token}), query(fake))
    assert len(posts) == 130


def test_software_that_numbers_otherwise_is_read_from_the_newest_down(start, collector):
    said = many(95)
    for n, found in enumerate(said, 1):
        found["id"] = str(n)
    old = [{**status(0, SINCE - timedelta(days=5), "#acme old"), "id": "0"}]
    pages, posts = run(collector(), query(start([*old, *said])))
    assert len(posts) == 95
    assert not any(page.truncated for page in pages)


def test_a_page_that_comes_again_and_again_stops(start, collector):
    fake = start(many(50))
    fake._cut = lambda statuses, request: sorted(statuses, key=lambda s: s["id"], reverse=True)[:40]
    pages, posts = run(collector(), query(fake))
    assert len(posts) == 40
    assert pages[0].truncated
    assert len(fake.asked) < 15


def test_odd_statuses_are_rejected_and_the_rest_taken(start, collector):
    good, odd = many(1)[0], status(7, SINCE, "#acme")
    strange = {**odd, "account": [], "uri": odd["uri"] + "1", "brand": "new"}
    fake = start([good, {**odd, "uri": None}, {**odd, "created_at": "soon"}, {**odd, "content": 5},
                  {**odd, "visibility": None}, strange])  # fmt: skip
    pages, posts = run(collector(), query(fake))
    assert {post.id for post in posts} == {good["uri"], odd["uri"] + "1"}
    assert {"status without an address", "status without a time", "status without a content",
            "status without a visibility"} == {r.reason for page in pages for r in page.rejected}  # fmt: skip


@pytest.mark.parametrize(
    ("code", "body", "error"),
    [
        (200, "<html>hello</html>", SourceChanged),
        (200, '[{"id"', SourceChanged),
        (200, '{"error": "x"}', SourceChanged),
        (403, "<html>", AccessDenied),
        (404, '{"error": "x"}', SourceChanged),
        (410, "", SourceChanged),
        (422, '{"error": "x"}', QueryRejected),
        (429, "", RetryLater),
        (500, "", RetryLater),
        (503, "", RetryLater),
    ],
)
def test_answers_that_are_no_answers(httpserver, collector, code, body, error):
    httpserver.expect_request("/api/v1/timelines/tag/acme").respond_with_handler(lambda r: Response(body, code))
    options = {"instances": httpserver.url_for("").rstrip("/")}
    with pytest.raises(error):
        run(collector(), Query("acme", SINCE, NOW, "mastodon", options))


@pytest.mark.parametrize(
    "options", [{"instances": "m.test/path"}, {"instances": " , "}, {"videos": "x"}, {"tags": "a b"}]
)
def test_options_that_cannot_be_are_named(collector, options):
    with pytest.raises(ConfigError, match="mastodon"):
        run(collector(), Query("acme", SINCE, NOW, "mastodon", {"instances": "m.test", **options}))


def test_hashtags_are_those_of_the_terms(start, collector):
    fake = start()
    run(collector(), query(fake, expression='#NoAI OR acme OR "opt out" OR delet*'))
    tags = {path.rpartition("/")[2] for path, _ in fake.asked if "/tag/" in path}
    assert tags == {"noai", "acme"}


def test_recheck_asks_where_a_status_was_written(start, collector):
    fake = start(many(2))
    here = [s["uri"].replace("https://m.test", fake.url) for s in fake.statuses]
    gone = f"{fake.url}/users/a/statuses/12345"
    assert isinstance(collector(), Recheckable)
    answers = list(collector().recheck([here[0], gone, "imported-7"], Limits()))
    assert answers == [Seen(here[0], likes=3, reposts=2, replies=1), Gone(gone)]


@pytest.mark.parametrize(
    ("code", "body", "gone"),
    [
        (404, '{"error": "Record not found"}', True),
        (410, "", True),
        (200, '{"visibility": "private"}', True),
        (200, '{"visibility": "public"}', False),
        (404, "<html>parked</html>", None),
        (401, '{"error": "login"}', None),
        (403, '{"error": "no"}', None),
        (500, "", None),
        (429, "", None),
        (200, "<html>", None),
        (200, "[]", None),
    ],
)
def test_recheck_erases_only_on_a_plain_answer(httpserver, collector, code, body, gone):
    httpserver.expect_request("/api/v1/statuses/1").respond_with_handler(lambda r: Response(body, code))
    answers = list(collector().recheck([httpserver.url_for("/users/a/statuses/1")], Limits()))
    assert [isinstance(answer, Gone) for answer in answers] == ([] if gone is None else [gone])


@pytest.mark.parametrize(("code", "body", "gone"), [(200, '{"type": "Tombstone"}', True), (404, "{}", True),
                                                     (200, '{"type": "Note"}', False), (401, "", None)])  # fmt: skip
def test_recheck_of_other_software_reads_the_object_itself(httpserver, collector, code, body, gone):
    httpserver.expect_request("/objects/a-b-c").respond_with_handler(lambda r: Response(body, code))
    answers = list(collector().recheck([httpserver.url_for("/objects/a-b-c")], Limits()))
    assert [isinstance(answer, Gone) for answer in answers] == ([] if gone is None else [gone])
    assert httpserver.log[0][0].headers["Accept"] == "application/activity+json"
