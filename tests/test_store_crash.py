"""Killed at any moment, or writing two at a time: nothing is lost, nothing doubled, no figure is wrong."""

from __future__ import annotations

import multiprocessing
import random
import time

import pytest
import store_worker

from core.keys import Keys
from store import PostFilter, open_reader, open_store

POSTS = 300


@pytest.fixture(scope="module")
def processes():
    # A server that has the imports done forks each worker: fast, and free of this process's threads.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["store_worker"])
    return context


def start(processes, url, first=0, last=POSTS):
    """A worker on its way, and the end of the pipe on which it tells how far it is."""
    progress, theirs = processes.Pipe(duplex=False)
    worker = processes.Process(target=store_worker.work, args=(url, first, last, theirs))
    worker.start()
    theirs.close()
    return worker, progress


def finish(worker, progress):
    worker.join(60)
    progress.close()
    assert worker.exitcode == 0
    worker.close()


def check(url):
    """Exactly the posts that should be there, once each, all scored and counted."""
    with open_store(url, Keys(b"k" * 32)) as store, open_reader(url) as reader:
        assert store.refresh_rollups() == 0
        assert store.check_rollups() == []
        found = [id for frame in reader.stream_posts(PostFilter("acme")) for id in frame["id"]]
        assert sorted(map(int, found)) == list(range(POSTS))
        counts = reader.rollup("acme")[["posts", "scored", "pending", "relevant"]].sum()
        assert counts.tolist() == [POSTS, POSTS, 0, POSTS]


@pytest.mark.parametrize("seed", range(2))
def test_killed_at_random_moments_and_run_again(processes, store_url, seed):
    moments = random.Random(seed)
    for _ in range(3):
        worker, progress = start(processes, store_url)
        for _ in range(moments.randint(1, 4)):  # into the work, then somewhere within a page
            progress.recv()
        time.sleep(moments.random() * 0.03)
        worker.kill()
        worker.join()
        worker.close()
        progress.close()
        with open_reader(store_url) as reader:
            # A worker that came to its end before it was killed has closed its run: then everything is there.
            all_there = reader.count_posts(PostFilter("acme")) == POSTS
            assert all_there or set(reader.runs("acme")["outcome"]) <= {"failed", "running"}
    finish(*start(processes, store_url))
    check(store_url)


def test_two_writers_at_once(processes, store_url):
    # Their posts overlap: some are saved by both, at the same time.
    workers = [start(processes, store_url, 0, 200), start(processes, store_url, 100, POSTS)]
    for worker, progress in workers:
        finish(worker, progress)
    check(store_url)
