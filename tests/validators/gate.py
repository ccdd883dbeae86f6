"""The validator gate: what every FHIR resource that the program writes must pass, with no error.

What it is: five independent judges in one call, because each alone misses errors that another sees: fhirkit-rs (shape),
pyfhircheck with the published definitions (profiles, terminology, invariants, our extensions), the official JSON Schema,
fhir.resources R4B, and our own check of structure, bindings and invariants at every depth. What it must not do: repair, or
let a warning of one judge count as an error. `test_gate` proves that each planted error is caught.
"""

import contextlib
import importlib
import io
import json
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import fhirkit
import msgspec
from jsonschema import Draft6Validator
from pydantic import ValidationError
from pyfhircheck import Validator
from pyfhircheck.config import ValidatorConfig
from pyfhircheck.core import fhirpath
from pyfhircheck.models import ValidationIssue

from tests.validators.definitions import ROOT, R4Definitions, r4_definitions
from tests.validators.extensions import ILLUSTRATIONS, Extensions
from tests.validators.invariants import INVARIANTS, contained
from tests.validators.profiles import bundle_references, resolved, us_core
from tests.validators.structure import Structure

Json = dict[str, Any]
Judge = Callable[[Json], Iterator[str]]

OUR_DEFINITIONS = ROOT / "fhir_taper" / "mappers" / "write" / "definitions"
ENCODER = msgspec.json.Encoder(decimal_format="number")


class Gate:
    """Judges resources; building one takes seconds (definitions are read), a verdict milliseconds."""

    def __init__(self, definitions: R4Definitions, ours: Path = OUR_DEFINITIONS) -> None:
        self.definitions = definitions
        self._structure = Structure(definitions.index, INVARIANTS, Extensions([definitions.folder, ours]))
        self._schema: Json = json.loads(definitions.schema.read_text())["definitions"]
        # Contained and bundled resources are judged one by one: a choice of 150 types says nothing useful on failure.
        self._schema["ResourceList"] = {"type": "object"}
        self._schemas: dict[str, Draft6Validator] = {}
        with contextlib.redirect_stdout(io.StringIO()):
            self._pyfhircheck = Validator(_pyfhircheck_config([definitions.folder, ours]))
        self.judges: dict[str, Judge] = {
            "fhirkit": self._fhirkit,
            "pyfhircheck": self._by_pyfhircheck,
            "schema": self._by_schema,
            "fhir.resources": _by_fhir_resources,
            "own": self._own,
        }

    def validate(self, resource: Mapping[str, Any]) -> list[str]:
        """Return every error as `judge: path: message`; an empty list is a pass. Warnings are not errors."""
        return sorted(set(self._all(_plain(resource))))

    def _all(self, resource: Json) -> Iterator[str]:
        entries = resource.get("entry") if resource.get("resourceType") == "Bundle" else None
        shells = [resource]
        if isinstance(entries, list):
            yield from (f"own: {issue}" for issue in bundle_references(resource))
            shells += [resolved(e["resource"], resource) for e in entries if isinstance(e, dict) and "resource" in e]
        for shell in shells:
            yield from (f"own: {issue}" for issue in contained(shell))
        shells += [c for shell in shells for c in _listed(shell.get("contained")) if isinstance(c, dict)]
        for shell in shells:
            for name, judge in self.judges.items():
                yield from (f"{name}: {issue}" for issue in judge(shell))

    @staticmethod
    def _fhirkit(resource: Json) -> Iterator[str]:
        try:
            issues = fhirkit.validate(resource)
        except ValueError as problem:
            yield str(problem)
            return
        yield from (f"{issue.path}: {issue.message}" for issue in issues if issue.severity == "error")

    def _by_pyfhircheck(self, resource: Json) -> Iterator[str]:
        # dom-3 calls FHIRPath's trace(), which prints.
        with contextlib.redirect_stdout(io.StringIO()), _prepared_once():
            report = self._pyfhircheck.validate_resource(_with_floats(resource))
        for issue in report.issues:
            if issue.severity.value == "error" and not _is_illustration(issue) and not _is_mistaken(issue):
                yield f"{issue.path}: {issue.code} {issue.message}"

    def _by_schema(self, resource: Json) -> Iterator[str]:
        name = str(resource.get("resourceType"))
        if name not in self._schemas and name in self._schema:
            self._schemas[name] = Draft6Validator({"allOf": [{"$ref": f"#/definitions/{name}"}], "definitions": self._schema})
        if name not in self._schemas:
            yield f"{name}: not in the JSON Schema"
            return
        for error in self._schemas[name].iter_errors(resource):
            yield f"{name}{''.join(f'[{part!r}]' for part in error.absolute_path)}: {error.message[:200]}"

    def _own(self, resource: Json) -> Iterator[str]:
        yield from self._structure.issues(resource)
        yield from us_core(resource)


