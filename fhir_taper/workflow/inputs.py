"""What a plan rests on, as references into the chart: what it was made from, the diagnoses that it addresses, the orders that it follows.

References only, in the order of the chart; what is no reference of a resource (a person's word, a place in a file) is none.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from fhir_taper.plans.medicines.codes import TAPERED_CLASSES, DrugClass
from fhir_taper.plans.medicines.regimen import ItemState
from fhir_taper.plans.tapers.chart_facts import Fact
from fhir_taper.plans.tapers.finding import Finding
from fhir_taper.plans.tapers.first_supply import first_supply
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.workflow.regimen import Reading

_REFERENCE: Final = re.compile(r"([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(/_history/[A-Za-z0-9\-.]{1,64})?")
_ADDRESSED: Final[Mapping[DrugClass, tuple[str, ...]]] = {
    DrugClass.OPIOID: ("chronic-pain", "opioid-use-disorder"),
    DrugClass.BENZODIAZEPINE: ("anxiety-disorder", "insomnia"),
    DrugClass.Z_DRUG: ("insomnia",),
}
"""What a class is taken for, or what comes of taking it: the concepts whose diagnoses a taper of it addresses."""


def inputs_of(sources: Iterable[str], findings: Iterable[Finding], reading: Reading) -> tuple[str, ...]:
    """Everything that fed a plan: the `sources` of its doses, all orders, the newest fact of each kind, the evidence of its findings."""
    evidence = (reference for finding in findings for reference in finding.evidence)
    return tuple(dict.fromkeys((*_references(sources), *reading.once("inputs", _of_the_chart), *_references(evidence))))


def _of_the_chart(reading: Reading) -> tuple[str, ...]:
    """What feeds every plan of a chart."""
    orders = [
        source
        for item in reading.regimen.items
        if item.drug_class in TAPERED_CLASSES and item.state is not ItemState.EXCLUDED
        for source in item.sources
    ]
    facts = (fact.source for concept in reading.facts.concepts for fact in _newest(reading, concept))
    return _references((*orders, *facts))


def _references(sources: Iterable[str]) -> tuple[str, ...]:
    return tuple(source for source in sources if _REFERENCE.fullmatch(source))


def addressed_by(plan: TaperPlan, reading: Reading) -> tuple[str, ...]:
    """Current diagnoses that the taper addresses."""
    found = (fact.source for concept in _ADDRESSED.get(plan.drug_class, ()) for fact in reading.facts.having(concept))
    return tuple(dict.fromkeys(_bare(source) for source in found if source.startswith("Condition/") and _REFERENCE.fullmatch(source)))


def prior_prescriptions(plan: TaperPlan, reading: Reading) -> dict[str, str]:
    """The current order of each product of the plan, by RxNorm code; of several orders of one product none is the one that is followed.

    A product of the first days that no order supplies follows the one order whose place it takes.
    """
    found: dict[str, list[str]] = {}
    for item in reading.regimen.items:
        if item.ingredient == plan.ingredient and item.rxcui and item.state is not ItemState.EXCLUDED:
            found.setdefault(item.rxcui, []).extend(_orders(item.sources))
    lacks = first_supply(plan, reading.regimen.items)
    replaced = [order for item in lacks.replaces for order in _orders(item.sources)]
    found |= dict.fromkeys(lacks.codes, replaced)
    return {code: orders[0] for code, orders in found.items() if len(orders) == 1}


def _newest(reading: Reading, concept: str) -> tuple[Fact, ...]:
    """The newest measurement; of diagnoses and medicines all that are current."""
    active = reading.facts.having(concept)
    return active[:1] if any(fact.value is not None for fact in active) else active


def _orders(sources: Iterable[str]) -> list[str]:
    return [_bare(source) for source in sources if source.startswith("MedicationRequest/") and _REFERENCE.fullmatch(source)]


def _bare(reference: str) -> str:
    """Without its version: it is the diagnosis and the order themselves that are meant."""
    return reference.partition("/_history/")[0]
