"""What a value says of a signal: a number, one of its answers, or that it happened.

"No" to an event is no event. A value that is said to be missing is nothing at all, never zero and never "no". Words that are none of a
signal's answers are not understood, which is said.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from fhir_taper.mappers.read.observed_value import Value, is_absent, value_of
from fhir_taper.mappers.systems import Coding, coding_of, codings
from fhir_taper.mappers.write.form_codes import ANSWER_SYSTEM
from fhir_taper.plans.tables.chart_tables import ChartTables
from fhir_taper.plans.tables.signal_codes import Meaning, SignalCodes
from fhir_taper.plans.tables.signal_tables import Signal, SignalKind

_VALUE: Final = "value"


class Said(NamedTuple):
    """What was said, before anybody judged whether it may be used."""

    value: Decimal | None = None
    unit: str = ""
    answer: str = ""
    words: str = ""
    comparator: str = ""


def said_of(meaning: Meaning, part: Mapping[str, Any], signal: Signal, codes: SignalCodes, tables: ChartTables) -> Said | str | None:
    """What a part says; why it cannot be said; or None where it says nothing, or that it did not happen."""
    if part.get("dataAbsentReason") is not None:
        return "it has a value and a reason why it has none" if _has_value(part) else None
    if signal.kind is SignalKind.NUMBER:
        return _number(value_of(part, tables)) if _has_value(part) else None
    if meaning.answer or (signal.kind is SignalKind.EVENT and not _has_value(part)):
        return None if is_absent(part) or value_of(part, tables).is_yes is False else Said(answer=meaning.answer)
    if not _has_value(part):
        return None
    return _answer(part, value_of(part, tables), signal, codes)


def shown(part: Mapping[str, Any], tables: ChartTables) -> str:
    """The value as a person would read it, for what is set aside."""
    value = value_of(part, tables)
    return f"{value.comparator}{value.number} {value.unit}".rstrip() if value.number is not None else value.words


def _has_value(part: Mapping[str, Any]) -> bool:
    for name in part:  # noqa: SIM110 — asked of every component of every Observation
        if name.startswith(_VALUE) and part[name] is not None:
            return True
    return False


def _number(value: Value) -> Said | str:
    if value.problem:
        return value.problem
    return Said(value.number, value.unit, words=value.words, comparator=value.comparator)


def _answer(part: Mapping[str, Any], value: Value, signal: Signal, codes: SignalCodes) -> Said | str | None:
    if value.problem:
        return value.problem
    for coding in _codings(part):
        answer = coding.code if coding.system == ANSWER_SYSTEM else codes.answers.get((signal.id, coding.system, coding.code), "")
        if answer in signal.answers:
            return Said(answer=answer, words=value.words)
    word = "-".join(value.words.lower().split())
    if word in signal.answers:
        return Said(answer=word)
    if signal.kind is SignalKind.EVENT and (value.is_yes is not None or value.number is not None):
        is_so = value.is_yes if value.is_yes is not None else bool(value.number)
        return Said() if is_so else None
    return f"answer {value.words or str(value.number or '')!r} is not understood"


def _codings(part: Mapping[str, Any]) -> Iterator[Coding]:
    yield from codings(part.get("valueCodeableConcept"))
    coding = coding_of(part.get("valueCoding"))
    if coding is not None:
        yield coding
