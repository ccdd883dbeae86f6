"""Finds which of our concepts a FHIR coding means, by tables/concepts.csv.

Exact codes and code prefixes (ICD-10 chapters). Codes of ICD are compared without their dot; systems in any spelling that `systems` knows.
A coding without a system means nothing: codes of different systems collide.

Two endings of a concept's id have a meaning of their own: "-history" holds whether or not the condition is over, and "-status" is an
Observation whose value says whether the rest of the id is true.
"""

from collections.abc import Iterable
from typing import Final

from fhir_taper.mappers.systems import ICD_9_CM, ICD_10, ICD_10_CM, canonical_system, codings, words_of
from fhir_taper.plans.tables.rows import Concept

_DOTTED: Final = frozenset({ICD_10, ICD_10_CM, ICD_9_CM})
_HISTORY: Final = "-history"
_STATUS: Final = "-status"


def is_history(concept: str) -> bool:
    """Whether the concept stays true when the condition is over."""
    return concept.endswith(_HISTORY)


def status_of(concept: str) -> str:
    """The concept that an Observation of this "-status" concept speaks about; "" for every other concept."""
    return concept.removesuffix(_STATUS) if concept.endswith(_STATUS) else ""


class ConceptIndex:
    """The rows of concepts.csv, found by code. Made once per reading; a chart repeats its codes, so what one means is remembered."""

    def __init__(self, concepts: Iterable[Concept]) -> None:
        self._known: dict[tuple[str, str], tuple[str, ...]] = {}
        self._exact: dict[tuple[str, str], list[Concept]] = {}
        self._prefixes: dict[str, dict[str, list[Concept]]] = {}
        self._systems: set[str] = set()
        for concept in concepts:
            system = canonical_system(concept.system)
            code = _plain(system, concept.code)
            self._systems.add(system)
            if concept.match == "prefix":
                self._prefixes.setdefault(system, {}).setdefault(code, []).append(concept)
            else:
                self._exact.setdefault((system, code), []).append(concept)

    def concepts_of(self, codeable_concept: object) -> tuple[str, ...]:
        """The ids of all our concepts that any coding means, each once, in the order of the codings."""
        found = [concept for coding in codings(codeable_concept) for concept in self._meant(coding.system, coding.code)]
        return tuple(dict.fromkeys(found) if len(found) > 1 else found)

    def is_comparable(self, codeable_concept: object) -> bool:
        """Whether any coding is of a system that the table has codes of: what it does not mean then is none of our concepts."""
        return any(coding.system in self._systems for coding in codings(codeable_concept))

    def words_of(self, codeable_concept: object) -> str:
        """What a person would call the concept: its own words, and where it has only a code that we know, ours for it."""
        said = words_of(codeable_concept)
        coding = next((one for one in codings(codeable_concept) if one.code == said), None)
        known = None if coding is None else next(iter(self._rows(coding.system, _plain(coding.system, coding.code))), None)
        return said if known is None else known.display

    def _meant(self, system: str, code: str) -> tuple[str, ...]:
        known = self._known.get((system, code))
        if known is None:
            known = self._known[system, code] = tuple(row.concept for row in self._rows(system, _plain(system, code)))
        return known

    def _rows(self, system: str, code: str) -> Iterable[Concept]:
        yield from self._exact.get((system, code), ())
        prefixes = self._prefixes.get(system)
        if prefixes:
            for length in range(1, len(code) + 1):
                yield from prefixes.get(code[:length], ())


def _plain(system: str, code: str) -> str:
    return code.replace(".", "").upper() if system in _DOTTED else code
