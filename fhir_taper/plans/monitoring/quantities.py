"""The derived numbers that a rule may name, by name. Clock-driven ones count as much as what was measured."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from fhir_taper.plans.monitoring.condition import Quantity
from fhir_taper.plans.monitoring.contact_quantities import CONTACT_QUANTITIES
from fhir_taper.plans.monitoring.derived import Derived
from fhir_taper.plans.monitoring.dose_quantities import DOSE_QUANTITIES
from fhir_taper.plans.monitoring.moment import Moment
from fhir_taper.plans.monitoring.plan_quantities import PLAN_QUANTITIES
from fhir_taper.plans.monitoring.supply_quantities import SUPPLY_QUANTITIES

QUANTITIES: Mapping[str, Callable[[Moment, Quantity], Derived]] = MappingProxyType(
    {**PLAN_QUANTITIES, **DOSE_QUANTITIES, **SUPPLY_QUANTITIES, **CONTACT_QUANTITIES}
)
