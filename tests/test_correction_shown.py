"""The share corrected by labels is the same figure wherever the share stands: brief, chart, sidecar, explain, pages."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from datetime import timedelta

import pytest
from factories import T0, make_post
from test_exports_posts import CLOCK, filled, make_watch  # noqa: F401 (a fixture)

from exports.brief import make_brief
from exports.figures import export_timeline
from exports.pictures import Only, picture
from exports.stamp import sidecar_path
from reports.correction import correction
from reports.shown import explain, figures
from store import Shown, open_annotations

WATCH = make_watch(title="Example")
SPAN = {"since": T0, "until": T0 + timedelta(days=2)}


@pytest.fixture
def labelled(filled, store_url):  # noqa: F811
    """A reader of 80 posts that the model calls negative; of 40 labelled ones every second is neutral."""
    posts = (make_post(id=str(n), text=f"terms {n}", created_at=T0 + timedelta(hours=30, minutes=n)) for n in range(80))
    reader = filled(*posts, score=True)
    before = figures(reader, WATCH, clock=CLOCK, **SPAN)
    _label(reader, store_url, 40, seed=3)
    return reader, before


def _label(reader, url, size, *, seed):
    with open_annotations(url) as annotations:
        number = annotations.draw("example", size, author="ann", now=CLOCK, seed=seed, **SPAN)
        for n in range(size):
            post = reader.next_drawn(number, "ann")
            if post is None:
                return
            given = {"relevance": "relevant", "sentiment": "neutral" if n % 2 else "negative"}
            annotations.label_drawn(post.post, given, author="ann", now=CLOCK)


def test_one_figure_everywhere(labelled, tmp_path):
    reader, _ = labelled
    told = correction(reader, WATCH, clock=CLOCK, **SPAN)
    assert told.corrected.share == pytest.approx(0.5)
    assert "as classified it is 100 %" in told.sentence
    assert told.sentence in make_brief(reader, WATCH, clock=CLOCK).brief.how_bad

    made = picture(reader, WATCH, "share", clock=CLOCK, **SPAN)
    drawn = " ".join(" ".join(ET.fromstring(made.data("svg")).itertext()).split())
    assert re.sub(r"\s+", "", told.sentence) in re.sub(r"\s+", "", drawn)
    assert told.sentence in made.counted

    export_timeline(reader, WATCH, tmp_path / "t.csv", clock=CLOCK, **SPAN)
    kept = json.loads(sidecar_path(tmp_path / "t.csv").read_text())["correction"]
    assert kept == {**told.kept, "as_classified": 1.0, "sentence": told.sentence}
    assert figures(reader, WATCH, clock=CLOCK, **SPAN)["corrected"] == told.kept


def test_explain_tells_the_corrected_share_then_and_today(labelled):
    reader, before = labelled
    assert before["corrected"] is None
    shown = Shown("b-1", "example", "brief", CLOCK - timedelta(hours=1), before)
    found = explain(reader, WATCH, shown, clock=CLOCK)
    assert found.corrected_then is None
    assert "not corrected then, 50 % (" in found.sentence
    assert "by 40 labels today; the counts are as classified" in found.sentence


def test_labels_of_all_posts_say_nothing_of_a_part_of_them(labelled):
    reader, _ = labelled
    made = picture(reader, WATCH, "share", clock=CLOCK, only=Only(sources=("forum",)), **SPAN)
    assert "Corrected" not in made.counted
    assert "only posts from forum" in made.counted


def test_without_labels_nothing_is_said(filled, tmp_path):  # noqa: F811
    reader = filled(make_post(), score=True)
    export_timeline(reader, WATCH, tmp_path / "t.csv", clock=CLOCK)
    assert json.loads(sidecar_path(tmp_path / "t.csv").read_text())["correction"] is None
    assert "Corrected" not in make_brief(reader, WATCH, clock=CLOCK).html
