"""Hacker News: windows below the cap, threads, text, and answers that are not what they should be."""

import json
import os
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from fake_hackernews import FakeHackerNews, comment, story

from collectors.hackernews import HackerNewsCollector, searches
from collectors.hackernews_hits import post_of
from collectors.html_text import html_text
from collectors.json_fields import NotAPost
from collectors.protocol import Limits
from collectors.windows import closed_windows
from core.errors import AccessDenied, BudgetExhausted, ConfigError, QueryRejected, RetryLater, SourceChanged
from core.http import Transport
from core.keys import Keys
from core.matching import parse
from core.records import Query, Reason
from core.settings import Settings, load_settings

KEYS = Keys(b"k" * 32)
SINCE = datetime(2025, 5, 1, tzinfo=UTC)
T0 = int(SINCE.timestamp())
DAY = 86_400


def query(expression="acme", days=2.0, **more):
    return Query(expression, SINCE, SINCE + timedelta(days=days), "hackernews", **more)


@pytest.fixture
def serve(httpserver, tmp_path):
    """A collector on a fake with these items, or on a handler."""

    def start(items_or_handler, **more):
        fake = items_or_handler if callable(items_or_handler) else FakeHackerNews(items_or_handler, **more)
        httpserver.expect_request("/search_by_date").respond_with_handler(fake)
        transport = Transport(Settings(home=tmp_path, allow_private_addresses=True), sleep=lambda seconds: None)
        return HackerNewsCollector(transport, lambda: KEYS, url=httpserver.url_for("/"), clock=lambda: SINCE), fake

    return start


def run(collector, asked=None, cursor=None, limits=None):
    pages = list(collector.collect(asked or query(), cursor, limits or Limits()))
    return pages, [s for page in pages for s in page.posts]


def test_stories_and_comments_become_posts(serve):
    collector, _ = serve([
        story(1, T0 + 5, "Acme &amp; its terms", story_text="It&#x27;s <i>bad</i>.<p>Really.", url="https://acme.example"),
        comment(2, T0 + 9, "I left Acme.", parent=1, root=1, title="Acme &amp; its terms", author=None),
    ])  # fmt: skip
    _, held = run(collector)
    first, second = (s.post for s in held)
    assert (first.source, first.id, first.kind, first.parent_id, first.root_id) == ("hackernews", "1", "post", "", "")
    assert first.text == "Acme & its terms\n\nIt's bad.\n\nReally."
    assert first.url == "https://news.ycombinator.com/item?id=1"
    assert (first.likes, first.replies, first.author) == (1, 0, KEYS.author("hackernews", "user1"))
    assert (second.kind, second.parent_id, second.root_id, second.author) == ("comment", "1", "1", "")
    assert second.likes is None


def test_a_comment_below_a_matching_title_is_a_thread_post(serve):
    collector, _ = serve([
        comment(2, T0 + 1, "this is outrageous", root=1, title="Acme changes its terms"),
        comment(3, T0 + 2, "acme should not change terms", root=9, title="Weather"),
        comment(4, T0 + 3, "acme is fine", root=9, title="Weather"),
    ])  # fmt: skip
    _, held = run(collector, query("acme AND terms"))
    assert [(s.post.id, s.reason) for s in held] == [("2", Reason.THREAD), ("3", Reason.TEXT)]


def test_deleted_items_are_left_out_and_odd_ones_rejected(serve):
    good = comment(1, T0, "acme")
    nameless = {k: v for k, v in comment(2, T0, "acme").items() if k != "objectID"}

    def handler(request):
        from werkzeug import Response

        hits = [good, comment(3, T0, None), nameless, {**comment(4, T0, "acme"), "created_at_i": None}]
        return Response(json.dumps({"hits": hits, "nbHits": 4, "hitsPerPage": 1000}))

    collector, _ = serve(handler)
    pages, held = run(collector, query(days=0.5))
    assert [s.post.id for s in held] == ["1"]
    assert [r.reason for r in pages[-1].rejected] == ["hit without an id", "hit without a time"]


def test_a_crowded_window_is_split_until_it_fits(serve):
    collector, fake = serve([comment(n, T0 + n % DAY, f"acme {n}") for n in range(1, 3_500)])
    pages, held = run(collector)
    assert len({s.post.id for s in held}) == len(held) == 3_499
    assert not any(page.truncated for page in pages)
    assert len(fake.asked) < 40
    times = [s.post.created_at for s in held]
    assert times == sorted(times), "oldest first"
    assert max(len(page.posts) for page in pages) == 100


