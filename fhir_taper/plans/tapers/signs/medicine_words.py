"""What a word of a rule means among medicines: an ingredient, a class, or a group of ingredients.

It means an item of the regimen that has it as ingredient, companion, class or group, and a fact of the chart that is
"medicine:<ingredient>" or "medicine-class:<class or group>". Groups are ingredients.csv's.
"""

from fhir_taper.plans.medicines.regimen import RegimenItem
from fhir_taper.plans.tapers.chart_facts import Fact
from fhir_taper.plans.tapers.signs.case import ChartCase

MEDICINE = "medicine:"
MEDICINE_CLASS = "medicine-class:"


def is_one_of(item: RegimenItem, words: tuple[str, ...], case: ChartCase) -> bool:
    """True where any of the words means this item."""
    companions = () if item.product is None else tuple(companion.ingredient for companion in item.product.companions)
    return item.drug_class in words or any(_means(ingredient, words, case) for ingredient in (item.ingredient, *companions))


def medicine_facts(case: ChartCase, words: tuple[str, ...]) -> tuple[Fact, ...]:
    """Facts, active or ended, that any of the words means."""
    return case.facts.of(concept for concept in case.facts.concepts if _is_concept_of(concept, words, case))


def _is_concept_of(concept: str, words: tuple[str, ...], case: ChartCase) -> bool:
    if concept.startswith(MEDICINE_CLASS):
        return concept.removeprefix(MEDICINE_CLASS) in words
    return concept.startswith(MEDICINE) and _means(concept.removeprefix(MEDICINE), words, case)


def _means(ingredient: str, words: tuple[str, ...], case: ChartCase) -> bool:
    return ingredient in words or any(group in words for group in case.groups.get(ingredient, ()))
