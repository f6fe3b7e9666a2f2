"""What stands in one record with the hour itself: topics, slow rises; and volume whose mood is unknown."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from factories import T0, make_post
from fake_reader import make_watch
from store_fixtures import save
from test_analysis_spikes import DAYS_70, judge, put, quiet, rhythm

from alerts.conditions import mood_unknown
from alerts.topics import tell_topics
from analysis.topic_spikes import TopicSpike
from core.records import TOPICS, Decision, SpikeState
from reports.spikes import Found
from store import Reader, Store

HOUR = timedelta(hours=1)
NAMES = ("consent", "privacy")


def on_topics(hours: pd.DataFrame, *, consent: float = 0.3, privacy: float = 0.1, seed: int = 5) -> pd.DataFrame:
    """The same hours, a part of their negative posts on each topic."""
    rng = np.random.default_rng(seed)
    negative = hours["negative"].to_numpy()
    counts = zip(rng.binomial(negative, consent).tolist(), rng.binomial(negative, privacy).tolist(), strict=True)
    return hours.assign(topics=list(counts))


def told(hours: pd.DataFrame, at: int, topics: tuple[int, int]) -> pd.DataFrame:
    out = hours.copy()
    out.at[at, "topics"] = topics
    return out


def test_a_topic_alone_stands_out_where_the_watch_as_a_whole_is_ordinary() -> None:
    hours = told(put(on_topics(quiet()), DAYS_70 - 1, negative=14, relevant=40), DAYS_70 - 1, (3, 13))
    row = judge(hours, topics=NAMES).iloc[-1]
    assert row["state"] != "spike"
    (topic,) = row["topics"]
    assert (topic.topic, topic.negative, topic.begins) == ("privacy", 13, True)
    assert topic.expected < 3
    assert "Beyond the record by topic: privacy (13 negative, " in row["sentence"]
    assert row["sentence"].endswith("by chance about once in two months for all topics and the watch together.")


@pytest.mark.parametrize(("counts", "relevant"), [((0, 4), 40), ((0, 13), 19)], ids=["few posts", "few relevant"])
def test_a_topic_asks_for_the_minimum_counts(counts: tuple[int, int], relevant: int) -> None:
    hours = told(put(on_topics(quiet(), privacy=0.0), DAYS_70 - 1, negative=13, relevant=relevant), DAYS_70 - 1, counts)
    assert judge(hours, topics=NAMES)["topics"].iloc[-1] == ()


def test_topics_of_a_spike_are_its_parts_and_begin_nothing() -> None:
    hours = told(put(on_topics(quiet()), DAYS_70 - 1, negative=90, relevant=110), DAYS_70 - 1, (70, 5))
    row = judge(hours, topics=NAMES).iloc[-1]
    assert row["state"] == "spike"
    assert [(one.topic, one.begins) for one in row["topics"]] == [("consent", False)]


def test_a_topics_spike_goes_on_and_is_no_record_that_deafens_the_watch() -> None:
    hours = on_topics(quiet())
    for at in range(DAYS_70 - 60, DAYS_70 - 50):
        hours = told(put(hours, at, negative=16, relevant=42), at, (3, 13))
    states = judge(put(hours, DAYS_70 - 1, negative=60, relevant=80), topics=NAMES)
    begun = [any(one.begins for one in topics) for topics in states["topics"].iloc[-60:-50]]
    assert begun == [True] + [False] * 9
    assert all(len(topics) == 1 for topics in states["topics"].iloc[-60:-50])
    assert states["state"].iloc[-1] == "spike"


def test_more_topics_raise_the_bar_and_not_the_false_alarms() -> None:
    episodes, months = 0, 0.0
    for seed in range(4):
        hours = on_topics(quiet(180 * 24, seed=seed), seed=seed)
        states = judge(hours, topics=NAMES).iloc[60 * 24 :]
        alerts = np.flatnonzero((states["state"] == "spike") | states["topics"].map(bool))
        episodes += int((np.diff(np.concatenate([[-99], alerts])) > 6).sum())
        months += 4
    assert episodes / months <= 1


def test_a_slow_rise_is_a_spike_before_any_of_its_hours_would_be_one() -> None:
    hours, at = quiet(), DAYS_70 - 24
    for n in range(12):
        usual = float(rhythm(24, 10)[(at + n) % 24])
        extra = 7 + n // 3
        hours = put(hours, at + n, negative=round(usual + extra), relevant=round(usual / 0.3 + extra))
    states = judge(hours).iloc[-24:]
    spikes = states[states["state"] == "spike"]
    assert not spikes.empty
    first = spikes.iloc[0]
    assert first["sentence"].startswith("A slow rise: over the last ")
    assert "by chance about once in two months" in first["sentence"]
    assert (states["state"].iloc[-6:] != "spike").all()


def test_volume_beyond_the_record_without_scores_is_its_own_state() -> None:
    hours = quiet()
    loud = hours.copy()
    loud.loc[DAYS_70 - 1, ["posts", "scored", "relevant", "negative", "pending"]] = [300, 0, 0, 0, 300]
    row = judge(loud).iloc[-1]
    assert row["state"] == "volume"
    assert row["sentence"].startswith("Volume up, mood unknown: 300 posts, ")
    assert "of which 300 have no score" in row["sentence"]
    foreign = loud.copy()
    foreign.loc[DAYS_70 - 1, ["pending", "scored", "relevant", "negative"]] = [0, 30, 12, 4]
    assert judge(foreign)["state"].iloc[-1] == "volume"


@pytest.mark.parametrize(
    ("posts", "scored", "relevant", "pending", "state"),
    [(50, 0, 0, 50, "pending"), (300, 290, 260, 10, "pending"), (300, 140, 30, 0, "calm")],
    ids=["usual volume", "mostly scored", "mood known"],
)
def test_volume_is_not_told_where_it_is_usual_or_the_mood_is_known(
    posts: int, scored: int, relevant: int, pending: int, state: str
) -> None:
    hours = quiet()
    columns = ["posts", "scored", "relevant", "negative", "pending"]
    hours.loc[DAYS_70 - 1, columns] = [posts, scored, relevant, 3, pending]
    assert judge(hours)["state"].iloc[-1] == state


def test_a_young_watch_says_nothing_of_its_volume() -> None:
    hours = quiet(20 * 24)
    hours.loc[20 * 24 - 1, ["posts", "scored", "relevant", "negative", "pending"]] = [900, 0, 0, 0, 900]
    assert judge(hours)["state"].iloc[-1] == "pending"


def decision(hour: int, state: SpikeState = SpikeState.CALM) -> Decision:
    at = T0 + hour * HOUR
    return Decision(at, state, 14, 40, 0.35, 10.0, 0.9, True, "small@1", at + HOUR, "A sentence.")


PRIVACY = TopicSpike("privacy", 13, 2.0, begins=True)


def test_a_topic_opens_an_incident_once_is_extended_and_closes(store: Store, reader: Reader) -> None:
    save(store, make_post())
    watch = make_watch(since=T0 - 90 * 24 * HOUR, sources=())
    found = Found(closed=(decision(0),), topics={T0: (PRIVACY,)})
    assert len(tell_topics(store, reader, watch, found, now=T0 + HOUR)) == 1
    assert tell_topics(store, reader, watch, found, now=T0 + HOUR) == ()
    later = Found(closed=(decision(1),), topics={T0 + HOUR: (PRIVACY._replace(begins=False),)})
    tell_topics(store, reader, watch, later, now=T0 + 2 * HOUR)
    (row,) = reader.incidents("acme", every_rule=True).to_dict("records")
    assert (row["rule"], row["subject"], row["negative"], row["relevant"]) == ("topic_spike", "privacy", 13, 40)
    assert row["last_hour"] == T0 + HOUR
    assert pd.isna(row["closed_at"])
    tell_topics(store, reader, watch, Found(), now=T0 + 9 * HOUR)
    (row,) = reader.incidents("acme", every_rule=True).to_dict("records")
    assert pd.notna(row["closed_at"])


def test_a_topic_of_long_ago_opens_nothing(store: Store, reader: Reader) -> None:
    save(store, make_post())
    watch = make_watch(since=T0 - 90 * 24 * HOUR, sources=())
    found = Found(closed=(decision(0),), topics={T0: (PRIVACY,)})
    assert tell_topics(store, reader, watch, found, now=T0 + 30 * HOUR) == ()


def test_volume_holds_for_six_hours_after_the_last_such_hour() -> None:
    watch = make_watch()
    loud = {T0: "first", T0 + HOUR: "second"}
    (alarm,) = mood_unknown(watch, loud, T0 + 3 * HOUR)
    assert (alarm.rule, alarm.hour, alarm.sentence) == ("volume", T0 + HOUR, "second")
    assert mood_unknown(watch, loud, T0 + 9 * HOUR) == []
    assert set(NAMES) <= set(TOPICS)
