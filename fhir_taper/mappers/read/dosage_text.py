"""The words of one Dosage: text and patient instruction, which must fit the structure, and additional instructions beside it.

What the patient is told is a text like any other (domain rule 5). An additional instruction ("every four to six hours", "may cause
drowsiness") is shown; it binds only where it states a dose, says as needed, gives a cap, or changes the dose over time.
"""

import re
from dataclasses import dataclass
from typing import Final

from fhir_taper.mappers.read.clause import Cap, Refusal, SigReading
from fhir_taper.mappers.read.elements import Json, children, words
from fhir_taper.mappers.read.sig import read_sig
from fhir_taper.mappers.read.sig_changes import Hint, hint_of
from fhir_taper.mappers.read.window import Bounds
from fhir_taper.mappers.systems import words_of
from fhir_taper.plans.medicines.regimen import Reason

_SAYS_AS_NEEDED: Final = re.compile(r"\b(?:prn|p\.r\.n\.|(?:as|if|when|whenever) (?:needed|required|necessary))(?![a-z])", re.IGNORECASE)
_FORBIDDING: Final = frozenset({Reason.TEXT_CHANGES_OVER_TIME, Reason.JOINT_TOTAL})


@dataclass(frozen=True, slots=True)
class Text:
    """One text with what the grammar made of it."""

    text: str
    reading: SigReading | Refusal

    @property
    def has_content(self) -> bool:
        """Whether it says anything of dose, timing or a cap."""
        return isinstance(self.reading, SigReading) and bool(self.reading.clauses or self.reading.caps)

    @property
    def names_days(self) -> bool:
        """Whether it is understood and names its first or its last day."""
        return isinstance(self.reading, SigReading) and not self.reading.start is self.reading.end is None

    @property
    def states_dose(self) -> bool:
        """Whether it is understood and says how much to take: such a text is never only a remark."""
        return isinstance(self.reading, SigReading) and any(clause.dose is not None for clause in self.reading.clauses)

    @property
    def says_as_needed(self) -> bool:
        """Whether a text that is understood says so of its dose."""
        return isinstance(self.reading, SigReading) and any(clause.as_needed and not clause.is_extra for clause in self.reading.clauses)

    @property
    def may_say_as_needed(self) -> bool:
        """Whether a text that is not understood has the words in it: of which dose, nobody knows."""
        return isinstance(self.reading, Refusal) and bool(_SAYS_AS_NEEDED.search(self.text))

    @property
    def changes(self) -> bool:
        """Whether it says that the dose is not the same every day, or that another product counts in, understood or not."""
        if not isinstance(self.reading, Refusal):
            return False
        return self.reading.reason in _FORBIDDING or hint_of(self.text) is Hint.CHANGES

    @property
    def adds(self) -> bool:
        """Whether it is not understood and names a dose beside the one that is read."""
        return isinstance(self.reading, Refusal) and hint_of(self.text) is Hint.ADDS


@dataclass(frozen=True, slots=True)
class Words:
    """All words of one Dosage. `forbids` is set where any of them names a change of the dose or another product."""

    own: tuple[Text, ...] = ()
    beside: tuple[Text, ...] = ()
    forbids: Refusal | None = None

    @property
    def texts(self) -> tuple[Text, ...]:
        """The own texts, then those beside them."""
        return (*self.own, *self.beside)

    @property
    def is_procedural(self) -> bool:
        return any(isinstance(text.reading, SigReading) and text.reading.is_procedural for text in self.texts)

    @property
    def readings(self) -> tuple[SigReading, ...]:
        """What was understood of the own texts."""
        return tuple(text.reading for text in self.own if isinstance(text.reading, SigReading))

    @property
    def days(self) -> Bounds:
        """The first and last day that the own texts name."""
        start = next((reading.start for reading in self.readings if reading.start is not None), None)
        return Bounds(start, next((reading.end for reading in self.readings if reading.end is not None), None))

    @property
    def has_unclear_dates(self) -> bool:
        return any(reading.has_unclear_dates for reading in self.readings)

    @property
    def adding(self) -> Text | None:
        """A text that names a further dose which nobody can read."""
        return next((text for text in self.texts if text.adds), None)

    @property
    def says_as_needed(self) -> bool:
        return any(text.says_as_needed for text in self.texts)

    @property
    def may_say_as_needed(self) -> bool:
        return any(text.may_say_as_needed for text in self.texts)

    @property
    def caps(self) -> tuple[Cap, ...]:
        return tuple(cap for text in self.texts if isinstance(text.reading, SigReading) for cap in text.reading.caps)


NO_WORDS: Final = Words()


def read_words(dosage: Json, path: str, names: frozenset[str]) -> Words:
    """The words of a Dosage, read. Raises BadInput for wrong types."""
    text = words(dosage, "text", path)
    told = words(dosage, "patientInstruction", path)
    additional = [words_of(concept) for concept in children(dosage, "additionalInstruction", path)]
    if not text and not told and not additional:
        return NO_WORDS
    own = [Text(one, read_sig(one, names)) for one in _different(text, told)]
    also = [Text(one, read_sig(one, names)) for one in additional if one and one.casefold() not in text.casefold()]
    own += [one for one in also if one.states_dose]
    beside = [one for one in also if not one.states_dose]
    said = (*own, *beside)
    forbids = next((one.reading for one in said if isinstance(one.reading, Refusal) and one.changes), None)
    return Words(tuple(own), tuple(beside), forbids)


def _different(text: str, told: str) -> list[str]:
    """Both texts, or one where the other only repeats it."""
    if not told or told.strip(" .").casefold() in text.casefold():
        return [text] if text else []
    return [said for said in (text, told) if said]
