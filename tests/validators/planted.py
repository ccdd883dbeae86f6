"""Good resources of our own and every planted error: one mutation each, named after the mistake it makes.

What it is: the proof material of the gate. `GOOD` passes every judge; each of `PLANTED` differs from a good resource in one
thing and must not pass. What it must not do: hold an error twice, or a mutation that leaves the resource valid.
"""

import copy
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]
Mutation = Callable[[Json], object]

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
UCUM = "http://unitsofmeasure.org"
US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/"
ASSESS_PLAN = "http://hl7.org/fhir/us/core/CodeSystem/careplan-category"
REQUEST_URN = "urn:uuid:9b1f6f0e-3a55-5c53-8a83-4d8a3fb5d9a1"
PLAN_URN = "urn:uuid:0f6f6b3c-5f0e-5a8e-9d0c-6a1b7c1f2b11"

PROPOSAL: Json = {
    "resourceType": "MedicationRequest",
    "id": "window-1",
    "meta": {"profile": [f"{US_CORE}us-core-medicationrequest"]},
    "status": "draft",
    "intent": "proposal",
    "priority": "routine",
    "medicationCodeableConcept": {
        "coding": [{"system": RXNORM, "code": "197901", "display": "lorazepam 1 MG Oral Tablet"}],
        "text": "lorazepam 1 mg tablet",
    },
    "subject": {"reference": "Patient/elder"},
    "authoredOn": "2026-03-02T09:30:00+01:00",
    "requester": {"reference": "Practitioner/prescriber"},
    "note": [{"text": "Pause reductions when symptoms are hard to bear."}],
    "dosageInstruction": [
        {
            "sequence": 1,
            "text": "Half a tablet in the morning and one at bedtime",
            "timing": {
                "repeat": {
                    "boundsPeriod": {"start": "2026-03-02", "end": "2026-03-15"},
                    "frequency": 2,
                    "period": 1,
                    "periodUnit": "d",
                    "when": ["MORN", "HS"],
                }
            },
            "doseAndRate": [{"doseQuantity": {"value": 0.75, "unit": "mg", "system": UCUM, "code": "mg"}}],
        }
    ],
    "dispenseRequest": {
        "validityPeriod": {"start": "2026-03-01", "end": "2026-03-15"},
        "quantity": {"value": 21, "unit": "tablet", "system": UCUM, "code": "{tbl}"},
        "expectedSupplyDuration": {"value": 14, "unit": "days", "system": UCUM, "code": "d"},
    },
}

PLAN: Json = {
    "resourceType": "CarePlan",
    "id": "taper",
    "meta": {"profile": [f"{US_CORE}us-core-careplan"]},
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>Taper of lorazepam</p></div>'},
    "status": "draft",
    "intent": "plan",
    "category": [{"coding": [{"system": ASSESS_PLAN, "code": "assess-plan"}]}],
    "title": "Taper of lorazepam",
    "subject": {"reference": "Patient/elder"},
    "period": {"start": "2026-03-02", "end": "2026-09-13"},
    "goal": [{"reference": "Goal/stop"}],
    "activity": [
        {"detail": {"status": "not-started", "description": "Review before the first reduction", "kind": "ServiceRequest"}},
        {"reference": {"reference": "RequestGroup/steps"}},
    ],
}

STEPS: Json = {
    "resourceType": "RequestGroup",
    "id": "steps",
    "status": "draft",
    "intent": "plan",
    "subject": {"reference": "Patient/elder"},
    "action": [
        {
            "title": "Step 1",
            "timingPeriod": {"start": "2026-03-02", "end": "2026-03-15"},
            "action": [{"title": "lorazepam", "resource": {"reference": "MedicationRequest/window-1"}}],
        },
        {"title": "Review", "resource": {"reference": "Task/review"}},
    ],
}

