"""Complete plans per second on one core, against a naive planner, and growth with steps, doses that exist and products.

Naive peer: tries every combination of three times of day for every step. It makes the same doses as ours, or the benchmark stops.
Cold: every request is the first of its products and times; the tables are loaded, and the decimal texts of amounts may be known from
another request (`making.decimal_of`). Source of the aim (1,000 plans a second, exponent at most 1.15): the
project's quality page.
"""

import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from itertools import combinations_with_replacement, product
from statistics import median
from time import process_time

from benchmarks.measure import fitted_exponent, in_ms, table, take_turns
from fhir_taper.plans.medicines.codes import DrugClass, Form, RxNormCode, Slot, SourceState
from fhir_taper.plans.medicines.products import Product, Source
from fhir_taper.plans.medicines.regimen import Intake
from fhir_taper.plans.medicines.rounding import Grid
from fhir_taper.plans.tables import Tables, load
from fhir_taper.plans.tapers.making import maker_for
from fhir_taper.plans.tapers.plan import Baseline, TaperPlan, Tier
from fhir_taper.plans.tapers.propose import propose
from fhir_taper.plans.tapers.request import PlanRequest
from tests.invariants.feasibility import SHELVES, asked, rows

ROUNDS = 5
SIZES = (1_000, 10_000, 100_000)
MEGABYTE = 1024 * 1024
SOURCE = Source("benchmark", "benchmark", "benchmark", SourceState.MEASURED)
START = date(2026, 1, 5)


def main() -> None:
    """Print the tables."""
    tables = load()
    print(f"Plans per second, median of {ROUNDS}:\n")
    print(table(("work", "ms per plan", "spread", "plans per second", "plans per second of processor time", "peak MB"), throughput(tables)))
    print("\nLorazepam 3 mg a day at three times, from 0.5, 1 and 2 mg tablets in halves, to nothing:\n")
    print(table(("work", "ms per plan", "spread", "slower than ours"), against_naive(tables)))
    print("\nGrowth with the steps of one plan:\n")
    print(table(("steps", "ms", "µs per step", "peak MB"), growth_of_steps(tables)))
    print("\nGrowth with the number of doses that exist (made, and each looked up once):\n")
    print(table(("doses", "ms", "µs per dose"), growth_of_doses()))
    print("\nA cold plan from more and more strengths:\n")
    print(table(("strengths", "ms per plan"), growth_of_products(tables)))


def throughput(tables: Tables) -> list[tuple[str, ...]]:
    """Every request of the feasibility page that has a plan: warm, cold, and with the refusals and their ways out."""
    found = [(row.plan, asked(row.shelf, row.start_mg, row.strategy, tables)) for shelf in SHELVES for row in rows(shelf, tables)]
    plans = [request for plan, request in found if plan is not None]
    everything = [request for _, request in found]

    def cold(requests: list[PlanRequest]) -> None:
        for request in requests:
            maker_for.cache_clear()
            propose(request, tables)

    def warm(requests: list[PlanRequest]) -> None:
        for request in requests:
            propose(request, tables)

    work: dict[str, tuple[Callable[[], None], int]] = {
        f"{len(plans)} plans, warm": (lambda: warm(plans), len(plans)),
        f"{len(plans)} plans, cold": (lambda: cold(plans), len(plans)),
        f"{len(everything)} requests with their refusals, warm": (lambda: warm(everything), len(everything)),
    }
    timings = take_turns({name: run for name, (run, _) in work.items()}, ROUNDS)
    return [
        (
            one.name,
            per_ms(one.median, count),
            per_ms(one.spread, count),
            f"{count / one.median:,.0f}",
            f"{count / processor_seconds(run):,.0f}",
            peak_mb(run),
        )
        for one, (run, count) in zip(timings, work.values(), strict=True)
    ]


