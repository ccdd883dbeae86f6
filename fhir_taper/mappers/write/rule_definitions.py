"""The PlanDefinition of each rule of escalation: its clauses with conditions in words, its sources, and its 13 source attributes.

How a rule is judged stands in tables/escalation_*.toml alone; the words here are made from it. They are no expression: R4 knows CQL,
FHIRPath and queries as languages of one, and a condition in words would pretend to be one of them. FHIR R4, plandefinition.html.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fhir_taper.mappers.write.care_plan import without_empty
from fhir_taper.mappers.write.extensions import Published
from fhir_taper.mappers.write.fhir_text import shown
from fhir_taper.mappers.write.namespace import BASE, Json, concept
from fhir_taper.mappers.write.shapes import Shape, code, text
from fhir_taper.mappers.write.vocabularies import Vocabulary
from fhir_taper.plans.monitoring.rule import Clause, Level, Rule
from fhir_taper.plans.monitoring.rule_words import condition_words, persist_words
from fhir_taper.plans.monitoring.source_attributes import SourceAttribute, attributes_of_rule
from fhir_taper.plans.tables.action_tables import load_actions
from fhir_taper.plans.tables.signal_tables import SignalTables, load_signals

_TYPE: Final = "http://terminology.hl7.org/CodeSystem/plan-definition-type"
_PRIORITY: Final = {Level.URGENT: "urgent", Level.EMERGENCY: "stat"}


class AttributeName(StrEnum):
    """The source attributes that a certified EHR shows of decision support."""

    CITATION = "citation"
    DEVELOPER = "developer"
    FUNDING = "funding"
    RELEASE = "release"
    RACE = "race"
    ETHNICITY = "ethnicity"
    LANGUAGE = "language"
    SEXUAL_ORIENTATION = "sexual-orientation"
    GENDER_IDENTITY = "gender-identity"
    SEX = "sex"
    DATE_OF_BIRTH = "date-of-birth"
    SOCIAL_DETERMINANTS = "social-determinants"
    HEALTH_STATUS = "health-status"


@dataclass(frozen=True, slots=True)
class Stated:
    """One attribute and what is said of it."""

    name: AttributeName
    says: str


ATTRIBUTE_NAMES: Final = Vocabulary("source-attribute", AttributeName, "What is told of a piece of decision support")
SOURCE_ATTRIBUTE: Final = Published(
    "source-attribute",
    Shape(
        Stated,
        (
            code("name", AttributeName, ATTRIBUTE_NAMES.name, "Which attribute."),
            text("says", "What it is of this rule or protocol."),
        ),
    ),
    "A source attribute of decision support",
    repeats=True,
    contexts=("PlanDefinition",),
)


def url_of_rule(rule_id: str) -> str:
    """The canonical address of a rule, without its version."""
    return f"{BASE}/PlanDefinition/{_id(rule_id)}"


def to_rule_definitions(rules: Iterable[Rule]) -> list[Json]:
    """One resource per rule, in the order of the tables."""
    signals = load_signals()
    return [_definition(rule, signals) for rule in rules]


def attribute_extensions(attributes: Iterable[SourceAttribute]) -> list[Json]:
    """The 13 attributes as extensions of a PlanDefinition."""
    return [SOURCE_ATTRIBUTE.written(Stated(AttributeName(one.id), one.says)) for one in attributes]


def _definition(rule: Rule, signals: SignalTables) -> Json:
    sources = dict.fromkeys(str(clause.source) for clause in rule.clauses)
    phases = ", ".join(str(phase) for phase in rule.phases)
    kind = "A red flag: it cannot be switched off. " if rule.red_flag else ""
    return {
        "resourceType": "PlanDefinition",
        "id": _id(rule.id),
        "extension": attribute_extensions(attributes_of_rule(rule, signals)),
        "url": url_of_rule(rule.id),
        "version": str(rule.version),
        "name": f"TaperRule{rule.id}",
        "title": shown(f"{rule.id}: {rule.title}"),
        "type": concept(_TYPE, "eca-rule", "ECA Rule"),
        "status": "active",
        "experimental": False,
        "publisher": "fhir-taper",
        "description": shown(f"{kind}Watched in: {phases}. It proposes; a person decides, and no dose is changed by it."),
        "relatedArtifact": [{"type": "citation", "citation": shown(source)} for source in sources],
        "action": [_action(clause, signals) for clause in rule.clauses],
    }


def _action(clause: Clause, signals: SignalTables) -> Json:
    held = f"; {persist_words(clause.persist, signals)}" if clause.persist else ""
    words = shown(f"{condition_words(clause.when, signals)}{held}")
    due = f" Due within: {clause.due}." if clause.due else ""
    return without_empty(
        {
            "prefix": f"Level {int(clause.level)}",
            "title": shown(clause.says),
            "description": shown(f"What clears it: {clause.clear_words}{due}"),
            "textEquivalent": f"When: {words}",
            "priority": _PRIORITY.get(clause.level, "routine"),
            "documentation": [{"type": "citation", "citation": shown(str(clause.source))}],
            "action": [{"title": shown(load_actions()[one].says)} for one in clause.actions],
        }
    )


def _id(rule_id: str) -> str:
    return f"rule-{rule_id.lower()}"
