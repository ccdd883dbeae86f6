"""Assessments per second and their growth with the length of a history, against a floor (reading each value once) and a naive peer.

The floor adds up every number of the timeline once: no rule engine does less. The naive peer asks the same rules of a timeline that it
makes anew each time from the raw values, as a rule engine without an index would. Source of the aim (1,000 observations in less than 20
ms, linear): the project's quality page.
"""

import tracemalloc
from collections.abc import Callable
from datetime import datetime, timedelta
from fractions import Fraction

from benchmarks.measure import fitted_exponent, in_ms, table, take_turns
from fhir_taper.plans.monitoring.assess import assess
from fhir_taper.plans.monitoring.history import NOTHING_BEFORE
from fhir_taper.plans.monitoring.policy import DEFAULT_POLICY
from fhir_taper.plans.monitoring.reading import Raw
from fhir_taper.plans.monitoring.timeline import Timeline
from tests.property.generated_patients import Patient, year_of_tapering

ROUNDS = 7
SIZES = (250, 500, 1_000, 2_000)


def main() -> None:
    """Print the tables."""
    patient = Patient(1, year_of_tapering())
    raws = patient.raws()
    headings = ("observations", "ms", "spread", "assessments per second", "times the floor", "naive peer, times ours", "peak kB")
    print(f"One assessment of every rule, median of {ROUNDS} (aim: 1,000 observations in less than 20 ms):\n")
    print(table(headings, [_row(patient, raws, size) for size in SIZES]))
    seconds = [take_turns({"ours": _assessing(patient, raws, size)}, ROUNDS)[0].median for size in SIZES]
    print(f"\nExponent of growth: {fitted_exponent(SIZES, seconds):.2f} (1 is linear)")


def _row(patient: Patient, raws: list[Raw], size: int) -> tuple[str, ...]:
    """One length of history."""
    timeline, at = _timeline(patient, raws, size)

    def floor() -> object:
        return sum(Fraction(one.value) for one in timeline.readings if one.value is not None)

    def naive() -> object:
        return assess(patient.plan, _timeline(patient, raws, size)[0], DEFAULT_POLICY, NOTHING_BEFORE, at)

    ours = _assessing(patient, raws, size)
    least, own, peer = take_turns({"floor": floor, "ours": ours, "naive": naive}, ROUNDS)
    tracemalloc.start()
    ours()
    peak = tracemalloc.get_traced_memory()[1] / 1024
    tracemalloc.stop()
    ratios = f"{own.median / least.median:.1f}", f"{peer.median / own.median:.1f}"
    return (f"{size:,}", in_ms(own.median), in_ms(own.spread), f"{1 / own.median:,.0f}", *ratios, f"{peak:,.0f}")


def _assessing(patient: Patient, raws: list[Raw], size: int) -> Callable[[], object]:
    timeline, at = _timeline(patient, raws, size)
    return lambda: assess(patient.plan, timeline, DEFAULT_POLICY, NOTHING_BEFORE, at)


def _timeline(patient: Patient, raws: list[Raw], size: int) -> tuple[Timeline, datetime]:
    """The first so many observations, asked about an hour after the last."""
    first = raws[:size]
    return patient.timeline(first), max(one.start for one in first) + timedelta(hours=1)


if __name__ == "__main__":
    main()