GOAL: Json = {
    "resourceType": "Goal",
    "id": "stop",
    "lifecycleStatus": "proposed",
    "description": {"text": "No lorazepam by September"},
    "subject": {"reference": "Patient/elder"},
    "target": [
        {
            "measure": {"text": "lorazepam, mg per day"},
            "detailQuantity": {"value": 0, "unit": "mg/d", "system": UCUM, "code": "mg/d"},
            "dueDate": "2026-09-13",
        }
    ],
}

BUNDLE: Json = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {"fullUrl": REQUEST_URN, "resource": {**PROPOSAL, "basedOn": [{"reference": PLAN_URN}]}},
        {"fullUrl": PLAN_URN, "resource": PLAN},
    ],
}

ILLUSTRATED: Json = {
    **PROPOSAL,
    "extension": [{"url": "http://example.org/fhir/illustration", "valueString": "any"}],
    "_authoredOn": {"extension": [{"url": "http://example.org/fhir/illustration", "valueCode": "any"}]},
}

GOOD: dict[str, Json] = {
    "a proposal for one window": PROPOSAL,
    "a plan": PLAN,
    "steps": STEPS,
    "a goal": GOAL,
    "a bundle of both": BUNDLE,
    "an extension that only illustrates": ILLUSTRATED,
}


def _set(path: str, value: object) -> Mutation:
    """Return a mutation that puts a value at a dotted path (numbers are list positions)."""

    def mutate(resource: Json) -> None:
        node, last = _parent(resource, path)
        node[last] = value

    return mutate


def _drop(path: str) -> Mutation:
    """Return a mutation that removes what lies at a dotted path."""

    def mutate(resource: Json) -> None:
        node, last = _parent(resource, path)
        del node[last]

    return mutate


def _parent(resource: Json, path: str) -> tuple[Any, Any]:
    *way, last = (int(part) if part.isdigit() else part for part in path.split("."))
    node: Any = resource
    for part in way:
        node = node[part]
    return node, last


REPEAT = "dosageInstruction.0.timing.repeat"
DOSE = "dosageInstruction.0.doseAndRate.0.doseQuantity"
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'

