"""The shapes of a form: questions, choices, and how answers make a score. Instruments and our own check-ins are both forms.

Frozen values and their own small questions; `instrument_tables` reads them. No clinical number stands here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from fhir_taper.plans.medicines.products import Source


class AnsweredBy(StrEnum):
    """Who answers: the patient, or a clinician who looks at the patient."""

    PATIENT = "patient"
    CLINICIAN = "clinician"


class Ships(StrEnum):
    """What of an instrument may be shown: its words, our names of its questions, names only until its holder was asked, a link."""

    ORIGINAL = "original"
    OWN = "own"
    ASK = "ask"
    LINK = "link"


class Make(StrEnum):
    """How answers make a score. `stated`: not here; a chart states it."""

    SUM = "sum"
    MEAN = "mean"
    MINUTES = "minutes"
    TRIAGE = "triage"
    STATED = "stated"


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer that can be chosen. `signal` and `answer` are what choosing it says, "" where it says nothing by itself.

    `is_none`: it says that none of the others holds.
    """

    code: str
    words: str
    points: Decimal | None = None
    loinc: str = ""
    signal: str = ""
    answer: str = ""
    is_none: bool = False


@dataclass(frozen=True, slots=True)
class OnlyIf:
    """A question is asked only where another one was answered by `code`, or, `is_not`, by anything else."""

    item: str
    code: str
    is_not: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One question. It takes one of `choices` (`is_many`: all that fit), a whole number from `low` to `high` in `unit`, yes or no, or text.

    `signal`: what the answer says by itself. `empty` counts where the question is not asked, or, without `only_if`, is left out.
    """

    id: str
    words: str
    choose: str = ""
    choices: tuple[Choice, ...] = ()
    is_many: bool = False
    low: int = 0
    high: int = 0
    unit: str = ""
    is_yes_no: bool = False
    is_text: bool = False
    signal: str = ""
    loinc: str = ""
    only_if: OnlyIf | None = None
    empty: str | None = None
    classes: tuple[str, ...] = ()
    phases: tuple[str, ...] = ()

    @property
    def is_number(self) -> bool:
        return not (self.choices or self.is_yes_no or self.is_text)

    @property
    def has_points(self) -> bool:
        return self.is_number or any(choice.points is not None for choice in self.choices)

    def choice(self, code: str) -> Choice | None:
        return next((choice for choice in self.choices if choice.code == code), None)


@dataclass(frozen=True, slots=True)
class ScoreRule:
    """How the answers to `of` make one score of `signal`. `levels` of a triage: from the highest, answers of which any is enough."""

    signal: str
    noun: str
    make: Make
    of: tuple[str, ...] = ()
    loinc: str = ""
    levels: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    otherwise: str = ""


@dataclass(frozen=True, slots=True)
class Calls:
    """An answer of at least so many points to `item` calls for another form at once."""

    item: str
    at_least: Decimal
    form: str


@dataclass(frozen=True, slots=True)
class Licence:
    """What may be shown of a form, what must stand beside it, and where the original is."""

    ships: Ships
    notice: str
    link: str
    source: Source


@dataclass(frozen=True, slots=True)
class Form:
    """One instrument or check-in. `every_days` None: it is asked only when something calls for it."""

    id: str
    title: str
    by: AnsweredBy
    licence: Licence
    source: Source
    items: tuple[Item, ...] = ()
    scores: tuple[ScoreRule, ...] = ()
    calls: tuple[Calls, ...] = ()
    lead: str = ""
    variant: str = ""
    refuses: tuple[str, ...] = ()
    panel: str = ""
    codes_source: Source | None = None
    event: str = ""
    every_days: int | None = None
    classes: tuple[str, ...] = ()
    phases: tuple[str, ...] = ()

    @property
    def needs_person(self) -> bool:
        """Whether a person of the clinic must ask it, or look: it is never given to a patient alone."""
        return self.by is AnsweredBy.CLINICIAN or self.licence.ships is Ships.ASK

    def item(self, item_id: str) -> Item | None:
        return next((item for item in self.items if item.id == item_id), None)

    def items_for(self, drug_class: str, phase: str) -> tuple[Item, ...]:
        """The questions that are asked of a plan of this class in this phase."""
        return tuple(item for item in self.items if _fits(item.classes, drug_class) and _fits(item.phases, phase))

    def is_for(self, drug_class: str, phase: str) -> bool:
        return _fits(self.classes, drug_class) and _fits(self.phases, phase)


@dataclass(frozen=True, slots=True)
class Forms:
    """All forms by id: instruments and our own. `by_loinc`: the form and the question of a LOINC code that belongs to one question only."""

    forms: Mapping[str, Form]
    by_loinc: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def _fits(allowed: tuple[str, ...], value: str) -> bool:
    return not allowed or value in allowed
