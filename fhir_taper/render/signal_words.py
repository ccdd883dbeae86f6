"""What was measured, in words for people: a score with the word of its source, sleep in hours, a change with its direction."""

from datetime import timedelta
from fractions import Fraction
from functools import cache
from typing import Final

from fhir_taper.plans.medicines.dose import Exact, as_exact, brief, one_decimal
from fhir_taper.plans.monitoring.reading import Reading
from fhir_taper.plans.monitoring.scoring import band_words
from fhir_taper.plans.tables.instrument_tables import load_forms
from fhir_taper.plans.tables.scale_tables import load_scales
from fhir_taper.plans.tables.signal_tables import Signal, SignalKind, Worse

_SCORE: Final = "{score}"
_UNITS: Final = {
    "/min": " a minute", "mm[Hg]": " mmHg", "Cel": " °C", "%": " %", "{steps}": " steps", "m/s": " m/s", "d": " days", _SCORE: "",
}  # fmt: skip
_MINUTES: Final = 60


def value_words(signal: Signal, value: Exact) -> str:
    """A number of a signal: "moderate anxiety (12 of 21)", "6 of 10", "5 h 30 min", "84 a minute"."""
    if signal.unit == "min":
        return _hours(value)
    if signal.unit != _SCORE:
        return f"{one_decimal(value)}{_UNITS.get(signal.unit, f' {signal.unit}')}"
    noun = _nouns().get(signal.id, "")
    scale = load_scales().get(signal.id)
    exact = as_exact(value)
    if scale is not None and scale.bands and noun and scale.band_of(exact) is not None and not isinstance(exact, Fraction):
        return band_words(signal.id, noun, exact)
    most = signal.high if signal.high is not None else ""
    return f"{one_decimal(value)} of {brief(most)}" if most != "" else one_decimal(value)


def reading_words(signal: Signal, reading: Reading) -> str:
    """A reading: its number, its answer, or what happened."""
    if reading.value is not None:
        return value_words(signal, reading.value)
    said = reading.answer.replace("-", " ")
    if signal.kind is SignalKind.ANSWER:  # the words of an answer repeat its question
        return said or reading.words
    return reading.words or said or "it happened"


def change_words(signal: Signal, change: Exact) -> str:
    """A change from the own baseline: "3 more, worse", "as at the baseline"."""
    if not change:
        return "as at the baseline"
    amount = as_exact(abs(Fraction(change)))
    said = _hours(amount) if signal.unit == "min" else f"{one_decimal(amount)}{_UNITS.get(signal.unit, f' {signal.unit}')}"
    words = f"{said} {'more' if change > 0 else 'less'}"
    if signal.worse is Worse.EITHER:
        return words
    return f"{words}, {'worse' if (change > 0) == (signal.worse is Worse.HIGHER) else 'better'}"


def unit_words(signal: Signal) -> str:
    """The unit in which a chart draws a signal, behind its title: ", hours"; "" for a score."""
    unit = "hours" if signal.unit == "min" else _UNITS.get(signal.unit, f" {signal.unit}").strip()
    return f", {unit}" if unit else ""


def ago(days: int) -> str:
    """How long ago a day was."""
    if days <= 0:
        return "today"
    return "yesterday" if days == 1 else f"{days} days ago"


def _hours(minutes: Exact) -> str:
    whole = timedelta(minutes=round(Fraction(minutes)))
    hours, left = divmod(round(whole.total_seconds()) // _MINUTES, _MINUTES)
    return f"{hours} h {left} min" if hours and left else f"{hours} h" if hours else f"{left} min"


@cache
def _nouns() -> dict[str, str]:
    """What a score measures, by its signal."""
    return {rule.signal: rule.noun for form in load_forms().forms.values() for rule in form.scores}
