"""The comments below one submission, those that Reddit folds away included."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from collectors.json_fields import inside, name, rows
from collectors.reddit_listing import Ask, read_listing

INFO = 100
"""Most ids that /api/info takes at once."""
_MOST_REQUESTS = 60
"""A thread of more folds than this is read in part, and says so."""


@dataclass(slots=True)
class Thread:
    """A submission's comments. After `pages`, `cut` says whether some could not be read."""

    id: str
    cut: bool = False
    _asked: int = 0
    _folded: list[str] = field(default_factory=list)
    _branches: list[str] = field(default_factory=list)

    def pages(self, ask: Ask) -> Iterator[list[Any]]:
        """The submission and its comments, page by page, one request at a time (parallel ones are refused: 429).

        Folded comments are fetched by their ids, a hundred at a time, which needs no morechildren.
        """
        yield self._tree(ask, f"/comments/{self.id[3:]}")
        while self._folded or self._branches:
            if self._asked >= _MOST_REQUESTS:
                self.cut = True
                return
            if self._folded:
                batch, self._folded = self._folded[:INFO], self._folded[INFO:]
                self._asked += 1
                yield info(ask, [f"t1_{id_}" for id_ in batch])
            else:
                branch = self._branches.pop(0)
                yield self._tree(ask, f"/comments/{self.id[3:]}/_/{branch}")

    def _tree(self, ask: Ask, path: str) -> list[Any]:
        self._asked += 1
        answer = ask(path, {"limit": 500, "sort": "new", "context": 0})
        found: list[Any] = []
        todo = [thing for part in rows(answer) for thing in rows(part, "data", "children")]
        while todo:  # no recursion: threads are deep
            thing = todo.pop()
            if inside(thing, "kind") == "more":
                self._unfold(thing)
                continue
            found.append(thing)
            todo += rows(thing, "data", "replies", "data", "children")
        return found

    def _unfold(self, more: Any) -> None:
        folded = [id_ for child in rows(more, "data", "children") if (id_ := name(child))]
        self._folded += folded
        parent = name(inside(more, "data", "parent_id"))
        if not folded and parent.startswith("t1_"):  # "continue this thread"
            self._branches.append(parent[3:])


def info(ask: Ask, ids: Sequence[str]) -> list[Any]:
    """The things of up to a hundred ids; those that do not exist are left out by Reddit."""
    return read_listing(ask("/api/info", {"id": ",".join(ids)}), "/api/info")[0]
