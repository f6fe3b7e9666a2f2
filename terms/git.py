"""Versions from a git repository of Open Terms Archive: `<Service>/<Terms type>.md`, author date = capture.

Read as two streams (`git log --raw`, `git cat-file --batch`) in rounds of some thousand entries, and within a round
document by document: versions of one document share nearly all of their lines, so git and the caches of
`terms.passages` are spared most of the work. Memory is that of the entries of a round and of one text. Only what is
new since the last commit is read; a repository whose history was rewritten is recognised and read whole again.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from core.errors import ConfigError, InputUnusable
from core.terms import Capture, CaptureState
from terms.captures import LARGEST

TECHNICAL = re.compile(
    r"^\s*(?:apply (?:\w+ (?:or|and) )?(?:technical|declaration)\b|technical upgrade|refilter|re-?extract)",
    re.IGNORECASE,
)
"""How the archive names commits that hold another extraction of the same document."""

ROUND = 4_000
"""Entries of a round: a killed run reads at most so many again."""
_AHEAD = 50
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


def rounds(repository: Path, *, after: str = "") -> Iterator[tuple[str, Iterator[Capture]]]:
    """Every version of every document since the commit `after`, in rounds; each round by document, oldest first.

    A round comes with its last commit: when all its captures are kept, reading may go on from there. Parents come
    before children. A text that cannot be taken comes with its problem and without text. Raises InputUnusable.
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
        entries = _entries(reading.stdout)
        while part := list(islice(entries, ROUND)):
            yield part[-1].commit, _read(sorted(part, key=lambda entry: entry.named), texts)
        if reading.wait() != 0:
            error = reading.stderr.read().decode("utf-8", "replace").strip() if reading.stderr else ""
            raise InputUnusable(f"{repository}: git cannot read the history: {error[:300]}")


class _Entry(NamedTuple):
    """That a commit holds another text of a document."""

    named: tuple[str, str]
    commit: str
    stamp: str
    subject: str
    blob: str


def _entries(log: IO[bytes]) -> Iterator[_Entry]:
    commit, stamp, subject = "", "", ""
    entry = ""
    for raw in _tokens(log):
        token = raw.decode("utf-8", "replace")
        if "\x1e" in token:
            commit, stamp, subject = token.split("\x1e", 1)[1].split("\x1f", 2)
        elif token.lstrip("\n").startswith(":"):
            entry = token.lstrip("\n")
        elif entry:
            mode, blob, kind = entry.split()[1], entry.split()[3], entry.split()[4]
            entry = ""
            named = named_document(token)
            if kind != "D" and mode in ("100644", "100755") and named is not None:
                yield _Entry(named, commit, stamp, subject.strip()[:200], blob)


def _read(entries: Sequence[_Entry], texts: subprocess.Popen[bytes]) -> Iterator[Capture]:
    for start in range(0, len(entries), _AHEAD):
        part = entries[start : start + _AHEAD]
        assert texts.stdin is not None
        # Asked for at once: git works on while a text is read. All the questions fit into one pipe's buffer.
        texts.stdin.write("".join(f"{entry.blob}\n" for entry in part).encode())
        texts.stdin.flush()
        for named, commit, stamp, subject, _ in part:
            text, problem = _text(texts)
            at = datetime.fromisoformat(stamp).astimezone(UTC)
            yield Capture(*named, at, text, commit=commit, subject=subject,
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


def _text(texts: subprocess.Popen[bytes]) -> tuple[str, CaptureState | None]:
    assert texts.stdout is not None
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
