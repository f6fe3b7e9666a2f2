"""What to do when a watch is empty, stale, unscored or failing."""

from __future__ import annotations

from collections.abc import Mapping

from core.records import SpikeState
from core.watches import Watch
from reports.headline import Said


def advice(watch: Watch, state: SpikeState, said: Said, coverage: Mapping[str, str]) -> str:
    """One or two sentences with the command that helps, or "" when nothing is to be done.

    `coverage` has the state of each source. A replay is frozen, so it is never told to collect.
    """
    failed = sorted(source for source, state_ in coverage.items() if state_ == "failed")
    if said.posts and said.pending:
        return f"{said.pending:,} posts wait for a score. Run: uproar score {watch.name}"
    if failed:
        return f"{' and '.join(failed)} could not be read. See why with: uproar coverage {watch.name}"
    if watch.as_of is not None:
        return (
            ""
            if said.posts
            else f"Nothing lies in this replay's last day. Fill it with: uproar import {watch.name} FILE"
        )
    if state is SpikeState.STALE:
        return f"Nothing has been collected lately. Start again with: uproar collect {watch.name}"
    if not said.posts and state is SpikeState.NO_DATA:
        return (
            f"Nothing is known of the last day. Run: uproar collect {watch.name}, or: uproar import {watch.name} FILE"
        )
    if said.posts and not said.scored:
        return "None of the posts is in a language that the model scores. Read them in the posts view."
    return ""
