"""The announcements of a watch that have begun by its present."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from core.records import Announcement
from core.watches import Watch

if TYPE_CHECKING:
    from store import Reader


def announcements(reader: Reader, watch: Watch, *, clock: datetime) -> tuple[Announcement, ...]:
    """Those of the watch file and those in the store, by start; the file wins where an id is in both.

    Of two that start together (two events of one day) the one that the file names first stands first.

    One that starts after the watch's present is left out, so that a replay does not tell its own future.
    """
    known = {a.id: a for a in reversed((*watch.announcements, *reader.announcements(watch.name)))}
    begun = (a for a in reversed(known.values()) if a.start <= watch.now(clock))
    return tuple(sorted(begun, key=lambda a: a.start))
