"""What is taken, as facts: "medicine:<ingredient>", "medicine-class:<class or group>", and since when without a gap.

Facts are for warnings (a gabapentinoid beside the opioid, naloxone at hand, an inhibitor that was started): current ones are active and
dated by their start, ended ones are history and dated by their end. First use is the start of the current unbroken use of a
controlled ingredient: gaps up to `continuity_days` of tables/chart_reading.toml do not break it.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from fhir_taper.mappers.chart import Chart
from fhir_taper.mappers.read.concepts import ConceptIndex
from fhir_taper.mappers.read.medicine_names import medicine_concept
from fhir_taper.mappers.read.medicine_spans import Span
from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.medicines.products import Ingredient
from fhir_taper.plans.tapers.chart_facts import Fact

CONTROLLED: Final = frozenset({DrugClass.OPIOID, DrugClass.BENZODIAZEPINE, DrugClass.Z_DRUG, DrugClass.GABAPENTINOID})


def medicine_facts(chart: Chart, spans: Iterable[Span], index: ConceptIndex, as_of: date) -> Iterator[Fact]:
    """One fact per ingredient, class and group of each resource that names a known medicine. A future start is no fact yet."""
    for span in spans:
        if span.start is not None and span.start > as_of:
            continue
        is_current = span.is_current(as_of)
        day = span.start if is_current else span.end
        for concept in (*_concepts(span.ingredients), *index.concepts_of(medicine_concept(chart, span.entry))):
            yield Fact(concept, span.entry.reference, span.says, is_active=is_current, on=day)


def first_uses(spans: Sequence[Span], as_of: date, continuity_days: int) -> tuple[tuple[str, date], ...]:
    """For each controlled ingredient that is in use: the first day of its unbroken use, in order of the ingredients' names."""
    names = sorted({one.name for span in spans for one in span.ingredients if one.drug_class in CONTROLLED})
    found = ((name, _first_day([span for span in spans if _names(span, name)], as_of, continuity_days)) for name in names)
    return tuple((name, day) for name, day in found if day is not None)


def _concepts(ingredients: Iterable[Ingredient]) -> Iterator[str]:
    words: dict[str, None] = {}
    for one in ingredients:
        words[f"medicine:{one.name}"] = None
        classes = () if one.drug_class is DrugClass.OTHER else (one.drug_class.value,)
        for group in (*classes, *one.groups):
            words[f"medicine-class:{group}"] = None
    yield from words


def _first_day(spans: Sequence[Span], as_of: date, continuity_days: int) -> date | None:
    """Backwards from today: the earliest start that no gap separates from the next use. None where the last use ended longer ago."""
    gap = timedelta(days=continuity_days)
    first: date | None = None
    reach = as_of
    for start, end in sorted(_known(spans, as_of), key=lambda days: days[1], reverse=True):
        if end + gap < reach:
            break
        if first is None or start < first:
            first = start
        reach = min(reach, first)
    return first


def _known(spans: Iterable[Span], as_of: date) -> Iterator[tuple[date, date]]:
    """(start, end) of spans that have begun; one that goes on ends today, one of unknown end on the day it started."""
    for span in spans:
        if span.start is not None and span.start <= as_of:
            end = as_of if span.is_current(as_of) else min(span.end or span.start, as_of)
            yield min(span.start, span.written or span.start), max(span.start, end)


def _names(span: Span, ingredient: str) -> bool:
    return any(one.name == ingredient for one in span.ingredients)
