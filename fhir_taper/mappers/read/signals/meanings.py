"""Finds which signals a code means: by signal_codes.csv, by our own code system, and by the codes of a site."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from fhir_taper.mappers.read.concepts import ConceptIndex
from fhir_taper.mappers.systems import ICD_10_CM, codings, words_of
from fhir_taper.mappers.write.form_codes import SIGNAL_SYSTEM
from fhir_taper.plans.monitoring.timeline import Record
from fhir_taper.plans.tables import load
from fhir_taper.plans.tables.rows import Concept
from fhir_taper.plans.tables.signal_codes import Meaning, load_signal_codes, own_meanings
from fhir_taper.plans.tables.signal_tables import load_signals

_LATER_CARE: Final = frozenset("DS")
_LONGEST_ICD_10_CM: Final = 7


class SignalIndex:
    """What codes mean, for one site. Made once; a chart repeats its codes, so what one means is remembered."""

    def __init__(self, site: Iterable[Meaning] = ()) -> None:
        signals = load_signals().signals
        concepts = load().medicines.concepts
        self._rows = (*load_signal_codes().meanings, *own_meanings(SIGNAL_SYSTEM, signals.values()), *site)
        self._index = ConceptIndex(one for number, row in enumerate(self._rows) for one in _coded(str(number), row, concepts))
        self._records = {one.id: frozenset(Record(kind) for kind in one.records) for one in signals.values()}
        self._found: dict[tuple[str, str, Record], tuple[Meaning, ...]] = {}

    def meanings(self, concept: object, record: Record) -> tuple[Meaning, ...]:
        """What the codes of a CodeableConcept mean, of the signals that this kind of record can say. Each signal once: of two codings that
        which knows the variant of its instrument."""
        found: dict[str, Meaning] = {}
        for coding in codings(concept):
            key = coding.system, coding.code, record
            known = self._found.get(key)
            if known is None:
                known = self._found[key] = self._meant(*key)
            for one in known:
                if one.signal not in found or (one.variant and not found[one.signal].variant):
                    found[one.signal] = one
        return tuple(found.values())

    def words_of(self, concept: object) -> str:
        """What a person would call the concept."""
        return self._index.words_of(concept) or words_of(concept)

    def _meant(self, system: str, code: str, record: Record) -> tuple[Meaning, ...]:
        if system == ICD_10_CM and _is_of_later_care(code):
            return ()
        rows = (self._rows[int(name)] for name in self._index.concepts_of({"coding": [{"system": system, "code": code}]}))
        return tuple(row for row in rows if record in self._records[row.signal])


@lru_cache(maxsize=1)
def standard_index() -> SignalIndex:
    """The index of a site without codes of its own."""
    return SignalIndex()


def _coded(name: str, row: Meaning, concepts: Iterable[Concept]) -> Iterable[Concept]:
    if not row.concept:
        return (Concept(name, row.system, row.code, row.match, row.display, row.source),)
    return (Concept(name, one.system, one.code, one.match, one.display, one.source) for one in concepts if one.concept == row.concept)


def _is_of_later_care(code: str) -> bool:
    """ICD-10-CM: a seventh character D (subsequent encounter) or S (sequela) is about something that happened before."""
    plain = code.replace(".", "").upper()
    return len(plain) == _LONGEST_ICD_10_CM and plain[-1] in _LATER_CARE
