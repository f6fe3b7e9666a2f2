"""The dashboard over a small store, run as Streamlit runs it: fixtures and shorthands of its tests."""

from __future__ import annotations

import shutil
import sys
from html import unescape
from pathlib import Path

import pytest
from small_store import WATCH, fill
from streamlit.testing.v1 import AppTest

from core.settings import PROJECT

APP = PROJECT / "dashboard" / "app.py"


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    fill(folder)
    return folder


@pytest.fixture
def filled(home, template) -> Path:
    """UPROAR_HOME with the small store, scored."""
    return shutil.copytree(template, home, dirs_exist_ok=True)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch) -> Path:
    """An empty UPROAR_HOME, and nothing kept from another test."""
    import streamlit
    from streamlit import config

    # AppTest puts its script in the place of the main module, which processes forked later would then run.
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])

    for name in ("UPROAR_STORE", "UPROAR_AUTHOR_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("UPROAR_HOME", str(tmp_path))
    config.set_option("server.address", "127.0.0.1")  # as dashboard/.streamlit/config.toml has it
    yield tmp_path
    streamlit.cache_data.clear()
    streamlit.cache_resource.clear()


def start(view: str = "overview", **params: str) -> AppTest:
    """The app with `view` at the bare address."""
    app = AppTest.from_function(_script, kwargs={"view": view}, default_timeout=60)
    for key, value in {"watch": WATCH, **params}.items():
        app.query_params[key] = value
    return app.run()


def _script(view: str) -> None:
    import streamlit as st

    from core.settings import load_settings
    from dashboard.app import run
    from dashboard.data import open_reports
    from dashboard.state import parse

    run(open_reports(load_settings()), parse(st.query_params.to_dict()), first=view)


def words(app: AppTest) -> str:
    """All that the app says, as one text."""
    assert not app.exception, app.exception[0].message
    elements = [*app.get("html"), *app.text, *app.caption, *app.code]
    return unescape("\n".join(str(getattr(element, "body", None) or element.value) for element in elements))


def params(app: AppTest) -> dict[str, str]:
    return {key: value if isinstance(value, str) else value[-1] for key, value in app.query_params.items()}
