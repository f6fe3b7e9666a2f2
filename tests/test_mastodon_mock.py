"""Mastodon against somebody else's server: mastodon_mock, which keeps what is posted and numbers as it likes."""

from datetime import UTC, datetime, timedelta

import pytest

from collectors.mastodon import MastodonCollector
from collectors.protocol import Limits
from core.http import Transport
from core.records import Gone, Query, Seen
from core.settings import Settings

testing = pytest.importorskip("mastodon_mock.testing", reason="pip install mastodon_mock")
pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(scope="module")
def server():
    with testing.MockServer() as running:
        yield running


@pytest.fixture(scope="module")
def alice(server):
    from mastodon import Mastodon

    return Mastodon(access_token="alice_token", api_base_url=server.base_url, version_check_mode="none")


@pytest.fixture
def collector(tmp_path):
    settings = Settings(home=tmp_path, allow_private_addresses=True)
    with Transport(settings) as transport:
        yield MastodonCollector(settings, transport)


def ask(server):
    now = datetime.now(UTC)
    options = {"instances": server.base_url, "tags": "quokkaterms"}
    return Query("quokkaterms", now - timedelta(hours=1), now + timedelta(minutes=1), "mastodon", options)


def test_what_is_posted_is_found_page_by_page_and_a_deletion_is_seen(server, alice, collector):
    posted = [alice.status_post(f"#quokkaterms are changing, number {n}") for n in range(95)]
    alice.status_post("something else altogether")
    pages = list(collector.collect(ask(server), None, Limits()))
    posts = {s.post.id: s.post for page in pages for s in page.posts}
    assert len(posts) == 95
    assert not any(page.truncated or page.rejected for page in pages)
    assert {post.text for post in posts.values()} == {f"#quokkaterms are changing, number {n}" for n in range(95)}
    alice.status_delete(posted[0])
    again = {s.post.id for page in collector.collect(ask(server), None, Limits()) for s in page.posts}
    gone = set(posts) - again
    assert len(gone) == 1
    address = f"{server.base_url}/users/alice/statuses"
    kept, deleted = f"{address}/{posted[1]['id']}", f"{address}/{posted[0]['id']}"
    answers = {answer.id: answer for answer in collector.recheck([kept, deleted], Limits())}
    assert answers[deleted] == Gone(deleted)
    assert isinstance(answers[kept], Seen)
