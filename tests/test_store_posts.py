"""Saving posts: once each, newest wins, deleted stay away, hostile fields do no harm."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from factories import T0, make_post, make_query
from store_fixtures import save

from core.records import Interval, Outcome, Page, Reason, Rejected, Sighted
from store import PostFilter, Saved

HOUR = timedelta(hours=1)


def shown(reader, watch="acme"):
    return reader.posts(PostFilter(watch, order="time_asc")).set_index("id")


def test_a_post_comes_back_as_it_went_in(store, reader):
    post = make_post(url="https://forum.example/1", author="k:1", community="music", kind="comment", parent_id="p0",
                     root_id="p0", likes=3, reposts=0, replies=None, views=12)  # fmt: skip
    save(store, post)
    row = shown(reader).loc["p1"]
    for name in ("source", "text", "url", "author", "community", "kind", "parent_id", "lang"):
        assert row[name] == getattr(post, name)
    assert (row["likes"], row["reposts"], row["views"]) == (3, 0, 12)
    assert row[["replies", "relevant", "sentiment"]].isna().all()
    assert row["created_at"].to_pydatetime() == post.created_at
    assert (row["scored"], row["topics"], row["model"], row["reason"]) == ("pending", "", "", "text")


def test_saving_twice_adds_nothing(store, reader):
    assert save(store, make_post(), make_post(id="p2")) == Saved(new=2, seen=0, gone=0, rejected=0)
    assert save(store, make_post(), make_post(id="p2")) == Saved(new=0, seen=2, gone=0, rejected=0)
    assert reader.count_posts(PostFilter("acme")) == 2


def test_the_same_id_of_two_sources_is_two_posts(store, reader):
    save(store, make_post(), make_post(source="elsewhere"))
    assert reader.count_posts(PostFilter("acme")) == 2
    assert reader.count_posts(PostFilter("acme", sources=("elsewhere",))) == 1


@pytest.mark.parametrize("later", [timedelta(), HOUR])
def test_a_copy_collected_at_the_same_time_or_later_wins(store, reader, later):
    save(store, make_post(likes=1))
    save(store, make_post(likes=9, text="edited", collected_at=make_post().collected_at + later))
    assert tuple(shown(reader).loc["p1", ["likes", "text"]]) == (9, "edited")


def test_an_older_copy_changes_nothing(store, reader):
    save(store, make_post(likes=9))
    save(store, make_post(likes=1, text="before", collected_at=make_post().collected_at - HOUR))
    assert tuple(shown(reader).loc["p1", ["likes", "text"]]) == (9, make_post().text)


def test_the_newer_of_two_copies_in_one_page_wins(store, reader):
    older = make_post(likes=1, collected_at=make_post().collected_at - HOUR)
    assert save(store, make_post(likes=9), older).new == 1
    assert shown(reader).loc["p1", "likes"] == 9


def test_an_edit_moves_the_search_index(store, reader):
    save(store, make_post(text="furious violin"))
    save(store, make_post(text="calm cello"))
    assert reader.count_posts(PostFilter("acme", search="violin")) == 0
    assert reader.count_posts(PostFilter("acme", search="cello")) == 1


def test_an_edit_of_the_time_moves_the_hour_in_every_watch(store, reader):
    save(store, make_post())
    save(store, make_post(), watch="other")
    save(store, make_post(created_at=T0 + 5 * HOUR))
    store.refresh_rollups()
    for watch in ("acme", "other"):
        assert [at.hour for at in reader.rollup(watch)["hour"]] == [5]
    assert store.check_rollups() == []


def test_the_stronger_reason_stays(store, reader):
    save(store, make_post(), reason=Reason.IMPORT)
    save(store, make_post(), reason=Reason.TEXT)
    save(store, make_post(), reason=Reason.THREAD)
    assert shown(reader).loc["p1", "reason"] == "text"


def test_a_second_watch_holds_the_same_post(store, reader):
    save(store, make_post())
    assert save(store, make_post(), watch="other") == Saved(new=1, seen=0, gone=0, rejected=0)
    assert reader.watches() == ["acme", "other"]
    assert reader.count_posts(PostFilter("other")) == 1


def test_hostile_text_is_kept_as_far_as_a_database_can(store, reader):
    odd = {
        "nul": "a\x00b",
        "surrogate": "a\ud800b",
        "emoji": "🎻 \U0010ffff",
        "quotes": "'\"\\%s ? {}",
        "long": "word " * 200_000,
    }
    save(store, *(make_post(id=name, text=text) for name, text in odd.items()))
    found = shown(reader)["text"]
    assert (found["nul"], found["surrogate"]) == ("ab", "a\ufffdb")
    assert all(found[name] == odd[name] for name in ("emoji", "quotes", "long"))


@pytest.mark.parametrize(
    "field", ["id", "url", "author", "community", "kind", "parent_id", "root_id", "lang", "source"]
)
def test_hostile_fields_are_cleaned_too(store, reader, field):
    save(store, make_post(**{field: "x\x00\ud800"}))
    row = reader.posts(PostFilter("acme")).iloc[0]
    if field != "root_id":
        assert row[field] == "x\ufffd"


def test_a_post_without_a_usable_id_is_a_dead_letter(store, reader):
    assert save(store, make_post(id=""), make_post(id="x" * 600), make_post()) == Saved(1, 0, 0, 2)
    assert list(reader.dead_letters()["reason"]) == [
        "an id of 600 characters; expected 1 to 512", "an id of 0 characters; expected 1 to 512"]  # fmt: skip


def test_the_language_is_short_enough_to_be_a_key(store, reader):
    save(store, make_post(lang="E" * 5000))
    store.refresh_rollups()
    assert list(reader.rollup("acme", split=("language",))["language"]) == ["e" * 16]


def test_times_are_the_same_instant_whatever_their_zone(store, reader):
    tokyo = timezone(timedelta(hours=9))
    save(store, make_post(created_at=datetime(2025, 5, 9, 8, 59, 59, 999_999, tzinfo=tokyo)))
    assert shown(reader).loc["p1", "created_at"].to_pydatetime() == datetime(
        2025, 5, 8, 23, 59, 59, 999_999, tzinfo=UTC
    )
    store.refresh_rollups()
    assert reader.rollup("acme")["hour"].iloc[0].to_pydatetime() == datetime(2025, 5, 8, 23, tzinfo=UTC)
    assert str(reader.rollup("acme")["hour"].dtype) == "datetime64[us, UTC]"


def test_a_naive_time_is_refused_and_nothing_is_stored(store, reader):
    with pytest.raises(ValueError, match="offset"):
        save(store, make_post(), make_post(id="p2", created_at=datetime(2025, 5, 9)))  # noqa: DTZ001
    assert reader.count_posts(PostFilter("acme")) == 0


def test_a_page_is_stored_whole_or_not_at_all(store, reader):
    class Broken:
        reason = Reason.TEXT
        post = property(lambda self: 1 / 0)

    query, run = make_query(), store.begin_run("acme", make_query(), now=T0)
    with pytest.raises(ZeroDivisionError):
        store.save("acme", query, Page((Sighted(make_post()), Broken()), cursor="c"), run=run)
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        store.save(
            "acme", query, Page((Sighted(make_post()),), cursor="c", rejected=(Rejected(1, "no time"),)), run=999
        )
    assert reader.count_posts(PostFilter("acme")) == 0
    assert store.cursor("acme", query) is None


def test_the_cursor_belongs_to_the_question_and_stays_without_a_new_one(store):
    save(store, make_post(), cursor="c1")
    save(store, make_post(id="p2"), cursor=None)
    assert store.cursor("acme", make_query()) == "c1"
    assert store.cursor("acme", make_query(since=T0 - HOUR)) == "c1"
    assert store.cursor("acme", make_query(expression="other")) is None
    assert store.cursor("other", make_query()) is None


def test_runs_keep_what_was_asked_and_how_it_ended(store, reader):
    cut = Interval(T0, T0 + HOUR)
    run = store.begin_run("acme", make_query(), now=T0)
    page = Page((Sighted(make_post()),), truncated=(cut,), rejected=(Rejected(7, "no time", 120),))
    store.save("acme", make_query(), page, run=run)
    store.end_run(run, Outcome.TRUNCATED, now=T0 + HOUR, truncated=[cut], error="cap", read=3, new=1, seen=2, cost=0.5)
    store.begin_run("acme", make_query(), now=T0 + 2 * HOUR)
    found = reader.runs("acme", now=T0 + 2.5 * HOUR)
    assert list(found["outcome"]) == ["truncated", "running"]
    assert list(reader.runs("acme", now=T0 + 4 * HOUR)["outcome"]) == ["truncated", "failed"]
    first = found.iloc[0]
    assert first["truncated"] == [cut]
    assert tuple(first[["error", "read", "new", "seen", "cost"]]) == ("cap", 3, 1, 2, 0.5)
    assert (first["since"], first["until"]) == (T0, T0 + timedelta(days=2))
    assert found["ended_at"].isna().tolist() == [False, True]
    assert reader.runs("acme", since=T0 + timedelta(days=2)).empty
    assert reader.runs("acme", until=T0).empty
    letter = reader.dead_letters().iloc[0]
    assert tuple(letter[["watch", "source", "line", "offset", "reason"]]) == ("acme", "forum", 7, 120, "no time")


def test_collected_until_is_the_newest_end_of_a_run_that_did_not_fail(store, reader):
    for hours, outcome in ((1, Outcome.OK), (2, Outcome.EMPTY), (3, Outcome.FAILED)):
        run = store.begin_run("acme", make_query(until=T0 + hours * HOUR), now=T0)
        store.end_run(run, outcome, now=T0)
    store.begin_run("acme", make_query(until=T0 + 9 * HOUR), now=T0)
    assert reader.collected_until("acme") == {"forum": T0 + 2 * HOUR}
    assert reader.collected_until("nobody") == {}
