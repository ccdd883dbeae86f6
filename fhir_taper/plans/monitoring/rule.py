"""A rule of escalation: clauses, one per level, each with what it proposes, when that is due, what would clear it, and its source."""

from dataclasses import dataclass
from enum import IntEnum

from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.medicines.products import Source
from fhir_taper.plans.monitoring.condition import Condition, Persist
from fhir_taper.plans.monitoring.span import Span
from fhir_taper.plans.tapers.plan import Phase


@dataclass(frozen=True, slots=True)
class SameDay:
    """Due on the same staffed day."""

    def __str__(self) -> str:
        return "same day"


class Level(IntEnum):
    NOTE = 0
    HOLD = 1
    SLOW = 2
    STEP_BACK = 3
    URGENT = 4
    EMERGENCY = 5


@dataclass(frozen=True, slots=True)
class Clause:
    """One level of a rule.

    `clears` ends a hit that stands (hysteresis); None: it ends as soon as `when` is known not to be so. `due`: None where nothing is due
    by a time. `says` is the sentence, with {signal}, {signal.change} and {quantity} for what was seen.
    """

    level: Level
    when: Condition
    actions: tuple[str, ...]
    says: str
    clear_words: str
    source: Source
    persist: Persist | None = None
    clears: Condition | None = None
    due: Span | SameDay | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """`classes` empty: every class. `stale` is (signal, span): an older reading is not used. `quiet`: not a new hit more often.

    A red flag needs no persistence and cannot be switched off. `stands`: a hit does not end by itself, a person answers it, and only for
    what it was shown; so it is with every red flag. `no_continuation`: after it no dose goes on without a clinician.
    """

    id: str
    version: int
    title: str
    classes: tuple[DrugClass, ...]
    phases: tuple[Phase, ...]
    clauses: tuple[Clause, ...]
    stale: tuple[tuple[str, Span], ...] = ()
    red_flag: bool = False
    loosenable: bool = False
    stands: bool = False
    quiet: Span | None = None
    no_continuation: bool = False
    ends_everything: bool = False

    def stale_after(self, signal: str) -> Span | None:
        """The age beyond which a reading of a signal is not used; None: any."""
        return next((span for name, span in self.stale if name == signal), None)
