"""Rows of charts: what announcements did, and what people say, as `charts` takes them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from reports.effect import EffectReport
from reports.effect_reading import Scale
from reports.themes import ThemesReport
from reports.wording import count, percent


def share_rows(reports: Sequence[EffectReport]) -> pd.DataFrame:
    """The changes of shares that could be read, event by event: figure (named with its event where there are several),
    effect, low, high (0.12 is 12 points), sure."""
    several = len(reports) > 1
    rows = [
        (f"{r.response} ({report.name})" if several else r.response, r.effect, r.low, r.high, r.sure)
        for report in reports
        for r in report.readings
        if not r.refusal and r.scale is Scale.POINTS
    ]
    return pd.DataFrame(rows, columns=["figure", "effect", "low", "high", "sure"])


def theme_rows(found: ThemesReport) -> pd.DataFrame:
    """The themes as a chart takes them: name, share, low, high (0 to 1), text (the share in words)."""
    rows = [
        (t.name, t.share, t.low, t.high, f"{percent(t.share)}, {count(t.texts)} texts{', new' if t.new else ''}")
        for t in found.themes
    ]
    return pd.DataFrame(rows, columns=["name", "share", "low", "high", "text"])
