"""Sources side by side: a thread for each, so that a slow or failing one holds up no other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


def side_by_side(jobs: Sequence[Job], run: Callable[[Job], Result], *, lane: Callable[[Job], str]) -> list[Result]:
    """`run` of every job, in the order of `jobs`. Jobs of one lane run one after another, lanes at the same time.

    `run` is to turn failures into results; what it raises all the same is raised when all lanes have ended. The
    threads are daemons: Ctrl-C ends the process at once, and what was saved page by page is kept.
    """
    results: dict[int, Result] = {}
    raised: list[BaseException] = []
    lanes: dict[str, list[int]] = {}
    for number, job in enumerate(jobs):
        lanes.setdefault(lane(job), []).append(number)

    def drive(numbers: list[int]) -> None:
        for number in numbers:
            try:
                results[number] = run(jobs[number])
            except BaseException as error:
                raised.append(error)

    threads = [threading.Thread(target=drive, args=(own,), name=name, daemon=True) for name, own in lanes.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]
    return [results[number] for number in range(len(jobs))]
