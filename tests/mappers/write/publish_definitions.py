"""Writes the conformance resources of our extensions into the package: `python -m tests.mappers.write.publish_definitions`.

Run it after a change of a shape. A test holds that the files are what the shapes say.
"""

from pathlib import Path

from fhir_taper import exact_json
from fhir_taper.mappers.write.structure_definitions import definitions

FOLDER = Path(__file__).resolve().parents[3] / "fhir_taper" / "mappers" / "write" / "definitions"


def published() -> dict[str, bytes]:
    """The bytes of every file by name."""
    return {name: exact_json.encode(resource, indent=1) + b"\n" for name, resource in definitions().items()}


def main() -> None:
    """Make the folder hold these files and no others."""
    files = published()
    for old in FOLDER.glob("*.json"):
        if old.name not in files:
            old.unlink()
    for name, content in files.items():
        (FOLDER / name).write_bytes(content)


if __name__ == "__main__":
    main()
