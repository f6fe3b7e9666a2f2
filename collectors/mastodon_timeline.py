"""One stream of statuses on one instance, a hashtag or a search, read by spans of time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from collectors.json_fields import inside, moment
from collectors.mastodon_instance import MastodonInstance
from collectors.mastodon_records import id_at, number_of, time_of
from core.errors import AccessDenied

_FAR = datetime(9999, 1, 1, tzinfo=UTC)
_NEAR = timedelta(days=1)
_HIDDEN = "shows no hashtag timelines to us: its owners closed them"


class Timeline:
    """The statuses of `words` on `instance`: by full-text search, or (`tag`) on the hashtag's timeline.

    Mastodon's ids hold the time, so that a span is read forward from an id (`min_id`). Other software numbers
    otherwise: there everything from the newest to the first moment is read once, and spans are cut out of it.
    """

    def __init__(self, instance: MastodonInstance, words: str, *, tag: bool, spend: Callable[[], None]) -> None:
        self.instance = instance
        self.key = f"{instance.url} {'#' if tag else '?'}{words}"
        self._words = words
        self._tag = tag
        self.searched = not tag
        self._spend = spend
        self._newest: list[Any] | None = None
        self._whole: list[Any] | None = None
        self.looped = False

    def between(self, start: datetime, end: datetime, *, first: datetime) -> Iterator[list[Any]]:
        """Pages of statuses whose time may lie in [start, end). `first` is where reading all ever begins.

        `looped` is set where the instance gave the same page again and again, and the rest is not known.
        """
        if self._newest is None:
            self._newest = self._ask()
            if not self._newest and self._tag and self.instance.hides_hashtags():
                raise AccessDenied(f"{self.instance.host} {_HIDDEN}")
        if not self._newest:
            return
        if not any(_holds_time(status) for status in self._newest):
            if self._whole is None:
                self._whole = self._downwards(first)
            yield self._whole
        elif self._tag:
            yield from self._upwards(id_at(start) - 1, id_at(end))
        else:
            yield self._downwards(start, below=id_at(end))

    def _ask(self, **bounds: int | str) -> list[Any]:
        self._spend()
        if self._tag:
            return self.instance.hashtag(self._words, **bounds)
        return self.instance.search(self._words, **bounds)

    def _upwards(self, above: int, end: int) -> Iterator[list[Any]]:
        """From the id `above` on, until ids reach `end`."""
        again = False
        while above < end:
            page = self._ask(min_id=above)
            if not page:
                return
            yield page
            highest = max(number_of(status) for status in page)
            if highest <= above:
                if again:
                    self.looped = True
                    return
                again = True
                continue
            above, again = highest, False

    def _downwards(self, start: datetime, *, below: int | None = None) -> list[Any]:
        """Everything from the id `below`, or from the newest, down to where a whole page is older than `start`."""
        found: list[Any] = []
        seen: set[str] = set()
        bounds: dict[str, int | str] = {"max_id": below} if below is not None else {}
        again = False
        while True:
            page = self._ask(**bounds)
            fresh = [status for status in page if str(inside(status, "id")) not in seen]
            if not page or (not fresh and again):
                self.looped = self.looped or bool(page)
                return found
            again = not fresh
            seen.update(str(inside(status, "id")) for status in fresh)
            found.extend(fresh)
            times = [moment(inside(status, "created_at"), _FAR) for status in page]
            if all(at is not None and at < start for at in times):
                return found
            lowest = inside(page[-1], "id")
            if isinstance(lowest, str | int) and not isinstance(lowest, bool):
                bounds = {"max_id": lowest}


def _holds_time(status: Any) -> bool:
    by_id, at = time_of(status), moment(inside(status, "created_at"), _FAR)
    return by_id is not None and at is not None and abs(by_id - at) < _NEAR
