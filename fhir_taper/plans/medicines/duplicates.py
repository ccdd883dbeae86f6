"""When two records are one medicine, and when nobody can say (domain rule 9).

An order, a home-medication report and a dispense become one item only if product, dose, timing and prescriber agree; an absent prescriber
agrees with nobody. What is left is flagged: two current records of one ingredient and release whose product and timing match, or one of
which is a home report, a discharge order or a dispense. Flagged items make totals "up to". Strengths and releases that were ordered
together add and are not flagged.
"""

from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum
from itertools import islice

from fhir_taper.plans.medicines.regimen import ItemState, RegimenItem, Setting

MOST_NAMED = 10
"""Possible duplicates that are named; of a record that stands thousands of times nobody reads every pair."""


class _Kind(StrEnum):
    ORDER = "order"
    REPORT = "report"
    DISPENSE = "dispense"


_KINDS = {Setting.REPORTED: _Kind.REPORT, Setting.DISPENSED: _Kind.DISPENSE}
_SECOND_HAND = frozenset({Setting.REPORTED, Setting.DISCHARGE, Setting.DISPENSED})


def flag_duplicates(items: Iterable[RegimenItem]) -> tuple[RegimenItem, ...]:
    """The items with records of one medicine made one, and possible duplicates flagged by their first source. Order is kept."""
    merged = _merged(list(items))
    by_ingredient: dict[str, list[RegimenItem]] = {}
    for item in merged:
        if _is_current(item):
            by_ingredient.setdefault(item.ingredient, []).append(item)
    return tuple(_flagged(item, by_ingredient.get(item.ingredient, [])) for item in merged)


def _merged(items: list[RegimenItem]) -> list[RegimenItem]:
    """Records of different kinds that agree in everything, as one item that keeps the order's own words."""
    kept: list[RegimenItem] = []
    kinds: list[set[_Kind]] = []
    alike: dict[tuple[str, str], list[int]] = {}
    """Places of computed items by prescriber and ingredient: no others can agree, and a long chart has thousands that cannot."""
    for item in items:
        kind = _KINDS.get(item.setting, _Kind.ORDER)
        whose = _whose(item)
        places = alike.setdefault(whose, []) if whose is not None else []
        place = next((index for index in places if kind not in kinds[index] and _agree(item, kept[index])), None)
        if place is None:
            places.append(len(kept))
            kept.append(item)
            kinds.append({kind})
            continue
        first, second = (item, kept[place]) if kind is _Kind.ORDER else (kept[place], item)
        kept[place] = replace(
            first, sources=(*kept[place].sources, *item.sources), notes=tuple(dict.fromkeys((*first.notes, *second.notes)))
        )
        kinds[place].add(kind)
    return kept


def _agree(one: RegimenItem, other: RegimenItem) -> bool:
    """Whether two computed items of one prescriber and one ingredient say the same."""
    return (
        _is_same_product(one, other)
        and one.timing == other.timing
        and (one.scheduled_mg, one.max_mg, one.reason, one.max_reason) == (other.scheduled_mg, other.max_mg, other.reason, other.max_reason)
        and one.intakes == other.intakes
    )


def _whose(item: RegimenItem) -> tuple[str, str] | None:
    """Prescriber and ingredient; None where one of them or the dose is not known, which agrees with nothing."""
    if item.prescriber is None or not item.ingredient or item.state is not ItemState.COMPUTED:
        return None
    return item.prescriber, item.ingredient


def _is_current(item: RegimenItem) -> bool:
    """Computed, or current with a dose that nobody knows: both may be the same tablets."""
    return item.state is not ItemState.EXCLUDED and bool(item.ingredient)


def _flagged(item: RegimenItem, others: list[RegimenItem]) -> RegimenItem:
    if not _is_current(item) or len(others) < 2:  # noqa: PLR2004 - itself and another
        return item
    found = (other.sources[0] for other in others if other is not item and _may_be_one(item, other))
    twins = tuple(islice(found, MOST_NAMED))
    if not twins:
        return item
    more = (f"possibly the same as more than {MOST_NAMED} other records",) if next(found, None) is not None else ()
    return replace(item, possible_duplicate_of=twins, notes=(*item.notes, *more))


def _may_be_one(one: RegimenItem, other: RegimenItem) -> bool:
    releases = {item.product.release for item in (one, other) if item.product is not None}
    if len(releases) > 1:
        return False
    if one.setting in _SECOND_HAND or other.setting in _SECOND_HAND:
        return True
    return _is_same_product(one, other) and one.timing == other.timing


def _is_same_product(one: RegimenItem, other: RegimenItem) -> bool:
    """The same contents in the same form; brand and generic of it are one product. Without a product, the same code or name."""
    if one.product is None or other.product is None:
        return one.product is other.product and (one.rxcui, one.drug.casefold()) == (other.rxcui, other.drug.casefold())
    mine, theirs = (
        (item.product.mg, item.product.form, item.product.release, item.product.companions) for item in (one, other) if item.product
    )
    return mine == theirs
