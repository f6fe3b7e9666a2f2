"""Retention: the shortest rule wins, counts stay, replays are left alone."""

from datetime import timedelta

import pytest
from factories import T0, make_post
from fakes_models import KeywordClassifier
from store_fixtures import save, score_all

from core.errors import ConfigError
from core.settings import Settings, load_settings
from core.watches import SourceRule, Watch, load_watch
from store import PostFilter
from uproar.steps.retention import EXPIRED, purge_expired

DAY = timedelta(days=1)
ACME = Watch("acme", "Acme", "Acme", "terms", T0)


def left(reader, watch="acme"):
    return sorted(reader.posts(PostFilter(watch))["id"])


@pytest.fixture
def kept(store):
    """One post for each of ten days, of two sources."""
    days = [make_post(source=source, id=f"{source}-{n}", collected_at=T0 + n * DAY, created_at=T0 - 300 * DAY)
            for n in range(10) for source in ("forum", "board")]  # fmt: skip
    save(store, *days)
    score_all(store, KeywordClassifier())
    store.refresh_rollups()
    return store


def test_posts_go_when_their_days_are_over_and_their_counts_stay(kept, reader):
    before = reader.rollup("acme")[["posts", "negative"]].sum().tolist()
    [done] = purge_expired(kept, [ACME], {"forum": 5}, now=T0 + 10 * DAY)
    assert (done.source, done.days, done.posts) == ("forum", 5, 5)
    assert [id_ for id_ in left(reader) if id_.startswith("forum")] == [f"forum-{n}" for n in range(5, 10)]
    assert len(left(reader)) == 15, "the other source has no rule"
    assert reader.rollup("acme")[["posts", "negative"]].sum().tolist() == before
    assert kept.check_rollups() == []
    assert reader.erasures()["reason"].tolist() == [EXPIRED]
    assert purge_expired(kept, [ACME], {"forum": 5}, now=T0 + 10 * DAY) == []


@pytest.mark.parametrize(
    ("watch", "settings", "forum", "board"),
    [
        (ACME, {"all": 3}, 3, 3),
        (ACME, {"all": 8, "forum": 3}, 3, 8),
        (Watch("acme", "", "", "terms", T0, retention_days=4), {}, 4, 4),
        (Watch("acme", "", "", "terms", T0, sources=(SourceRule("board", retention_days=2),)), {"all": 6}, 6, 2),
        (Watch("other", "", "", "terms", T0, retention_days=1), {}, 10, 10),
        (ACME, {}, 10, 10),
    ],
)
def test_the_shortest_rule_that_applies_wins(kept, reader, watch, settings, forum, board):
    purge_expired(kept, [watch], settings, now=T0 + 10 * DAY - timedelta(hours=1))
    for source, count in (("forum", forum), ("board", board)):
        assert sum(id_.startswith(source) for id_ in left(reader)) == count


def test_youtubes_data_goes_after_thirty_days_whatever_the_settings_say(store, reader):
    save(store, make_post(source="youtube", collected_at=T0), make_post(source="youtube", id="2",
                                                                      collected_at=T0 + 9 * DAY))  # fmt: skip
    purge_expired(store, [ACME], {"youtube": 365}, now=T0 + 31 * DAY)
    assert left(reader) == ["2"]


def test_a_replay_is_left_alone(store, reader):
    save(store, make_post(), watch="replay")
    replay = Watch("replay", "", "", "terms", T0, as_of=T0, retention_days=1)
    assert purge_expired(store, [replay, ACME], {"all": 1}, now=T0 + 90 * DAY) == []
    assert left(reader, "replay") == ["p1"]


def test_it_is_set_in_the_environment_or_in_a_watch_file(monkeypatch, tmp_path):
    monkeypatch.setenv("UPROAR_RETENTION_DAYS__REDDIT", "90")
    assert load_settings(home=tmp_path).retention_days == {"reddit": 90}
    assert Settings(home=tmp_path).watch_folders
    monkeypatch.setenv("UPROAR_RETENTION_DAYS__REDDIT", "0")
    with pytest.raises(ConfigError, match="UPROAR_RETENTION_DAYS__REDDIT"):
        load_settings(home=tmp_path)
    path = tmp_path / "acme.toml"
    plain = 'platform = "A"\nterms = "a"\nsince = 2025-05-09T00:00:00Z\nretention_days = {}\n[[sources]]\nname = "x"\n'
    path.write_text(plain.format(30) + "retention_days = 7\n")
    found = load_watch(path)
    assert (found.retention_days, found.sources[0].retention_days) == (30, 7)
    for odd in ("0", "true", '"30"', "1.5"):
        path.write_text(plain.format(odd))
        with pytest.raises(ConfigError, match="retention_days"):
            load_watch(path)
