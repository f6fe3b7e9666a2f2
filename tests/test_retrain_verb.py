"""From readers' labels in the store to an active model of this installation's own."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from factories import T0, make_post
from fakes_models import KeywordClassifier
from small_store import AS_OF, WATCH, fill
from store_fixtures import save, score_all
from test_cli import answer, uproar

from core.errors import ConfigError, MissingSetting
from core.permissions import Permission, check_training
from core.records import STANCES, TOPICS
from core.settings import load_settings
from store import open_annotations, open_store
from uproar.steps.retrain import rows_of_labels

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def given(*rows: tuple[str, str, str, str], source: str = "forum") -> pd.DataFrame:
    columns = ["text", "head", "value", "author"]
    return pd.DataFrame(list(rows), columns=columns).assign(source=source, id="1", at=NOW)


def test_a_last_word_a_majority_and_a_tie() -> None:
    rows, unusable = rows_of_labels(given(
        ("one", "stance", "for", "ann"), ("one", "stance", "against", "ann"), ("one", "sentiment", "negative", "ann"),
        ("two", "stance", "for", "ann"), ("two", "stance", "for", "bob"), ("two", "stance", "against", "cy"),
        ("three", "stance", "for", "ann"), ("three", "stance", "against", "bob"),
        ("four", "mood", "grim", "ann"), ("four", "stance", "sideways", "ann"),
    ))  # fmt: skip
    assert [(row.text, row.stance) for row in rows] == [("one", 0), ("two", STANCES.index("for"))]
    assert rows[0].sentiment == 0
    assert unusable == 3


def test_topics_are_voted_on_one_by_one_and_none_is_an_answer() -> None:
    rows, unusable = rows_of_labels(given(
        ("one", "topics", "trust, legal", "ann"), ("one", "topics", "trust", "bob"), ("two", "topics", "", "ann"),
        ("three", "topics", "weather", "ann"), ("four", "relevance", "yes", "ann"), ("five", "relevance", "no", "ann"),
    ))  # fmt: skip
    assert rows[0].topics == tuple(float(topic == "trust") for topic in TOPICS)
    assert rows[1].topics == (0.0,) * len(TOPICS)
    assert [row.relevance for row in rows[2:]] == [1, 0]
    assert unusable == 1


def test_reposts_of_a_text_are_one_row_and_sources_can_be_left_out() -> None:
    both = pd.concat([given(("RT @a: one", "stance", "for", "ann"), ("one", "stance", "for", "bob")),
                      given(("two", "stance", "for", "ann"), source="reddit")])  # fmt: skip
    assert [row.text for row in rows_of_labels(both, without=["reddit"])[0]] == ["one"]


def permission(**changes: object) -> Permission:
    whole = {"basis": "contract", "who": "Ann", "date": NOW.date(), "use": "research"} | changes
    return Permission(**whole)  # type: ignore[arg-type]


@pytest.mark.parametrize("source", ["reddit", "x"])
def test_posts_of_reddit_and_x_are_refused_unless_the_permission_says_training(source: str) -> None:
    for recorded in ({}, {source: permission()}, {source: permission(training=False)}):
        with pytest.raises(MissingSetting, match="__TRAINING=yes"):
            check_training(["forum", source], recorded, today=NOW.date())
    later = permission(training=True, date=NOW.date() + timedelta(days=1))
    with pytest.raises(ConfigError, match="future"):
        check_training([source], {source: later}, today=NOW.date())
    check_training([source], {source: permission(training=True)}, today=NOW.date())
    check_training(["forum", "bluesky"], {}, today=NOW.date())


def test_labels_are_read_with_their_text_and_leave_with_their_post(store, reader, store_url) -> None:
    save(store, make_post(id="1", text="one"), make_post(id="2", text="two"))
    with open_annotations(store_url) as notes:
        notes.add_label("forum", "1", head="stance", value="for", author="ann", now=T0)
        notes.add_label("forum", "2", head="stance", value="against", author="ann", now=T0)
    found = reader.taught()
    assert found[["source", "id", "text", "head", "value", "author"]].to_numpy().tolist()[0] == [
        "forum", "1", "one", "stance", "for", "ann"]  # fmt: skip
    assert len(reader.taught(watch="acme")) == 2
    store.register_watch("other")
    assert reader.taught(watch="other").empty
    store.forget("forum", ids=["1"], now=T0)
    assert reader.taught()["id"].tolist() == ["2"]


def test_what_waits_for_a_model_is_counted_from_a_time_on(store) -> None:
    save(store, make_post(id="1", text="one"), make_post(id="2", text="two", created_at=T0 - timedelta(days=90)))
    score_all(store, KeywordClassifier())
    assert store.waiting(KeywordClassifier.model, since=T0 - timedelta(days=100)) == 0
    store.register_model("new@1")
    assert store.waiting("new@1", since=T0 - timedelta(days=100)) == 2
    assert store.waiting("new@1", since=T0 - timedelta(days=60)) == 1
    assert store.waiting("never@1", since=T0) == 0


WORDS = (
    "fine by me, carry on with {}",
    "nobody at {} asked us, and I am done here",
    "the docs of {} list this on page two",
)
SIDES = ("for", "against", "neutral")


def opinion(n: int, source: str) -> dict[str, str]:
    at = (datetime.now(UTC) - timedelta(days=n % 50 + 1)).isoformat()
    return {"id": f"p{n}", "platform": source, "created_at": at, "author": f"a{n}",
            "text": f"Example terms, {WORDS[n % 3].format(f'place {n}')}"}  # fmt: skip


def teach(home, source="forum") -> None:
    """A live watch whose readers have labelled 90 posts in a way that the text alone decides."""
    (home / "watches").mkdir()
    (home / "watches" / "example.toml").write_text(
        'platform = "Example"\nterms = "example"\nsince = 2020-01-01T00:00:00Z\n'
    )
    posts = [opinion(n, source) for n in range(90)]
    answer(home, "import", "example", "-", stdin="".join(json.dumps(post) + "\n" for post in posts))
    with open_annotations(f"sqlite:///{home / 'uproar.db'}") as notes:
        for n, post in enumerate(posts):
            notes.add_label(source, post["id"], head="stance", value=SIDES[n % 3], author="ann", now=NOW)


def test_the_road_from_labels_to_an_active_model(tmp_path) -> None:
    teach(tmp_path)
    answer(tmp_path, "score", "example")
    before = {row["model"]: row["active"] for row in answer(tmp_path, "model", "list")}
    made = answer(tmp_path, "model", "retrain", "example")
    stance = next(gate for gate in made["heads"] if gate["head"] == "stance")
    assert made["texts"] == 90
    assert stance["after"] > stance["before"]
    if made["model"] is None:
        pytest.fail(f"the head was not let through: {stance}")
    model = made["model"]
    refused = uproar(tmp_path, "model", "activate", model, code=3)
    assert "Score with it first" in refused.stderr
    assert answer(tmp_path, "score", "--model", model, "--since", "5 days")["texts_scored"] < 20
    refused = uproar(tmp_path, "model", "activate", model, code=3)
    assert "--since '60 days'" in refused.stderr
    assert {row["model"]: row["active"] for row in answer(tmp_path, "model", "list")} == before | {model: False}
    answer(tmp_path, "score", "--model", model, "--since", "60 days")
    uproar(tmp_path, "model", "activate", model)
    active = {row["model"]: row["active"] for row in answer(tmp_path, "model", "list")}
    assert active == dict.fromkeys(before, False) | {model: True}
    more = [opinion(n, "forum") for n in range(90, 95)]
    answer(tmp_path, "import", "example", "-", stdin="".join(json.dumps(post) + "\n" for post in more))
    assert answer(tmp_path, "score", "example") | {"hours_updated": 0} == {
        "model": model, "texts_scored": 5, "hours_updated": 0}  # fmt: skip


def test_a_post_of_reddit_stops_it_and_can_be_left_out(tmp_path) -> None:
    teach(tmp_path, source="reddit")
    refused = uproar(tmp_path, "model", "retrain", code=3)
    assert "UPROAR_PERMISSIONS__REDDIT__BASIS" in refused.stderr
    assert "__TRAINING=yes" in refused.stderr
    uproar(tmp_path, "model", "retrain", "--without", "reddit", code=7)
    recorded = {f"UPROAR_PERMISSIONS__REDDIT__{name}": value for name, value in
                {"BASIS": "contract 7", "WHO": "Ann", "DATE": "2025-01-01", "USE": "research"}.items()}  # fmt: skip
    uproar(tmp_path, "model", "retrain", "--dry-run", code=3, **recorded)
    recorded["UPROAR_PERMISSIONS__REDDIT__TRAINING"] = "yes"
    with open_annotations(f"sqlite:///{tmp_path / 'uproar.db'}") as notes:  # now every label is a tie
        for n in range(90):
            notes.add_label("reddit", f"p{n}", head="stance", value=SIDES[(n + 1) % 3], author="bob", now=NOW)
    allowed = uproar(tmp_path, "model", "retrain", "--dry-run", code=7, **recorded)
    assert "no labels to learn from" in allowed.stderr


def test_another_model_leaves_old_decisions_and_scores_as_they_are(tmp_path) -> None:
    from uproar.session import Session
    from uproar.steps.analyse import analyse

    settings = fill(tmp_path)
    session = Session(settings)
    watch = session.watch(WATCH)

    class Other(KeywordClassifier):
        model = "other@1"

    def decided() -> list[object]:
        with session.reader() as reader:
            return reader.decisions(WATCH).to_dict("split")["data"]

    with open_store(settings.store_url, settings.keys) as store, session.reader() as reader:
        analyse(store, reader, watch, clock=session.clock)
        before = decided()
        assert before
        score_all(store, Other())
        store.activate_model("other@1")
        store.refresh_rollups()
        analyse(store, reader, watch, clock=session.clock)
        assert repr(decided()[: len(before)]) == repr(before)
        store.activate_model(KeywordClassifier.model)
        assert store.waiting(KeywordClassifier.model, since=watch.since) == 0, "the old scores stand"


def test_heads_of_other_weights_do_not_stop_scoring(tmp_path, capsys) -> None:
    from models.linear import Correction
    from models.local import write
    from uproar.session import Session

    zeros = Correction(np.zeros((384, 3)), np.zeros(3))
    stale = write(tmp_path, base="uproar-minilm@elder", corrections={"stance": zeros}, figures={})
    session = Session(load_settings(home=tmp_path))
    shipped = session.classifier()
    assert session.scorer(stale) is shipped
    assert session.scorer(stale) is shipped
    told = capsys.readouterr().err
    assert told.count("corrects uproar-minilm@elder") == 1, "told once, and what to do"
    assert f"uproar model activate {shipped.model}" in told
    assert session.scorer("uproar-minilm+local@gone") is shipped
    assert session.scorer(None) is shipped
    assert session.scorer(shipped.model) is shipped


def test_the_classifier_of_the_settings_scores_new_posts(tmp_path) -> None:
    from uproar.session import Session

    session = Session(load_settings(home=tmp_path, model="no-such-model"))
    with pytest.raises(ConfigError, match="unknown model 'no-such-model'"):
        session.scorer("uproar-minilm@1")


def test_an_update_of_the_shipped_weights_takes_over_once_it_has_scored_what_is_shown(tmp_path) -> None:
    from uproar.steps.succession import succeed

    settings = fill(tmp_path)
    with open_store(settings.store_url, settings.keys) as store:
        first = KeywordClassifier()
        first.model = "uproar-minilm@1"
        later = KeywordClassifier()
        later.model = "uproar-minilm@2"
        store.register_model(first.model)
        store.activate_model(first.model)
        score_all(store, first)
        store.register_model(later.model)
        assert store.waiting(later.model, since=AS_OF - timedelta(days=60))
        assert not succeed(store, later.model, now=AS_OF), "nothing is scored yet"
        assert store.active_model() == first.model
        score_all(store, later)
        assert succeed(store, later.model, now=AS_OF)
        assert store.active_model() == later.model
        assert not succeed(store, later.model, now=AS_OF), "it is active already"
        store.register_model("uproar-minilm+local@3")
        store.activate_model("uproar-minilm+local@3")
        assert not succeed(store, later.model, now=AS_OF), "heads that were activated by hand stay"