PLANTED: dict[str, tuple[Json, Mutation]] = {
    # Presence and number
    "required element missing": (PROPOSAL, _drop("subject")),
    "required choice missing": (PROPOSAL, _drop("medicationCodeableConcept")),
    "required element missing at depth": (PLAN, _drop("activity.0.detail.status")),
    "two types of one choice": (PROPOSAL, _set("medicationReference", {"reference": "Medication/1"})),
    "list where one is allowed": (PROPOSAL, _set("status", ["draft"])),
    "one where a list is required": (PROPOSAL, lambda r: r.update(dosageInstruction=r["dosageInstruction"][0])),
    "empty list": (PROPOSAL, _set("note", [])),
    "empty object": (PLAN, _set("period", {})),
    "null": (PROPOSAL, _set("priority", None)),
    # Names
    "unknown element": (PROPOSAL, _set("dose", 1)),
    "unknown element at depth": (PROPOSAL, _set("dosageInstruction.0.strength", "1 mg")),
    "unknown resource type": (GOAL, _set("resourceType", "TaperGoal")),
    "element of R5": (PROPOSAL, lambda r: r.update(medication={"concept": r.pop("medicationCodeableConcept")})),
    # Primitive values
    "month 13": (PROPOSAL, _set("authoredOn", "2026-13-02")),
    "30 February": (GOAL, _set("target.0.dueDate", "2026-02-30")),
    "date-time without zone": (PROPOSAL, _set("authoredOn", "2026-03-02T09:30:00")),
    "id with a space": (PLAN, _set("id", "the taper")),
    "text for a number": (PROPOSAL, _set(f"{DOSE}.value", "0.75")),
    "text for a boolean": (PROPOSAL, _set("doNotPerform", "no")),
    "number for a text": (PLAN, _set("title", 7)),
    "zero for a positive number": (PROPOSAL, _set(f"{REPEAT}.frequency", 0)),
    "empty text": (PLAN, _set("title", "")),
    # Codes and references
    "status outside its value set": (PROPOSAL, _set("status", "proposed")),
    "status of another resource": (GOAL, _set("lifecycleStatus", "draft")),
    "unit of time outside its value set": (PROPOSAL, _set(f"{REPEAT}.periodUnit", "day")),
    "weekday outside its value set": (PROPOSAL, _set(f"{REPEAT}.dayOfWeek", ["monday"])),
    "reference to a type that is not allowed": (PROPOSAL, _set("subject.reference", "Medication/1")),
    "reference at depth to a type that is not allowed": (PLAN, _set("goal.0.reference", "Patient/elder")),
    "reference to nothing contained": (PLAN, _set("goal.0.reference", "#goal")),
    "reference out of a collection": (BUNDLE, _drop("entry.1")),
    "reference in a bundle to a wrong kind": (BUNDLE, _set("entry.0.resource.subject", {"reference": PLAN_URN})),
    # Invariants
    "period without its unit (tim-2)": (PROPOSAL, _drop(f"{REPEAT}.periodUnit")),
    "time of day beside an event (tim-10)": (PROPOSAL, _set(f"{REPEAT}.timeOfDay", ["08:00:00"])),
    "negative period (tim-5)": (PROPOSAL, _set(f"{REPEAT}.period", -1)),
    "unit code without its system (qty-3)": (PROPOSAL, _drop(f"{DOSE}.system")),
    "comparator on a simple quantity (sqt-1)": (PROPOSAL, _set(f"{DOSE}.comparator", "<")),
    "duration not in UCUM (drt-1)": (PROPOSAL, _set("dispenseRequest.expectedSupplyDuration.system", RXNORM)),
    "period that ends before it starts (per-1)": (PLAN, _set("period.end", "2026-01-01")),
    "activity with reference and detail (cpl-3)": (PLAN, _set("activity.0.reference", {"reference": "Task/1"})),
    "action with neither resource nor actions (rqg-1)": (STEPS, _drop("action.1.resource")),
    "target with a detail and no measure (gol-1)": (GOAL, _drop("target.0.measure")),
    "full url twice (bdl-7)": (BUNDLE, _set("entry.1.fullUrl", REQUEST_URN)),
    "request in a collection (bdl-3)": (BUNDLE, _set("entry.1.request", {"method": "PUT", "url": "CarePlan/taper"})),
    "contained and never referenced (dom-3)": (PLAN, _set("contained", [{**GOAL, "id": "inside"}])),
    # Extensions and narrative
    "extension without url": (PROPOSAL, _set("extension", [{"valueString": "any"}])),
    "extension without definition": (PLAN, _set("extension", [{"url": "https://nowhere.invalid/x", "valueString": "any"}])),
    "extension without definition at depth": (
        STEPS,
        _set("action.0.extension", [{"url": "https://nowhere.invalid/x", "valueString": "any"}]),
    ),
    "extension with value and extensions (ext-1)": (
        PROPOSAL,
        _set("extension", [{"url": "http://example.org/x", "valueCode": "a", "extension": [{"url": "b", "valueCode": "c"}]}]),
    ),
    "script in the narrative": (PLAN, _set("text.div", DIV.format("<script>x</script>"))),
    "event handler in the narrative": (PLAN, _set("text.div", DIV.format('<p onclick="x()">x</p>'))),
    "narrative that is not well-formed": (PLAN, _set("text.div", DIV.format("<p>x"))),
    "narrative that says nothing": (PLAN, _set("text.div", DIV.format(" "))),
    # Profiles
    "US Core request without requester": (PROPOSAL, _drop("requester")),
    "US Core plan without narrative": (PLAN, _drop("text")),
    "US Core plan without category": (PLAN, _drop("category")),
    "US Core plan of another category": (PLAN, _set("category.0.coding.0.code", "careteam")),
}


def planted(name: str) -> Json:
    """Return the good resource with the one error of that name."""
    good, mutate = PLANTED[name]
    resource = copy.deepcopy(good)
    mutate(resource)
    return resource