@contextlib.contextmanager
def _prepared_once() -> Iterator[None]:
    """Let pyfhircheck 0.2.0 prepare each node for FHIRPath once per verdict, not once per invariant and node.

    Without it a plan of a hundred steps takes seconds, because the whole resource is copied for each of a thousand evaluations.
    The nodes of one verdict stay alive and unchanged, so their identity is a safe key.
    """
    prepare, annotate = fhirpath._augment_choice_types, fhirpath._annotate_resolved_references
    prepared: dict[int, tuple[object, object]] = {}
    annotated: dict[int, object] = {}

    def prepare_once(node: object) -> object:
        if not isinstance(node, dict | list):
            return node
        if id(node) not in prepared:
            prepared[id(node)] = (node, prepare(node))
        return prepared[id(node)][1]

    def annotate_once(root: object) -> None:
        if id(root) not in annotated:
            annotated[id(root)] = root
            annotate(root)

    with (
        mock.patch.object(fhirpath, "_augment_choice_types", prepare_once),
        mock.patch.object(fhirpath, "_annotate_resolved_references", annotate_once),
    ):
        yield


@cache
def shared_gate() -> Gate:
    """Return the one gate of this process."""
    return Gate(r4_definitions())


def validate(resource: Mapping[str, Any]) -> list[str]:
    """Return every error in a resource (a bundle: in each entry too); an empty list is a pass."""
    return shared_gate().validate(resource)


def _plain(resource: Mapping[str, Any]) -> Json:
    """Return what a receiver would decode from the wire, with exact decimals."""
    decoded: Json = json.loads(ENCODER.encode(resource), parse_float=Decimal)
    return decoded


def _with_floats(resource: Json) -> Json:
    decoded: Json = json.loads(ENCODER.encode(resource))
    return decoded


def _by_fhir_resources(resource: Json) -> Iterator[str]:
    name = str(resource.get("resourceType"))
    try:
        model = getattr(importlib.import_module(f"fhir.resources.R4B.{name.lower()}"), name)
    except ImportError:
        yield f"{name}: no such resource"
        return
    try:
        model.model_validate(resource)
    except ValidationError as problem:
        for error in problem.errors():
            yield f"{name}.{'.'.join(str(part) for part in error['loc'])}: {error['msg']}"


def _pyfhircheck_config(folders: list[Path]) -> ValidatorConfig:
    return ValidatorConfig.load_dict(
        {
            "fhirVersion": "4.0.1",
            "localPackagePaths": [str(folder) for folder in folders],
            "terminology": {"mode": "local"},
        }
    )


def _is_illustration(issue: ValidationIssue) -> bool:
    """An extension of example.org illustrates; it has no definition by intent."""
    return issue.code == "extension.unknown" and any(f"extension {url}" in issue.message for url in ILLUSTRATIONS)


def _is_mistaken(issue: ValidationIssue) -> bool:
    """Errors of pyfhircheck 0.2.0 in right examples of the specification; our own check judges these places.

    A required choice element inside a backbone element is looked for under its literal name (`item[x]`); the elements of a
    repeating backbone are counted over all repetitions together; a contained resource is judged alone, without its siblings.
    """
    path = issue.path or ""
    choice = path.endswith("[x]") and issue.code in {"cardinality.min", "profile.element.cardinality.min"}
    counted = issue.code == "profile.element.cardinality.max"
    return issue.code == "reference.contained.unresolved" or (path.count(".") > 1 and (choice or counted))


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
