"""The sign of a medicine that was started or stopped lately: enzyme inducers and inhibitors change the level of what is tapered.

A renewed order is not a start where the chart knows an earlier one, by `first_use` or by an order that ended about when the new one began.
Who inhibits what stands in tables, with sources.
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

from fhir_taper.plans.medicines.regimen import ItemState, Reason, RegimenItem
from fhir_taper.plans.tables.safety_tables import Condition
from fhir_taper.plans.tapers.chart_facts import Fact
from fhir_taper.plans.tapers.signs.case import Case, Seen, is_current
from fhir_taper.plans.tapers.signs.medicine_words import is_one_of, medicine_facts

_ENDINGS = frozenset({Reason.ENDED, Reason.NOT_ACTIVE})


def medicine_changed(case: Case, condition: Condition) -> Seen | None:
    """One of the medicines was started or stopped within the days before today, or starts within as many days from now."""
    within = timedelta(days=condition.within_days or 0)
    changes = [*_item_changes(case, condition.of), *_fact_changes(case, condition.of, within)]
    lately = [(says, source) for says, day, source in changes if abs(case.as_of - day) <= within]
    if not lately:
        return None
    return Seen("; ".join(dict.fromkeys(says for says, _ in lately)), tuple(dict.fromkeys(source for _, source in lately)))


def _item_changes(case: Case, words: tuple[str, ...]) -> Iterator[tuple[str, date, str]]:
    first_use = dict(case.facts.first_use)
    for item in case.regimen.items:
        if not is_one_of(item, words, case):
            continue
        source = item.sources[0] if item.sources else ""
        if _starts(item):
            day = min(filter(None, (item.start, first_use.get(item.ingredient))), default=None)
            if day is not None:
                yield f"{item.drug} from {day.isoformat()}", day, source
        elif item.reason in _ENDINGS and item.end is not None:
            yield f"{item.drug} until {item.end.isoformat()}", item.end, source


def _starts(item: RegimenItem) -> bool:
    return is_current(item) or (item.state is ItemState.EXCLUDED and item.reason is Reason.FUTURE)


def _fact_changes(case: Case, words: tuple[str, ...], within: timedelta) -> Iterator[tuple[str, date, str]]:
    found = medicine_facts(case, words)
    for one in found:
        same = [other for other in found if other.concept == one.concept and other is not one]
        if one.on is not None and not _goes_on(one.on, one, same, within):
            yield f"{one.says or one.concept} {'from' if one.is_active else 'until'} {one.on.isoformat()}", one.on, one.source


def _goes_on(day: date, one: Fact, same: list[Fact], within: timedelta) -> bool:
    """True where the medicine was taken before this start, or is still taken after this end: a renewal, not a change."""
    if not one.is_active:
        return any(other.is_active for other in same)
    return any(_was_taken_before(day, other, within) for other in same)


def _was_taken_before(day: date, other: Fact, within: timedelta) -> bool:
    if other.on is None:
        return False
    return other.on < day if other.is_active else abs(day - other.on) <= within


SIGNS: dict[str, Callable[[Case, Condition], Seen | None]] = {"medicine-changed": medicine_changed}
