"""The classifiers that can be named, one line each."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path

from core.errors import ConfigError
from core.records import Classifier

DEFAULT = "uproar-minilm"
CLASSIFIERS: Mapping[str, str] = {
    "uproar-minilm": "models.onnx:OnnxClassifier",
}


def load_classifier(name: str = DEFAULT, *, threads: int | None = None, home: Path | None = None) -> Classifier:
    """The classifier called `name`, ready to score.

    `threads` is the number of processor threads (None: all cores); `home` is UPROAR_HOME, for classifiers that
    keep files there. Raises ConfigError for an unknown name and ModelRefused where its weights are not usable.
    """
    try:
        module, _, member = CLASSIFIERS[name].partition(":")
    except KeyError:
        raise ConfigError(f"unknown model {name!r}. Known: {', '.join(sorted(CLASSIFIERS))}") from None
    built: Classifier = getattr(importlib.import_module(module), member).load(name, threads=threads, home=home)
    return built
