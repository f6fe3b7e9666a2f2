"""Files that are complete or not there."""

import errno
import hashlib
import io
import os
import resource
import signal
import subprocess
import sys

import pytest

from core.errors import ConfigError, UproarError
from core.settings import PROJECT
from exports.atomic import write_atomic


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_file_holds_the_text_and_its_hash_is_given(tmp_path):
    path = tmp_path / "a.csv"
    digest = write_atomic(path, ["é\n", "b\n"])
    assert path.read_bytes() == "é\nb\n".encode()
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert names(tmp_path) == ["a.csv"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_only_the_owner_may_read_it(tmp_path):
    write_atomic(tmp_path / "a.csv", ["x"])
    assert (tmp_path / "a.csv").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("error", [ValueError("boom"), KeyboardInterrupt(), UproarError("source")])
def test_a_failure_midway_leaves_the_older_file_and_no_trace(tmp_path, error):
    path = tmp_path / "a.csv"
    path.write_text("older")

    def chunks():
        yield "new"
        raise error

    with pytest.raises(type(error)):
        write_atomic(path, chunks())
    assert path.read_text() == "older"
    assert names(tmp_path) == ["a.csv"]


def test_nothing_is_at_the_place_until_all_is_written(tmp_path):
    path = tmp_path / "a.csv"
    seen = []

    def chunks():
        for n in range(3):
            yield str(n)
            seen.append(path.exists())

    write_atomic(path, chunks())
    assert seen == [False] * 3
    assert path.read_text() == "012"


class Full(io.FileIO):
    """A file on a disk that is full after a few bytes."""

    def write(self, data):
        if self.tell() > 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(data)


def test_a_full_disk_is_told_with_the_path(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("older")
    with pytest.raises(UproarError, match=r"a\.csv: no room"):
        write_atomic(path, ["abc", "def"], create=lambda part: Full(part, "wb"))
    assert path.read_text() == "older"
    assert names(tmp_path) == ["a.csv"]


def test_a_real_limit_of_the_system_ends_the_same_way(tmp_path):
    code = (
        "import sys; from pathlib import Path; from core.errors import UproarError\n"
        "from exports.atomic import write_atomic\n"
        "try: write_atomic(Path(sys.argv[1]), ('x' * 4096 for _ in range(100)))\n"
        "except UproarError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a.csv")], cwd=PROJECT, capture_output=True, text=True, check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536)),
    )  # fmt: skip
    assert "a.csv: no room" in done.stdout
    assert names(tmp_path) == []


def test_a_killed_writer_leaves_the_older_file_whole(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("older")
    code = (
        "import os, signal, sys; from pathlib import Path; from exports.atomic import write_atomic\n"
        "def chunks():\n"
        "    yield 'new' * 100_000\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "    yield 'end'\n"
        "write_atomic(Path(sys.argv[1]), chunks())\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], cwd=PROJECT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.read_text() == "older"


def test_a_place_that_cannot_be_is_a_configuration_error(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "missing" / "a.csv", tmp_path / "file" / "a.csv", tmp_path / "folder"):
        with pytest.raises(ConfigError) as caught:
            write_atomic(path, ["x"])
        assert str(path) in str(caught.value)
    assert names(tmp_path) == ["file", "folder"]
