"""Watch files: what is accepted, and the message that each mistake gets."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.errors import ConfigError
from core.settings import PROJECT
from core.watches import find_watch, load_watch, load_watches

MINIMAL = 'platform = "Example"\nterms = "example"\nsince = 2025-05-01T00:00:00Z\n'


def write(tmp_path, text, name="example"):
    path = tmp_path / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_minimal_file_has_documented_defaults(tmp_path):
    watch = load_watch(write(tmp_path, MINIMAL))
    assert (watch.name, watch.timezone, watch.measure, watch.as_of) == ("example", "UTC", "negative", None)
    assert watch.since == datetime(2025, 5, 1, tzinfo=UTC)
    assert watch.alerts.cool_down == timedelta(hours=24)


def test_an_offset_becomes_utc(tmp_path):
    watch = load_watch(write(tmp_path, MINIMAL.replace("00:00:00Z", "00:00:00+02:00")))
    assert watch.since == datetime(2025, 4, 30, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ('platfrom = "x"', "Did you mean 'platform'"),
        ('timezone = "Mars/Phobos"', "no IANA name"),
        ('measure = "angry"', "'negative' or 'against'"),
        ('name = "Example"', "lower-case"),
        ('name = "another"', "differs from the file's name"),
        ("languages = 3", "list of texts"),
        ("sources = [{nam = 'x'}]", "Did you mean 'name'"),
        ("sources = [{name = 'files', lateness = 'soon'}]", "no duration"),
        ("[alerts]\nfalse_alarms = 0", "above 0"),
        ("[alerts]\nfalse_alarms = true", "above 0"),
        ("[alerts]\nminimum_negative = 0", "whole number"),
        ("[alerts]\nchanels = []", "Did you mean 'channels'"),
        ("[[announcements]]\nkind = 'statement'\ntitle = 'x'", "'at' is missing"),
        ("[[announcements]]\nkind = 'rumour'\nat = '2025-05-01'\ntitle = 'x'", "none of terms_change"),
        ("[[announcements]]\nkind = 'press'\nat = 2025-05-01T10:00:00\ntitle = 'x'", "no offset"),
    ],
)
def test_mistakes_are_named_with_a_remedy(tmp_path, extra, message):
    with pytest.raises(ConfigError, match=message) as caught:
        load_watch(write(tmp_path, MINIMAL + extra))
    assert "example.toml" in str(caught.value)


@pytest.mark.parametrize("key", ["platform", "terms", "since"])
def test_required_keys(tmp_path, key):
    text = "\n".join(line for line in MINIMAL.splitlines() if not line.startswith(key))
    with pytest.raises(ConfigError, match=key):
        load_watch(write(tmp_path, text))


def test_a_naive_time_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="no offset"):
        load_watch(write(tmp_path, MINIMAL.replace("00:00:00Z", "00:00:00")))


def test_terms_that_cannot_be_read_name_the_file(tmp_path):
    with pytest.raises(ConfigError, match="terms"):
        load_watch(write(tmp_path, MINIMAL.replace('"example"', "'(example'")))


def test_two_announcements_of_one_id_are_refused(tmp_path):
    event = "[[announcements]]\nid = 'a'\nkind = 'press'\nat = '2025-05-01'\ntitle = 'x'\n"
    with pytest.raises(ConfigError, match="stands twice"):
        load_watch(write(tmp_path, MINIMAL + event + event))


def test_an_unknown_watch_gets_the_nearest_name(tmp_path):
    write(tmp_path, MINIMAL)
    with pytest.raises(ConfigError, match="Did you mean 'example'"):
        find_watch("exampel", [tmp_path])


def test_a_path_does_not_leave_the_folders(tmp_path):
    write(tmp_path, MINIMAL)
    (tmp_path / "inner").mkdir()
    with pytest.raises(ConfigError, match="no watch"):
        find_watch("../example", [tmp_path / "inner"])


def test_the_users_file_hides_the_example(tmp_path):
    mine, examples = tmp_path / "mine", tmp_path / "examples"
    for folder in (mine, examples):
        folder.mkdir()
        write(folder, MINIMAL + f'title = "{folder.name}"')
    assert [w.title for w in load_watches([mine, examples])] == ["mine"]


def test_the_examples_load_and_keep_conflicting_dates():
    watches = {w.name: w for w in load_watches([PROJECT / "watches"])}
    assert {"soundcloud-ai-terms", "duolingo-ai-first"} <= set(watches)
    added = next(a for a in watches["soundcloud-ai-terms"].announcements if a.id == "clause-added")
    assert [c.precision for c in added.conflicts] == ["month", "month"]
    assert watches["soundcloud-ai-terms"].notice == "invented posts, not SoundCloud's public"


ALERTS = 'platform = "Acme"\nterms = "acme"\nsince = 2025-05-09T00:00:00Z\n[alerts]\n'


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('quiet_hours = "22-7"', "no time of day"),
        ('quiet_hours = "22:00"', "22:00-07:00"),
        ('quiet_hours = "07:00-07:00"', "whole day"),
        ('digest = "25:00"', "no time of day"),
        ("share_above = 60", "between 0 and 1"),
        ('budget = "yes"', "true or false"),
        ('silent_after = "soon"', "no duration"),
        ('seconds = ["boss"]', "Did you mean 'second'"),
    ],
)
def test_a_wrong_alert_rule_is_told_with_its_remedy(tmp_path, line, words):
    (tmp_path / "acme.toml").write_text(ALERTS + line + "\n")
    with pytest.raises(ConfigError, match=words):
        load_watch(tmp_path / "acme.toml")


def test_alert_rules_are_read_and_quiet_hours_end_in_the_watchs_own_morning(tmp_path):
    (tmp_path / "acme.toml").write_text(
        ALERTS + 'channels = ["Comms"]\nsecond = ["boss"]\nquiet_hours = "22:00-07:00"\ndigest = 08:00:00\n'
        'silent_after = "0m"\nshare_above = 0.6\n'
    )
    rules = load_watch(tmp_path / "acme.toml").alerts
    assert (rules.channels, rules.second, rules.silent_after, rules.share_above) == (("comms",), ("boss",), None, 0.6)
    berlin = ZoneInfo("Europe/Berlin")

    def due(*at):
        return rules.due(datetime(*at, tzinfo=berlin), berlin).astimezone(berlin).strftime("%d %H:%M")

    assert due(2025, 5, 9, 21, 59) == "09 21:59"
    assert due(2025, 5, 9, 22, 0) == "10 07:00"
    assert due(2025, 5, 10, 6, 59) == "10 07:00"
    assert due(2025, 5, 10, 7, 0) == "10 07:00"
    assert due(2025, 3, 29, 23, 0) == "30 07:00", "over a change of the clock"
