"""Recorded permissions: refused without one, with what to set; kept with the run that used it."""

from datetime import date

import pytest
from factories import T0, make_query

from core.errors import ConfigError, MissingSetting
from core.permissions import NEEDED, Permission, permission_for
from core.records import Outcome
from core.settings import Settings, load_settings

GIVEN = Permission("approval 4711", "J. Doe, legal", date(2026, 11, 1), "following terms changes")


@pytest.mark.parametrize("source", sorted(NEEDED))
def test_a_source_with_rules_of_its_own_is_refused_without_a_recorded_permission(source, tmp_path):
    with pytest.raises(MissingSetting, match=f"UPROAR_PERMISSIONS__{source.upper()}__BASIS"):
        permission_for(source, Settings(home=tmp_path).permissions)


def test_other_sources_need_none():
    assert permission_for("hackernews", {}) is None


def test_a_blank_or_future_permission_is_none():
    blank = Permission(" ", "who", date(2026, 1, 1), "use")
    with pytest.raises(ConfigError, match="BASIS is empty"):
        permission_for("x", {"x": blank})
    with pytest.raises(ConfigError, match="future"):
        permission_for("x", {"x": GIVEN}, today=date(2026, 10, 31))
    assert permission_for("x", {"x": GIVEN}, today=date(2026, 11, 1)) == GIVEN


def test_it_is_read_from_the_environment(monkeypatch, tmp_path):
    for name, value in {"BASIS": "contract", "WHO": "Jo", "DATE": "2026-11-01", "USE": "a study"}.items():
        monkeypatch.setenv(f"UPROAR_PERMISSIONS__REDDIT__{name}", value)
    found = load_settings(home=tmp_path).permissions["reddit"]
    assert found == Permission("contract", "Jo", date(2026, 11, 1), "a study")
    assert str(found) == "contract; recorded by Jo on 2026-11-01, for a study"


def test_a_part_that_is_missing_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("UPROAR_PERMISSIONS__X__BASIS", "contract")
    with pytest.raises(ConfigError, match="UPROAR_PERMISSIONS__X__WHO"):
        load_settings(home=tmp_path)


def test_it_is_kept_with_the_run(store, reader):
    run = store.begin_run("acme", make_query(), now=T0, permission=str(GIVEN))
    store.end_run(run, Outcome.OK, now=T0)
    assert reader.runs("acme")["permission"].tolist() == [str(GIVEN)]
