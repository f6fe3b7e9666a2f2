"""Contrast of the dashboard's own colours, by WCAG 2.2: text 4.5:1 or more, marks of charts 3:1 or more."""

from __future__ import annotations

import re

import pytest

from charts.palette import DARK, LIGHT
from core.settings import PROJECT

STYLE = (PROJECT / "dashboard" / "style.css").read_text()
PAIR = r"light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)"
PAPERS = ((LIGHT.paper, "#f3f5f7"), (DARK.paper, "#1d252c"))
"""By theme: the page and a panel on it."""


def luminance(colour: str) -> float:
    """Relative luminance of "#rrggbb": https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_the_ratio_is_that_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_text_stands_out_from_the_page_and_from_panels():
    texts = re.findall(rf"(?:[{{;] *color|--up-quiet|--up-state): {PAIR}", STYLE)
    assert len(texts) >= 7
    for theme, papers in enumerate(PAPERS):
        own_paper = {"#5b3c00", "#ffe0a0", "#ffffff", "#12171c"}  # stand on a paper of their own, below
        for colour in {pair[theme] for pair in texts} - own_paper:
            assert min(contrast(colour, paper) for paper in papers) >= 4.5, colour


def test_text_on_a_paper_of_its_own():
    found = re.findall(rf"--up-state: {PAIR}; --up-state-paper: {PAIR}", STYLE)
    found += [(two[2], two[3], two[0], two[1]) for two in re.findall(rf"background: {PAIR}; color: {PAIR}", STYLE)]
    assert len(found) == 5
    for light, dark, light_paper, dark_paper in found:
        assert min(contrast(light, light_paper), contrast(dark, dark_paper)) >= 4.5, light


@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_marks_stand_out_from_the_page(colours):
    for name in ("negative", "neutral", "positive", "announcement", "gap", "ink", "muted"):
        assert contrast(getattr(colours, name), colours.paper) >= 3, name
