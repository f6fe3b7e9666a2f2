"""The collectors by name. Adding one is a file, a line here, and an entry in the contract tests."""

from __future__ import annotations

import importlib
from typing import cast

from collectors.protocol import Collector
from core.errors import ConfigError
from core.permissions import permission_for
from core.settings import Settings

COLLECTORS: dict[str, str] = {
    "bluesky": "collectors.bluesky:BlueskyCollector",
    "feeds": "collectors.feeds:FeedsCollector",
    "files": "collectors.files:FilesCollector",
    "gdelt": "collectors.gdelt:GdeltCollector",
    "googlenews": "collectors.googlenews:GoogleNewsCollector",
    "hackernews": "collectors.hackernews:HackerNewsCollector",
    "lemmy": "collectors.lemmy:LemmyCollector",
    "mastodon": "collectors.mastodon:MastodonCollector",
    "reddit": "collectors.reddit:RedditCollector",
    "youtube": "collectors.youtube:YoutubeCollector",
    "x": "collectors.x:XCollector",
}


def load_collector(name: str, settings: Settings) -> Collector:
    """The collector registered as `name`. Raises ConfigError listing the names, or MissingSetting.

    A source that needs a recorded permission is refused without one, before anything of it is built.
    """
    if name not in COLLECTORS:
        raise ConfigError(f"no collector {name!r}. Known: {', '.join(sorted(COLLECTORS))}")
    permission_for(name, settings.permissions)
    module, _, attribute = COLLECTORS[name].partition(":")
    try:
        kind = cast(type[Collector], getattr(importlib.import_module(module), attribute))
    except ModuleNotFoundError as error:
        raise ConfigError(f"{name} needs the package {error.name}: python -m pip install -r requirements.txt") from None
    return kind.from_settings(settings)
