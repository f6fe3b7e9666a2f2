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
    "uproar-minilm+local": "models.local:LocalClassifier",
}


def load_classifier(name: str = DEFAULT, *, threads: int | None = None, home: Path | None = None) -> Classifier:
    """The classifier called `name`, ready to score; a name with a slash, or of a folder, is a Hugging Face model.

    `name@revision` asks for one revision of heads that were retrained in `home`; the name alone is the newest.

    `threads` is the number of processor threads (None: all cores); `home` is UPROAR_HOME, for classifiers that
    keep files there. Raises ConfigError for an unknown name and ModelRefused where its weights are not usable.
    """
    from models.transformers_model import TransformersClassifier, is_outside

    if name.partition("@")[0] not in CLASSIFIERS and is_outside(name):
        return TransformersClassifier.open(name, threads=threads)
    try:
        module, _, member = CLASSIFIERS[name.partition("@")[0]].partition(":")
    except KeyError:
        raise ConfigError(f"unknown model {name!r}. Known: {', '.join(sorted(CLASSIFIERS))}") from None
    built: Classifier = getattr(importlib.import_module(module), member).load(name, threads=threads, home=home)
    return built
