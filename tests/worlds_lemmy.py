"""The world of Lemmy for the collectors contract."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from fake_lemmy import FakeLemmy, comment, post
from worlds import NOW, PHRASE, SECRET, SINCE, UNTIL, World, local, patient

from collectors.lemmy import LemmyCollector
from core.records import Query


def lemmy_world(tmp_path: Path, httpserver: Any) -> World:
    crowd, moment = SINCE + timedelta(days=4), timedelta(milliseconds=1)
    first = post(1, SINCE, f"{PHRASE} at the first moment")
    talked = post(2, crowd, f"{PHRASE} talked about", "and a text")
    other = post(3, crowd, "something else altogether", "with a text")
    said = [
        first, talked, post(4, UNTIL - moment, "news", f"{SECRET} {PHRASE} at the last"),
        *[comment(n, crowd + n * timedelta(seconds=1), f"{PHRASE} number {n}", other) for n in range(100, 220)],
        *[comment(n, crowd + n * timedelta(minutes=1), f"a reply, number {n}", talked) for n in range(300, 370)],
    ]  # fmt: skip
    rest = [
        other, post(5, UNTIL, f"{PHRASE} too late"), post(6, SINCE - moment, f"{PHRASE} too early"),
        post(7, crowd, f"{PHRASE} taken back", deleted=True),
        *[comment(n, crowd, "something else altogether", other) for n in range(400, 420)],
    ]  # fmt: skip
    fakes = [FakeLemmy([*said, *rest]).start(), FakeLemmy([*said[:60], *rest]).start()]
    closed = FakeLemmy(said, closed=True).start()
    through = getattr(httpserver, "through", str)  # the suite of faults stands between
    settings = local(tmp_path)

    def ask(*instances: FakeLemmy) -> Query:
        options = {"instances": ", ".join(through(fake.url) for fake in instances)}
        return Query(f'"{PHRASE}"', SINCE, UNTIL, "lemmy", options)

    collector = LemmyCollector(settings, patient(settings), clock=lambda: NOW)
    truth = {(view.get("comment") or view["post"])["ap_id"] for view in said}
    world = World(
        collector, ask(*fakes), truth, lambda: sum(len(fake.asked) for fake in fakes), ask(closed), collector,
        replace(ask(*fakes), expression="nobodysaysthis"), close=lambda: [fake.close() for fake in (*fakes, closed)],
    )  # fmt: skip
    return replace(world, capped=replace(world, query=ask(fakes[0], closed)))
