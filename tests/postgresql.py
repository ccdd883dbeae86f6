"""A PostgreSQL server of the tests' own: Debian's binaries, a cluster in a temporary folder, its own port on loopback.

It is nobody's server but this run's: trust on loopback, no durability (the tests kill clients, not the server).
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

ABSENT = "PostgreSQL is not installed: `apt-get install postgresql` (no initdb in /usr/lib/postgresql/*/bin or on the path)"
USER = "taper"
_UNPRIVILEGED = ("postgres", "nobody")


@dataclass
class Server:
    """A running server; `database()` makes an empty database and returns its URL."""

    port: int
    _numbers: Iterator[int] = field(default_factory=count)

    def database(self) -> str:
        """Return the URL of a new, empty database."""
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return f"postgresql+psycopg://{quote(USER)}@127.0.0.1:{self.port}/{name}"

    def address(self, name: str) -> str:
        """Return what psycopg connects to."""
        return f"host=127.0.0.1 port={self.port} user={USER} dbname={name}"


def binaries() -> Path | None:
    """Return the folder of the newest installed server programs."""
    folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    on_path = shutil.which("initdb")
    if folders:
        return max(folders, key=lambda folder: int(folder.parent.name) if folder.parent.name.isdigit() else 0)
    return Path(on_path).resolve().parent if on_path else None


@contextmanager
def running_server() -> Iterator[Server]:
    """Start a server and stop it at the end. Without the binaries: a failure in CI, a skip with the reason elsewhere."""
    programs = binaries()
    if programs is None:
        if os.environ.get("CI"):
            pytest.fail(ABSENT)
        pytest.skip(ABSENT)
    folder = Path(tempfile.mkdtemp(prefix="fhir-taper-pg-"))
    started: subprocess.Popen[bytes] | None = None
    try:
        account = _account(folder)
        data, log = folder / "data", folder / "log"
        initdb = [str(programs / "initdb"), "-D", str(data), "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        subprocess.run(initdb, check=True, capture_output=True, cwd=folder, **account)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        options = ["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200"]
        command = [str(programs / "postgres"), "-D", str(data), "-p", str(port), "-k", str(folder), *options]
        with log.open("wb") as out:
            started = subprocess.Popen(command, stdout=out, stderr=out, cwd=folder, **account)
        server = Server(port)
        _wait_for(server, started, log)
        yield server
    finally:
        if started is not None:
            started.send_signal(signal.SIGQUIT)  # "immediate": its data are thrown away
            try:
                started.wait(10)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _account(folder: Path) -> dict[str, Any]:
    """Return how to start a program as somebody else: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return {}
    import pwd

    for name in _UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        os.chown(folder, entry.pw_uid, entry.pw_gid)
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    return pytest.fail("PostgreSQL does not run as root, and there is no user postgres or nobody")


def _wait_for(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(server.address("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > until:
                pytest.fail(f"PostgreSQL did not start: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)
        else:
            return
