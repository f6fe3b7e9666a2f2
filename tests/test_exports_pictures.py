"""Charts as files: drawn, captioned, and explained."""

import json
import xml.etree.ElementTree as ET

import pytest
from factories import make_post
from test_exports_posts import CLOCK, NOTICE, filled, make_watch  # noqa: F401 (a fixture)

from charts.palette import DARK
from core.errors import ConfigError
from exports.pictures import NothingToDraw, Only, export_picture, picture
from store import open_annotations

WATCH = {"title": "<script>Example</script>", "timezone": "Europe/Berlin"}


def texts(svg):
    return " ".join(ET.fromstring(svg).itertext())


@pytest.mark.parametrize("kind", ["timeline", "share", "topics"])
def test_a_picture_says_what_it_rests_on(filled, kind):  # noqa: F811
    reader = filled(*(make_post(id=str(n), text=f"terms {n}") for n in range(30)), score=True)
    made = picture(reader, make_watch(**WATCH), kind, clock=CLOCK)
    said = texts(made.data("svg"))
    for words in ("n = 30 relevant posts", "95 % interval", "Coverage: forum a sample", "As of Sun 11 May 2025",
                  "Europe/Berlin", "m@1", made.stamp.id, NOTICE):  # fmt: skip
        assert words in said, words
    assert "100 % (95 % interval 89 to 100 %)" in said
    assert made.counted.startswith("How this was counted.")
    assert "30 relevant posts 30 are negative" in made.counted


def test_a_picture_runs_and_fetches_nothing(filled):  # noqa: F811
    svg = picture(filled(make_post()), make_watch(**WATCH), "timeline", clock=CLOCK).data("svg")
    names = {element.tag.split("}")[-1] for element in ET.fromstring(svg).iter()}
    assert not names & {"script", "image", "foreignObject", "use", "a"}
    assert b"<script>" not in svg


def test_the_file_its_sidecar_and_its_figures(filled, store_url, tmp_path):  # noqa: F811
    reader = filled(make_post(), score=True)
    path = tmp_path / "a.png"
    made = picture(reader, make_watch(), "share", clock=CLOCK, colours=DARK)
    with open_annotations(store_url) as log:
        export_picture(reader, made, path, log=log, who="ann")
    assert path.read_bytes().startswith(b"\x89PNG")
    meta = json.loads((tmp_path / "a.png.meta.json").read_text())
    assert (meta["export_id"], meta["counted"]) == (made.stamp.id, made.counted)
    assert reader.shown(made.stamp.id).figures["relevant"] == 1
    assert reader.exports("example")["file"].tolist() == [str(path)]


def test_another_kind_or_name_is_refused(filled, tmp_path):  # noqa: F811
    reader = filled(make_post())
    with pytest.raises(ConfigError, match="timeline, share, topics"):
        picture(reader, make_watch(), "pie", clock=CLOCK)
    with pytest.raises(ConfigError, match=r"\.png or \.svg"):
        export_picture(reader, picture(reader, make_watch(), "share", clock=CLOCK), tmp_path / "a.jpg")
    assert list(tmp_path.glob("a.*")) == []


def test_filters_narrow_figures_and_stand_in_the_picture(filled):  # noqa: F811
    reader = filled(*(make_post(id=str(n), source="forum" if n < 25 else "blog") for n in range(30)), score=True)
    made = picture(reader, make_watch(**WATCH), "share", clock=CLOCK, only=Only(("forum",), ("en",)))
    said = texts(made.data("svg"))
    assert "n = 25 relevant posts" in said
    assert "Only posts from forum and posts in en." in said
    assert "blog" not in said
    nothing = picture(reader, make_watch(**WATCH), "timeline", clock=CLOCK, only=Only(("nowhere",)))
    assert "only posts from nowhere" in nothing.counted
    assert "No relevant posts, so no share" in texts(nothing.data("svg"))


@pytest.mark.parametrize("kind", ["effects", "themes"])
def test_where_there_is_nothing_to_draw_it_is_said(filled, kind):  # noqa: F811
    with pytest.raises(NothingToDraw, match=kind[:-1]):
        picture(filled(make_post()), make_watch(), kind, clock=CLOCK)
