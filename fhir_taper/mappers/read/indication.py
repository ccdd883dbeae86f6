"""What current orders are for: a code among our concepts is a fact of the patient, with the order as its source (domain §4, findings).

reasonCode, reasonReference (the diagnosis that it names, contained or in the chart) and what an as-needed dose is needed for. Of an
order that is not current nothing is taken; a diagnosis that is over on the problem list is current as long as something is taken for it.

Words cannot be held against our codes: they are named as not looked at, like a diagnosis without a code, unless they are everyday reasons
(tables/chart_reading.toml). Of medicines that are tapered also those of the directions, and of codes in systems that no table of ours has;
of others only a reason that has no code at all.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from fhir_taper.mappers.chart import Chart
from fhir_taper.mappers.read.concepts import ConceptIndex
from fhir_taper.mappers.read.condition import NOT_A_FACT, status_word
from fhir_taper.mappers.read.inside import MOST_NAMED
from fhir_taper.mappers.read.medicine_spans import Span
from fhir_taper.mappers.read.order import KINDS
from fhir_taper.mappers.read.sig_reasons import reasons_in
from fhir_taper.mappers.references import address, resolve
from fhir_taper.mappers.systems import has_code, words_of
from fhir_taper.plans.medicines.codes import TAPERED_CLASSES
from fhir_taper.plans.tapers.chart_facts import Fact

_DIAGNOSIS: Final = "Condition"
_ORDERS: Final = frozenset(KINDS) - {"MedicationDispense"}
_WORD: Final = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Indications:
    """`facts` of coded reasons; `not_read`: reasons that nobody compared with what a taper must know, in words."""

    facts: tuple[Fact, ...]
    not_read: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Reason:
    """One reason of an order: its CodeableConcept, {} where there are only words. `is_stated`: an element of its own, not a direction."""

    concept: Mapping[str, Any]
    says: str
    is_stated: bool = True


def indications(chart: Chart, spans: Iterable[Span], index: ConceptIndex, as_of: date, everyday: frozenset[str]) -> Indications:
    """What the orders and reports that are current on the day are for. `everyday` are words that name nothing a taper must know."""
    facts: list[Fact] = []
    unread: dict[str, str] = {}
    for span in spans:
        if span.entry.resource_type not in _ORDERS or not span.is_current(as_of):
            continue
        is_tapered = any(one.drug_class in TAPERED_CLASSES for one in span.ingredients)
        for reason in _reasons(chart, span, with_directions=is_tapered):
            meant = index.concepts_of(reason.concept)
            if meant:
                says = f"{index.words_of(reason.concept)}, the indication of {span.says}"
                facts += [Fact(concept, span.entry.reference, says, on=span.start) for concept in meant]
            is_unread = not index.is_comparable(reason.concept) if is_tapered else reason.is_stated and not has_code(reason.concept)
            if is_unread and not _is_everyday(reason.says, everyday):
                unread.setdefault(reason.says, span.entry.reference)
    named = [f"an indication without a code was not looked at: {says} ({source})" for says, source in unread.items()]
    left = len(named) - MOST_NAMED
    more = (f"{left} more indications without a code were not looked at",) if left > 0 else ()
    return Indications(tuple(dict.fromkeys(facts)), (*named[:MOST_NAMED], *more))


def _reasons(chart: Chart, span: Span, *, with_directions: bool) -> Iterator[_Reason]:
    resource = span.entry.resource
    for concept in _objects(resource.get("reasonCode")):
        yield _Reason(concept, words_of(concept))
    for reference in _objects(resource.get("reasonReference")):
        yield from _referred(chart, span, reference)
    for dosage in _objects(resource.get("dosageInstruction" if "dosageInstruction" in resource else "dosage")):
        needed_for = dosage.get("asNeededCodeableConcept")
        if isinstance(needed_for, dict):
            yield _Reason(needed_for, words_of(needed_for), is_stated=False)
        for name in ("text", "patientInstruction") if with_directions else ():
            text = dosage.get(name)
            yield from (_Reason({}, said, is_stated=False) for said in reasons_in(text if isinstance(text, str) else ""))


def _referred(chart: Chart, span: Span, reference: Mapping[str, Any]) -> Iterator[_Reason]:
    """The diagnosis that a reference names; its words where it is not in the chart. Measurements are read as such."""
    found = resolve(chart, span.entry, reference)
    if found is None:
        display, target = reference.get("display"), address(reference)
        is_diagnosis = target.resource_type in ("", _DIAGNOSIS)
        says = display if isinstance(display, str) and display.strip() else f"{target.key or target.urn}, not in the chart"
        if is_diagnosis and (target.key or target.urn or says is display):
            yield _Reason({}, says.strip())
    elif found.resource_type == _DIAGNOSIS and status_word(found.resource, "verificationStatus") not in NOT_A_FACT:
        concept = found.resource.get("code")
        known = concept if isinstance(concept, dict) else {}
        yield _Reason(known, words_of(known))


def _is_everyday(says: str, everyday: frozenset[str]) -> bool:
    return all(word in everyday for word in _WORD.findall(says.lower()))


def _objects(listed: object) -> Iterator[Mapping[str, Any]]:
    return (one for one in listed if isinstance(one, dict)) if isinstance(listed, list) else iter(())
