"""When two records are one medicine, and when nobody can say (domain rule 9).

An order, a home-medication report and a dispense become one item only if product, dose, timing and prescriber agree; an absent prescriber
agrees with nobody. What is left is flagged: two current records of one ingredient and release whose product and timing match, or one of
which is a home report, a discharge order or a dispense. Flagged items make totals "up to". Strengths and releases that were ordered
together add and are not flagged.

Records are found by what they have in common and never compared pair by pair: a long chart has thousands of one ingredient.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from heapq import merge
from itertools import islice

from fhir_taper.plans.medicines.codes import Release
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
    merged = _merged(items)
    by_ingredient: dict[str, _Records] = {}
    for place, item in enumerate(merged):
        if _is_current(item):
            by_ingredient.setdefault(item.ingredient, _Records()).take(place, item)
    return tuple(_flagged(place, merged, by_ingredient.get(item.ingredient)) for place, item in enumerate(merged))


@dataclass(slots=True)
class _Alike:
    """Places of records that agree in everything, and for each kind the first of them that no record of that kind has joined yet."""

    places: list[int] = field(default_factory=list)
    first_without: dict[_Kind, int] = field(default_factory=dict)


def _merged(items: Iterable[RegimenItem]) -> list[RegimenItem]:
    """Records of different kinds that agree in everything, as one item that keeps the order's own words."""
    kept: list[RegimenItem] = []
    kinds: list[set[_Kind]] = []
    alike: dict[Hashable, _Alike] = {}
    for item in items:
        kind = _KINDS.get(item.setting, _Kind.ORDER)
        key = _agreement(item)
        group = _Alike() if key is None else alike.setdefault(key, _Alike())
        place = _place_without(kind, group, kinds)
        if place is None:
            group.places.append(len(kept))
            kept.append(item)
            kinds.append({kind})
            continue
        first, second = (item, kept[place]) if kind is _Kind.ORDER else (kept[place], item)
        kept[place] = replace(
            first, sources=(*kept[place].sources, *item.sources), notes=tuple(dict.fromkeys((*first.notes, *second.notes)))
        )
        kinds[place].add(kind)
    return kept


def _place_without(kind: _Kind, group: _Alike, kinds: Sequence[set[_Kind]]) -> int | None:
    """The first place of the group that holds no record of this kind. A place never loses a kind, so the search never goes back."""
    at = group.first_without.get(kind, 0)
    while at < len(group.places) and kind in kinds[group.places[at]]:
        at += 1
    group.first_without[kind] = at
    return group.places[at] if at < len(group.places) else None


def _agreement(item: RegimenItem) -> Hashable | None:
    """What records of one medicine have in common: product, dose, timing and prescriber.

    None where prescriber, ingredient or dose is not known, which agrees with nothing.
    """
    if item.prescriber is None or not item.ingredient or item.state is not ItemState.COMPUTED:
        return None
    amounts = (item.scheduled_mg, item.max_mg, item.reason, item.max_reason, item.intakes)
    return item.prescriber, item.ingredient, _product(item), item.timing, amounts


def _is_current(item: RegimenItem) -> bool:
    """Computed, or current with a dose that nobody knows: both may be the same tablets."""
    return item.state is not ItemState.EXCLUDED and bool(item.ingredient)


@dataclass(slots=True)
class _Records:
    """Places of the current records of one ingredient, in their order. A record without a product may be of any release (None)."""

    of_release: dict[Release | None, list[int]] = field(default_factory=dict)
    second_hand: dict[Release | None, list[int]] = field(default_factory=dict)
    first_hand: dict[Hashable, list[int]] = field(default_factory=dict)

    def take(self, place: int, item: RegimenItem) -> None:
        self.of_release.setdefault(_release(item), []).append(place)
        if item.setting in _SECOND_HAND:
            self.second_hand.setdefault(_release(item), []).append(place)
        else:
            self.first_hand.setdefault((_product(item), item.timing), []).append(place)

    def twins(self, place: int, item: RegimenItem) -> Iterable[int]:
        """Places of what may be the same as this record, in their order."""
        release = _release(item)
        is_second_hand = item.setting in _SECOND_HAND
        others = self.of_release if is_second_hand else self.second_hand
        lists = [places for of, places in others.items() if release is None or of in (release, None)]
        if not is_second_hand:
            lists.append(self.first_hand.get((_product(item), item.timing), []))
        return (other for other in merge(*lists) if other != place)


def _flagged(place: int, items: Sequence[RegimenItem], records: _Records | None) -> RegimenItem:
    item = items[place]
    if records is None or not _is_current(item):
        return item
    found = list(islice(records.twins(place, item), MOST_NAMED + 1))
    if not found:
        return item
    twins = tuple(items[other].sources[0] for other in found[:MOST_NAMED])
    more = (f"possibly the same as more than {MOST_NAMED} other records",) if len(found) > MOST_NAMED else ()
    return replace(item, possible_duplicate_of=twins, notes=(*item.notes, *more))


def _release(item: RegimenItem) -> Release | None:
    return None if item.product is None else item.product.release


def _product(item: RegimenItem) -> Hashable:
    """The contents and their form; brand and generic of it are one product. Without a product, the code and name."""
    product = item.product
    if product is None:
        return item.rxcui, item.drug.casefold()
    return product.mg, product.form, product.release, product.companions
