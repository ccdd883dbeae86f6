"""The facts of a chart: what the findings and the risk tier may ask, with the source of each.

Conditions, Observations, allergies and what current orders are for become facts by tables/concepts.csv, medicines by the catalogue. Each
Condition, Observation and allergy is seen by the full FHIR model before it becomes a fact (hundreds of others never are). What is absent
was not found, which is not "no"; what could not be looked at is named in `not_read`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import islice

from fhir_taper.mappers.chart import Chart, Entry
from fhir_taper.mappers.fhir import validate
from fhir_taper.mappers.mapped import Mapped
from fhir_taper.mappers.read.allergy import allergy_facts
from fhir_taper.mappers.read.concepts import ConceptIndex
from fhir_taper.mappers.read.condition import condition_facts, uncoded_words
from fhir_taper.mappers.read.indication import indications
from fhir_taper.mappers.read.inside import MOST_NAMED, contained_facts
from fhir_taper.mappers.read.medicine_facts import first_uses, medicine_facts
from fhir_taper.mappers.read.medicine_spans import all_spans
from fhir_taper.mappers.read.observation import concepts_of_observation, read_observation
from fhir_taper.mappers.read.patient import read_patient
from fhir_taper.plans.medicines.products import ProductCatalogue
from fhir_taper.plans.medicines.regimen import Issue
from fhir_taper.plans.tables.chart_tables import ChartTables, load_chart_tables
from fhir_taper.plans.tables.rows import Concept
from fhir_taper.plans.tapers.chart_facts import ChartFacts, Fact

_PREGNANCY = "pregnancy"
_FACT_TYPES = ("Condition", "Observation", "AllergyIntolerance", "Patient")


def read_facts(
    chart: Chart, catalogue: ProductCatalogue, concepts: Iterable[Concept], as_of: date, tables: ChartTables | None = None
) -> Mapped[ChartFacts]:
    """All facts of a chart on a day. `tables` None means the package's own.

    An issue of severity "error" means that a resource was set aside here: the chart is then not complete.
    """
    reading = _Reading(chart, catalogue, ConceptIndex(concepts), as_of, tables or load_chart_tables())
    person = read_patient(chart)
    orders = all_spans(chart, catalogue, reading.tables.continuity_days)
    spans = tuple(span for span in orders if span.ingredients)
    reasons = indications(chart, orders, reading.index, as_of, reading.tables.everyday_reasons)
    facts = (*reading.facts(), *reasons.facts, *medicine_facts(chart, spans, reading.index, as_of))
    value = ChartFacts(
        patient=chart.patient,
        birth_date=person.value.birth_date,
        deceased=person.value.deceased,
        zone=person.value.zone,
        facts=facts,
        first_use=first_uses(spans, as_of, reading.tables.continuity_days),
        not_read=(
            *_set_aside_before(chart),
            *reading.not_read,
            *reasons.not_read,
            *islice(contained_facts(chart, reading.index), MOST_NAMED),
        ),
    )
    sources = dict.fromkeys((*person.sources, *(fact.source for fact in facts)))
    return Mapped(value, (*person.issues, *reading.issues, *_not_looked_at(chart)), tuple(sources))


class _Reading:
    """One pass over the resources that may hold facts; what is remarkable on the way is collected."""

    def __init__(self, chart: Chart, catalogue: ProductCatalogue, index: ConceptIndex, as_of: date, tables: ChartTables) -> None:
        self.chart = chart
        self.catalogue = catalogue
        self.index = index
        self.as_of = as_of
        self.tables = tables
        self.issues: list[Issue] = []
        self.not_read: list[str] = []

    def facts(self) -> tuple[Fact, ...]:
        """Facts of conditions, observations and allergies, in this order."""
        return (*self._conditions(), *self._observations(), *self._allergies())

    def _conditions(self) -> Iterator[Fact]:
        for entry in self.chart.of("Condition"):
            if self.index.concepts_of(entry.resource.get("code")) and self._is_sound(entry):
                yield from condition_facts(entry, self.index, self.as_of)
            elif words := uncoded_words(entry, self.as_of):
                self.not_read.append(f"a diagnosis without a code was not looked at: {words}")

    def _observations(self) -> Iterator[Fact]:
        answers: list[Fact] = []
        for entry in self.chart.of("Observation"):
            if concepts_of_observation(entry.resource, self.index) and self._is_sound(entry):
                observed = read_observation(entry, self.index, self.tables)
                self.issues.extend(observed.issues)
                answers.extend(observed.answers)
                yield from observed.facts
        yield from map(self._aged, _newest_answers(answers, self.as_of))

    def _aged(self, answer: Fact) -> Fact:
        """The same; a "yes" to a pregnancy that must be over by now is history, and nobody has asked since."""
        if answer.concept != _PREGNANCY or not answer.is_active or answer.on is None:
            return answer
        days, most = (self.as_of - answer.on).days, self.tables.pregnancy_days
        if days <= most:
            return answer
        said = f"“{answer.says}” of {answer.on.isoformat()} is {days} days old, more than {most}: not taken as so today, ask"
        self.not_read.append(f"{answer.source}: {said}")
        self.issues.append(Issue("warning", "answer-too-old", said, answer.source))
        return replace(answer, is_active=False)

    def _allergies(self) -> Iterator[Fact]:
        for entry in self.chart.of("AllergyIntolerance"):
            facts = list(allergy_facts(entry, self.index, self.catalogue))
            if facts and self._is_sound(entry):
                yield from facts

    def _is_sound(self, entry: Entry) -> bool:
        error = validate(entry.resource)
        if error is None:
            return True
        self.not_read.append(f"{entry.reference}: {error}")
        self.issues.append(Issue("error", "set-aside", f"{entry.reference} was set aside: {error}", entry.place))
        return False


def _newest_answers(answers: Sequence[Fact], as_of: date) -> Iterator[Fact]:
    """Of several answers to one question only the newest stands; the others are history. Undated ones are the oldest."""
    by_age = sorted(answers, key=lambda fact: fact.on or date.min)
    newest = {fact.concept: fact for fact in by_age if fact.on is None or fact.on <= as_of}
    for fact in by_age:
        yield fact if newest.get(fact.concept) is fact else replace(fact, is_active=False)


def _set_aside_before(chart: Chart) -> Iterator[str]:
    """What the decoding set aside of the types that hold facts, and entries of which not even the type is known."""
    for item in chart.set_aside:
        if item.resource_type in _FACT_TYPES or not item.resource_type:
            yield f"{item.reference or item.place}: {item.why}"


def _not_looked_at(chart: Chart) -> Iterator[Issue]:
    for kind, said in (("Condition", "diagnoses"), ("Observation", "measurements")):
        if not chart.of(kind):
            yield Issue("information", "none-in-chart", f"no {kind} in the chart: nothing that depends on {said} was checked")
