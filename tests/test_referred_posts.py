"""Quotes and reposts say what they refer to, so that a person's request finds them and a deletion takes them along."""

import pytest
from factories import T0
from fake_bluesky import view
from fake_mastodon import status
from store_fixtures import save

from collectors.bluesky_records import post_of_view
from collectors.mastodon_records import post_of
from core.identities import identify

ANN = "did:plc:ann"
HERS = f"at://{ANN}/app.bsky.feed.post/1"
BY_ANN = "https://m.test/users/ann/statuses/1"
RECORD = {"$type": "app.bsky.embed.record", "record": {"uri": HERS, "cid": "c"}}
WITH_MEDIA = {"$type": "app.bsky.embed.recordWithMedia", "record": {"record": {"uri": HERS}}, "media": {}}
LIST = {"$type": "app.bsky.embed.record", "record": {"uri": f"at://{ANN}/app.bsky.graph.list/1"}}


@pytest.mark.parametrize(
    ("embed", "refers"),
    [(RECORD, HERS), (WITH_MEDIA, HERS), (LIST, ""), ({"$type": "app.bsky.embed.record"}, ""),
     ({"$type": "app.bsky.embed.record", "record": None}, ""), ({"$type": "app.bsky.embed.images"}, "")],
)  # fmt: skip
def test_a_quote_on_bluesky_names_what_it_quotes(keys, embed, refers):
    assert post_of_view(view("q", T0, "look", embed=embed), keys, T0).parent_id == refers


def test_a_reply_that_quotes_stays_below_what_it_answers(keys):
    other = "at://did:plc:bob/app.bsky.feed.post/2"
    found = post_of_view(view("q", T0, "x", embed=RECORD, reply={"parent": {"uri": other}, "root": {"uri": other}}),
                         keys, T0)  # fmt: skip
    assert (found.kind, found.parent_id, found.root_id) == ("comment", other, other)


@pytest.mark.parametrize(
    ("more", "kind", "refers"),
    [
        ({"quote": {"state": "accepted", "quoted_status": {"uri": BY_ANN}}}, "quote", BY_ANN),
        ({"quote": {"state": "revoked", "quoted_status": None}}, "quote", ""),
        ({"quote": {"uri": BY_ANN, "content": "x"}}, "quote", BY_ANN),
        ({"reblog": {"uri": BY_ANN, "content": "hers"}}, "repost", BY_ANN),
        ({"in_reply_to_id": "5"}, "comment", ""),
    ],
)
def test_a_quote_or_boost_on_mastodon_names_what_it_refers_to(keys, more, kind, refers):
    found = post_of(status(1, T0, "look", **more), "m.test", keys, T0)
    assert (found.kind, found.parent_id) == (kind, refers)


def test_a_request_finds_them_and_a_deletion_takes_boosts_along(store, keys):
    said = {"account": {"acct": "ann"}, "author": "ann"}
    hers = post_of(status(1, T0, "these terms", **said), "m.test", keys, T0)
    quote = {"quote": {"state": "accepted", "quoted_status": {"uri": hers.id}}}
    boost = {"reblog": {"uri": hers.id, "content": "an older wording of it"}}
    save(
        store, hers, post_of(status(2, T0, "how wrong", author="bob", **quote), "m.test", keys, T0),
        post_of(status(3, T0, "", author="eve", **boost), "m.test", keys, T0),
        post_of_view(view("a", T0, "hers"), keys, T0), post_of_view(view("q", T0, "look", embed=RECORD), keys, T0),
    )  # fmt: skip
    found = {(trace.relation, trace.text) for trace in store.traces(identify("@ann@m.test"))}
    assert found == {
        ("author", "these terms"), ("quote", "how wrong"), ("repost", "an older wording of it"),
    }  # fmt: skip
    assert len(store.copies_of("mastodon", [hers.id])) == 1


@pytest.mark.parametrize(
    ("asked", "source"),
    [("https://l.test/u/Ann", ""), ("https://other.test/u/ann@l.test", ""), ("@ann@l.test", "lemmy")],
)
def test_a_person_on_lemmy_is_found_by_link_or_handle(keys, asked, source):
    who = identify(asked, source=source)
    assert (who.source, who.accounts) == ("lemmy", ("ann@l.test",))
    assert who.addresses_in("https://l.test/u/ann")
    assert who.mentioned_in("as @ann@l.test says")
