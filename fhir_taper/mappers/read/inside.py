"""Resources that stand only inside another one (`contained`): named, because they are not read as the chart's own.

A contained resource has no life outside the one that holds it (FHIR R4, references.html#contained), so a contained order is a proposal in a
RequestGroup or the source of a dispense, and counting it would count a medicine twice or one that nobody takes. But an active order of an
opioid, benzodiazepine or z-drug that stands nowhere else may be one that is taken: it is a warning and makes the regimen incomplete. Of
medicines only the Medication that its own order refers to is read (domain rule 1); of facts, none.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from fhir_taper.mappers.chart import Chart, Entry
from fhir_taper.mappers.read.concepts import ConceptIndex
from fhir_taper.mappers.read.medication import Identifier
from fhir_taper.mappers.read.order import DISPENSE, KINDS, STATEMENT, is_ours
from fhir_taper.plans.medicines.codes import TAPERED_CLASSES, DrugClass
from fhir_taper.plans.medicines.regimen import Issue

CONTAINED_ORDER: Final = "contained-order"
MOST_NAMED: Final = 10
_MAY_BE_TAKEN: Final = TAPERED_CLASSES | {DrugClass.UNKNOWN}
_OVER: Final = frozenset({"stopped", "completed", "cancelled", "entered-in-error", "draft", "on-hold", "not-taken", "declined"})
_NOT_ORDERED: Final = frozenset({"proposal", "plan", "option"})
_FACTS: Final = {"Condition": "diagnosis", "Observation": "measurement", "AllergyIntolerance": "allergy"}


def contained_medicines(chart: Chart, identifier: Identifier) -> Iterator[Issue]:
    """One issue per contained order, report or dispense of a medicine of ours or of nobody knows what, at most `MOST_NAMED`; and how many
    more of these and of other medicines there are."""
    found: list[Issue] = []
    others: list[str] = []
    for holder, inside in _inside(chart, KINDS):
        if is_ours(inside.resource):
            continue
        medicine = identifier.of(inside)
        if medicine.drug_class in _MAY_BE_TAKEN:
            found.append(_medicine_issue(medicine.name, inside, holder))
        else:
            others.append(inside.reference)
    yield from _first(found)
    if others:
        message = f"orders of other medicines stand only inside another resource ({len(others)}): not read"
        yield Issue("information", "contained-not-read", message, others[0])


def contained_facts(chart: Chart, index: ConceptIndex) -> Iterator[str]:
    """What stands only inside another resource and means something to a taper: a diagnosis, a measurement, an allergy. In words."""
    for holder, inside in _inside(chart, _FACTS):
        if index.concepts_of(inside.resource.get("code")):
            what = _FACTS[inside.resource_type]
            yield f"a {what} that stands only inside {holder.reference} was not looked at: {index.words_of(inside.resource.get('code'))}"


def _inside(chart: Chart, kinds: Iterable[str]) -> Iterator[tuple[Entry, Entry]]:
    """Each contained resource of these types with the one that holds it."""
    wanted = frozenset(kinds)
    for entries in chart.by_type.values():
        for holder in entries:
            listed = holder.resource.get("contained")
            for position, one in enumerate(listed if isinstance(listed, list) else ()):
                kind = one.get("resourceType") if isinstance(one, dict) else None
                if isinstance(kind, str) and kind in wanted:
                    name = one.get("id")
                    own = name if isinstance(name, str) else str(position)
                    yield holder, Entry(kind, own, f"{holder.reference}#{own}", holder.place, {**one, "contained": listed})


def _medicine_issue(medicine: str, inside: Entry, holder: Entry) -> Issue:
    status, intent = (_word(inside.resource, name) for name in ("status", "intent"))
    said = " ".join(word for word in (status, intent) if word)
    message = f"{inside.resource_type} of {medicine}{f' ({said})' if said else ''} stands only inside {holder.reference}: not counted"
    is_source = holder.resource_type in (DISPENSE, STATEMENT)
    if is_source or status in _OVER or intent in _NOT_ORDERED:
        return Issue("information", "contained-not-read", message, inside.reference)
    return Issue("warning", CONTAINED_ORDER, message, inside.reference)


def _first(issues: Iterable[Issue]) -> Iterator[Issue]:
    """Warnings before the rest, no more of either than a person reads."""
    found = sorted(issues, key=lambda issue: issue.severity != "warning")
    yield from found[:MOST_NAMED]
    if len(found) > MOST_NAMED:
        left = found[MOST_NAMED:]
        message = f"{len(left)} more orders stand only inside another resource: not counted"
        yield Issue(left[0].severity, left[0].code, message, left[0].source)


def _word(resource: Mapping[str, Any], name: str) -> str:
    value = resource.get(name)
    return value if isinstance(value, str) else ""