def against_naive(tables: Tables) -> list[tuple[str, ...]]:
    """Ours and the naive planner on one request, in turn. Raises AssertionError where their doses differ."""
    request = lorazepam(tables)
    ours, naive = propose(request, tables), naive_doses()
    assert isinstance(ours, TaperPlan)
    assert [step.mg_per_day("lorazepam") * 4 for step in ours.steps] == naive

    def cold() -> None:
        maker_for.cache_clear()
        propose(request, tables)

    timings = take_turns({"ours, warm": lambda: propose(request, tables), "ours, cold": cold, "naive peer": naive_doses}, ROUNDS)
    least = timings[0].median
    return [(one.name, per_ms(one.median, 1), per_ms(one.spread, 1), f"{one.median / least:.1f}×") for one in timings]


def naive_doses() -> list[int]:
    """The doses of a linear taper by brute force, in quarters of a mg: every step tries every combination of three times of day.

    10 % of 3 mg every 2 weeks; no more than a quarter of the dose in 2 weeks and 10 % at first, or one notch of 0.25 mg.
    """
    pieces = (0, 1, 2, 4, 8)
    intakes = sorted({sum(some) for some in combinations_with_replacement(pieces, 6)})
    splits: list[tuple[int, ...]] = [(4, 4, 4)]
    ideal = Decimal(12)
    while sum(splits[-1]):
        ideal = max(Decimal(0), ideal - Decimal("1.2"))
        while True:
            before, now = splits[-1], sum(splits[-1])
            largest_cut = max(1, int(Decimal("1.2") if len(splits) == 1 else Decimal(now) / 4))
            best = min(_fitting(intakes, before, now, largest_cut, ideal))[-1]
            if sum(best) == now:
                break
            splits.append(best)
            if abs(sum(best) - ideal) < 1:
                break
    return [sum(split) for split in splits]


def _fitting(
    intakes: list[int], before: tuple[int, ...], now: int, largest_cut: int, ideal: Decimal
) -> Iterator[tuple[Decimal, int, int, tuple[int, ...]]]:
    """Every way to divide every allowed dose over three times: how far from the ideal, how large, how uneven, and the way."""
    for split in product(intakes, repeat=3):
        dose = sum(split)
        if now - largest_cut <= dose <= now and all(new <= old for new, old in zip(split, before, strict=True)):
            yield abs(dose - ideal), -dose, max(split) - min(split), split


def lorazepam(tables: Tables) -> PlanRequest:
    """The request that both planners answer."""
    shelf = next(shelf for shelf in SHELVES if shelf.ingredient == "lorazepam")
    three = tuple(Intake(slot, Decimal(1)) for slot in (Slot.MORNING, Slot.NOON, Slot.NIGHT))
    request = asked(shelf, Decimal(3), "linear", tables)
    return replace(request, intakes=three, params=(("percent", "10"), ("interval_days", "14")))


def growth_of_steps(tables: Tables) -> list[tuple[str, ...]]:
    """One plan of so many steps, a day each, on a liquid, under the limits of a first month that are let run longer. Sizes take turns."""
    work: dict[str, Callable[[], object]] = {}
    for steps in SIZES:
        request, roomy = long_plan(steps, tables)
        made = propose(request, roomy)
        assert isinstance(made, TaperPlan)
        assert len(made.steps) == steps + 1
        work[f"{steps:,}"] = partial(propose, request, roomy)
    timings = take_turns(work, ROUNDS)
    seconds = [one.median for one in timings]
    found = [
        (one.name, in_ms(one.median), f"{one.median / steps * 1e6:.0f}", peak_mb(work[one.name]))
        for one, steps in zip(timings, SIZES, strict=True)
    ]
    return [*found, ("fitted exponent", f"{fitted_exponent(SIZES, seconds):.2f}", "", "")]


