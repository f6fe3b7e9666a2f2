"""Colours of the charts: Okabe-Ito blue, orange and grey, one set per theme, each at 3:1 or more on its background."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Palette:
    """Hex colours by role. Meaning never rests on them alone: stacking order, shape and words say the same."""

    ink: str
    muted: str
    paper: str
    negative: str
    neutral: str
    positive: str
    all_posts: str
    gap: str
    announcement: str


LIGHT = Palette(
    ink="#1b242c",
    muted="#55616b",
    paper="#ffffff",
    negative="#d55e00",
    neutral="#868f98",
    positive="#0072b2",
    all_posts="#d3dae0",
    gap="#868f98",
    announcement="#1b242c",
)
DARK = Palette(
    ink="#e8edf1",
    muted="#a7b3bd",
    paper="#12171c",
    negative="#e69f00",
    neutral="#8d98a2",
    positive="#56b4e9",
    all_posts="#35414b",
    gap="#a7b3bd",
    announcement="#e8edf1",
)


def palette(theme: str | None) -> Palette:
    """The colours for Streamlit's theme type ("light", "dark", or None before the browser has told)."""
    return DARK if theme == "dark" else LIGHT
