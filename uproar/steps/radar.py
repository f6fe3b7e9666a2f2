"""The radar's own step: recognise whom its posts are about, and let each service's child watch hold them."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from alerts.radar_budget import shared_gate
from analysis.recognition import Recogniser
from core.services import children, load_services
from core.watches import Watch
from reports.posts import stream_posts
from store import PostFilter, Reader, Store
from uproar.steps.analyse import analyse

AGAIN = timedelta(days=3)
"""Posts come late and texts are edited: so much is recognised again each time."""
FIRST = timedelta(days=60)


def recognise(store: Store, reader: Reader, radar: Watch, *, clock: datetime) -> dict[str, int]:
    """Give the posts of `radar` to its children; returns how many were new, by child. Nothing is taken away again."""
    now = radar.now(clock)
    by_service = {watch.name.removeprefix(f"{radar.name}-"): watch for watch in children(radar)}
    known = set(reader.watches()) & {watch.name for watch in by_service.values()}
    recogniser = Recogniser(load_services())
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    wanted = PostFilter(radar.name, since=now - (AGAIN if known else FIRST))
    for frame in stream_posts(reader, radar, wanted, clock=clock):
        for source, number, text, forum in zip(
            frame["source"], frame["id"], frame["text"], frame["community"], strict=True
        ):
            service = recogniser.subject(str(text), community=str(forum or ""))
            if service:
                found[service].append((str(source), str(number)))
    new = {}
    for service, posts in sorted(found.items()):
        child = by_service[service]
        store.register_watch(child.name, subject=child.platform)
        new[child.name] = store.share_sightings(radar.name, child.name, posts)
    return new


def follow_radar(store: Store, reader: Reader, radar: Watch, *, clock: datetime) -> None:
    """Recognise, then decide and alert for every child that holds posts, under the radar's one false-alarm rate."""
    recognise(store, reader, radar, clock=clock)
    held = set(reader.watches())
    followed = [watch for watch in children(radar) if watch.name in held]
    gate = shared_gate(reader, radar, followed, now=radar.now(clock))
    for child in followed:
        analyse(store, reader, child, clock=clock, gate=gate)
