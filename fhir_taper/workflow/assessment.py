"""The intake: what was asked and measured before a taper, by whom and when. Values; `keep_assessment` keeps them.

What the engine must know of it goes into the question (`assessed`); goals and the story of earlier attempts are words for people and stay
here. A plan that was made before the intake changed is made anew.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from fhir_taper.plans.medicines.dose import as_exact, shown
from fhir_taper.workflow.assessed import PEG_PARTS, Assessed, EnteredDose, Score
from fhir_taper.workflow.plan_options import PlanOptions


class AttemptEnd(StrEnum):
    """How an earlier taper ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One earlier attempt, as it was told: which medicine, when, how it ended, what was hard."""

    drug: str
    when: str
    ended: AttemptEnd
    says: str = ""


@dataclass(frozen=True, slots=True)
class AverageIntake:
    """What is really taken of one medicine a day, on average, in mg, and how that is known."""

    ingredient: str
    mg: Decimal
    how: str
    by: str
    on: date

    @property
    def confirmed_by(self) -> str:
        """Who confirms it, as a baseline names them."""
        return f"{self.how}, entered by {self.by} on {self.on.isoformat()}"


@dataclass(frozen=True, slots=True)
class Assessment:
    """`no_attempts`: somebody asked, and there was none. `by` and `at` are of the last save; `revision` 0 was never saved.

    `minimum_function` and `goals` are the patient's words; `agreed_who` and `agreed_what` are the shared decision to taper at all. The
    agreement to one plan is noted on that plan.
    """

    attempts: tuple[Attempt, ...] = ()
    no_attempts: bool = False
    averages: tuple[AverageIntake, ...] = ()
    entered: tuple[EnteredDose, ...] = ()
    scores: tuple[Score, ...] = ()
    minimum_function: str = ""
    goals: str = ""
    agreed_who: str = ""
    agreed_what: str = ""
    by: str = ""
    at: datetime | None = None
    revision: int = 0

    @property
    def assessed(self) -> Assessed:
        """What the engine must know of it."""
        peg = mean_of_peg(self.scores)
        failed = sum(one.ended is AttemptEnd.FAILED for one in self.attempts) if self.attempts or self.no_attempts else None
        scores = self.scores if peg is None else (*self.scores, peg)
        return Assessed(self.entered, scores, failed, "" if failed is None else self.by, in_one_line(self.minimum_function))

    def score(self, scale: str) -> Score | None:
        """The score on a scale, where it was measured."""
        return next((one for one in self.scores if one.scale == scale), None)

    def average(self, ingredient: str) -> AverageIntake | None:
        """The confirmed average intake of a medicine."""
        return next((one for one in self.averages if one.ingredient == ingredient), None)


def in_one_line(text: str) -> str:
    """What a person wrote, for where there is one line."""
    return " ".join(text.split())


def mean_of_peg(scores: Iterable[Score]) -> Score | None:
    """The mean of the three answers of PEG; None where one of them is missing."""
    parts = [one for one in scores if one.scale in PEG_PARTS]
    if {one.scale for one in parts} != set(PEG_PARTS):
        return None
    mean = as_exact(sum((Fraction(one.value) for one in parts), Fraction(0)) / len(PEG_PARTS))
    return Score("peg", shown(mean), parts[0].by, parts[0].on)


def with_intake(options: PlanOptions, assessment: Assessment) -> PlanOptions:
    """The question with what the intake says: an average intake is the baseline where nothing else is said of what is taken.

    One that an earlier intake said is not kept: it is what the intake says by now.
    """
    asked = replace(options, assessed=assessment.assessed)
    if asked.baseline_in_intake:
        asked = replace(asked, baseline_mg=None, baseline_by="", baseline_in_intake=False)
    average = assessment.average(options.drug)
    if average is None or asked.taken or asked.baseline_mg is not None:
        return asked
    return replace(asked, baseline_mg=average.mg, baseline_by=average.confirmed_by, baseline_in_intake=True)


def is_withdrawn(options: PlanOptions, assessment: Assessment) -> bool:
    """Whether this was asked from an average intake that the intake does not say any more: it is gone, or another one, or another's."""
    average = assessment.average(options.drug)
    return options.baseline_in_intake and (
        average is None or (average.mg, average.confirmed_by) != (options.baseline_mg, options.baseline_by)
    )


def is_overtaken(options: PlanOptions, assessment: Assessment) -> bool:
    """Whether the intake changed, in what the engine must know, since this was asked."""
    return options.assessed != assessment.assessed