def test_a_crowded_second_is_truncated_and_the_rest_is_whole(serve):
    crowd = [comment(n, T0 + 77, f"acme {n}") for n in range(1, 1_101)]
    collector, _ = serve([*crowd, comment(5_000, T0 + 76, "acme before"), comment(5_001, T0 + 78, "acme after")])
    pages, held = run(collector, query(days=0.1))
    cut = [interval for page in pages for interval in page.truncated]
    assert [(i.start, i.end) for i in cut] == [(SINCE + timedelta(seconds=77), SINCE + timedelta(seconds=78))]
    assert {"5000", "5001"} <= {s.post.id for s in held}
    assert len(held) == 1_002


def test_smaller_pages_than_asked_for_are_followed_to_the_end(serve):
    collector, _ = serve([comment(n, T0 + n, f"acme {n}") for n in range(1, 251)], per_page=100)
    pages, held = run(collector)
    assert len(held) == 250
    assert not any(page.truncated for page in pages)


def test_a_count_that_is_too_low_hides_nothing(serve):
    items = [comment(n, T0 + n, f"acme {n}") for n in range(1, 251)]
    collector, _ = serve(items, per_page=100, counted=lambda total: min(total, 3))
    assert len(run(collector)[1]) == 250


def test_hits_that_the_api_counts_and_does_not_give_are_truncated(serve):
    collector, fake = serve([comment(1, T0 + 60, "acme")], counted=lambda total: total + (2 if total else 0))
    pages, held = run(collector)
    assert [s.post.id for s in held] == ["1"]
    cut = [i for page in pages for i in page.truncated]
    assert len(cut) == 1
    assert cut[0].start <= SINCE + timedelta(seconds=60) < cut[0].end
    assert cut[0].end - cut[0].start <= timedelta(hours=1), "the doubt is narrowed down"
    assert len(fake.asked) < 25


def test_a_repeated_page_ends_the_search(serve):
    def handler(request):
        from werkzeug import Response

        hits = [comment(n, T0, f"acme {n}") for n in range(1, 11)]
        return Response(json.dumps({"hits": hits, "nbHits": 50, "hitsPerPage": 10}))

    collector, _ = serve(handler)
    pages, held = run(collector, query(days=0.04))
    assert len(held) == 10
    assert pages[-1].truncated


def test_the_next_run_reads_the_last_hour_again(serve):
    collector, fake = serve([comment(1, T0 + DAY - 1_800, "acme early")])
    pages, _ = run(collector, query(days=1))
    assert pages[-1].cursor == (SINCE + timedelta(hours=23)).isoformat()
    fake.items.append(comment(2, T0 + DAY - 1_700, "acme indexed late"))
    later = Query("acme", SINCE + timedelta(days=1), SINCE + timedelta(days=2), "hackernews")
    assert {s.post.id for s in run(collector, later, pages[-1].cursor)[1]} == {"1", "2"}


@pytest.mark.parametrize("cursor", ["", "gibberish", "2025-05-01T00:00:00"])
def test_a_cursor_that_cannot_be_read_starts_at_the_beginning(serve, cursor):
    collector, _ = serve([comment(1, T0, "acme")])
    assert len(run(collector, cursor=cursor)[1]) == 1


def test_quiet_months_take_few_requests(serve):
    collector, fake = serve([])
    pages, _ = run(collector, query(days=60))
    assert len(fake.asked) <= 7
    assert pages[-1].cursor == (SINCE + timedelta(days=60, hours=-1)).isoformat()


@pytest.mark.parametrize(
    ("expression", "asked"),
    [
        ("acme", ['"acme"']),
        ('"opt out" OR #OptOut', ['"opt out"', '"optout"']),
        ("delet*", ["delet"]),
        ("acme AND (terms OR ai)", ['"acme"']),
        (" OR ".join(f"w{n}" for n in range(11)), [""]),
    ],
)
def test_what_is_searched_for_covers_the_expression(expression, asked):
    assert searches(parse(expression).cover) == asked


def test_several_terms_bring_each_post_once(serve):
    collector, fake = serve([comment(1, T0, "acme deleted"), comment(2, T0, "bolt"), comment(3, T0, "deleting it")])
    _, held = run(collector, query("acme OR bolt OR delet*", days=0.5))
    assert [s.post.id for s in held] == ["1", "2", "3"]
    assert [a["query"] for a in fake.asked] == ['"acme"', '"bolt"', "delet"]


