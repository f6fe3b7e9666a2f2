"""The house itself: rooms, packages, and documents that must keep pace with the code."""

import re
import subprocess
import sys
import tomllib

import pytest

from collectors.registry import COLLECTORS
from core.settings import PROJECT, Settings
from uproar.verbs.upkeep import ROOMS

PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text())
README = (PROJECT / "README.md").read_text()


def test_the_package_list_is_what_lies_in_the_tree():
    found = {
        str(path.parent.relative_to(PROJECT)).replace("/", ".")
        for room in ROOMS
        for path in (PROJECT / room).rglob("__init__.py")
    }
    assert set(PYPROJECT["tool"]["setuptools"]["packages"]) == found


def test_no_file_of_the_dashboard_is_named_like_a_room():
    assert not {p.stem for p in (PROJECT / "dashboard").iterdir()} & set(ROOMS)


def test_tests_are_flat():
    assert not list((PROJECT / "tests").rglob("__init__.py"))
    assert not {p.name for p in (PROJECT / "tests").iterdir() if p.is_dir()} & set(ROOMS)


def test_no_vague_module_names():
    vague = {"utils", "helpers", "common", "misc"}
    assert not [p for room in ROOMS for p in (PROJECT / room).rglob("*.py") if p.stem in vague]


def test_requirements_begin_with_the_project_and_hold_what_users_named():
    lines = [line for line in (PROJECT / "requirements.txt").read_text().splitlines() if not line.startswith("#")]
    assert lines[0] == "-e ."
    named = {re.split(r"[<>=]", line)[0] for line in lines[1:]}
    assert {"praw", "tweepy", "transformers", "torch", "pandas", "streamlit", "pytest"} <= named
    assert all("<" in line for line in lines[1:])


@pytest.mark.parametrize("module", ["uproar.cli", "models.onnx", "charts.reaction", "uproar.verbs.demo"])
def test_the_default_path_imports_neither_torch_nor_transformers(module):
    code = f"import sys, {module}; print(sorted({{'torch', 'transformers'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PROJECT, check=True)
    assert done.stdout.strip() == "[]"


def test_every_verb_stands_in_the_readme():
    from typer.main import get_command

    from uproar.cli import app

    verbs = []
    for name, command in get_command(app).commands.items():
        children = getattr(command, "commands", None)
        verbs += [f"{name} {child}" for child in children] if children else [name]
    assert verbs
    assert not [verb for verb in verbs if f"uproar {verb}" not in README]


def test_every_setting_and_collector_stands_in_the_readme():
    assert not [name for name in Settings.model_fields if f"UPROAR_{name.upper()}" not in README]
    assert not [name for name in COLLECTORS if f"`{name}`" not in README]


def test_the_readme_gives_the_plain_commands_that_make_runs():
    makefile = (PROJECT / "Makefile").read_text()
    torch = re.search(r"torch==[\d.]+", makefile)
    assert torch
    for command in (
        f"pip install {torch[0]}",
        "pip install -r requirements-dev.txt",
        "pip install -e .",
        "python -m pytest",
    ):
        assert command in README


def test_links_of_the_documents_lead_somewhere():
    for document in [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *(PROJECT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"
