"""Retention: posts leave when their time here is up; what they counted stays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.watches import Watch
from store import Store

PLATFORM_RULES: Mapping[str, int] = {"youtube": 30}
"""Days after which a platform's own rules ask for data to be refreshed or deleted. A setting may only shorten them."""
EXPIRED = "retention"


@dataclass(frozen=True, slots=True)
class Expired:
    """Posts of one source that were erased because `days` had passed since they were last collected."""

    source: str
    days: int
    posts: int
    exports: tuple[str, ...] = ()


def purge_expired(
    store: Store, watches: Sequence[Watch], settings_days: Mapping[str, int], *, now: datetime
) -> list[Expired]:
    """Erase what was last collected longer ago than any rule allows: of the settings, a watch, or its source.

    The shortest of the rules that apply to a post wins. Posts of a replay stay: they have no present.
    """
    replays = [watch.name for watch in watches if watch.as_of is not None]
    done: list[Expired] = []
    for source in store.all_sources():
        for days, name in _rules(source, watches, settings_days):
            ids = store.kept_since_before(source, now - timedelta(days=days), watch=name, spare=replays)
            if ids:
                gone = store.forget(source, ids=ids, now=now, reason=EXPIRED)
                done.append(Expired(source, days, gone.posts, gone.exports))
    if done:
        store.refresh_rollups()
    return done


def _rules(source: str, watches: Sequence[Watch], settings_days: Mapping[str, int]) -> Iterator[tuple[int, str | None]]:
    """(days, watch or None for every watch) that apply to posts of `source`."""
    general = [days for key in (source, "all") if (days := settings_days.get(key)) is not None]
    general += [PLATFORM_RULES[source]] if source in PLATFORM_RULES else []
    if general:
        yield min(general), None
    for watch in watches:
        if watch.as_of is not None:
            continue
        own = [watch.retention_days, *(rule.retention_days for rule in watch.sources if rule.name == source)]
        given = [days for days in own if days is not None]
        if given:
            yield min(given), watch.name
