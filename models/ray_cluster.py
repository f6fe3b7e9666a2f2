"""Scoring by Ray: workers that each hold one classifier, on this machine or on many. Needs `pip install uproar[ray]`.

A worker takes half a processor in Ray's books and one thread in truth: actors that book every processor starve the
tasks that read for them, and nothing moves (ray-project/ray#44687). Names of the models are checked on every node,
so that a cluster of mixed versions is refused rather than mixed into one column.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.errors import ConfigError, ModelRefused
from core.records import Classifier, Scores
from core.settings import ray_address
from models.registry import load_classifier

BOOKED = 0.5  # processors that a worker books
AHEAD = 2  # batches a worker may have waiting, which bounds memory
OBJECT_STORE = 256 * 2**20  # bytes on this machine; Ray's own default is a third of the memory


class Scorer:
    """What runs in a worker: one classifier, loaded once, of one thread."""

    def __init__(self, name: str, model: str, home: str) -> None:
        """See `load`."""
        self._classifier = load(name, model, home)

    def score(self, texts: Sequence[str], subject: str) -> Scores:
        """As the classifier's own `score`."""
        return self._classifier.score(texts, subject)


def load(name: str, model: str, home: str) -> Classifier:
    """The classifier `name` with one thread, in a worker. Raises ModelRefused where it is not the revision `model`."""
    found = load_classifier(name, threads=1, home=Path(home))
    if found.model != model:
        raise ModelRefused(f"this node has {found.model}, the caller {model}: install the same Uproar")
    return found


@contextmanager
def cluster() -> Iterator[Any]:
    """The module ray, joined to the cluster of RAY_ADDRESS or to one made here for the time of the block.

    Raises ConfigError where Ray is not installed or the cluster cannot be reached.
    """
    address = ray_address()
    try:
        import ray
    except ImportError:
        raise ConfigError("--engine ray needs Ray: pip install 'uproar[ray]'") from None
    here: Mapping[str, Any] = {}
    if not address:
        here = {"address": "local", "include_dashboard": False, "object_store_memory": OBJECT_STORE,
                "_node_ip_address": "127.0.0.1"}  # fmt: skip
    try:
        ray.init(log_to_driver=False, configure_logging=False, **here)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise ConfigError(f"Ray cannot be started or joined ({type(error).__name__}): {error}") from None
    try:
        yield ray
    finally:
        ray.shutdown()


def workers(ray: Any) -> int:
    """How many workers the cluster has room for: one a processor, at least one."""
    return max(1, int(ray.cluster_resources().get("CPU", 1)))


def scored(
    ray: Any, batches: Iterable[tuple[Sequence[bytes], Sequence[str]]], *, name: str, model: str, home: Path,
    subject: str,
) -> Iterator[tuple[Sequence[bytes], Scores]]:  # fmt: skip
    """(keys, scores) for each of `batches` (keys, texts), as they are done, in any order.

    At most AHEAD batches a worker are read before the first is answered. Raises what a worker raised.
    """
    remote = ray.remote(num_cpus=BOOKED, max_restarts=2, max_task_retries=2)(Scorer)
    count = workers(ray)
    actors = [remote.remote(name, model, str(home)) for _ in range(count)]
    waiting: dict[Any, tuple[Sequence[bytes], Any]] = {}
    source = iter(batches)
    free = actors * AHEAD
    exhausted = False
    while waiting or not exhausted:
        while free and not exhausted:
            batch = next(source, None)
            if batch is None:
                exhausted = True
                break
            actor = free.pop()
            waiting[actor.score.remote(list(batch[1]), subject)] = (batch[0], actor)
        if waiting:
            (done,), _ = ray.wait(list(waiting), num_returns=1)
            keys, actor = waiting.pop(done)
            free.append(actor)
            yield keys, _answer(ray, done)


def _answer(ray: Any, reference: Any) -> Scores:
    try:
        found: Scores = ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        raise error.as_instanceof_cause() from None
    except ray.exceptions.RayActorError as error:
        raise ModelRefused(f"a worker of Ray ended: {str(error).splitlines()[-1]}") from None
    return found