def long_plan(steps: int, tables: Tables) -> tuple[PlanRequest, Tables]:
    """A linear plan in equal steps of 0.1 mL, and tables whose longest plan is long enough."""
    liquid = a_product(steps, "1", Form.SOLUTION, Decimal("0.1"))
    request = PlanRequest(
        tenant="local",
        patient="benchmark",
        zone="UTC",
        ingredient="oxycodone",
        drug="oxycodone",
        drug_class=DrugClass.OPIOID,
        start=START,
        baseline=Baseline(Decimal(steps) / 10),
        products=(liquid,),
        intakes=(Intake(Slot.MORNING, Decimal(steps) / 10),),
        strategy="linear",
        params=(("percent", f"100/{steps}"), ("interval_days", "1")),
        use="<1m",
        tier=Tier.LOW,
    )
    row = tables.limits.rows["opioid-1m"]
    days = timedelta(days=2 * steps).days
    rows_ = {**tables.limits.rows, "opioid-1m": replace(row, max_days=days)}
    return request, replace(tables, limits=replace(tables.limits, rows=rows_))


def growth_of_doses() -> list[tuple[str, ...]]:
    """A grid of so many doses of one liquid beside tablets. Sizes take turns."""
    timings = take_turns({f"{doses:,}": partial(all_doses, doses) for doses in SIZES}, ROUNDS)
    found = [(one.name, in_ms(one.median), f"{one.median / doses * 1e6:.2f}") for one, doses in zip(timings, SIZES, strict=True)]
    return [*found, ("fitted exponent", f"{fitted_exponent(SIZES, [one.median for one in timings]):.2f}", "")]


def all_doses(doses: int) -> None:
    """Make a grid of so many doses, and look each of them up from the next above it."""
    products = (a_product(1, "1", Form.SOLUTION, Decimal("0.1")), a_product(2, "5"), a_product(3, "10"))
    grid = Grid(products, 2, 6, Decimal(doses) / 10)
    for amount in range(0, grid.top * grid.quantum, grid.quantum):
        grid.below(amount + 1)


def growth_of_products(tables: Tables) -> list[tuple[str, ...]]:
    """Oxycodone 60 mg a day from 2 to 32 strengths, cold: one strength more is one kind of piece more."""
    counts, seconds, found = (2, 4, 8, 16, 32), [], []
    base = asked(next(shelf for shelf in SHELVES if shelf.ingredient == "oxycodone"), Decimal(60), "linear", tables)
    for count in counts:
        strengths = tuple(a_product(index, str(5 * index)) for index in range(1, count + 1))
        request = replace(base, products=strengths)

        def cold(request: PlanRequest = request) -> None:
            for _ in range(20):
                maker_for.cache_clear()
                propose(request, tables)

        (timing,) = take_turns({"ours": cold}, ROUNDS)
        seconds.append(timing.median)
        found.append((str(count), per_ms(timing.median, 20)))
    return [*found, ("fitted exponent", f"{fitted_exponent(counts, seconds):.2f}")]


def a_product(number: int, mg: str, form: Form = Form.TABLET, smallest_ml: Decimal | None = None) -> Product:
    """A product of oxycodone with this strength."""
    like = next(one for one in load().medicines.products_of("oxycodone") if one.form is Form.TABLET and not one.companions)
    return replace(
        like, rxcui=RxNormCode(f"0{number}"), name=f"oxycodone {mg}", mg=Decimal(mg), form=form, smallest_ml=smallest_ml, source=SOURCE
    )


def per_ms(seconds: float, count: int) -> str:
    """Milliseconds per plan."""
    return f"{seconds / count * 1000:.2f}"


def processor_seconds(run: Callable[[], object]) -> float:
    """Processor time of the work, median of three: what the machine's other work does not change much."""
    taken = []
    for _ in range(3):
        began = process_time()
        run()
        taken.append(process_time() - began)
    return median(taken)


def peak_mb(run: Callable[[], object]) -> str:
    """Peak of what Python allocates while the work runs once more."""
    tracemalloc.start()
    run()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return f"{peak / MEGABYTE:.1f}"


if __name__ == "__main__":
    main()
