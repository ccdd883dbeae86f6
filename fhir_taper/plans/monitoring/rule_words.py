"""What a rule asks, in words: for whoever reviews, signs off or asks why. Made from the rule, so that the words cannot differ from it.

No clinical number stands here.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from fhir_taper.plans.medicines.dose import brief
from fhir_taper.plans.monitoring.condition import (
    Answered,
    Compare,
    Condition,
    Earlier,
    Enters,
    Every,
    Happened,
    Less,
    Missing,
    No,
    NotKnown,
    Of,
    Op,
    Patient,
    Persist,
    Quantity,
    Some,
    Takes,
)
from fhir_taper.plans.tables.signal_tables import SignalTables, Worse

_BOUND: Final = {Op.ABOVE: "above {}", Op.AT_LEAST: "{} or more", Op.BELOW: "below {}", Op.AT_MOST: "{} or less", Op.EQUAL: "exactly {}"}
_CHANGE: Final = {
    Op.ABOVE: "more than {}",
    Op.AT_LEAST: "at least {}",
    Op.BELOW: "less than {}",
    Op.AT_MOST: "at most {}",
    Op.EQUAL: "exactly {}",
}
_MIRRORED: Final = {Op.ABOVE: Op.BELOW, Op.AT_LEAST: Op.AT_MOST, Op.BELOW: Op.ABOVE, Op.AT_MOST: Op.AT_LEAST, Op.EQUAL: Op.EQUAL}
_REFERENCES: Final = {
    Less.BASELINE: "the patient's own baseline",
    Less.PRE_STEP: "the last one before the reduction in force",
    Less.LAST: "the one before",
    Less.LOWEST_SINCE: "the lowest since the last hit (or since the first reduction, or the baseline where that is lower)",
    Less.LOWEST_WITHIN: "the lowest of the {} before",
    Less.BEFORE: "the mean of the {} before",
}
_FIGURES: Final = {Of.LATEST: "{}", Of.MEAN: "mean of {} over {}", Of.LOWEST: "lowest {} in {}", Of.HIGHEST: "highest {} in {}"}
_UNITS: Final = {"{score}": "", "{steps}": "", "mm[Hg]": "mm Hg", "Cel": "°C"}
QUANTITY_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "plan-dose": "the plan's dose of today in mg",
        "days-since-step": "days since the last reduction began",
        "holds": "holds of this plan",
        "hold-days": "days on hold",
        "on-hold": "on hold (1) or not (0)",
        "review-overdue-days": "days since a review was due that is still open",
        "half-life-hours": "half-life of what is tapered in hours",
        "age": "age in years",
        "days-above-plan": "days in a row on which more is ordered than the plan says",
        "days-mme-above-plan": "days in a row on which all opioids together are above the plan",
        "mme-change": "change of the MME a day of all opioids",
        "new-order-days": "days of the longest new order beside the plan",
        "interaction-change-days": "days since a medicine that changes the level was started or stopped",
        "tapered-class-ordered-days": "days since the tapered class was ordered again",
        "supply-left": "days until the supply runs out (negative: since it did)",
        "next-signed": "next order signed (1) or not (0)",
        "refill-used-percent": "percent of a supply that was used when the next was fetched",
        "oud-supply-days": "days that the newest supply of medication for opioid use disorder lasts",
        "oud-overdue-days": "days since the next supply of medication for opioid use disorder was expected",
        "step-without-order-days": "days since a reduction began that has neither order nor supply",
        "check-ins-missed": "check-ins missed in a row",
        "check-ins-missed-daily": "check-ins missed among the daily ones after a reduction",
        "doses-missed": "doses missed",
        "days-without-dose": "days in a row without any dose",
        "silent-days": "days without a record of any kind",
    }
)
"""What each derived number is, in a few words."""


def condition_words(condition: Condition, signals: SignalTables) -> str:
    """A condition in words."""
    return _WORDS[type(condition)](condition, signals)


def persist_words(persist: Persist, signals: SignalTables) -> str:
    """When the condition has to hold, in words."""
    title = signals.signals[persist.signal].title
    if persist.apart is None:
        return f"at the time of the latest {title}"
    within = f", all within {persist.within}" if persist.within else ""
    return f"at each of the last {persist.readings} readings of {title}, the first and the last at least {persist.apart} apart{within}"


def unit_words(unit: str) -> str:
    """A unit of signals.csv as people write it, after a space; a score has none."""
    said = _UNITS.get(unit, unit)
    return f" {said}" if said else ""


def _unit(name: str, signals: SignalTables) -> str:
    return unit_words(signals.signals[name].unit)


def _compare(condition: Compare, signals: SignalTables) -> str:
    title, unit = signals.signals[condition.signal].title, _unit(condition.signal, signals)
    if condition.of is Of.COUNT:
        matching = condition.matching
        of = f"{title} {_BOUND[matching.op].format(brief(matching.value) + unit)}" if matching else title
        times = "time" if condition.value == 1 else "times"
        return f"{of}: {_CHANGE[condition.op].format(brief(condition.value))} {times} in {condition.over}{_needed(condition)}"
    figure = _FIGURES[condition.of].format(title, condition.over) + _needed(condition)
    if condition.less is None:
        return f"{figure} {_BOUND[condition.op].format(brief(condition.value) + unit)}"
    is_fall = condition.value < 0
    op = _MIRRORED[condition.op] if is_fall else condition.op
    amount = f"{brief(abs(condition.value))}{' %' if condition.percent else unit}"
    reference = _REFERENCES[condition.less].format(condition.before)
    return f"{figure} {_CHANGE[op].format(amount)} {'below' if is_fall else 'above'} {reference}"


def _needed(condition: Compare) -> str:
    return f" (at least {condition.readings} readings)" if condition.readings > 1 else ""


def _enters(condition: Enters, signals: SignalTables) -> str:
    signal = signals.signals[condition.signal]
    op = Op.AT_MOST if signal.worse is Worse.LOWER else Op.AT_LEAST
    return f"{signal.title} newly {_BOUND[op].format(brief(condition.value) + _unit(signal.id, signals))}"


def _answered(condition: Answered, signals: SignalTables) -> str:
    return f"{signals.signals[condition.signal].title}: the latest answer is {' or '.join(condition.answers)}"


def _happened(condition: Happened, signals: SignalTables) -> str:
    answers = f" ({' or '.join(condition.answers)})" if condition.answers else ""
    times = f" {condition.times} times" if condition.times > 1 else ""
    within = f" within {condition.within}" if condition.within else ", ever"
    ago = f", at least {condition.ago} ago" if condition.ago else ""
    return f"{signals.signals[condition.signal].title}{answers}{times}{within}{ago}"


def _missing(condition: Missing, signals: SignalTables) -> str:
    waited = f", which is {condition.waited} ago or more" if condition.waited else ""
    after = signals.signals[condition.after]
    bound = "" if condition.matching is None else f" that is {_BOUND[condition.matching.op].format(brief(condition.matching.value))}"
    return f"no {signals.signals[condition.signal].title} since the latest {after.title}{bound}{waited}"


def _quantity(condition: Quantity, _signals: SignalTables) -> str:
    of = f" ({', '.join(condition.of.split())})" if condition.of else ""
    percent = f" by more than {brief(condition.percent)} %" if condition.percent is not None else ""
    within = f" within {condition.within}" if condition.within else ""
    return f"{QUANTITY_WORDS[condition.quantity]}{of}{percent}{within}: {_BOUND[condition.op].format(brief(condition.value))}"


def _takes(condition: Takes, _signals: SignalTables) -> str:
    begun = f", begun within {condition.begun_within}" if condition.begun_within else ""
    return f"{condition.medicine} is ordered{begun}"


def _earlier(condition: Earlier, _signals: SignalTables) -> str:
    within = f" within {condition.within}" if condition.within else ""
    return f"earlier hits of {condition.rule or 'this rule'} that are over: at least {condition.times}{within}"


def _patient(condition: Patient, _signals: SignalTables) -> str:
    return f"{condition.what} {condition.value}"


def _joined(word: str) -> Callable[[Any, SignalTables], str]:
    def words(condition: Every | Some, signals: SignalTables) -> str:
        return word.join(_inside(one, signals) for one in condition.of)

    return words


def _inside(condition: Condition, signals: SignalTables) -> str:
    said = condition_words(condition, signals)
    return f"({said})" if isinstance(condition, (Every, Some)) else said


_WORDS: Final[Mapping[type, Callable[[Any, SignalTables], str]]] = {
    Compare: _compare,
    Enters: _enters,
    Answered: _answered,
    Happened: _happened,
    Missing: _missing,
    Quantity: _quantity,
    Takes: _takes,
    Earlier: _earlier,
    Patient: _patient,
    Every: _joined(" and "),
    Some: _joined(", or "),
    No: lambda condition, signals: f"not: {_inside(condition.of, signals)}",
    NotKnown: lambda condition, signals: f"not known whether: {_inside(condition.of, signals)}",
}
