from __future__ import annotations

from datetime import timedelta

from fake_reader import T0, FakeReader, make_watch

from reports.replay import SENSITIVITIES, replay

HOUR = timedelta(hours=1)


def test_past_alerts_are_told_at_each_sensitivity_once_per_cool_down() -> None:
    reader = FakeReader()
    start = T0 - timedelta(days=70)
    reader.run(start, T0)
    for n in range(70 * 24):
        loud = 100 if n in (1600, 1601, 1640) else 0
        reader.score(start + n * HOUR, negative=2 + n % 3 + loud, relevant=8 + n % 3 + loud)
    found = replay(reader, make_watch(), clock=T0 + HOUR)
    assert set(found["false_alarms"]) == set(SENSITIVITIES)
    for _, rows in found.groupby("false_alarms"):
        assert rows["hour"].tolist() == [start + 1600 * HOUR, start + 1640 * HOUR]
    assert replay(FakeReader(), make_watch(), clock=T0).empty
