"""How well a model does, from the figures that lie beside its weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core.settings import PROJECT

WEIGHTS = PROJECT / "models" / "weights"
UNKNOWN = "Accuracy not measured for this model."


def accuracy_note(model: str, *, weights: Path = WEIGHTS) -> str:
    """One sentence per measured figure on the sentiment of `model` ("name@revision"), from `<weights>/*/figures.json`.

    Such a file names the exact revision that was measured, as "model", and lists "sentiment" figures: measure, value
    and its interval low..high in percent, n, on. Another revision is said to be unmeasured; "" where there is no model.
    """
    if not model:
        return ""
    for path in sorted(weights.glob("*/figures.json")):
        measured = json.loads(path.read_text(encoding="utf-8"))
        if measured.get("model") == model:
            return " ".join(map(_sentence, measured["sentiment"]))
    return UNKNOWN


def _sentence(figure: dict[str, Any]) -> str:
    return (
        f"Sentiment on {figure['on']}: {figure['measure']} {figure['value']} % "
        f"({figure['low']} to {figure['high']}; n = {figure['n']:,})."
    )
