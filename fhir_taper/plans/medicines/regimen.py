"""Regimen: what one patient takes per day, item by item, with what could not be computed and why.

Values only. How FHIR orders become items is the mappers' work; totals in MME and diazepam-equivalents are `equivalence`.
Amounts are mg per day of the controlled ingredient (patches: mg per 24 h worn). "Not computable" is never zero: the amount is None and
the item has a reason.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from fhir_taper.plans.medicines.codes import DrugClass, Slot
from fhir_taper.plans.medicines.dose import Exact
from fhir_taper.plans.medicines.products import Product


class ItemState(StrEnum):
    COMPUTED = "computed"
    NOT_COMPUTABLE = "not-computable"
    EXCLUDED = "excluded"


class Reason(StrEnum):
    """Why an item has no number, or is not counted. The item's `how` says it in words with both readings."""

    # not computable
    UNKNOWN_MEDICATION = "unknown-medication"  # cannot be identified: never "not an opioid"
    PRODUCT_CONFLICT = "product-conflict"  # codings, or code and name, name different drugs or strengths
    NO_STRENGTH = "no-strength"
    NO_DOSE = "no-dose"
    NO_TIMING = "no-timing"
    DOSE_CONFLICT = "dose-conflict"  # two structured doses that differ
    UNIT_CONFLICT = "unit-conflict"  # code and unit disagree, or a unitless number equals the strength
    UNKNOWN_UNIT = "unknown-unit"
    AMBIGUOUS_INGREDIENT = "ambiguous-ingredient"  # mg of a combination product without naming the ingredient
    DROPS_NEED_FACTOR = "drops-need-factor"
    WEIGHT_MISSING = "weight-missing"
    TIMING_CONFLICT = "timing-conflict"  # two timings that differ
    PERIOD_ZERO = "period-zero"
    TEXT_CONFLICT = "text-conflict"  # structure and text disagree
    TEXT_NOT_UNDERSTOOD = "text-not-understood"
    TEXT_CHANGES_OVER_TIME = "text-changes-over-time"
    JOINT_TOTAL = "joint-total"
    SEQUENCE_WITHOUT_DATES = "sequence-without-dates"
    ENTRIES_CONTRADICT = "entries-contradict"
    PRODUCT_CANNOT_MAKE_DOSE = "dose-product-cannot-make"
    IMPLAUSIBLE = "implausible"  # more units a day than anybody takes
    UNREADABLE = "unreadable"  # the element has the wrong type or an impossible value
    # excluded
    NOT_ACTIVE = "not-active"  # on-hold, stopped, completed, draft, cancelled
    ENTERED_IN_ERROR = "entered-in-error"
    DO_NOT_PERFORM = "do-not-perform"
    ENDED = "ended"
    FUTURE = "future"
    NOT_AN_ORDER = "not-an-order"  # intent that is neither order-like nor a home-medication report
    OWN_PROPOSAL = "own-proposal"
    SINGLE_DOSE = "single-dose"
    PARENTERAL = "parenteral"  # injection, PCA, intrathecal: totals "at least"
    DEPOT = "depot"
    RESCUE = "rescue"
    PROCEDURAL = "procedural"  # detoxification, single procedural doses
    # the maximum alone is unknown (state stays computed)
    UNKNOWN_MAXIMUM = "unknown-maximum"


MAKES_TOTAL_AT_LEAST = frozenset({Reason.PARENTERAL, Reason.DEPOT})
"""Excluded items that a total must not hide: they make it "at least"."""


class Setting(StrEnum):
    COMMUNITY = "community"
    INPATIENT = "inpatient"
    DISCHARGE = "discharge"
    REPORTED = "reported"
    DISPENSED = "dispensed"


@dataclass(frozen=True, slots=True)
class Intake:
    """Units taken at one time of day; `slot` None where the order does not say when."""

    slot: Slot | None
    units: Decimal


@dataclass(frozen=True, slots=True)
class OrderedDose:
    """What an order allows at one time, and how often on its fullest day: mg of the controlled ingredient, both ends of a range.

    `times` None: it does not say how often. `slots` are the times of day that it states, else empty. Not of patches.
    """

    low_mg: Exact
    mg: Exact
    times: int | None
    slots: tuple[Slot, ...] = ()
    as_needed: bool = False


@dataclass(frozen=True, slots=True)
class RegimenItem:
    """One medicine as the chart has it today.

    `scheduled_mg` and `max_mg` are mg per day, or None with `reason` (both unknown) or `max_reason` (the maximum alone).
    `sources` are reference strings with versions ("MedicationRequest/m1/_history/3"). `timing` is the times of taking in one comparable
    word: two items with the same one are taken at the same times ("" where there is none). `ordered` is what may be taken at one time, as
    needed doses too; empty where the order does not say it. `changed_every_h` are the hours from one change of a patch to the next, both
    ends of a range; empty where the order does not say it, and of what is no patch.
    """

    drug: str
    ingredient: str
    drug_class: DrugClass
    state: ItemState
    sources: tuple[str, ...]
    rxcui: str | None = None
    product: Product | None = None
    scheduled_mg: Exact | None = None
    max_mg: Exact | None = None
    peak_day_mg: Exact | None = None
    reason: Reason | None = None
    max_reason: Reason | None = None
    how: str = ""
    intakes: tuple[Intake, ...] = ()
    every_days: int = 1
    as_needed: bool = False
    prescriber: str | None = None
    start: date | None = None
    end: date | None = None
    setting: Setting = Setting.COMMUNITY
    taper_candidate: bool = False
    why_not_candidate: str = ""
    oud_treatment: bool = False
    possible_duplicate_of: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    timing: str = ""
    ordered: tuple[OrderedDose, ...] = ()
    changed_every_h: tuple[Exact, ...] = ()

    @property
    def is_counted(self) -> bool:
        return self.state is ItemState.COMPUTED


@dataclass(frozen=True, slots=True)
class Issue:
    """Something about the reading of a chart that a person should know. `source` is a reference or a place in the input."""

    severity: str  # "error" | "warning" | "information", the words of OperationOutcome
    code: str
    message: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Regimen:
    """All items of one patient on one day. `complete` is False when anything in the chart could not be read."""

    patient: str
    as_of: date
    items: tuple[RegimenItem, ...]
    complete: bool = True
    issues: tuple[Issue, ...] = field(default=())
