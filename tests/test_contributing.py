"""The walk of CONTRIBUTING.md, followed: its file and its registry line, and the contract suite over what they make."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import test_collectors_contract
import test_faults
import worlds
from fault_proxy import FaultProxy
from test_faults import FAULTS, Proxied
from werkzeug import Request, Response

import collectors
from collectors.registry import COLLECTORS, load_collector
from core.records import Query
from core.settings import PROJECT, Settings

CODE = re.findall(r"```python\n(.*?)```", (PROJECT / "CONTRIBUTING.md").read_text(), re.DOTALL)
FILE, LINE, WORLD = CODE
PROMISES = {
    name: promise
    for name, promise in vars(test_collectors_contract).items()
    if name.startswith("test_") and "world" in inspect.signature(promise).parameters
}


@pytest.fixture
def gazette(tmp_path, monkeypatch):
    """The collector of the walk, in a room and a registry of its own."""
    folder = tmp_path / "collectors"
    folder.mkdir()
    (folder / "gazette.py").write_text(FILE)
    monkeypatch.setattr(collectors, "__path__", [*collectors.__path__, str(folder)])
    ((name, target),) = ast.literal_eval("{" + LINE.strip() + "}").items()
    monkeypatch.setitem(COLLECTORS, name, target)
    yield importlib.import_module("collectors.gazette")
    sys.modules.pop("collectors.gazette")
    vars(collectors).pop("gazette", None)


@pytest.fixture
def make_world(gazette, tmp_path):
    """The world of the walk, over a server."""
    names = {**vars(worlds), "GazetteCollector": gazette.GazetteCollector, "Path": Path, "Any": Any, "json": json,
             "UTC": UTC, "datetime": datetime, "timedelta": timedelta, "Query": Query, "Request": Request,
             "Response": Response, "replace": replace}  # fmt: skip
    exec(WORLD, names)
    return lambda server: names["gazette_world"](tmp_path, server)


def test_the_line_registers_it(gazette, tmp_path):
    collector = load_collector("gazette", Settings(home=tmp_path))
    assert (collector.name, collector.price) == ("gazette", 0.0)


@pytest.mark.parametrize("promise", PROMISES)
def test_it_keeps_every_promise(make_world, httpserver, caplog, promise):
    world = make_world(httpserver)
    asked = {"world": world, "caplog": caplog}
    PROMISES[promise](**{name: asked[name] for name in inspect.signature(PROMISES[promise]).parameters})


@pytest.mark.parametrize("fault", ["reset", "half-close", "truncated document", "a repeated page", "out of order"])
def test_it_stands_faults(make_world, httpserver, fault):
    assert fault in FAULTS
    with FaultProxy(httpserver.port) as proxy:
        world = make_world(Proxied(httpserver, proxy))
        test_faults.test_after_recovery_the_stored_set_is_the_servers_truth((world, proxy), fault)


def test_the_code_of_the_walk_is_in_order(tmp_path):
    path = tmp_path / "gazette.py"
    path.write_text(FILE)
    rules = ["--config", str(PROJECT / "pyproject.toml")]
    for command in (["check"], ["format", "--check", "--diff"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *rules, path], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout
