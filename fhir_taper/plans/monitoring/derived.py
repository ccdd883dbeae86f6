"""A number that a rule asks for and that nobody measured: worked out of the plan, the orders, the supplies and the clock."""

from dataclasses import dataclass

from fhir_taper.plans.medicines.dose import Exact
from fhir_taper.plans.monitoring.verdict import Evidence


@dataclass(frozen=True, slots=True)
class Derived:
    """`value` None with `why`: not known; None without: there is nothing of the kind (no reduction yet, nothing taken any more).

    `says` is the value in words, for a sentence, and for where no record stands behind it. A value with `why` is the most that it can be:
    what was not read could only make it less.
    """

    value: Exact | None = None
    says: str = ""
    evidence: tuple[Evidence, ...] = ()
    why: str = ""


NOTHING = Derived()
