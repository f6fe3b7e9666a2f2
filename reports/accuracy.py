"""How well a model does, from the figures that lie beside its weights."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from core.settings import PROJECT

WEIGHTS = PROJECT / "models" / "weights"
_FIGURE = "sentiment_macro_recall"


def accuracy_note(model: str, *, weights: Path = WEIGHTS) -> str:
    """One sentence on the sentiment of `model` ("name@revision"), from `<weights>/<name>/figures.json`.

    A model without that file, or without that figure, is said to be unmeasured; "" where there is no model.
    """
    if not model:
        return ""
    unknown = "Accuracy not measured for this model."
    name = model.partition("@")[0]
    path = weights / name / "figures.json"
    if not re.fullmatch(r"[\w.-]+", name) or ".." in name or not path.is_file():
        return unknown
    figure: dict[str, Any] | None = json.loads(path.read_text(encoding="utf-8")).get(_FIGURE)
    if not isinstance(figure, dict) or "value" not in figure:
        return unknown
    bounds = f" ({figure['low']} to {figure['high']})" if {"low", "high"} <= figure.keys() else ""
    n = f", n = {figure['n']:,}" if "n" in figure else ""
    on = f" on {figure['on']}" if "on" in figure else ""
    return f"Sentiment macro recall {figure['value']} %{bounds}{on}{n}."
