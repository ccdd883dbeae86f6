"""Signs of the regimen: what is taken together, what could not be read, what is on record and what is not. Amounts are `dose_signs`."""

from collections.abc import Callable

from fhir_taper.plans.medicines.codes import TAPERED_CLASSES, Form
from fhir_taper.plans.medicines.regimen import ItemState, Reason, RegimenItem
from fhir_taper.plans.tables.safety_tables import Condition
from fhir_taper.plans.tapers.chart_facts import Fact
from fhir_taper.plans.tapers.signs.case import Case, ChartCase, Seen, is_current, seen_items
from fhir_taper.plans.tapers.signs.medicine_words import MEDICINE, is_one_of, medicine_facts

_KEPT_AT_HAND = frozenset({Reason.SINGLE_DOSE, Reason.RESCUE, Reason.PARENTERAL, Reason.DEPOT})


def takes(case: ChartCase, condition: Condition) -> Seen | None:
    """Any of the medicines is taken today."""
    items = tuple(item for item in case.current() if is_one_of(item, condition.of, case))
    return _together(items, [one for one in medicine_facts(case, condition.of) if one.is_active])


def takes_both(case: ChartCase, condition: Condition) -> Seen | None:
    """All of the medicines are taken today."""
    each = [takes(case, Condition("takes", (word,))) for word in condition.of]
    found = [seen for seen in each if seen is not None]
    if len(found) < len(each):
        return None
    return Seen(", ".join(seen.says for seen in found), tuple(source for seen in found for source in seen.evidence))


def tapers(case: Case, condition: Condition) -> Seen | None:
    """What is tapered is one of these ingredients, or of one of these classes. Says nothing: the message names the drug."""
    classes = {drug_class.value for drug_class in case.classes}
    return Seen() if (case.subject | classes) & set(condition.of) else None


def not_a_patch(case: ChartCase, condition: Condition) -> Seen | None:
    """Some item of the ingredient is no patch, or nothing says that it is one."""
    items = tuple(item for item in case.current() if item.ingredient in condition.of)
    if not items:
        return Seen()
    return seen_items(tuple(item for item in items if item.product is None or item.product.form is not Form.PATCH))


def takes_oud_treatment(case: ChartCase, _condition: Condition) -> Seen | None:
    """Treatment of opioid use disorder is taken, or treated as such."""
    return seen_items(tuple(item for item in case.current() if item.oud_treatment))


def not_on_record(case: ChartCase, condition: Condition) -> Seen | None:
    """None of the medicines is at hand. One that comes in an order with an ingredient of `except_of` is not the rescue product."""
    in_combination = {one.source for one in medicine_facts(case, condition.except_of)}
    facts = [one for one in medicine_facts(case, condition.of) if one.is_active and one.source not in in_combination]
    items = [item for item in case.regimen.items if is_current(item) or item.reason in _KEPT_AT_HAND]
    at_hand = [item for item in items if item.ingredient in condition.of]
    return None if facts or at_hand else Seen(", ".join(condition.of))


def only_as_needed(case: ChartCase, condition: Condition) -> Seen | None:
    """Something of the classes is taken, and all of it only as needed."""
    items = tuple(item for item in case.current() if item.drug_class in condition.of)
    return seen_items(items) if items and all(item.as_needed for item in items) else None


def tapers_only_as_needed(case: Case, _condition: Condition) -> Seen | None:
    """All that is to be tapered is ordered only as needed."""
    items = case.subject_items()
    return seen_items(items) if items and all(item.as_needed for item in items) else None


def nothing_to_taper(case: Case, _condition: Condition) -> Seen | None:
    """No opioid, benzodiazepine or z-drug is taken, nothing is unknown, and the chart was read in full."""
    may_be_tapered = [item for item in case.current() if item.drug_class in TAPERED_CLASSES or item.drug_class == "unknown"]
    return Seen() if not may_be_tapered and case.regimen.complete and case.plan is None else None


def not_computable(case: ChartCase, condition: Condition) -> Seen | None:
    """Items of the classes whose dose is not known, each with its reason."""
    items = [item for item in case.regimen.items if item.drug_class in condition.of and item.state is ItemState.NOT_COMPUTABLE]
    if not items:
        return None
    says = "; ".join(f"{item.drug}: {item.how or item.reason or 'no reason given'}" for item in items)
    return Seen(says, tuple(source for item in items for source in item.sources))


def possible_duplicates(case: ChartCase, _condition: Condition) -> Seen | None:
    """Current items that may be one medicine."""
    return seen_items(tuple(item for item in case.current() if item.possible_duplicate_of))


def chart_incomplete(case: ChartCase, _condition: Condition) -> Seen | None:
    """Something of the chart could not be read."""
    if case.regimen.complete and not case.facts.not_read:
        return None
    issues = [issue for issue in case.regimen.issues if issue.severity != "information"]
    said = dict.fromkeys([*case.facts.not_read, *(issue.message for issue in issues)])
    return Seen("; ".join(said) or "something was set aside", tuple(issue.source for issue in issues if issue.source))


def chart_age(case: ChartCase, condition: Condition) -> Seen | None:
    """Days since the medicines were read, within the bounds."""
    days = (case.as_of - case.regimen.as_of).days
    return Seen(str(days)) if condition.holds_for(days) else None


def medicine_count(case: ChartCase, condition: Condition) -> Seen | None:
    """How many different ingredients are taken, within the bounds."""
    ingredients = {item.ingredient or item.drug for item in case.current()}
    on_record = (concept for concept in case.facts.concepts if concept.startswith(MEDICINE) and case.facts.having(concept))
    ingredients |= {concept.removeprefix(MEDICINE) for concept in on_record}
    return Seen(f"{len(ingredients)} different medicines") if condition.holds_for(len(ingredients)) else None


def _together(items: tuple[RegimenItem, ...], facts: list[Fact]) -> Seen | None:
    if not items and not facts:
        return None
    already = {source for item in items for source in item.sources}
    further = [one for one in facts if one.source not in already]
    names = dict.fromkeys([item.drug for item in items] + [one.says or one.concept for one in further])
    references = [source for item in items for source in item.sources] + [one.source for one in further]
    return Seen(", ".join(names), tuple(dict.fromkeys(references)))


SIGNS: dict[str, Callable[[ChartCase, Condition], Seen | None]] = {
    "takes": takes,
    "takes-both": takes_both,
    "not-a-patch": not_a_patch,
    "takes-oud-treatment": takes_oud_treatment,
    "not-on-record": not_on_record,
    "only-as-needed": only_as_needed,
    "not-computable": not_computable,
    "possible-duplicates": possible_duplicates,
    "chart-incomplete": chart_incomplete,
    "chart-age": chart_age,
    "medicine-count": medicine_count,
}
TAPER_SIGNS: dict[str, Callable[[Case, Condition], Seen | None]] = {
    "tapers": tapers,
    "tapers-only-as-needed": tapers_only_as_needed,
    "nothing-to-taper": nothing_to_taper,
}
