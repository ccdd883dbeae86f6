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

import fhirkit
import msgspec
from jsonschema_rs import Draft6Validator
from pydantic import ValidationError
from pyfhircheck import Validator
from pyfhircheck.config import ValidatorConfig
from pyfhircheck.models import ValidationIssue

from tests.validators.definitions import ROOT, R4Definitions, r4_definitions
from tests.validators.extensions import ILLUSTRATIONS, Extensions
from tests.validators.invariants import INVARIANTS, contained
from tests.validators.less_work import files_read_once, import_models_when_asked, prepared_once
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
        # Contained resources are judged one by one: a choice of 150 types says nothing useful on failure.
        self._schema["ResourceList"] = {"type": "object"}
        self._schemas: dict[str, Draft6Validator] = {}
        forms = [json.loads(path.read_text()) for path in sorted(ours.glob("Questionnaire-*.json"))]
        self._forms: dict[str, Json] = {f"{form['url']}|{form['version']}": form for form in forms}
        import_models_when_asked(self._structure.resource_types)
        with contextlib.redirect_stdout(io.StringIO()), files_read_once():
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
        if isinstance(resource.get("entry"), list) and resource.get("resourceType") == "Bundle":
            yield from (f"own: {issue}" for issue in bundle_references(resource))
        for whole in _apart(resource):
            yield from (f"own: {issue}" for issue in contained(whole))
            for part in (whole, *(one for one in _listed(whole.get("contained")) if isinstance(one, dict))):
                for name, judge in self.judges.items():
                    yield from (f"{name}: {issue}" for issue in judge(part))

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
        with contextlib.redirect_stdout(io.StringIO()), prepared_once():
            report = self._pyfhircheck.validate_resource(_with_floats(self._with_its_form(resource)))
        for issue in report.issues:
            if issue.severity.value == "error" and not _is_illustration(issue) and not _is_mistaken(issue):
                yield f"{issue.path}: {issue.code} {issue.message}"

    def _with_its_form(self, resource: Json) -> Json:
        """A response beside the form of ours that it answers, so that the answers are held against the questions."""
        form = self._forms.get(str(resource.get("questionnaire"))) if resource.get("resourceType") == "QuestionnaireResponse" else None
        if form is None:
            return resource
        entries = [{"fullUrl": "urn:uuid:00000000-0000-4000-8000-000000000001", "resource": resource}]
        return {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [*entries, {"fullUrl": resource["questionnaire"], "resource": form}],
        }

    def _by_schema(self, resource: Json) -> Iterator[str]:
        name = str(resource.get("resourceType"))
        if name not in self._schemas and name in self._schema:
            self._schemas[name] = Draft6Validator({"allOf": [{"$ref": f"#/definitions/{name}"}], "definitions": self._schema})
        if name not in self._schemas:
            yield f"{name}: not in the JSON Schema"
            return
        for error in self._schemas[name].iter_errors(resource):
            yield f"{name}{''.join(f'[{part!r}]' for part in error.instance_path)}: {error.message[:200]}"

    def _own(self, resource: Json) -> Iterator[str]:
        yield from self._structure.issues(resource)
        yield from us_core(resource)


def _apart(resource: Json) -> Iterator[Json]:
    """The resource; of a Bundle its frame, where something plain stands for each resource, and each resource by itself.

    Every judge looks at what a bundle holds, so that whole and apart would be the same work twice.
    """
    entries = resource.get("entry") if resource.get("resourceType") == "Bundle" else None
    held = [entry["resource"] for entry in _listed(entries) if isinstance(entry, dict) and isinstance(entry.get("resource"), dict)]
    if not held:
        yield resource
        return
    yield {**resource, "entry": [_framed(entry) for entry in _listed(entries)]}
    for one in held:
        yield from _apart(resolved(one, resource))


def _framed(entry: object) -> object:
    held = entry.get("resource") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(held, dict):
        return entry
    meta = held.get("meta")
    version = meta.get("versionId") if isinstance(meta, dict) else None
    kept = {"meta": {"versionId": version}} if isinstance(version, str) else {}
    return {**entry, "resource": {"resourceType": "Basic", **kept, "code": {"text": "judged by itself"}}}


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
