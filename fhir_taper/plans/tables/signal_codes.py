"""Which codes mean a signal (signal_codes.csv), what coded answers mean (signal_answers.csv), and what a Consent names (consent_codes.csv).

Rows only; `load_signal_codes` is the door. A site adds codes of its own: `site_meanings`. How a chart is read by them is the mappers'.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from fhir_taper.errors import BadInput, TableError
from fhir_taper.plans.medicines.codes import SourceState
from fhir_taper.plans.medicines.products import Source
from fhir_taper.plans.tables.reading import csv_rows, edition_of, source_of
from fhir_taper.plans.tables.rows import TableEdition
from fhir_taper.plans.tables.signal_tables import Signal, SignalKind, load_signals

SIGNAL_CODES, SIGNAL_ANSWERS, CONSENT_CODES = "signal_codes.csv", "signal_answers.csv", "consent_codes.csv"
_MATCHES = ("exact", "prefix")


@dataclass(frozen=True, slots=True)
class Meaning:
    """One row of signal_codes.csv: codes that mean `signal`, all of a `concept` of concepts.csv or one of a `system`.

    `answer` is the answer that the code itself gives, `variant` the variant of an instrument that it is of.
    """

    signal: str
    source: Source
    answer: str = ""
    variant: str = ""
    concept: str = ""
    system: str = ""
    code: str = ""
    match: str = "exact"
    display: str = ""


@dataclass(frozen=True, slots=True)
class SignalCodes:
    """`answers` by (signal, system, code); `consents` are classes of remote measures by (system, code)."""

    meanings: tuple[Meaning, ...]
    answers: Mapping[tuple[str, str, str], str]
    consents: Mapping[tuple[str, str], str]
    editions: tuple[TableEdition, ...]


@lru_cache(maxsize=1)
def load_signal_codes() -> SignalCodes:
    """The package's own tables. Raises TableError naming file and line of the first row that is not acceptable."""
    return read_signal_codes()


def read_signal_codes(codes: str | None = None, answers: str | None = None, consents: str | None = None) -> SignalCodes:
    """Tables from texts; None is the package's own file. Raises TableError as `load_signal_codes`."""
    signals = load_signals().signals
    classes = {one.consent for one in signals.values() if one.consent}
    meanings: dict[tuple[str, ...], Meaning] = {}
    for place, row in csv_rows(SIGNAL_CODES, codes):
        key = (row["signal"], row["answer"], row["concept"], row["system"], row["code"])
        if key in meanings:
            raise TableError(f"{place}: {row['code'] or row['concept']} stands in this table twice")
        meanings[key] = _meaning(place, row, signals)
    said: dict[tuple[str, str, str], str] = {}
    for place, row in csv_rows(SIGNAL_ANSWERS, answers):
        source_of(place, row)
        answer_key = (row["signal"], row["system"], row["code"])
        signal = _known(place, row["signal"], signals)
        if not all(answer_key) or answer_key in said or row["answer"] not in signal.answers:
            raise TableError(f"{place}: {row['code']} stands here twice, or {row['answer']!r} is no answer of {signal.id}")
        said[answer_key] = row["answer"]
    permitted: dict[tuple[str, str], str] = {}
    for place, row in csv_rows(CONSENT_CODES, consents):
        source_of(place, row)
        if row["measures"] not in classes or (row["system"], row["code"]) in permitted:
            raise TableError(f"{place}: {row['measures']!r} is none of {', '.join(sorted(classes))}, or its code stands here twice")
        permitted[row["system"], row["code"]] = row["measures"]
    editions = tuple(edition_of(name) for name in (SIGNAL_CODES, SIGNAL_ANSWERS, CONSENT_CODES))
    return SignalCodes(tuple(meanings.values()), said, permitted, editions)


def site_meanings(codes: Mapping[str, str]) -> tuple[Meaning, ...]:
    """Meanings of a site's own codes: "system|code" to a signal, "signal:answer", or "signal:variant" for an instrument of several.

    Raises BadInput naming the key. An instrument that has variants needs its own named: whoever maps a code must know which form is used.
    """
    return tuple(_site_meaning(key, value) for key, value in codes.items())


def _site_meaning(key: str, value: str) -> Meaning:
    system, bar, code = key.rpartition("|")
    name, _, detail = value.partition(":")
    signal = load_signals().signals.get(name.strip())
    if not bar or not system.strip() or not code.strip():
        raise BadInput(f"{key!r} is not a code system, a bar and a code", "signal_codes")
    if signal is None:
        raise BadInput(f"{key!r}: {name!r} is no signal", "signal_codes")
    allowed = (signal.needs_variant,) if signal.kind is SignalKind.NUMBER and signal.needs_variant else signal.answers
    if (detail and detail not in allowed) or (signal.needs_variant and not detail):
        wanted = f"one of {', '.join(allowed)}" if allowed else "nothing"
        raise BadInput(f"{key!r}: {value!r} must name {wanted} behind its colon", "signal_codes")
    is_variant = signal.kind is SignalKind.NUMBER
    source = Source("configuration of the site", "as configured", "as configured", SourceState.READ)
    return Meaning(
        signal.id,
        source,
        answer="" if is_variant else detail,
        variant=detail if is_variant else "",
        system=system.strip(),
        code=code.strip(),
        display=signal.title,
    )


def own_meanings(system: str, signals: Iterable[Signal]) -> tuple[Meaning, ...]:
    """A code of our own system means the signal of that name, of the variant that counts."""
    source = Source("our own code system", "as published", "2026", SourceState.READ)
    return tuple(Meaning(one.id, source, variant=one.needs_variant, system=system, code=one.id, display=one.title) for one in signals)


def _meaning(place: str, row: Mapping[str, str], signals: Mapping[str, Signal]) -> Meaning:
    signal = _known(place, row["signal"], signals)
    if row["answer"] and row["answer"] not in signal.answers:
        raise TableError(f"{place}: {row['answer']!r} is no answer of {signal.id}")
    if bool(row["concept"]) == bool(row["system"] and row["code"] and row["match"] in _MATCHES and row["display"]):
        raise TableError(f"{place}: a row has either a concept, or system, code, match and display")
    return Meaning(
        signal.id,
        source_of(place, row),
        row["answer"],
        row["variant"],
        row["concept"],
        row["system"],
        row["code"],
        row["match"] or "exact",
        row["display"],
    )


def _known(place: str, name: str, signals: Mapping[str, Signal]) -> Signal:
    if name not in signals:
        raise TableError(f"{place}: {name!r} is no signal")
    return signals[name]
