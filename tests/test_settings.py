"""Settings come from one place, and keep their secrets."""

import re
from pathlib import Path

import pytest

from core.errors import ConfigError
from core.settings import PROJECT, Settings, load_settings


def test_the_environment_is_read_in_one_place():
    pattern = re.compile(r"os\.environ|os\.getenv|load_dotenv")
    rooms = (
        "alerts",
        "analysis",
        "collectors",
        "core",
        "dashboard",
        "exports",
        "models",
        "reports",
        "store",
        "terms",
        "uproar",
    )
    found = [p for room in rooms for p in (PROJECT / room).rglob("*.py") if pattern.search(p.read_text())]
    assert [p.relative_to(PROJECT) for p in found] == [Path("core/settings.py")]


def test_defaults_live_under_home(tmp_path, monkeypatch):
    monkeypatch.setenv("UPROAR_HOME", str(tmp_path))
    monkeypatch.delenv("UPROAR_STORE", raising=False)
    settings = load_settings()
    assert settings.store_url == f"sqlite:///{tmp_path / 'uproar.db'}"
    assert settings.watch_folders[0] == tmp_path / "watches"


def test_the_env_file_of_home_is_read_and_the_environment_wins(tmp_path, monkeypatch):
    (tmp_path / ".env").write_text("UPROAR_CONTACT=file\nUPROAR_THREADS=3\n")
    monkeypatch.setenv("UPROAR_HOME", str(tmp_path))
    monkeypatch.setenv("UPROAR_CONTACT", "environment")
    settings = load_settings()
    assert (settings.contact, settings.threads) == ("environment", 3)


def test_secrets_stay_secret(tmp_path, monkeypatch):
    canary = "canary-5f2b"
    monkeypatch.setenv("UPROAR_CHANNELS__COMMS", f"json://{canary}@127.0.0.1")
    monkeypatch.setenv("UPROAR_STORE", f"postgresql+psycopg://u:{canary}@127.0.0.1/x")
    settings = load_settings(home=tmp_path)
    assert canary not in repr(settings)
    assert canary not in settings.model_dump_json()
    assert settings.channels["comms"].get_secret_value() == f"json://{canary}@127.0.0.1"


def test_a_bad_value_names_the_variable_and_not_the_value(tmp_path, monkeypatch):
    monkeypatch.setenv("UPROAR_THREADS", "canary-many")
    with pytest.raises(ConfigError, match="UPROAR_THREADS") as caught:
        load_settings(home=tmp_path)
    assert "canary-many" not in str(caught.value)


def test_every_setting_stands_in_the_example_file():
    example = (PROJECT / ".env.example").read_text()
    missing = [name for name in Settings.model_fields if f"UPROAR_{name.upper()}" not in example]
    assert not missing
