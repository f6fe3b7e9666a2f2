"""The brief beside the digest: written once a day after its time, never for a replay, kept in the log."""

from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest
from small_store import END, WATCH, fill

from uproar.session import Session
from uproar.steps.day_brief import WHO, day_brief


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    return Session(fill(tmp_path_factory.mktemp("brief")), END)


def _watch(session, **changes):
    found = session.watch(WATCH)
    rules = replace(found.alerts, digest=changes.pop("digest", time(8)))
    return replace(found, **{"as_of": None, "alerts": rules, **changes})


def _at(session, day: int, hour: int) -> Session:
    local = datetime(2025, 5, 12, hour, tzinfo=session.watch(WATCH).zone) + timedelta(days=day)
    return replace(session, fixed_clock=local)


def test_it_is_written_once_a_day_after_the_digests_time(session):
    watch = _watch(session)
    with session.reader() as reader:
        written = [day_brief(_at(session, day, hour), reader, watch) for day in (0, 1) for hour in (7, 9, 17)]
        log = reader.exports(WATCH)
    assert [path.name if path else None for path in written] == [
        None, "2025-05-12.html", None, None, "2025-05-13.html", None,
    ]  # fmt: skip
    assert "What to watch" in written[1].read_text()
    assert log["who"].tolist() == [WHO, WHO]


@pytest.mark.parametrize("changes", [{"digest": None}, {"as_of": END}, {"radar": "radar"}])
def test_without_a_digest_in_a_replay_and_for_a_radars_child_there_is_none(session, changes):
    with session.reader() as reader:
        assert day_brief(_at(session, 5, 12), reader, _watch(session, **changes)) is None
