"""The sign of a medicine that was started or stopped lately: enzyme inducers and inhibitors change the level of what is tapered.

A renewed order is not a start where the chart knows an earlier one, by `first_use` or by an order that ended about when the new one began.
Who inhibits what stands in tables, with sources.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta

from fhir_taper.plans.medicines.regimen import ItemState, Reason, RegimenItem
from fhir_taper.plans.tables.safety_tables import Condition
from fhir_taper.plans.tapers.chart_facts import Fact
from fhir_taper.plans.tapers.signs.case import ChartCase, Seen, is_current
from fhir_taper.plans.tapers.signs.medicine_words import is_one_of, medicine_facts

_ENDINGS = (Reason.ENDED, Reason.NOT_ACTIVE)


def medicine_changed(case: ChartCase, condition: Condition) -> Seen | None:
    """One of the medicines was started or stopped within the days before today, or starts within as many days from now."""
    within = timedelta(days=condition.within_days or 0)
    lately = [*_item_changes(case, condition.of, within), *_fact_changes(case, condition.of, within)]
    if not lately:
        return None
    return Seen("; ".join(dict.fromkeys(says for says, _ in lately)), tuple(dict.fromkeys(source for _, source in lately)))


def _item_changes(case: ChartCase, words: tuple[str, ...], within: timedelta) -> Iterator[tuple[str, str]]:
    first_use = dict(case.facts.first_use)
    for item in case.regimen.items:
        change = _change(item, first_use)
        if change is not None and abs(case.as_of - change[0]) <= within and is_one_of(item, words, case):
            yield f"{item.drug} {change[1]} {change[0].isoformat()}", item.sources[0] if item.sources else ""


def _change(item: RegimenItem, first_use: Mapping[str, date]) -> tuple[date, str] | None:
    """The day on which the medicine was started or stopped, and which of the two; None where the order says neither."""
    if item.state is ItemState.EXCLUDED and item.reason in _ENDINGS:  # most of a long chart
        return None if item.end is None else (item.end, "until")
    if not _starts(item):
        return None
    day = min(filter(None, (item.start, first_use.get(item.ingredient))), default=None)
    return None if day is None else (day, "from")


def _starts(item: RegimenItem) -> bool:
    return is_current(item) or (item.state is ItemState.EXCLUDED and item.reason is Reason.FUTURE)


def _fact_changes(case: ChartCase, words: tuple[str, ...], within: timedelta) -> Iterator[tuple[str, str]]:
    for one in medicine_facts(case, words):
        if one.on is not None and abs(case.as_of - one.on) <= within and not _goes_on(one.on, one, case, within):
            yield f"{one.says or one.concept} {'from' if one.is_active else 'until'} {one.on.isoformat()}", one.source


def _goes_on(day: date, one: Fact, case: ChartCase, within: timedelta) -> bool:
    """True where the medicine was taken before this start, or is still taken after this end: a renewal, not a change."""
    if not one.is_active:
        return bool(case.facts.having(one.concept))
    return any(_was_taken_before(day, other, within) for other in case.facts.of((one.concept,)) if other is not one)


def _was_taken_before(day: date, other: Fact, within: timedelta) -> bool:
    if other.on is None:
        return False
    return other.on < day if other.is_active else abs(day - other.on) <= within


SIGNS: dict[str, Callable[[ChartCase, Condition], Seen | None]] = {"medicine-changed": medicine_changed}
