"""A chart to its answers: 1,000 resources to regimen, facts, findings and every candidate taper.

Floor: decoding the same bytes. Naive peer: parsing the whole Bundle with fhir.resources, which answers nothing yet. Growth: 10³, 10⁴, 10⁵
resources.
Source of the aim (at least twice as fast as the peer, exponent at most 1.15): the project's quality page.
"""

import tracemalloc
from datetime import date
from decimal import Decimal

from fhir.resources.R4B.bundle import Bundle

from benchmarks.chart_sample import sample_chart, sample_parts
from benchmarks.measure import fitted_exponent, in_ms, table, take_turns
from fhir_taper.exact_json import decode
from fhir_taper.mappers.bundle import decode_chart
from fhir_taper.workflow.plan_options import PlanOptions
from fhir_taper.workflow.read_chart import read_chart_bytes
from fhir_taper.workflow.regimen import before_a_taper, read
from fhir_taper.workflow.strategies import candidates

AS_OF = date(2026, 1, 5)
ROUNDS = 7
GROWTH = (1_000, 10_000, 100_000)
MEGABYTE = 1024 * 1024


def answers(chart: bytes) -> int:
    """Everything that the first screen needs; the number of candidates, so that the work cannot be left out."""
    reading = read(read_chart_bytes(chart, name="chart"), AS_OF, "cdc-2022", "va-dod-2021")
    found = before_a_taper(reading)
    ways = [candidates(reading, PlanOptions(drug, AS_OF, benzo_table="va-dod-2021")) for drug in ("lorazepam", "oxycodone")]
    return len(found) + sum(len(one.candidates) for one in ways)


def regimen_only(chart: bytes) -> Decimal:
    """Regimen, facts and totals."""
    return Decimal(len(read(read_chart_bytes(chart, name="chart"), AS_OF, "cdc-2022", "va-dod-2021").regimen.items))


def read_parts(parts: list[tuple[str, bytes]]) -> int:
    """The same from a chart in several files."""
    return len(read(decode_chart(parts), AS_OF, "cdc-2022", "va-dod-2021").regimen.items)


def main() -> None:
    """Print the tables."""
    chart = sample_chart(1_000)
    work = {
        "floor: decode the bytes": lambda: decode(chart),
        "ours: regimen, facts, totals": lambda: regimen_only(chart),
        "ours: the same, findings, all candidates": lambda: answers(chart),
        "naive peer: fhir.resources parses the Bundle": lambda: Bundle.model_validate_json(chart),
    }
    timings = take_turns(work, ROUNDS)
    peer = timings[-1].median
    print(f"1,000-resource chart ({len(chart) / 1000:.0f} kB), median of {ROUNDS}:\n")
    rows = [(one.name, in_ms(one.median), in_ms(one.spread), f"{peer / one.median:.1f}×", in_mb(work[one.name])) for one in timings]
    print(table(("work", "ms", "spread", "faster than the peer", "peak MB"), rows))
    print("\nGrowth of regimen, facts and totals with the chart:\n")
    print(table(("resources", "ms", "µs per resource"), growth()))


def growth() -> list[tuple[str, str, str]]:
    """Time at three sizes, with the fitted exponent as the last row."""
    seconds = []
    rows = []
    for size in GROWTH:
        parts = [(str(number), part) for number, part in enumerate(sample_parts(size))]
        (timing,) = take_turns({"ours": lambda parts=parts: read_parts(parts)}, 3)  # type: ignore[misc]
        seconds.append(timing.median)
        rows.append((f"{size:,}", in_ms(timing.median), f"{timing.median / size * 1e6:.1f}"))
    return [*rows, ("fitted exponent", f"{fitted_exponent(GROWTH, seconds):.2f}", "")]


def in_mb(run: object) -> str:
    """Peak of what Python allocates while the work runs once more."""
    tracemalloc.start()
    run()  # type: ignore[operator]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return f"{peak / MEGABYTE:.1f}"


if __name__ == "__main__":
    main()
