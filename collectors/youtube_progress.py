"""How far each video of a watch was read: the cursor of YouTube."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson

from collectors.json_fields import inside
from collectors.windows import resume_at
from collectors.youtube_records import is_video

_NEVER = datetime.max.replace(tzinfo=UTC)


class Progress:
    """Videos with the moment up to which their comments, and replies to old ones (`deep`), were read.

    `searched` is when videos were last looked for, `more` whether the search held more than was taken.
    """

    def __init__(self, cursor: str | None) -> None:
        try:
            kept = orjson.loads(cursor or "")
        except orjson.JSONDecodeError:
            kept = None
        self.searched = _time(inside(kept, "searched"))
        self.more = inside(kept, "more") is True
        videos = inside(kept, "videos")
        self._videos: dict[str, dict[str, Any]] = {}
        if isinstance(videos, dict):
            self._videos = {v: dict(times) for v, times in videos.items() if is_video(v) and isinstance(times, dict)}

    def __str__(self) -> str:
        searched = self.searched.isoformat() if self.searched else None
        return orjson.dumps({"searched": searched, "more": self.more, "videos": self._videos}).decode()

    @property
    def videos(self) -> list[str]:
        """The videos, those first that were read longest ago."""
        return sorted(self._videos, key=lambda video: str(self._videos[video].get("to", "")))

    def add(self, videos: list[str]) -> None:
        """Follow these videos too."""
        for video in videos:
            self._videos.setdefault(video, {})

    def read_to(self, video: str, since: datetime) -> datetime:
        """Where reading goes on: `since` for a video that was not read."""
        return resume_at(_text(self._videos[video].get("to")), since)

    def deep_to(self, video: str) -> datetime | None:
        """Up to when replies to old comments were read; None where they never were."""
        return _time(self._videos[video].get("deep"))

    def note(self, video: str, to: datetime, *, deep: datetime | None) -> None:
        """A video was read up to `to`, and up to `deep` in its old threads."""
        self._videos[video] = {"to": to.isoformat(), "deep": deep.isoformat() if deep else None}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _time(value: Any) -> datetime | None:
    found = resume_at(_text(value), _NEVER)
    return None if found is _NEVER else found
