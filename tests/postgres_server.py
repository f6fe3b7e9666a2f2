"""A PostgreSQL server of the test session: its own folder, a unix socket, no network, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

_DEBIAN = Path("/usr/lib/postgresql")
_ROOM = 2**30


class PostgresServer:
    """Started by the constructor, stopped by `stop`. PostgreSQL refuses root, so root runs it as another user."""

    def __init__(self, binaries: Path) -> None:
        self._binaries = binaries
        self._user = _unprivileged() if os.geteuid() == 0 else None
        # In memory where the machine has it: a database per test is some hundred small files.
        memory = Path("/dev/shm")
        place = memory if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _ROOM else Path("/tmp")
        self._folder = Path(tempfile.mkdtemp(prefix="uproar-pg-", dir=place))
        if self._user:
            shutil.chown(self._folder, self._user)
        try:
            self._run("initdb", "-D", str(self._data), "-U", "uproar", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
            options = f"-F -k {self._folder} -c listen_addresses='' -c full_page_writes=off -c synchronous_commit=off"
            self._run("pg_ctl", "-D", str(self._data), "-l", str(self._folder / "log"), "-w", "-o", options, "start")
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def url(self, database: str) -> str:
        """The URL of a database of this server."""
        return f"postgresql+psycopg://uproar@/{database}?host={self._folder}"

    def stop(self) -> None:
        """Stop the server and remove its folder."""
        self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "stop")
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._binaries / program), *arguments]
        # pg_ctl hands its output to the server it starts: a pipe would never end.
        with (self._folder.parent / f"{self._folder.name}.out").open("w+") as output:
            try:
                done = subprocess.run(command, user=self._user, stdout=output, stderr=output, cwd="/tmp", check=False)
                output.seek(0)
                if done.returncode:
                    raise RuntimeError(f"{program} failed: {output.read()}")
            finally:
                Path(output.name).unlink()


def find_binaries() -> Path | None:
    """The folder with initdb and pg_ctl: on PATH, or Debian's newest version; None where there is none."""
    on_path = shutil.which("pg_ctl")
    if on_path and (Path(on_path).parent / "initdb").exists():
        return Path(on_path).parent
    found = sorted(_DEBIAN.glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


def _unprivileged() -> str:
    names = {user.pw_name for user in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
