"""Infeasible: the typed "no" of the engine. It is never a plan with a rounded lie in it, and it names the ways out that there are."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from fhir_taper.plans.tapers.finding import Finding


class WayOut(StrEnum):
    """What could make a taper possible where the asked one is not (domain §2)."""

    HALF = "half"
    QUARTER = "quarter"
    LIQUID = "liquid"
    OTHER_STRENGTHS = "other-strengths"
    WITHOUT_COMPANION = "without-companion"  # the same ingredient alone, beside or in place of the combination
    SUBSTITUTION = "substitution"
    ENTERED_CONVERSION = "entered-conversion"  # a clinician enters a patch-to-oral or opioid rotation dose with its source
    BUPRENORPHINE_PATHWAY = "buprenorphine-pathway"
    MAINTENANCE = "maintenance"  # a lower dose as the goal
    OVERRIDE = "override"  # a named clinician's override with reason
    OTHER_STRATEGY = "other-strategy"
    LONGER_INTERVAL = "longer-interval"
    SHORTER_INTERVAL = "shorter-interval"
    OTHER_BASELINE = "other-baseline"  # confirm a start dose that these products make
    OTHER_TARGET = "other-target"  # a target that these products make
    STATE_WHAT_IS_TAKEN = "state-what-is-taken"  # say how much of each product is taken today, and when
    CONFIRM_BASELINE = "confirm-baseline"  # say what is taken on average, and who confirmed it
    NAME_PRODUCTS = "name-products"  # say which products the plan may use

    @property
    def is_tried(self) -> bool:
        """True for ways that are named only where the engine made a plan that way; the others need what only a person can enter."""
        return self not in _NOT_TRIED


_NOT_TRIED = frozenset(
    {
        WayOut.ENTERED_CONVERSION,
        WayOut.BUPRENORPHINE_PATHWAY,
        WayOut.STATE_WHAT_IS_TAKEN,
        WayOut.CONFIRM_BASELINE,
        WayOut.NAME_PRODUCTS,
    }
)


@dataclass(frozen=True, slots=True)
class Infeasible:
    """Why no schedule exists: at `at_mg` mg/day the next lower dose that exists is `next_mg`, and it may not be taken.

    `findings` are the Stops of the chart: no way out leads round them.
    """

    reason: str
    message: str
    at_mg: Decimal | None = None
    next_mg: Decimal | None = None
    ways_out: tuple[WayOut, ...] = ()
    findings: tuple[Finding, ...] = ()


def infeasible_to_document(no: Infeasible) -> dict[str, Any]:
    """The answer of the command line where there is no plan: {"infeasible": {...}} (schema 1)."""
    return {
        "infeasible": {
            "findings": [
                {"severity": one.severity.value, "code": one.code, "message": one.message, "source": one.source} for one in no.findings
            ],
            "reason": no.reason,
            "message": no.message,
            "at_mg": no.at_mg,
            "next_mg": no.next_mg,
            "ways_out": [way.value for way in no.ways_out],
        }
    }
