"""What the engine is asked: one ingredient, one start, one strategy or protocol. Built by workflow from chart and options."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from fhir_taper.plans.medicines.codes import DrugClass, Slot
from fhir_taper.plans.medicines.dose import Exact
from fhir_taper.plans.medicines.products import Product
from fhir_taper.plans.medicines.regimen import Intake
from fhir_taper.plans.tapers.plan import Baseline, Tier, TierFactor


@dataclass(frozen=True, slots=True)
class Taken:
    """Units of one product that the patient takes today at one time; `slot` None where the order does not say when."""

    rxcui: str
    slot: Slot | None
    units: Decimal


@dataclass(frozen=True, slots=True)
class AtMost:
    """The most mg at one time of day by the orders; `slot` None where they do not say when."""

    slot: Slot | None
    mg: Exact


@dataclass(frozen=True, slots=True)
class Past:
    """What a re-plan must know of the plan before it: the baseline of version 1, and the doses in force before this start.

    All in mg of the medicine that is tapered now. `doses` are (day, mean mg per day from that day on), rising days, all before the new
    start; the last is in force on it. `has_cut`: the plan itself had reduced by the new start (`reductions.is_own_cut`), so that the cap of
    the first cut is behind it.
    """

    original_mg: Exact
    doses: tuple[tuple[date, Exact], ...]
    has_cut: bool


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """Exactly one of `strategy` and `protocol` is given.

    `params` are as typed, by name ("percent", "interval_days"); the strategy parses and refuses. `intakes` are today's slots of the
    patient, `taken` the same by product, where that is known: a plan over extended-release and immediate-release products needs it.
    `products` are what the plan may use (Product.parts is what is permitted); `use` is "<1m" | "1m-1y" | ">=1y". `benzo_table` None
    means no choice was made: equivalents are ranges. `at_most` are the times of a day with what the orders allow at each: used where
    `taken` is not known. `past` is set for a re-plan; `created` defaults to the start.
    `companions_elsewhere` is what the patient's other medicines may bring of every ingredient, mg a day: limits of companions are shared.
    """

    tenant: str
    patient: str
    zone: str
    ingredient: str
    drug: str
    drug_class: DrugClass
    start: date
    baseline: Baseline
    products: tuple[Product, ...]
    intakes: tuple[Intake, ...] = ()
    strategy: str | None = None
    protocol: str | None = None
    params: tuple[tuple[str, str], ...] = ()
    target_mg: Decimal = Decimal(0)
    use: str = ">=1y"
    benzo_table: str | None = None
    mme_table: str = "cdc-2022"
    reason: str = ""
    author: str = ""
    tier: Tier | None = None
    tier_factors: tuple[TierFactor, ...] = ()
    avoid_night: bool = False  # sleep apnoea, falls, or an opioid plus a sedative: the larger intake does not go to the night
    unit_override: tuple[str, str, Decimal] | None = None  # (who, reason, mg): a named clinician's override of the unit rule
    sources: tuple[str, ...] = ()
    taken: tuple[Taken, ...] = ()
    at_most: tuple[AtMost, ...] = ()
    companions_elsewhere: tuple[tuple[str, Exact], ...] = ()
    past: Past | None = None
    created: date | None = None