@pytest.mark.parametrize(
    ("status", "body", "headers", "error"),
    [
        (200, "<html>down</html>", {}, SourceChanged),
        (200, '{"hits": [{"objectID"', {}, SourceChanged),
        (200, "[]", {}, SourceChanged),
        (200, '{"hits": {}}', {}, SourceChanged),
        (200, '{"hits": ["x"]}', {}, SourceChanged),
        (200, '{"hits": [], "nbHits": "many"}', {}, SourceChanged),
        (400, '{"message": "no"}', {}, QueryRejected),
        (403, "<html>", {}, AccessDenied),
        (429, "", {"Retry-After": "3600"}, RetryLater),
        (500, "", {}, RetryLater),
    ],
)
def test_answers_that_are_no_answers(serve, status, body, headers, error):
    from werkzeug import Response

    collector, _ = serve(lambda request: Response(body, status, headers))
    with pytest.raises(error) as raised:
        run(collector)
    assert "acme" not in str(raised.value)


def test_a_budget_is_asked_before_each_request(serve):
    class Purse:
        left = 2

        def reserve(self, units):
            self.left -= units
            if self.left < 0:
                raise BudgetExhausted("spent")

    collector, fake = serve([])
    with pytest.raises(BudgetExhausted):
        run(collector, query(days=60), limits=Limits(budget=Purse()))
    assert len(fake.asked) == 2


def test_options_are_refused(serve):
    collector, _ = serve([])
    with pytest.raises(ConfigError, match="no options"):
        run(collector, query(options={"tags": "job"}))


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a<p>b<p>c", "a\n\nb\n\nc"),
        (
            'see <a href="https:&#x2F;&#x2F;a.example&#x2F;long" rel="nofollow">https:&#x2F;&#x2F;a.exam...</a>',
            "see https://a.example/long",
        ),
        ('<a href="https://a.example">here</a>', "here"),
        ("<pre><code>if a &lt; b:\n    c</code></pre>", "if a < b:\n    c"),
        ("&lt;script&gt; 1 &lt; 2", "<script> 1 < 2"),
        ("x<br/>y", "x\ny"),
        ("", ""),
    ],
)
def test_html_becomes_text(source, text):
    assert html_text(source) == text


@pytest.mark.parametrize("piece", ["<", "<a href=", "<a ", "<!--", "<p", "&", "&#", "<p>", '<a href="x" href="'])
def test_broken_html_is_read_once(piece):
    text = html_text(piece * 20_000)
    assert len(text) <= len(piece) * 20_000


def test_windows_adjoin_halve_and_grow():
    asked = []

    def ask(start, end):
        asked.append((start, end))
        return None, end - start > 3, 0

    found = [(w.start, w.end, w.capped) for w in closed_windows(0, 10, ask, first=8, longest=8, enough=1)]
    assert found[0][0] == 0
    assert found[-1][1] == 10
    assert all(a[1] == b[0] for a, b in pairwise(found))
    assert not any(capped for *_, capped in found)


def test_recorded_answers_have_the_shape_that_is_read():
    path = load_settings().shared_data / "api" / "hn_algolia" / "fixtures.json"
    if not path.exists():
        message = f"{path} is absent: set UPROAR_SHARED_DATA"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    replies = [entry["reply"] for entry in json.loads(path.read_text()) if "hits" in entry["reply"]]
    fake = {**story(1, T0, "x"), **comment(2, T0, "x")}
    hits = [hit for reply in replies for hit in reply["hits"]]
    assert len(hits) >= 10
    for hit in hits:
        post = post_of(hit, KEYS, SINCE)
        assert post.text
        assert post.created_at == datetime.fromisoformat(hit["created_at"])
        assert (post.kind == "comment") == ("comment" in hit["_tags"])
        assert bool(post.root_id) == bool(post.parent_id) == (post.kind == "comment")
        assert set(fake) <= set(hit), "the fake has no field that the real API lacks"
    for reply in replies:
        assert {"hits", "nbHits", "page", "nbPages", "hitsPerPage", "query"} <= set(reply)


def test_a_hit_without_anything_is_no_post():
    with pytest.raises(NotAPost, match="without an id"):
        post_of({}, KEYS, SINCE)
