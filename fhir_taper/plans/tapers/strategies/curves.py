"""The four curves of one agent by name: what a substitution may go on with once it has crossed over."""

from collections.abc import Callable, Mapping

from fhir_taper.plans.tapers.course import Course, Drafted
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.strategies import hyperbolic, linear, proportional, stepped

Draft = Callable[[Course], Drafted | Infeasible]

CURVES: Mapping[str, tuple[Draft, tuple[str, ...]]] = {
    "linear": (linear.draft, linear.PARAMETERS),
    "proportional": (proportional.draft, proportional.PARAMETERS),
    "hyperbolic": (hyperbolic.draft, hyperbolic.PARAMETERS),
    "stepped": (stepped.draft, stepped.PARAMETERS),
}
"""Each curve's function, and the parameters that it takes."""
