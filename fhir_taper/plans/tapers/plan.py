"""The taper plan: frozen values, one plan per ingredient, every dose made exactly by its units.

Nothing here decides; `propose` makes plans, `revision` makes new versions of them, `safety` judges them. Doses are mg of a dosing day;
where a step
is taken only every n-th day (`every_days`), mg per day is the mean over the repeating interval. Status words are FHIR's own.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from fhir_taper.plans.medicines.codes import DrugClass, Form, Release, Slot
from fhir_taper.plans.medicines.dose import ZERO, Exact, add, divide, multiply
from fhir_taper.plans.medicines.products import Source
from fhir_taper.plans.tables.contingency_rows import AdvicePart
from fhir_taper.plans.tables.rows import LimitsRow, TableEdition
from fhir_taper.plans.tapers.finding import Acknowledgement, Finding
from fhir_taper.plans.worked_out import HasWorkedOut, worked_out


class StepKind(StrEnum):
    BASELINE = "baseline"
    REDUCTION = "reduction"
    HOLD = "hold"
    LIMITED = "limited"  # a limit, not the strategy, set this dose
    UNIT_LIMITED = "unit-limited"  # one notch beyond a fraction limit: nothing smaller can be dispensed
    SUBSTITUTION = "substitution"
    INTERVAL = "interval"
    STOP = "stop"


class PlanState(StrEnum):
    DRAFT = "draft"
    ACTIVE = "active"
    ON_HOLD = "on-hold"
    COMPLETED = "completed"
    REVOKED = "revoked"
    ENTERED_IN_ERROR = "entered-in-error"


class Phase(StrEnum):
    TAPER = "taper"
    MAINTENANCE = "maintenance"
    AFTERCARE = "aftercare"


class PlanGoal(StrEnum):
    DISCONTINUE = "discontinue"
    TARGET = "target"
    MAINTENANCE = "maintenance"


class Tier(StrEnum):
    LOW = "low"
    STANDARD = "standard"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class PlanProduct:
    """A product as this plan may use it: `parts` is what is permitted here (1, 2 or 4), `mg` as in Product.mg."""

    rxcui: str
    name: str
    ingredient: str
    form: Form
    release: Release
    mg: Decimal
    parts: int = 1
    smallest_ml: Decimal | None = None
    wear_h: int | None = None


@dataclass(frozen=True, slots=True)
class Units:
    """How many of one product at which times of a dosing day: units (mL of a liquid, patches worn) in slot order, never zero."""

    rxcui: str
    strength_mg: Decimal
    slots: tuple[tuple[Slot, Decimal], ...]

    @property
    def per_day(self) -> Decimal:
        return sum([units for _, units in self.slots], ZERO)


@dataclass(frozen=True, slots=True)
class Dose(HasWorkedOut):
    """One ingredient on a dosing day, and the units that make it exactly. No units is a dose of zero."""

    ingredient: str
    units: tuple[Units, ...] = ()

    @property
    def mg(self) -> Exact:
        """mg of a dosing day: summed once, because every figure of a plan asks for it."""
        return worked_out(self, _mg_of)


def _mg_of(dose: Dose) -> Exact:
    return add(*[multiply(unit.strength_mg, unit.per_day) for unit in dose.units])


@dataclass(frozen=True, slots=True)
class Step:
    """Whole days [start, end], both inclusive, in the patient's zone; the last step of a plan has `end` None."""

    number: int
    start: date
    end: date | None
    kind: StepKind
    doses: tuple[Dose, ...]
    ideal_mg: Decimal
    every_days: int = 1
    note: str = ""

    def mg_per_day(self, ingredient: str) -> Exact:
        """Mean mg per day of one ingredient."""
        doses = [dose.mg for dose in self.doses if dose.ingredient == ingredient]
        mg = doses[0] if len(doses) == 1 else add(ZERO, *doses)
        return mg if self.every_days == 1 else divide(mg, Decimal(self.every_days))


class GateState(StrEnum):
    OPEN = "open"  # no review yet: the step's reduction must not start
    PASSED = "passed"
    OVERRIDDEN = "overridden"


