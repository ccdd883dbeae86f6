"""The hand-made answer table of orders: reads the cases, builds each one's FHIR chart, and asks the program about it.

The only place of the specification that knows the program's names (`read_regimen`, `command`): where those change, change them here.
What it must not do: know any answer. The answers stand in regimen_orders/*.toml, with the arithmetic in words.
"""

import contextlib
import io
import json
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fhir_taper.plans.medicines.regimen import Regimen

FOLDER = Path(__file__).with_name("regimen_orders")
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
TODAY = "2026-01-05"
PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "gender": "female",
    "birthDate": "1970-03-01",
    "name": [{"family": "Example", "given": ["Ada"]}],
}
# What an order has when the case does not say otherwise.
MINIMAL: dict[str, dict[str, Any]] = {
    "MedicationRequest": {"status": "active", "intent": "order", "authoredOn": "2025-12-01"},
    "MedicationStatement": {"status": "active", "dateAsserted": "2025-12-01"},
    "MedicationDispense": {"status": "completed", "whenHandedOver": "2025-12-20"},
}
WITH_SUBJECT = frozenset(MINIMAL) | {"Observation", "Condition"}
FIRST_ID = {"MedicationRequest": "m1", "MedicationStatement": "s1", "MedicationDispense": "d1"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One resource of a case's chart. `invalid`: deliberately not valid FHIR."""

    resource: dict[str, Any]
    full_url: str
    search_mode: str
    invalid: bool


@dataclass(frozen=True, slots=True)
class Case:
    """One order (and what stands beside it) with the answers that were worked out by hand."""

    id: str
    rule: int
    clause: str
    says: str
    why: str
    as_of: date
    entries: tuple[Entry, ...]
    bundle: dict[str, Any]
    items: tuple[dict[str, Any], ...]
    chart: dict[str, Any]
    totals: dict[str, Any]
    plan: dict[str, Any]

    @property
    def is_refusal(self) -> bool:
        return any(item.get("state") == "not-computable" for item in self.items)


@lru_cache(maxsize=1)
def clauses() -> dict[str, str]:
    """Return the clauses of the reading rules, in order: id and what it says."""
    return dict(tomllib.loads((FOLDER / "clauses.toml").read_text())["clauses"])


@lru_cache(maxsize=1)
def product_names() -> dict[str, str]:
    """Return the RxNorm name of each product that a case names by code."""
    return dict(tomllib.loads((FOLDER / "products.toml").read_text())["products"])


def rules() -> dict[int, str]:
    """Return the title of each rule."""
    return {int(table["rule"]): str(table["title"]) for table in _tables()}


@lru_cache(maxsize=1)
def cases() -> tuple[Case, ...]:
    """Return all cases, in the order of their files."""
    return tuple(_case(raw, int(table["rule"])) for table in _tables() for raw in table["case"])


def bundle(case: Case) -> dict[str, Any]:
    """Return the case's chart as a Bundle: the patient, then the case's resources."""
    entries: list[dict[str, Any]] = [{"fullUrl": f"{_BASE}/Patient/p1", "resource": PATIENT}]
    for entry in case.entries:
        one: dict[str, Any] = {"fullUrl": entry.full_url, "resource": entry.resource}
        if case.bundle.get("type") == "searchset":
            one["search"] = {"mode": entry.search_mode}
        entries.append(one)
    return {"resourceType": "Bundle", "type": "collection", **case.bundle, "entry": entries}


def chart_bytes(case: Case) -> bytes:
    """Return the chart as JSON with every digit of the case (0.50 stays 0.50)."""
    return json_text(bundle(case)).encode()


def read_regimen(case: Case) -> "Regimen":
    """Ask the program what the patient of this case takes per day."""
    from fhir_taper.workflow.read_chart import read_chart_bytes
    from fhir_taper.workflow.regimen import regimen

    chart = read_chart_bytes(chart_bytes(case), name=case.id)
    return regimen(chart, as_of=case.as_of)


def command(case: Case, *arguments: str) -> tuple[int, Any]:
    """Run the command line on the case's chart, in this process; return its status and its JSON, exact (None where it prints nothing)."""
    from fhir_taper.cli import main

    raw = io.BytesIO()
    printed = io.TextIOWrapper(raw, encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        chart = Path(folder) / "chart.json"
        chart.write_bytes(chart_bytes(case))
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()), pytest.raises(SystemExit) as ended:
            main([arguments[0], str(chart), *arguments[1:], "--format", "json"])
        printed.flush()
        said = raw.getvalue().strip()
    return int(ended.value.code or 0), json.loads(said, parse_float=Decimal) if said else None


def amount(text: str) -> Fraction:
    """Return the exact amount that an answer states: "7.5", "0.50" or "20/3"."""
    return Fraction(text)


def json_text(value: Any) -> str:
    """Return JSON with Decimal written as the digits that were read."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {json_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(json_text(item) for item in value) + "]"
    return format(value, "f") if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


_BASE = "https://ehr.example.org/fhir"


def _tables() -> Iterator[dict[str, Any]]:
    for path in sorted(FOLDER.glob("rule*.toml")):
        yield tomllib.loads(path.read_text())


def _case(raw: dict[str, Any], rule: int) -> Case:
    unknown = set(raw) - _FIELDS
    if unknown:
        raise ValueError(f"case {raw.get('id')}: unknown fields {sorted(unknown)}")
    kind = str(raw.get("resource", "MedicationRequest"))
    others = raw.get("others", [])
    expect = raw["expect"]
    return Case(
        id=raw["id"],
        rule=rule,
        clause=raw["clause"],
        says=raw["says"],
        why=raw["why"],
        as_of=date.fromisoformat(raw.get("as_of", TODAY)),
        entries=(_entry(raw, kind, FIRST_ID[kind]), *(_other(other, number) for number, other in enumerate(others, start=2))),
        bundle=_json(raw.get("bundle", "{}")),
        items=tuple(expect) if isinstance(expect, list) else (expect,),
        chart=raw.get("chart", {}),
        totals=raw.get("totals", {}),
        plan=raw.get("plan", {}),
    )


_FIELDS = frozenset("id clause says why resource as_of invalid product medication bundle order others expect chart totals plan".split())


def _other(raw: dict[str, Any], number: int) -> Entry:
    kind = str(raw.get("resource", "MedicationRequest"))
    return _entry(raw, kind, str(raw.get("id", f"m{number}")))


def _entry(raw: dict[str, Any], kind: str, resource_id: str) -> Entry:
    resource: dict[str, Any] = {"resourceType": kind, "id": resource_id, **MINIMAL.get(kind, {})}
    if kind in WITH_SUBJECT:
        resource["subject"] = {"reference": "Patient/p1"}
    resource |= _medicine(raw, kind) | _json(raw.get("order", "{}"))
    full_url = str(raw.get("full_url", f"{_BASE}/{kind}/{resource_id}"))
    return Entry(resource, full_url, str(raw.get("search_mode", "match")), bool(raw.get("invalid", False)))


def _medicine(raw: dict[str, Any], kind: str) -> dict[str, Any]:
    concept = None
    if "product" in raw:
        concept = {"coding": [{"system": RXNORM, "code": raw["product"], "display": product_names()[raw["product"]]}]}
    elif "medication" in raw:
        concept = _json(raw["medication"])
    if concept is None:
        return {}
    return {"code": concept} if kind == "Medication" else {"medicationCodeableConcept": concept}


def _json(text: str) -> dict[str, Any]:
    value = json.loads(text, parse_float=Decimal)
    if not isinstance(value, dict):
        raise TypeError(f"not a JSON object: {text[:60]}")
    return value
