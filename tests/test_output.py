"""What verbs print, and the times that they take."""

import json
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest

from core.errors import ConfigError
from core.records import SpikeState
from core.watches import Watch
from uproar.output import plain, rows_of, write_json, write_table
from uproar.verbs.arguments import day_after, moment

NOW = datetime(2025, 5, 20, 12, tzinfo=UTC)
BERLIN = Watch("w", "W", "W", "w", NOW, timezone="Europe/Berlin")


def test_values_become_json_types():
    value = {
        "a": np.int64(3),
        "b": float("nan"),
        "c": pd.NaT,
        "d": SpikeState.CALM,
        "e": (date(2025, 5, 9), NOW),
        "f": np.float32(0.5),
    }
    assert plain(value) == {
        "a": 3,
        "b": None,
        "c": None,
        "d": "calm",
        "e": ["2025-05-09", "2025-05-20T12:00:00Z"],
        "f": 0.5,
    }


def test_frames_become_rows():
    frame = pd.DataFrame({"time": [pd.Timestamp(NOW)], "share": [np.nan], "posts": [2]})
    assert rows_of(frame) == [{"time": "2025-05-20T12:00:00Z", "share": None, "posts": 2}]


def test_json_is_one_document(capsys):
    write_json([{"a": 1}])
    assert json.loads(capsys.readouterr().out) == [{"a": 1}]


def test_mark_up_in_data_is_shown_as_it_is(capsys):
    write_table([{"text": "[red]not mark-up[/red]", "n": 1.5, "none": None}])
    assert "[red]not mark-up[/red]" in capsys.readouterr().out


def test_an_empty_table_still_names_its_columns(capsys):
    write_table([], ("watch", "posts"))
    assert "watch" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("2025-05-09", datetime(2025, 5, 8, 22, tzinfo=UTC)),
        ("2025-05-09T14:00:00+02:00", datetime(2025, 5, 9, 12, tzinfo=UTC)),
        ("2025-05-09T14:00:00Z", datetime(2025, 5, 9, 14, tzinfo=UTC)),
        ("7d", datetime(2025, 5, 13, 12, tzinfo=UTC)),
        ("90m", datetime(2025, 5, 20, 10, 30, tzinfo=UTC)),
    ],
)
def test_moments(value, expected):
    assert moment(value, BERLIN, now=NOW) == expected


@pytest.mark.parametrize("value", ["yesterday", "2025-05-09T14:00", "", "2025-13-01", "d"])
def test_moments_that_cannot_be_read(value):
    with pytest.raises(ConfigError):
        moment(value, BERLIN, now=NOW)


def test_until_a_day_takes_the_day_in_even_when_it_has_23_hours():
    assert day_after("2025-03-30", BERLIN, now=NOW) == datetime(2025, 3, 30, 22, tzinfo=UTC)
    assert moment("2025-03-30", BERLIN, now=NOW) == datetime(2025, 3, 29, 23, tzinfo=UTC)
