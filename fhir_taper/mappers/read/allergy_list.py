"""The allergies that stand in a chart now, by name: for the strip above every screen. Findings ask facts, not this list.

That none is listed is not that there is none; a record that says "no known allergy" is told apart from both. FHIR R4 AllergyIntolerance.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from fhir_taper.mappers.chart import Chart
from fhir_taper.mappers.read.concepts import ConceptIndex
from fhir_taper.mappers.read.condition import NOT_A_FACT, OVER, status_word
from fhir_taper.mappers.systems import words_of
from fhir_taper.plans.tables.rows import Concept

NONE_KNOWN: Final = "no-known-allergy"
_UNNAMED: Final = "an allergy without a name"


@dataclass(frozen=True, slots=True)
class AllergyList:
    """Names of current allergies, each once. `denied`: somebody recorded that none is known (of a kind: the words of the record)."""

    names: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()


def read_allergies(chart: Chart, concepts: Iterable[Concept]) -> AllergyList:
    """What the chart lists; refuted, resolved and mistaken records are not in it."""
    index = ConceptIndex(row for row in concepts if row.concept == NONE_KNOWN)
    names: dict[str, None] = {}
    denied: dict[str, None] = {}
    for entry in chart.of("AllergyIntolerance"):
        resource = entry.resource
        if status_word(resource, "verificationStatus") in NOT_A_FACT or status_word(resource, "clinicalStatus") in OVER:
            continue
        code = resource.get("code")
        found = denied if index.concepts_of(code) else names
        found[words_of(code) or _UNNAMED] = None
    return AllergyList(tuple(names), tuple(denied))
