"""A regimen as rows of words. What is equal to a reader stands once, with how often: twenty lines that say the same hide the one that
does not. The JSON answer keeps every record apart."""

from collections.abc import Iterable
from dataclasses import dataclass

from fhir_taper.plans.medicines.codes import TAPERED_CLASSES, DrugClass
from fhir_taper.plans.medicines.dose import Exact, dose_for_people, one_decimal
from fhir_taper.plans.medicines.regimen import Issue, ItemState, Reason, Regimen, RegimenItem, Setting
from fhir_taper.plans.medicines.totals import Span, Total
from fhir_taper.render.plan_rows import MEASURES
from fhir_taper.render.words import named

_ORDER = {ItemState.NOT_COMPUTABLE: 0, ItemState.COMPUTED: 1}
_NAMED_CLASSES = TAPERED_CLASSES | {DrugClass.UNKNOWN}
_SETTINGS = {
    Setting.REPORTED: "reported as taken, not ordered here",
    Setting.DISPENSED: "from a dispense",
    Setting.INPATIENT: "ordered in hospital",
    Setting.DISCHARGE: "ordered at discharge",
}
_PLACES = 3
"""So many records are named; of more, how many there are."""


@dataclass(frozen=True, slots=True)
class RegimenRow:
    """Records of one medicine that say the same. `medicine` says how many they are, `prescribers` who ordered them."""

    medicine: str
    scheduled: str
    maximum: str
    equivalent: str
    how: str
    until: str
    prescribers: tuple[str, ...] = ()


def rows_of(regimen: Regimen, mme: Total, diazepam: Total) -> tuple[RegimenRow, ...]:
    """What is taken of the classes that are computed here, unreadable ones first."""
    items = sorted((item for item in _ours(regimen) if item.state is not ItemState.EXCLUDED), key=lambda item: _ORDER[item.state])
    found: dict[tuple[str, ...], list[str | None]] = {}
    for item in items:
        words = (*_words(item, mme, diazepam), item.end.isoformat() if item.end else "")
        found.setdefault(words, []).append(item.prescriber)
    return tuple(
        RegimenRow(_times(drug, len(by)), scheduled, maximum, equivalent, how, until, tuple(dict.fromkeys(filter(None, by))))
        for (drug, scheduled, maximum, equivalent, how, until), by in found.items()
    )


def not_counted(regimen: Regimen) -> tuple[str, ...]:
    """Records of the same classes that are not taken now, by reason."""
    found: dict[str, dict[str, int]] = {}
    for item in _ours(regimen):
        if item.state is ItemState.EXCLUDED:
            why = _why(item.reason, item.how)
            drugs = found.setdefault(why, {})
            drugs[item.drug] = drugs.get(item.drug, 0) + 1
    return tuple(f"{why}: {'; '.join(_times(drug, count) for drug, count in drugs.items())}" for why, drugs in found.items())


def others_of(regimen: Regimen) -> tuple[str, ...]:
    """The other medicines that are taken, each once."""
    drugs = (item.drug for item in regimen.items if item.drug_class not in _NAMED_CLASSES and item.state is not ItemState.EXCLUDED)
    return tuple(dict.fromkeys(drugs))


def remarks_of(regimen: Regimen) -> tuple[str, ...]:
    """What must be known of single records, with where it stands; the same remark of several records once."""
    found: dict[tuple[str, str], list[str]] = {}
    same: dict[tuple[str, frozenset[str]], list[str]] = {}
    for item in _ours(regimen):
        for remark in _remarks(item):
            found.setdefault((item.drug, remark), []).append(item.sources[0])
        if item.possible_duplicate_of:
            records = [item.sources[0], *item.possible_duplicate_of]
            same.setdefault((item.drug, frozenset(records)), records)
    told = [f"{drug} ({_places(sources)}): {remark}" for (drug, remark), sources in found.items()]
    return (*told, *(f"{drug}: {len(records)} records may be the same: {_places(records)}" for (drug, _), records in same.items()))


def issues_of(regimen: Regimen) -> tuple[tuple[str, str], ...]:
    """(severity, sentence) of each kind of issue, with where it stands."""
    found: dict[tuple[str, str], list[str]] = {}
    for issue in regimen.issues:
        found.setdefault((issue.severity, issue.message), []).extend(_place_of(issue))
    return tuple(
        (severity, f"{severity}: {message}{f' ({_places(places)})' if places else ''}") for (severity, message), places in found.items()
    )


def left_out_of(total: Total) -> tuple[str, ...]:
    """What a total does not hold and why, each once."""
    found: dict[tuple[str, str], int] = {}
    for left in total.left_out:
        found[left.item.drug, left.says] = found.get((left.item.drug, left.says), 0) + 1
    return tuple(f"{_times(drug, count)}: {says}" for (drug, says), count in found.items())


def span_in_words(span: Span | None) -> str:
    """An equivalent with one decimal, both ends of a range."""
    if span is None:
        return "?"
    return "–".join(dict.fromkeys(one_decimal(end) for end in (span.low, span.high)))


def _ours(regimen: Regimen) -> Iterable[RegimenItem]:
    return (item for item in regimen.items if item.drug_class in _NAMED_CLASSES)


def _words(item: RegimenItem, mme: Total, diazepam: Total) -> tuple[str, str, str, str, str]:
    equivalent = ""
    for total in (mme, diazepam):
        line = total.line_of(item)
        if line is not None and not equivalent:
            equivalent = f"{span_in_words(line.max or line.scheduled)} {MEASURES[total.measure]}"
    return item.drug, _amount(item.scheduled_mg), _amount(item.max_mg), equivalent, _state(item)


def _state(item: RegimenItem) -> str:
    """How it was computed, or why it was not."""
    return item.how if item.state is ItemState.COMPUTED else f"✗ not computable, {_why(item.reason, item.how)}"


def _why(reason: Reason | None, how: str) -> str:
    word = named(reason.value) if reason else "no reason given"
    return f"{word} ({how.rstrip('. ')})" if how else word


def _amount(amount: Exact | None) -> str:
    return "?" if amount is None else dose_for_people(amount)


def _remarks(item: RegimenItem) -> list[str]:
    unknown = [f"the maximum is not known: {named(item.max_reason.value)}"] if item.max_reason else []
    from_where = [_SETTINGS[item.setting]] if item.setting in _SETTINGS and item.state is not ItemState.EXCLUDED else []
    not_tapered = [f"not tapered: {item.why_not_candidate}"] if item.state is ItemState.COMPUTED and item.why_not_candidate else []
    return [*from_where, *item.notes, *unknown, *not_tapered]


def _times(words: str, count: int) -> str:
    return words if count == 1 else f"{words} ({count} records)"


def _places(places: list[str]) -> str:
    more = len(places) - _PLACES
    return ", ".join(places[:_PLACES]) + (f" and {more} more" if more > 0 else "")


def _place_of(issue: Issue) -> list[str]:
    return [issue.source] if issue.source else []
