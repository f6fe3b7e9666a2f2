"""`uproar label`: draw, read blind from stdin, stop, go on, and the corrected share as JSON."""

# ruff: noqa: F401, F811

from __future__ import annotations

from dashboard_app import filled, home, template
from small_store import WATCH
from test_cli import answer, uproar


def test_posts_are_drawn_and_labelled_line_by_line(filled) -> None:
    before = answer(filled, "label", WATCH, "--no-read")
    assert (before["corrected"], before["judged"]) == (None, 0)
    done = uproar(filled, "label", WATCH, "--draw", "40", "--by", "ann", stdin="1\nx\n4\n5\nq\n")
    assert "40 to go" in done.stderr
    assert "none of" in done.stderr
    assert "37 to go" in done.stderr
    assert "keyword" not in done.stderr
    uproar(filled, "label", WATCH, "--by", "ann", stdin="1\n" * 37)
    made = answer(filled, "label", WATCH, "--by", "bo", stdin="1\n2\n")
    assert made["judged"] == 39
    assert made["unclear"] == 1
    assert (made["read_twice"], made["agreed"]) == (1, 1) or made["read_twice"] == 2
    assert 0 <= made["corrected"]["low"] <= made["corrected"]["share"] <= made["corrected"]["high"] <= 1


def test_nothing_drawn_is_told_with_the_remedy(filled) -> None:
    assert f"uproar label {WATCH} --draw 100" in uproar(filled, "label", WATCH, code=3).stderr
