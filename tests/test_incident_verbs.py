"""`uproar incident`: from the shell, on a database with one incident."""

import json

import pytest
from factories import T0
from pydantic import SecretStr
from test_cli import answer, uproar

from core.records import Spike
from core.settings import Settings
from store import migrate, open_store


@pytest.fixture
def home(tmp_path):
    settings = Settings(home=tmp_path, store=SecretStr(f"sqlite:///{tmp_path / 'uproar.db'}"))
    migrate(settings.store_url, keys=settings.keys)
    with open_store(settings.store_url, settings.keys) as store:
        store.register_watch("acme")
        store.open_incident(Spike("acme", T0, 40, 60, 2 / 3, 5.5, True, "m@1", "Far above."), ["mail"], now=T0)
    return tmp_path


def test_an_incident_gets_an_owner_an_acknowledgement_and_a_note(home):
    uproar(home, "incident", "own", "1", "ann")
    uproar(home, "incident", "ack", "1", "--by", "bob")
    done = uproar(home, "incident", "note", "1", "Legal is told.", "--by", "ann", "--json")
    assert json.loads(done.stdout)["owner"] == "ann"
    shown = answer(home, "incident", "show", "1")
    assert (shown["owner"], shown["acknowledged_by"]) == ("ann", "bob")
    assert [note["text"] for note in shown["notes"]] == ["Legal is told."]
    assert [delivery["channel"] for delivery in shown["deliveries"]] == ["mail"]
    assert [row["id"] for row in answer(home, "incident", "list", "--open")] == [1]
    assert "Far above." in uproar(home, "incident", "show", "1").stdout


@pytest.mark.parametrize("verb", [("show",), ("own",), ("ack",), ("note",)])
def test_an_unknown_incident_is_told_with_the_verb_that_lists(home, verb):
    more = ("words",) if verb == ("note",) else ()
    assert "uproar incident list" in uproar(home, "incident", *verb, "7", *more, code=3).stderr


def test_a_note_needs_words(home):
    uproar(home, "incident", "note", "1", " ", code=3)
