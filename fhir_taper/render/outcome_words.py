"""Outcomes of one plan as rows of a table: what, at first, now, by how much. What is not known says so, and why."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from fhir_taper.plans.medicines.dose import Exact, as_exact, dose_for_people, one_decimal
from fhir_taper.plans.monitoring.outcomes import Load, Measured, Outcomes, Pace, Range
from fhir_taper.plans.monitoring.retention import Retention
from fhir_taper.render.signal_words import ago, change_words, value_words

NOT_KNOWN: Final = "not known"
_MEASURES: Final = {"diazepam_mg": "Diazepam equivalent", "mme": "MME of the plan's opioid", "all opioids": "MME of all opioids"}


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """`note` says what is not known and why, or how old a value is."""

    what: str
    before: str
    now: str
    change: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class PaceRow:
    """A fall in percent of the first dose: as planned, as ordered."""

    what: str
    planned: str
    ordered: str
    note: str = ""


def outcome_rows(found: Outcomes) -> tuple[OutcomeRow, ...]:
    """Load, pain, function, mood, sleep and check-ins, as far as anything is known of them."""
    return tuple(row for row in _rows(found) if not _is_unknown(row))


def unknown_outcomes(found: Outcomes) -> tuple[str, ...]:
    """Those of which nothing is known, each with why."""
    return tuple(f"{row.what} ({row.note or NOT_KNOWN})" for row in _rows(found) if _is_unknown(row))


def _is_unknown(row: OutcomeRow) -> bool:
    return row.before in ("", NOT_KNOWN) and row.now == NOT_KNOWN


def pace_rows(found: Outcomes) -> tuple[PaceRow, ...]:
    """The last two weeks, the last four, and the whole course."""
    return tuple(_pace(one) for one in found.paces)


def outcome_sentences(found: Outcomes) -> tuple[str, ...]:
    """What is told in a sentence: an end that was reached, and the days on hold."""
    return tuple(_sentences(found))


def _rows(found: Outcomes) -> Iterator[OutcomeRow]:
    yield from (_load(one) for one in found.loads)
    yield from (_measured(one, found) for one in (*found.pain, *found.mood, *found.sleep))
    function = found.function
    what = f"Minimum function{f' ({function.agreed})' if function.agreed else ''}"
    met = f"met on {function.met} of {function.of} check-ins" if function.of else NOT_KNOWN
    yield OutcomeRow(what, "", met, "", function.why.partition(": ")[2] or function.why)
    yield _retention(found.retention)


def _retention(found: Retention) -> OutcomeRow:
    title = "Check-ins that came"
    if found.why:
        return OutcomeRow(title, "", NOT_KNOWN, "", found.why)
    lately, before = (share.says or "none was due" for share in (found.lately, found.before))
    return OutcomeRow(title, "", f"{lately} in the last 4 weeks", "", f"{before} in the 4 weeks before")


def _load(one: Load) -> OutcomeRow:
    is_mg = one.of not in _MEASURES
    title = f"{one.of.capitalize()} ordered" if is_mg else f"{_MEASURES[one.of]} ordered"
    now = f"{_amount(one.now)} a day" if one.now is not None else NOT_KNOWN
    unit = " mg" if is_mg or one.of == "diazepam_mg" else ""
    before = f"{_amount(one.before)}{unit} a day" if one.before is not None else NOT_KNOWN
    planned = f"the plan says {_amount(one.planned)}{unit} a day" if one.planned is not None and one.planned != one.now else ""
    return OutcomeRow(title, before, now.replace(" a day", f"{unit} a day"), _fall(one.reduction), one.why or planned)


def _amount(found: Range) -> str:
    low, high = (dose_for_people(end) if not isinstance(end, Fraction) else one_decimal(end) for end in found)
    return low if low == high else f"{low}–{high}"


def _fall(percent: Exact | None) -> str:
    if percent is None:
        return NOT_KNOWN
    if not percent:
        return "as at first"
    return f"{one_decimal(as_exact(abs(Fraction(percent))))} % {'less' if percent > 0 else 'more'}"


def _measured(one: Measured, found: Outcomes) -> OutcomeRow:
    before = value_words(one.signal, one.before) if one.before is not None else NOT_KNOWN
    now = value_words(one.signal, one.now) if one.now is not None else NOT_KNOWN
    change = change_words(one.signal, one.change) if one.change is not None else NOT_KNOWN
    whys = (one.why_not_now,) if one.before is None and one.now is None else (one.why_no_baseline, one.why_not_now)
    notes = [why.removeprefix(f"{one.signal.title}: ") for why in whys]
    if one.now_on is not None and one.now is not None:
        notes.append(f"mean of {one.of} readings" if one.of > 1 else ago((found.on - one.now_on).days))
    return OutcomeRow(one.signal.title, before, now, change, "; ".join(dict.fromkeys(filter(None, notes))))


def _pace(one: Pace) -> PaceRow:
    what = f"Whole course ({one.days} days), per {one.per} days" if one.per else f"Last {one.days} days"
    return PaceRow(what, _percent(one.planned), _percent(one.ordered), one.why)


def _percent(value: Exact | None) -> str:
    if value is None:
        return NOT_KNOWN
    return f"{'−' if value < 0 else ''}{one_decimal(as_exact(abs(Fraction(value))))} %"


def _sentences(found: Outcomes) -> Iterator[str]:
    if found.kept_mg is not None:
        yield f"The taper ended at a lower dose that goes on, {dose_for_people(found.kept_mg)} mg a day: a goal that was reached."
    if found.is_completed:
        yield "The taper is completed: a goal that was reached."
    days = "day" if found.days_on_hold == 1 else "days"
    yield f"Reductions were paused on {found.days_on_hold} {days} of {found.days_so_far}."
