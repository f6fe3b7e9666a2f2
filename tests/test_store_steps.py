"""Steps of the service: one worker at a time, again when due, and not lost with a worker that dies."""

from datetime import timedelta

from factories import T0

MINUTE = timedelta(minutes=1)


def test_a_step_is_one_workers_and_due_again_when_told(store):
    assert store.take_step("acme", "collect", holder="a", now=T0)
    assert not store.take_step("acme", "collect", holder="b", now=T0, early=True), "early, but not beside another"
    assert store.take_step("acme", "score", holder="b", now=T0), "another step"
    assert store.take_step("other", "collect", holder="b", now=T0), "another watch"
    assert store.end_step("acme", "collect", holder="a", now=T0 + MINUTE, due=T0 + 15 * MINUTE)
    assert not store.take_step("acme", "collect", holder="b", now=T0 + 14 * MINUTE)
    assert store.take_step("acme", "collect", holder="b", now=T0 + 14 * MINUTE, early=True)
    assert store.next_due(["acme", "other"]) == T0


def test_a_dead_workers_step_is_free_when_its_hold_ends_and_its_late_end_counts_for_nothing(store):
    store.take_step("acme", "collect", holder="dead", now=T0)
    store.keep_steps("dead", now=T0 + 4 * MINUTE)
    assert not store.take_step("acme", "collect", holder="heir", now=T0 + 8 * MINUTE)
    assert store.take_step("acme", "collect", holder="heir", now=T0 + 9 * MINUTE)
    assert not store.end_step("acme", "collect", holder="dead", now=T0 + 10 * MINUTE, due=T0 + 99 * MINUTE)
    assert store.end_step("acme", "collect", holder="heir", now=T0 + 10 * MINUTE, due=T0 + 15 * MINUTE)


def test_a_worker_that_leaves_gives_back_what_it_had_not_finished(store):
    store.take_step("acme", "collect", holder="a", now=T0)
    store.take_step("other", "collect", holder="b", now=T0)
    store.give_back_steps("a", now=T0 + MINUTE)
    assert store.take_step("acme", "collect", holder="b", now=T0 + MINUTE)
    assert not store.take_step("other", "collect", holder="a", now=T0 + MINUTE)
