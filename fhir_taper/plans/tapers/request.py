"""What the engine is asked: one ingredient, one start, one strategy or protocol. Built by workflow from chart and options."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.medicines.products import Product
from fhir_taper.plans.medicines.regimen import Intake
from fhir_taper.plans.tapers.plan import Baseline, Tier, TierFactor


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """Exactly one of `strategy` and `protocol` is given. `params` are as typed, by name ("percent", "interval_days", …); the strategy parses and refuses.

    `intakes` are today's slots of the patient; `products` what the plan may use (Product.parts is what is permitted); `use` is "<1m" | "1m-1y" | ">=1y".
    `benzo_table` None means no choice was made: equivalents are ranges.
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
