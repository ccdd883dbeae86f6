"""The six strategies by id: each drafts the steps of a course, or says why there are none."""

from collections.abc import Mapping

from fhir_taper.plans.tapers.strategies import interval_extension, substitution
from fhir_taper.plans.tapers.strategies.curves import CURVES, Draft

STRATEGIES: Mapping[str, tuple[Draft, tuple[str, ...]]] = {
    **CURVES,
    "substitution": (substitution.draft, substitution.PARAMETERS),
    "interval-extension": (interval_extension.draft, interval_extension.PARAMETERS),
}
"""Each strategy's function, and the names of the parameters that it takes."""
