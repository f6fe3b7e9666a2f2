"""Recorded permissions: on what basis, and by whose decision, a source with own rules is collected or learnt from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.errors import ConfigError, MissingSetting

NEEDED: dict[str, str] = {
    "reddit": "Reddit approves each use before first access, and business use needs a contract: "
    "https://support.reddithelp.com/hc/en-us/articles/42728983564564",
    "x": "X's developer agreement names the uses that it allows: https://docs.x.com/developer-terms",
    "youtube": "YouTube limits what API data may be stored (30 days) and aggregated: "
    "https://developers.google.com/youtube/terms/developer-policies",
}
"""Sources that are collected only with a recorded permission, and where to get one. Another joins by a line here."""

NO_TRAINING: dict[str, str] = {
    "reddit": "Reddit's Data API terms forbid training without its consent: https://redditinc.com/policies/data-api-terms",
    "x": "X's developer agreement forbids training models on its content: https://docs.x.com/developer-terms",
}
"""Sources on whose posts no model is trained unless the recorded permission says so."""


@dataclass(frozen=True, slots=True)
class Permission:
    """Who allowed the collecting of a source, when, on what basis and for which use."""

    basis: str
    who: str
    date: dt.date
    use: str
    training: bool = False  # whether it says that models may be trained on these posts

    def __str__(self) -> str:
        return f"{self.basis}; recorded by {self.who} on {self.date.isoformat()}, for {self.use}"


def permission_for(
    source: str, recorded: Mapping[str, Permission], *, today: dt.date | None = None
) -> Permission | None:
    """The permission under which `source` is collected; None where it needs none and has none.

    Raises MissingSetting, with the variables to set, where it needs one, and ConfigError where it is blank or of the
    future.
    """
    name = f"UPROAR_PERMISSIONS__{source.upper()}__"
    found = recorded.get(source)
    if found is None:
        if source not in NEEDED:
            return None
        raise MissingSetting(
            f"{source} is collected only with a recorded permission. Set {name}BASIS (contract or approval), "
            f"{name}WHO (who decided), {name}DATE (as 2026-11-30) and {name}USE (what for). {NEEDED[source]}"
        )
    for field in ("basis", "who", "use"):
        if not getattr(found, field).strip():
            raise ConfigError(f"{name}{field.upper()} is empty: a permission says its basis, who, date and use")
    if found.date > (today or dt.datetime.now(dt.UTC).date()):
        raise ConfigError(f"{name}DATE {found.date.isoformat()} lies in the future: the permission does not hold yet")
    return found


def check_training(sources: Iterable[str], recorded: Mapping[str, Permission], *, today: dt.date | None = None) -> None:
    """Raises MissingSetting where a source allows no training and its recorded permission does not say otherwise."""
    for source in sorted(set(sources) & NO_TRAINING.keys()):
        name = f"UPROAR_PERMISSIONS__{source.upper()}__"
        if source not in recorded or not recorded[source].training:
            raise MissingSetting(
                f"{source} does not allow training on its posts without its permission ({NO_TRAINING[source]}). Leave "
                f"them out, or record the permission: {name}BASIS, __WHO, __DATE, __USE and __TRAINING=yes"
            )
        permission_for(source, recorded, today=today)
