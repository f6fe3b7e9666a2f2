"""Versions from a git repository of Open Terms Archive: `<Service>/<Terms type>.md`, author date = capture.

Read as two streams (`git log --raw`, `git cat-file --batch`), so memory is that of one text. Only what is new
since the last commit is read; a repository whose history was rewritten is recognised and read whole again.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO

from core.errors import ConfigError, InputUnusable
from core.terms import Capture, CaptureState
from terms.captures import LARGEST

TECHNICAL = re.compile(
    r"^\s*(?:apply (?:\w+ (?:or|and) )?(?:technical|declaration)\b|technical upgrade|refilter|re-?extract)",
    re.IGNORECASE,
)
"""How the archive names commits that hold another extraction of the same document."""

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_NO_DOCUMENT = frozenset({"readme", "license", "licence", "contributing", "changelog", "code_of_conduct"})
_ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_CONFIG_NOSYSTEM": "1",
    "LC_ALL": "C",
}  # fmt: skip


def is_repository(path: Path) -> bool:
    """Whether `path` itself is a git repository (bare or not), and no folder inside one."""
    return (path / ".git").exists() or ((path / "HEAD").is_file() and (path / "objects").is_dir())


def head(repository: Path) -> str:
    """The newest commit. Raises InputUnusable where git cannot read the repository."""
    return _git(repository, "rev-parse", "--verify", "HEAD^{commit}").strip()


def continues(repository: Path, commit: str) -> bool:
    """Whether the history still holds `commit` below its head; if not, it was rewritten."""
    if not _COMMIT.fullmatch(commit):
        return False
    done = subprocess.run(_command(repository, "merge-base", "--is-ancestor", commit, "HEAD"),
                          env=_environment(), capture_output=True, check=False)  # fmt: skip
    return done.returncode == 0


def captures(repository: Path, *, after: str = "") -> Iterator[Capture]:
    """Every version of every document since the commit `after`, parents before children.

    A text that cannot be taken comes with its problem and without text. Raises InputUnusable.
    """
    span = f"{after}..HEAD" if _COMMIT.fullmatch(after) else "HEAD"
    log = _command(
        repository, "log", "--topo-order", "--reverse", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff",
        "--no-textconv", "--format=%x1e%H%x1f%aI%x1f%s", span, "--", "*.md",
    )  # fmt: skip
    with ExitStack() as stack:
        reading = stack.enter_context(_process(log))
        texts = stack.enter_context(_process(_command(repository, "cat-file", "--batch")))
        stack.callback(_end, reading)
        stack.callback(_end, texts)
        assert reading.stdout is not None
        yield from _changed(reading.stdout, texts)
        if reading.wait() != 0:
            error = reading.stderr.read().decode("utf-8", "replace").strip() if reading.stderr else ""
            raise InputUnusable(f"{repository}: git cannot read the history: {error[:300]}")


def _changed(log: IO[bytes], texts: subprocess.Popen[bytes]) -> Iterator[Capture]:
    commit, at, subject = "", datetime.min.replace(tzinfo=UTC), ""
    entry = ""
    for raw in _tokens(log):
        token = raw.decode("utf-8", "replace")
        if "\x1e" in token:
            commit, stamp, subject = token.split("\x1e", 1)[1].split("\x1f", 2)
            at = datetime.fromisoformat(stamp).astimezone(UTC)
        elif token.lstrip("\n").startswith(":"):
            entry = token.lstrip("\n")
        elif entry:
            mode, blob, kind = entry.split()[1], entry.split()[3], entry.split()[4]
            entry = ""
            named = named_document(token)
            if kind == "D" or mode not in ("100644", "100755") or named is None:
                continue
            text, problem = _text(texts, blob)
            yield Capture(*named, at, text, commit=commit, subject=subject.strip()[:200],
                          technical=bool(TECHNICAL.match(subject)), problem=problem)  # fmt: skip


def named_document(path: str) -> tuple[str, str] | None:
    """(service, document) of a path in the archive, None for what is no document."""
    parts = PurePosixPath(path).parts
    if len(parts) < 2 or PurePosixPath(path).stem.lower() in _NO_DOCUMENT or parts[-2].startswith("."):
        return None
    return parts[-2], parts[-1].removesuffix(".md").replace("_", " ")


def _tokens(stream: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    while block := stream.read(65_536):
        *whole, rest = (rest + block).split(b"\0")
        yield from whole
    if rest:
        yield rest


def _text(texts: subprocess.Popen[bytes], blob: str) -> tuple[str, CaptureState | None]:
    assert texts.stdin is not None
    assert texts.stdout is not None
    texts.stdin.write(f"{blob}\n".encode())
    texts.stdin.flush()
    header = texts.stdout.readline().split()
    if len(header) < 3 or header[1] != b"blob":
        return "", CaptureState.UNREADABLE
    size = int(header[2])
    if size > LARGEST:
        left = size + 1
        while left:
            left -= len(texts.stdout.read(min(left, 1_000_000)))
        return "", CaptureState.OVERSIZE
    return decoded(texts.stdout.read(size + 1)[:-1])


def decoded(raw: bytes) -> tuple[str, CaptureState | None]:
    """The text of a file, or why there is none."""
    if len(raw) > LARGEST:
        return "", CaptureState.OVERSIZE
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "", CaptureState.UNREADABLE
    return ("", CaptureState.UNREADABLE) if "\0" in text else (text, None)


def _command(repository: Path, *arguments: str) -> list[str]:
    # Another owner's repository is read all the same: nothing of it is run.
    safe = ("-c", "safe.directory=*", "-c", "core.fsmonitor=false", "-c", "core.quotepath=off",
            "-c", "log.showRoot=true", "-c", "log.showSignature=false", "-c", "core.hooksPath=/dev/null")  # fmt: skip
    return [_program(), *safe, "-C", str(repository), *arguments]


def _environment() -> dict[str, str]:
    # Nothing of the person's own git set-up plays a part in reading.
    return {**_ENVIRONMENT, "PATH": f"{Path(_program()).parent}{os.pathsep}{os.defpath}"}


def _program() -> str:
    found = shutil.which("git")
    if found is None:
        raise ConfigError("git is not installed; it is needed to read an archive's repository")
    return found


def _process(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            env=_environment())  # fmt: skip


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()


def _git(repository: Path, *arguments: str) -> str:
    done = subprocess.run(_command(repository, *arguments), env=_environment(), capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()[:300]
        raise InputUnusable(f"{repository}: git cannot read this repository: {said}")
    return done.stdout.decode("utf-8", "replace")