@dataclass(frozen=True, slots=True)
class ReviewGate:
    """A review that must be completed, or overridden with a reason, before the reduction of `step` starts."""

    step: int
    due: date
    state: GateState = GateState.OPEN
    by: str = ""
    on: date | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Baseline:
    """Confirmed average intake. `confirmed_by` is empty where scheduled = maximum and nothing needed confirming."""

    mg: Decimal
    confirmed_by: str = ""
    confirmed_on: date | None = None
    how: str = ""


@dataclass(frozen=True, slots=True)
class EquivalentFactor:
    """Equivalent (diazepam mg or MME) per mg per day of one ingredient, by a named table; `low` = `high` unless the source or the choice
    of table leaves a range."""

    ingredient: str
    table: str
    low: Exact
    high: Exact
    measure: str  # "diazepam_mg" | "mme"
    source: str


@dataclass(frozen=True, slots=True)
class Advice:
    """What a patient does when something happens, or what eases it: a row of contingency.toml as it was worded when the plan was made."""

    id: str
    part: AdvicePart
    when: str
    what: str
    source: Source


@dataclass(frozen=True, slots=True)
class Contingency:
    """What to do when things go wrong: a clinician's own words, with who said them, and the advice of our tables beside them."""

    breakthrough: str = ""
    comfort_plan: str = ""
    emergency_contacts: tuple[str, ...] = ()
    said_by: str = ""
    said_on: date | None = None
    advice: tuple[Advice, ...] = ()


@dataclass(frozen=True, slots=True)
class Milestone:
    says: str
    step: int
    due: date


@dataclass(frozen=True, slots=True)
class Agreement:
    """The patient's agreement to this version: shared decision, not a signature on file."""

    who: str
    what: str
    on: date


@dataclass(frozen=True, slots=True)
class PharmacistReview:
    by: str
    on: date
    verdict: str


@dataclass(frozen=True, slots=True)
class TierFactor:
    """One reason for the risk tier, with the row of the table it comes from."""

    factor: str
    tier: Tier
    says: str
    source: str


@dataclass(frozen=True, slots=True)
class RevisionNote:
    """What one new version changed, who decided it and why. `days`: by how many days later steps moved.

    `kind`: approve, hold, resume, review, slow, step-back, change-strategy, stop-at, contingency, complete, revoke, entered-in-error.
    """

    kind: str
    version: int
    on: date
    by: str
    reason: str
    says: str
    days: int = 0


@dataclass(frozen=True, slots=True)
class TaperPlan(HasWorkedOut):
    """One version of one ingredient's taper. Append-only: a revision is a new value with version + 1 and `replaces`."""

    id: str
    version: int
    patient: str
    zone: str
    drug: str
    ingredient: str
    drug_class: DrugClass
    reason: str
    goal: PlanGoal
    strategy: str
    params: tuple[tuple[str, str], ...]
    use: str
    baseline: Baseline
    target_mg: Decimal
    products: tuple[PlanProduct, ...]
    limits: LimitsRow
    steps: tuple[Step, ...]
    tables: tuple[TableEdition, ...]
    created: date
    program_version: str
    key: str = ""
    protocol: str | None = None
    equivalents: tuple[EquivalentFactor, ...] = ()
    tier: Tier | None = None
    tier_factors: tuple[TierFactor, ...] = ()
    gates: tuple[ReviewGate, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    contingency: Contingency = field(default_factory=Contingency)
    minimum_function: str = ""
    agreement: Agreement | None = None
    state: PlanState = PlanState.DRAFT
    phase: Phase = Phase.TAPER
    author: str = ""
    pharmacist_review: PharmacistReview | None = None
    findings: tuple[Finding, ...] = ()
    acknowledgements: tuple[Acknowledgement, ...] = ()
    revisions: tuple[RevisionNote, ...] = ()
    replaces: str | None = None
    sources: tuple[str, ...] = ()

    def step_on(self, day: date) -> Step:
        """The step in force on a day; before the plan starts, the baseline step."""
        current = self.steps[0]
        for step in self.steps:
            if step.start <= day:
                current = step
        return current
