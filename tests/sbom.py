"""The bill of materials of the program: `python -m tests.sbom [FOLDER]` writes sbom.cdx.json (CycloneDX 1.6) and licences.csv.

What is in it: every distribution that is installed because the program needs it (its dependencies and theirs, without the tools of the
tests), with the version and hashes of requirements.lock and the licence that it declares. A part that is not pinned is an error.
"""

import csv
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = "fhir-taper"


@dataclass(frozen=True, slots=True)
class Part:
    """One distribution: what is installed, what the lock says of it, and its licence as it declares it."""

    name: str
    version: str
    licence: str
    hashes: tuple[str, ...]


def locked(lock: Path = ROOT / "requirements.lock") -> dict[str, tuple[str, tuple[str, ...]]]:
    """Version and sha256 hashes of each name in the lock."""
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for block in re.split(r"\n(?=[a-z0-9])", lock.read_text()):
        named = re.match(r"([A-Za-z0-9._-]+)==([^\s;\\]+)", block)
        if named:
            found[canonicalize_name(named[1])] = named[2], tuple(re.findall(r"--hash=sha256:([0-9a-f]{64})", block))
    return found


def parts() -> list[Part]:
    """Everything that the program needs on this machine, by name."""
    pinned = locked()
    listed = []
    for one in sorted(_closure(), key=lambda one: canonicalize_name(one.name)):
        name = canonicalize_name(one.name)
        _, hashes = pinned.get(name, ("", ()))
        listed.append(Part(name, one.version, _licence(one), hashes))
    return listed


def unpinned(listed: list[Part]) -> list[str]:
    """Parts whose installed version is not the one of the lock."""
    pinned = locked()
    return [f"{one.name} {one.version}" for one in listed if pinned.get(one.name, ("",))[0] != one.version or not one.hashes]


def cyclonedx(listed: list[Part], version: str) -> dict[str, Any]:
    """The bill as CycloneDX 1.6. It has no time and no serial number: the same parts give the same bytes."""
    components = [
        {
            "type": "library",
            "bom-ref": f"pkg:pypi/{one.name}@{one.version}",
            "name": one.name,
            "version": one.version,
            "purl": f"pkg:pypi/{one.name}@{one.version}",
            "licenses": [{"license": {"name": one.licence}}],
            "hashes": [{"alg": "SHA-256", "content": digest} for digest in one.hashes],
        }
        for one in listed
    ]
    program = {"type": "application", "bom-ref": PROGRAM, "name": PROGRAM, "version": version}
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "metadata": {"component": program}, "components": components}


def _closure() -> Iterator[Distribution]:
    met: set[str] = {PROGRAM}
    program = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    waiting = [(need.name, frozenset(need.extras)) for need in map(Requirement, program)]
    while waiting:
        name, extras = waiting.pop()
        key = canonicalize_name(name)
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue  # its marker is for another machine
        if key not in met:
            yield found
        is_new = key not in met or extras
        met.add(key)
        for text in (found.requires or ()) if is_new else ():
            need = Requirement(text)
            wanted = need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in (*extras, ""))
            if wanted and (canonicalize_name(need.name) not in met or need.extras):
                waiting.append((need.name, frozenset(need.extras)))


def _licence(found: Distribution) -> str:
    """As declared: an SPDX expression, else the classifiers, else the first line of the old field, else that of the licence's own text."""
    said = found.metadata
    expression = said.get_all("License-Expression") or []
    classified = [line.rpartition(" :: ")[2] for line in said.get_all("Classifier") or () if line.startswith("License ::")]
    old = [text.strip().splitlines()[0] for text in said.get_all("License") or () if text.strip()]
    texts = [file.read_text() for file in found.files or () if file.name.upper().startswith(("LICENSE", "LICENCE", "COPYING"))]
    first = [line.strip("# ") for text in texts[:1] for line in text.splitlines() if line.strip()][:1]
    return " AND ".join(expression or classified) or next(iter([*old, *first]), "")[:100]


def main(folder: Path) -> int:
    """Write both files; 1 where a part is not pinned or declares no licence."""
    listed = parts()
    wrong = [f"not pinned: {one}" for one in unpinned(listed)] + [f"no licence: {one.name}" for one in listed if not one.licence]
    folder.mkdir(parents=True, exist_ok=True)
    bill = cyclonedx(listed, distribution(PROGRAM).version)
    (folder / "sbom.cdx.json").write_text(json.dumps(bill, indent=1) + "\n")
    with (folder / "licences.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("name", "version", "licence"), *((one.name, one.version, one.licence) for one in listed)])
    print(f"{len(listed)} parts in {folder}/sbom.cdx.json and licences.csv")
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build"))
