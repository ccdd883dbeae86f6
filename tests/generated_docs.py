"""Runs every generator in docs/generate, and with --check fails when a page in docs is not what its generator writes.

A generator is a script with a `main()` that writes its page; scripts whose name starts with an underscore are their parts.
After a failed check the fresh pages are in place: read the difference and commit it.
"""

import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Regenerate; with `--check`, name each page that changed and return 1 if there is one."""
    before = _pages(root)
    for script in generators(root):
        finished = subprocess.run([sys.executable, str(script)], cwd=root, check=False, stdin=subprocess.DEVNULL)
        if finished.returncode:
            print(f"{script.relative_to(root)} failed", file=sys.stderr)
            return 1
    after = _pages(root)
    changed = sorted(page for page in before.keys() | after.keys() if before.get(page) != after.get(page))
    for page in changed:
        print(f"{page}: {'was not up to date' if '--check' in arguments else 'written'}")
    return 1 if changed and "--check" in arguments else 0


def generators(root: Path) -> list[Path]:
    """Return the scripts in order of their names."""
    return sorted(p for p in (root / "docs" / "generate").glob("*.py") if not p.name.startswith("_"))


def _pages(root: Path) -> dict[str, str]:
    """Return the hash of every file in docs that a generator could have written."""
    files = [p for p in (root / "docs").rglob("*") if p.is_file() and "generate" not in p.relative_to(root / "docs").parts]
    return {str(p.relative_to(root)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
