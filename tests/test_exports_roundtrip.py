"""An exported file, imported again, gives the same posts."""

from dataclasses import replace
from datetime import timedelta

import pytest
from factories import T0, make_post, make_query
from test_exports_cells import HOSTILE

from collectors.protocol import Limits
from collectors.registry import load_collector
from core.records import Outcome, Page, Query, Reason, Sighted
from core.settings import Settings
from core.text import clean
from core.watches import Watch
from exports.posts import export_posts
from store import open_reader, open_store

CLOCK = T0 + timedelta(days=2)
WATCH = Watch("example", "Example", "Example", "terms", T0, notice="invented posts, not the public")


@pytest.fixture
def exported(store_url, keys, tmp_path):
    """A function that stores posts as imported and exports them: the path of the file."""

    def export(*posts):
        with open_store(store_url, keys) as store, open_reader(store_url) as reader:
            store.register_watch("example")
            run = store.begin_run("example", make_query(), now=CLOCK)
            page = Page(tuple(Sighted(post, Reason.IMPORT) for post in posts))
            store.save("example", make_query(), page, run=run)
            store.end_run(run, Outcome.SAMPLE, now=CLOCK)
            store.refresh_rollups()
            path = tmp_path / "posts.csv"
            assert export_posts(reader, WATCH, path, clock=CLOCK).rows == len(posts)
            return path

    return export


def read_again(path, tmp_path):
    settings = Settings(home=tmp_path / "home", author_key="6b" * 32)  # the key of the fixture `keys`
    query = Query("terms", T0, CLOCK, "files", {"path": str(path)})
    pages = list(load_collector("files", settings).collect(query, None, Limits()))
    assert [page.rejected for page in pages] == [()] * len(pages)
    return {sighted.post.id: sighted.post for page in pages for sighted in page.posts}


def test_every_field_of_a_post_comes_back(exported, keys, tmp_path):
    author = keys.author("reddit", "who")
    post = make_post(
        source="reddit", id="t3_a", created_at=T0 + timedelta(hours=1, microseconds=7), author=author,
        url="https://x.example/a?b=1", community="r/x", kind="comment", parent_id="t3_0", likes=-3, reposts=0, views=9,
    )  # fmt: skip
    (again,) = read_again(exported(post), tmp_path).values()
    assert replace(again, collected_at=post.collected_at) == post


def test_hostile_texts_come_back_as_they_were(exported, tmp_path):
    posts = [make_post(id=f"p{n}", text=clean(text) + "x") for n, text in enumerate(HOSTILE)]
    again = read_again(exported(*posts), tmp_path)
    assert {id: post.text for id, post in again.items()} == {post.id: post.text for post in posts}
