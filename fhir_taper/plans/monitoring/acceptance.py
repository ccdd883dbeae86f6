"""Which values of a chart a rule may use: converted to the signal's own unit, whole, plausible, of a variant that can be told apart.

Everything else is set aside with its reason: shown, and never "normal". No number stands here (tables/signals.csv, signal_units.csv).
"""

from collections.abc import Iterable
from fractions import Fraction
from typing import Final

from fhir_taper.plans.medicines.dose import Exact, as_exact, brief, plain
from fhir_taper.plans.monitoring.reading import Raw, Reading, SetAside
from fhir_taper.plans.tables.signal_tables import Signal, SignalKind, SignalTables, Worse

_AT_LEAST_SO_BAD: Final = frozenset({("<", Worse.LOWER), (">", Worse.HIGHER)})
"""A bound on the worse side: "<85 %" of oxygen is no better than 85 %. Nothing is concluded from it that it does not say."""


def accept(raws: Iterable[Raw], tables: SignalTables) -> tuple[tuple[Reading, ...], tuple[SetAside, ...]]:
    """Each value as a reading, or set aside with its reason; the order is that of the input."""
    readings: list[Reading] = []
    aside: list[SetAside] = []
    for raw in raws:
        judged = _judged(raw, tables)
        if isinstance(judged, Reading):
            readings.append(judged)
        if isinstance(judged, str) or raw.comparator:
            why = judged if isinstance(judged, str) else f"{raw.comparator} is a bound: it counts as at least so bad, and not as better"
            aside.append(SetAside(raw.signal, raw.start, raw.source, _said(raw), why))
    return tuple(readings), tuple(aside)


def _judged(raw: Raw, tables: SignalTables) -> Reading | str:
    """The reading, or why it is none."""
    signal = tables.signals.get(raw.signal)
    if signal is None:
        return "no signal that is known here"
    if raw.end < raw.start:
        return "it ends before it begins"
    value: Exact | None = None
    if signal.kind is SignalKind.NUMBER:
        number = _number(raw, signal, tables)
        if isinstance(number, str):
            return number
        value = number
    elif signal.answers and raw.answer not in signal.answers and not (signal.kind is SignalKind.EVENT and not raw.answer):
        return f"answer {raw.answer or raw.words!r} is not one of {', '.join(signal.answers)}"
    return Reading(raw.signal, raw.start, raw.end, (raw.source,), value, raw.answer, raw.words, raw.is_remote and bool(signal.consent))


def _number(raw: Raw, signal: Signal, tables: SignalTables) -> Exact | str:
    if signal.needs_variant and raw.variant != signal.needs_variant:
        told = f"it is of {raw.variant}" if raw.variant else "the chart does not say which"
        return f"{signal.title} counts as {signal.needs_variant} only: {told}"
    if raw.value is None:
        return "no number"
    if raw.comparator and (raw.comparator[0], signal.worse) not in _AT_LEAST_SO_BAD:
        return f"{raw.comparator}{plain(raw.value)} is not one number"
    conversion = tables.units.get((signal.unit, raw.unit.strip().lower()))
    if conversion is None and raw.unit.strip() != signal.unit:
        return f"unit {raw.unit!r} is not one of {signal.unit}" if raw.unit.strip() else f"no unit, and {signal.unit} is not to be guessed"
    value = raw.value if conversion is None else as_exact((Fraction(raw.value) + Fraction(conversion.before)) * conversion.factor)
    if signal.low is None or signal.high is None or not signal.low <= value <= signal.high:
        return f"implausible: {brief(value)} is not from {signal.low} to {signal.high} {signal.unit}".rstrip()
    if signal.is_whole and value != int(value):
        return f"{brief(value)} is not a whole number"
    return value


def _said(raw: Raw) -> str:
    if raw.value is None:
        return raw.answer or raw.words
    return f"{raw.comparator}{plain(raw.value)} {raw.unit}".rstrip()
