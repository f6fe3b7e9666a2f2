"""kill -9 at random moments of a collect: no post is lost, none doubled, and coverage claims no more than was read.

KILLS sets how many (`make test-kill`: 100 on each database); without it a few.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import time

import kill_worker
import pytest
from factories import make_post
from store_fixtures import save, wipe

from analysis.coverage import hour_coverage
from store import PostFilter, open_reader, open_store

KILLS = int(os.environ.get("KILLS", "6"))
pytestmark = [pytest.mark.timeout(3_000), *([pytest.mark.slow] if KILLS > 6 else [])]
EXPECTED = sorted(f"{hour}.{n}" for hour in range(kill_worker.HOURS) for n in range(kill_worker.EACH))


@pytest.fixture(scope="module")
def processes():
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["kill_worker"])
    return context


def begin(processes, url, work=kill_worker.work):
    progress, theirs = processes.Pipe(duplex=False)
    worker = processes.Process(target=work, args=(url, theirs))
    worker.start()
    theirs.close()
    return worker, progress


def stored(url):
    with open_reader(url) as reader:
        return sorted(i for frame in reader.stream_posts(PostFilter("acme")) for i in frame["id"])


def kill(processes, url, moments, work=kill_worker.work, most=5):
    """One run, killed after a random page or answer and a moment; whether it was still at work."""
    worker, progress = begin(processes, url, work)
    try:
        for _ in range(moments.randint(1, most)):
            progress.recv()
        time.sleep(moments.random() * 0.02)
    except EOFError:
        pass  # the work was done before its end came
    worker.kill()
    worker.join()
    killed = worker.exitcode == -9
    worker.close()
    progress.close()
    return killed


def test_killed_at_random_moments_and_run_again(processes, store_url):
    moments = random.Random(KILLS)
    killed = 0
    while killed < KILLS:
        before = stored(store_url)
        killed += kill(processes, store_url, moments)
        after = stored(store_url)
        assert len(after) == len(set(after)), "none doubled"
        assert set(before) <= set(after), "what was saved stays saved"
        if after == EXPECTED:
            assert finished(processes, store_url)
            wipe(store_url)  # begin anew: later kills are to meet a half-filled store too
    assert finished(processes, store_url)


def finished(processes, url):
    """Run to the end, undisturbed: everything is there once, counted, and complete."""
    worker, progress = begin(processes, url)
    worker.join(120)
    progress.close()
    assert worker.exitcode == 0
    worker.close()
    assert stored(url) == EXPECTED
    with open_store(url, kill_worker.KEYS) as store, open_reader(url) as reader:
        store.refresh_rollups()
        assert store.check_rollups() == []
        assert int(reader.rollup("acme")["posts"].sum()) == len(EXPECTED)
        runs = reader.runs("acme")
        assert set(runs["outcome"]) <= {"failed", "running", "ok"}
        states = hour_coverage(runs, kill_worker.T0, kill_worker.NOW)
        assert set(states["coverage"]) == {"complete"}
    return True


def test_a_recheck_killed_at_random_moments_erases_what_is_gone_and_nothing_else(processes, store_url):
    moments, killed = random.Random(KILLS), 0
    alive = [id_ for id_ in EXPECTED if not kill_worker.is_gone(id_)]
    kill_worker.fill(store_url)
    while killed < KILLS:
        before = stored(store_url)
        killed += kill(processes, store_url, moments, kill_worker.ask_after, most=len(before))
        after = stored(store_url)
        assert set(alive) <= set(after) <= set(before), "nothing that is still there is erased, nothing comes back"
        check_counts(store_url)
        if after == alive:
            wipe(store_url)
            kill_worker.fill(store_url)
    worker, progress = begin(processes, store_url, kill_worker.ask_after)
    while True:
        try:
            progress.recv()
        except EOFError:
            break
    worker.join(120)
    assert worker.exitcode == 0
    assert stored(store_url) == alive
    check_counts(store_url)
    with open_store(store_url, kill_worker.KEYS) as store:
        again = make_post(id="0.0", created_at=kill_worker.T0, text="terms 0")
        assert save(store, again).new == 0, "what was erased is not collected again"


def check_counts(url):
    """What was erased still counts, and live and removed posts add up."""
    with open_store(url, kill_worker.KEYS) as store, open_reader(url) as reader:
        store.refresh_rollups()
        assert store.check_rollups() == []
        assert int(reader.rollup("acme")["posts"].sum()) == len(EXPECTED)
