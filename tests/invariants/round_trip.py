"""Every plan of the proof goes to FHIR with its next window and comes back from the bytes unchanged; some are judged by the validators.

The validators take half a second a plan, and longer the longer it is: of one case in ten they judge the shorter half and the longest.
That is done in processes of its own, like the proof.
"""

import multiprocessing
import os
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from typing import Any

from fhir_taper import exact_json
from fhir_taper.mappers.read.care_plan import read_bundle
from fhir_taper.mappers.write.bundle import to_bundle
from fhir_taper.plans.tables import load
from fhir_taper.plans.tapers.dispensing import next_window
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.plans.tapers.propose import propose
from tests.invariants.cases import CASES, case
from tests.invariants.checks import Problems
from tests.invariants.reading import Subject

NOW = datetime(2026, 1, 5, 10, tzinfo=UTC)
_ONE_IN = 10
_BATCH = 500


def fhir_gives_the_plan_back(of: Subject) -> Problems:
    """`from_bundle(to_bundle(plan)) == plan`, through bytes, and nothing in it is in doubt."""
    mapped = read_bundle(sent(of.plan))
    if mapped.value != of.plan or mapped.issues:
        yield f"the plan comes back from FHIR as another: {mapped.issues}"


def sent(plan: TaperPlan) -> dict[str, Any]:
    """The plan and its next window as they go over the wire."""
    day = plan.steps[0].start
    made = next_window(plan, day, load().safety.life).windows
    decoded: dict[str, Any] = exact_json.decode(exact_json.encode(to_bundle(plan, as_of=day, instant=NOW, windows=made)))
    return decoded


def judged(count: int = CASES) -> tuple[int, list[tuple[int, str]]]:
    """How many plans of the first `count` cases the validators judged, and every error with the number of its case."""
    batches = [range(first, min(first + _BATCH, count), _ONE_IN) for first in range(0, count, _BATCH)]
    plans, errors = 0, list[tuple[int, str]]()
    with ProcessPoolExecutor(os.cpu_count() or 1, mp_context=multiprocessing.get_context("spawn")) as pool:
        for found, wrong in pool.map(_judge, batches):
            plans += found
            errors += wrong
    return plans, errors


def _judge(numbers: Iterable[int]) -> tuple[int, list[tuple[int, str]]]:
    from tests.validators.gate import validate

    answers = ((number, propose(case(number).request, load())) for number in numbers)
    plans = sorted(((number, made) for number, made in answers if isinstance(made, TaperPlan)), key=lambda plan: len(plan[1].steps))
    chosen = [*plans[: len(plans) // 2], plans[-1]]
    return len(chosen), [(number, error) for number, plan in chosen for error in validate(sent(plan))]
