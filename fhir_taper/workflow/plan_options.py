"""What a person asks of a plan, before any chart is looked at: values only, nothing is checked here."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from fhir_taper.plans.tapers.request import Taken
from fhir_taper.workflow.assessed import Assessed

LOCAL_TENANT = "local"
"""Whose plan it is where there is no EHR: the command line's."""


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What a person asked for; None and empty mean "not said".

    `taken` is the intake product by product, and `baseline_by` confirms it as it confirms `baseline_mg`;
    `baseline_in_intake`: nobody typed it here, it is the average of the intake. `confirmed` are facts that no
    chart can give, on the word of `confirmed_by`; `assessed` is what was found out before, by whoever it names. `tenant` is a part of
    every id: two EHRs may call two patients the same. `site_zone` counts where neither `zone` nor the chart says the patient's.
    """

    drug: str
    start: date
    target_mg: Decimal = Decimal(0)
    protocol: str | None = None
    strategy: str | None = None
    params: tuple[tuple[str, str], ...] = ()
    baseline_mg: Decimal | None = None
    baseline_by: str = ""
    baseline_in_intake: bool = False
    taken: tuple[Taken, ...] = ()
    confirmed: tuple[str, ...] = ()
    confirmed_by: str = ""
    use: str | None = None
    benzo_table: str | None = None
    products: tuple[str, ...] = ()
    parts: int | None = None
    reason: str = ""
    zone: str | None = None
    tenant: str = LOCAL_TENANT
    site_zone: str = ""
    assessed: Assessed = field(default_factory=Assessed)
