"""Nothing leaves but what this program writes of the approved plan: every single change of a body that adds or raises anything is refused.

Every number is raised, every word that holds a digit says more, every object gets an element and every list an item, in every body that the
mappers write: by every way out, in every form, of every example plan, and where somebody else's words stand beside ours.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from fhir_taper.errors import WriteRefused
from fhir_taper.mappers.write.degraded import to_degraded
from fhir_taper.mappers.write.labels import NORMAL
from fhir_taper.mappers.write.vocabularies import DegradedForm
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.plans.tapers.revision import hold
from fhir_taper.smart.permitted import Permitted
from fhir_taper.writeback.guard import Draft, WriteGuard
from fhir_taper.writeback.overlay import load_overlay
from fhir_taper.writeback.shape import single, transaction
from tests.mappers.write.example_plans import BEFORE, EXAMPLES
from tests.writeback.fake_ehr import BASE, PATIENT
from tests.writeback.writing import DECISION, Scene, approved, bundle_of, revised, single_only

Json = dict[str, Any]
Place = tuple[str | int, ...]
OVERLAY = load_overlay("fhir-platform")
MOST = 40
"""Changes tried on one body: a seed draws them where there are more."""
ADDED: tuple[tuple[str, Any], ...] = (
    ("frequencyMax", 9),
    ("periodMax", 1),
    ("count", 9),
    ("duration", 1),
    ("boundsDuration", {"value": 90, "code": "d"}),
    ("timeOfDay", ["08:00:00", "20:00:00"]),
    ("event", ["2026-01-06"]),
    ("offset", 30),
    ("when", ["MORN", "NIGHT"]),
    ("text", "Take 9 tablets"),
    ("patientInstruction", "Take 9 tablets"),
    ("additionalInstruction", [{"text": "and one more at night"}]),
    ("asNeededBoolean", True),
    ("asNeededCodeableConcept", {"text": "pain"}),
    ("doseRange", {"high": {"value": 9, "unit": "tablet"}}),
    ("rateQuantity", {"value": 9, "unit": "mg/h"}),
    ("rateRatio", {"numerator": {"value": 9}, "denominator": {"value": 1}}),
    ("maxDosePerPeriod", {"numerator": {"value": 99}, "denominator": {"value": 1, "code": "d"}}),
    ("maxDosePerAdministration", {"value": 99}),
    ("maxDosePerLifetime", {"value": 99}),
    ("initialFill", {"quantity": {"value": 99}}),
    ("substitution", {"allowedBoolean": True}),
    ("dispenseInterval", {"value": 1, "code": "d"}),
    ("doNotPerform", True),
    ("priority", "stat"),
    ("modifierExtension", [{"url": "http://example.org/twice", "valueBoolean": True}]),
    ("extension", [{"url": "http://example.org/twice", "valueDecimal": 2}]),
    ("detail", {"kind": "MedicationRequest", "dailyAmount": {"value": 99, "code": "mg/d"}}),
    ("dailyAmount", {"value": 99, "code": "mg/d"}),
    ("quantity", {"value": 99}),
    ("medicationReference", {"reference": "Medication/9"}),
    ("note", [{"text": "double it"}]),
    ("comparator", ">"),
    ("x", 1),
)
FREE_WORDS = frozenset({"id", "reference", "value", "recorded", "authoredOn", "fullUrl", "url", "ifNoneExist", "ifMatch"})
"""Texts with digits that are ids, references and instants, or a place that other tests are about."""


def changes(value: Any, place: Place = ()) -> Iterator[tuple[str, Callable[[Json], None]]]:
    """Every way to add or raise one thing inside a body: what it is, and what does it."""
    if isinstance(value, Mapping):
        for name, added in ADDED:
            if name not in value:
                yield f"{place} + {name}", _put((*place, name), added)
        for name, item in value.items():
            yield from changes(item, (*place, name))
    elif isinstance(value, list):
        yield f"{place} + its last again", _more(place, lambda items: deepcopy(items[-1]))
        yield f"{place} + an empty one", _more(place, lambda _: {})
        for index, item in enumerate(value):
            yield from changes(item, (*place, index))
    elif isinstance(value, int | Decimal) and not isinstance(value, bool):
        yield f"{place} one more", _put(place, value + 1)
        yield f"{place} a little more", _put(place, value + Decimal("0.01"))
        yield f"{place} as a float", _put(place, float(value) + 0.5)
    elif isinstance(value, bool):
        yield f"{place} turned", _put(place, not value)
    elif isinstance(value, str) and place[-1] not in FREE_WORDS and (digits := [one for one in value if one.isdecimal()]):
        yield f"{place} says more", _put(place, value.replace(digits[0], str(int(digits[0]) + 1), 1))


def _put(place: Place, value: Any) -> Callable[[Json], None]:
    def put(body: Any) -> None:
        for one in place[:-1]:
            body = body[one]
        body[place[-1]] = deepcopy(value)

    return put


def _more(place: Place, made: Callable[[list[Any]], Any]) -> Callable[[Json], None]:
    def more(body: Any) -> None:
        for one in place:
            body = body[one]
        body.append(made(body))

    return more


Request = tuple[str, Draft, WriteGuard]


def guard_of(plan: TaperPlan) -> WriteGuard:
    return WriteGuard(PATIENT, BASE, OVERLAY, (NORMAL,), plan, DECISION, ours=Scene().ours(plan))


def created(plan: TaperPlan) -> list[Draft]:
    scene = Scene(switches=single_only())
    scene.write(plan)
    return [_draft(one) for one in scene.ehr.requests]


def _draft(one: Permitted) -> Draft:
    return Draft(one.method, one.path, one.body, one.headers, BASE)


def updated(plan: TaperPlan) -> tuple[TaperPlan, list[Draft]]:
    """The next version over one that somebody annotated, renamed and added to."""
    scene = Scene(switches=single_only())
    scene.write(plan)
    theirs = {"note": [{"text": "seen on the ward, 2 visits"}], "careTeam": [{"reference": "CareTeam/7"}], "title": "Our words, 10 mg"}
    scene.ehr.edit("CarePlan", **theirs)
    following = revised(plan, reason="other words")
    prepared = scene.prepare(following, plan)
    moving = [one for one in prepared.changes if one.doing != "none"]
    return following, [single(one, prepared.changes, prepared.known or {}, prepared.allowed, BASE) for one in moving]


def degraded(plan: TaperPlan, form: DegradedForm) -> Draft:
    entries = to_degraded(bundle_of(plan), plan, form, BEFORE)["entry"]
    body = next(one["resource"] for one in entries if one["resource"]["resourceType"] == "CarePlan")
    return Draft("POST", "CarePlan", {name: value for name, value in body.items() if name != "id"}, (), BASE)


@cache
def requests(name: str) -> tuple[Request, ...]:
    """Every kind of request that writing one plan can make: each resource by itself, updated, in a lesser form, and all at once."""
    plan = approved(name)
    made = [(f"create {one.path}", one, guard_of(plan)) for one in created(plan)]
    following, updates = updated(plan)
    made += [(f"update {one.path}", one, guard_of(following)) for one in updates]
    made += [(f"a {form} care plan", degraded(plan, form), guard_of(plan)) for form in DegradedForm]
    held = hold(plan, DECISION, 20)
    made += [(f"create {one.path}, held", one, guard_of(held)) for one in created(held)]
    prepared = Scene().prepare(plan)
    return (*made, ("everything at once", transaction(prepared.changes, {}, prepared.allowed, BASE), guard_of(plan)))


NAMES = sorted(EXAMPLES)


@pytest.mark.parametrize("name", NAMES)
def test_what_the_mappers_write_leaves(name: str) -> None:
    sent = requests(name)
    assert {one.path.partition("/")[0] for _, one, _ in sent} >= {"CarePlan", "RequestGroup", "MedicationRequest", "Goal", "Provenance", ""}
    for _, one, guard in sent:
        assert guard.permit(one).body == one.body


@pytest.mark.parametrize("name", NAMES)
def test_nothing_in_a_body_can_be_added_or_raised(name: str) -> None:
    drawn = random.Random(name)
    let_out: list[str] = []
    for what, one, guard in requests(name):
        ways = list(changes(one.body))
        for said, change in drawn.sample(ways, min(MOST, len(ways))):
            body = deepcopy(one.body)
            change(body)
            try:
                guard.permit(replace(one, body=body))
            except WriteRefused:
                continue
            let_out.append(f"{what}: {said}")
    assert let_out == []
