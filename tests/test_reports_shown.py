"""Why today's figures are not those that were shown: each reason by itself."""

from dataclasses import replace
from datetime import timedelta

import pytest
from factories import T0, make_post
from store_fixtures import save
from test_exports_posts import CLOCK, make_watch, negative_scores

from core.errors import ConfigError
from core.records import Spike
from reports.shown import explain, figures, shown_alert
from store import Shown, open_annotations

WATCH = make_watch(name="acme")


def score(store, model="m@1"):
    store.register_model(model)
    for batch in store.unscored(model):
        scores = negative_scores(len(batch))
        store.save_scores([key for key, _ in batch], replace(scores, model=model))
    store.refresh_rollups()


@pytest.fixture
def shown(store, reader):
    """Three scored posts, shown."""
    save(store, *(make_post(id=str(n), text=f"terms {n}") for n in range(3)))
    score(store)
    return Shown("b-1", "acme", "brief", T0 + timedelta(days=1), figures(reader, WATCH, clock=CLOCK))


def told(reader, shown, watch=WATCH):
    return explain(reader, watch, shown, clock=CLOCK)


def test_nothing_has_changed(reader, shown):
    found = told(reader, shown)
    assert found.reasons == ()
    assert found.then == found.now
    assert found.then["relevant"] == 3
    assert "Nothing has changed" in found.sentence


def test_posts_came_in_later(store, reader, shown):
    save(store, make_post(id="late", text="terms late"))
    score(store)
    found = told(reader, shown)
    assert [(r.code, r.posts) for r in found.reasons] == [("late", 1)]
    assert "Then 3 of 3 relevant posts were negative; today 4 of 4" in found.sentence


def test_deleted_posts_still_count(store, reader, shown):
    store.forget("forum", ids=["0"], now=CLOCK)
    store.refresh_rollups()
    found = told(reader, shown)
    assert [(r.code, r.posts) for r in found.reasons] == [("deleted", 1)]
    assert found.then == found.now


def test_another_model_or_a_score_that_was_waited_for(store, reader, shown):
    save(store, make_post(id="w", text="terms waiting"))
    store.refresh_rollups()
    waiting = Shown("b-2", "acme", "brief", CLOCK, figures(reader, WATCH, clock=CLOCK))
    score(store)
    assert [(r.code, r.posts) for r in told(reader, waiting).reasons] == [("rescored", 1)]
    score(store, "m@2")
    store.activate_model("m@2")
    (reason,) = [r for r in told(reader, shown).reasons if r.code == "rescored"]
    assert "m@1 then, by m@2 now" in reason.sentence


def test_people_gave_labels(store_url, reader, shown):
    with open_annotations(store_url) as annotations:
        annotations.add_label("forum", "0", head="sentiment", value="positive", author="ann", now=CLOCK)
    assert [(r.code, r.posts) for r in told(reader, shown).reasons] == [("relabelled", 1)]


def test_the_watch_was_edited(reader, shown):
    (reason,) = told(reader, shown, replace(WATCH, expression="terms OR clause")).reasons
    assert reason.code == "edited"
    assert "its terms (terms then)" in reason.sentence


def test_an_alert_is_explained_by_what_was_decided(store, reader):
    save(store, *(make_post(id=str(n), text=f"terms {n}", collected_at=T0) for n in range(3)))
    score(store)
    spike = Spike("acme", T0, 3, 3, 1.0, 0.5, True, "m@1", "Beyond anything in 60 days.")
    number = store.open_incident(spike, ["mail"], now=T0 + timedelta(hours=2))
    alert = shown_alert(reader, f"alert-{number}")
    assert told(reader, alert).reasons == ()
    save(store, make_post(id="late", text="terms late", collected_at=T0 + timedelta(hours=3)))
    score(store)
    assert [(r.code, r.posts) for r in told(reader, alert).reasons] == [("late", 1)]
    assert told(reader, shown_alert(reader, str(number))).now == {"relevant": 4, "negative": 4}
    for unknown in ("alert-77", "alert-x"):
        with pytest.raises(ConfigError, match="alerts list"):
            shown_alert(reader, unknown)
