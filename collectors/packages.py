"""Client libraries that only some sources need: loaded when such a source is first asked."""

from __future__ import annotations

import importlib
from typing import Any

from core.errors import ConfigError


def needed(module: str, source: str) -> Any:
    """The module. Raises ConfigError with the command that installs it where it is missing."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError:
        raise ConfigError(
            f"{source} needs a package that is not installed ({module}): python -m pip install -r requirements.txt"
        ) from None
