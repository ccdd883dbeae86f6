"""The closed sets of words that our extensions use, as FHIR CodeSystems, each with a ValueSet of all its codes.

The words are the core's own; a test holds that every coded part of every shape is bound to one of these or to a value set of HL7.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fhir_taper.mappers.write.namespace import Json, code_system, value_set
from fhir_taper.plans.medicines.codes import DrugClass, Form, Release, Slot, SourceState
from fhir_taper.plans.tables.contingency_rows import AdvicePart
from fhir_taper.plans.tables.rows import Basis, Bound, Part
from fhir_taper.plans.tapers.finding import Severity
from fhir_taper.plans.tapers.plan import GateState, Phase, PlanGoal, StepKind, Tier


class CarePlanCategory(StrEnum):
    """What a CarePlan of ours is about."""

    TAPER = "taper"
    AFTERCARE = "aftercare"


class DegradedForm(StrEnum):
    """How the steps of a plan are kept where a server cannot store a RequestGroup."""

    CONTAINED = "contained"
    DETAIL = "detail"


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """One code system: its name in the address, its words, what they are."""

    name: str
    words: type[StrEnum]
    title: str


VOCABULARIES: Final = (
    Vocabulary("advice-part", AdvicePart, "What advice for a patient is for"),
    Vocabulary("care-plan-category", CarePlanCategory, "What a care plan is about"),
    Vocabulary("degraded-form", DegradedForm, "How steps are kept without a RequestGroup"),
    Vocabulary("drug-class", DrugClass, "Class of a medicine, as far as totals and limits go by it"),
    Vocabulary("form", Form, "Dose form, as far as dose arithmetic and dispensing go by it"),
    Vocabulary("limit-basis", Basis, "What the fraction of a limit is taken of"),
    Vocabulary("limit-bound", Bound, "How binding a limit is"),
    Vocabulary("limit-part", Part, "Which part of the safety envelope a limit is"),
    Vocabulary("phase", Phase, "Phase of a taper"),
    Vocabulary("plan-goal", PlanGoal, "What a taper aims at"),
    Vocabulary("release", Release, "How a dose leaves its product"),
    Vocabulary("review-state", GateState, "State of a review that a reduction waits for"),
    Vocabulary("severity", Severity, "Severity of a finding"),
    Vocabulary("slot", Slot, "Time of day of an intake"),
    Vocabulary("source-state", SourceState, "How well a number is known"),
    Vocabulary("step-kind", StepKind, "Kind of a step of a taper"),
    Vocabulary("tier", Tier, "Risk tier of a taper"),
)


def to_code_system(vocabulary: Vocabulary, version: str) -> Json:
    """The CodeSystem of one vocabulary."""
    return {
        "resourceType": "CodeSystem",
        "id": vocabulary.name,
        "url": code_system(vocabulary.name),
        "version": version,
        "name": _name(vocabulary),
        "title": vocabulary.title,
        "status": "active",
        "experimental": False,
        "publisher": "fhir-taper",
        "description": vocabulary.title,
        "caseSensitive": True,
        "valueSet": value_set(vocabulary.name),
        "content": "complete",
        "count": len(vocabulary.words),
        "concept": [{"code": str(word), "display": str(word).replace("-", " ").capitalize()} for word in vocabulary.words],
    }


def to_value_set(vocabulary: Vocabulary, version: str) -> Json:
    """The ValueSet of all codes of one vocabulary."""
    return {
        "resourceType": "ValueSet",
        "id": vocabulary.name,
        "url": value_set(vocabulary.name),
        "version": version,
        "name": _name(vocabulary),
        "title": vocabulary.title,
        "status": "active",
        "experimental": False,
        "publisher": "fhir-taper",
        "description": f"All codes: {vocabulary.title}",
        "compose": {"include": [{"system": code_system(vocabulary.name)}]},
    }


def _name(vocabulary: Vocabulary) -> str:
    return "".join(word.capitalize() for word in vocabulary.name.split("-"))
