"""Where the EHR's word on a plan that runs here is another: ended, held, resumed, stripped or deleted there since it was written.

The EHR's state is compared with the state of the very version that stands there: one that is only behind the version of here was not
changed by anybody. Nothing is decided here: a person ends the plan here too, or has it put right there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from fhir_taper.mappers.chart import Entry
from fhir_taper.mappers.references import key_of
from fhir_taper.plans.tapers.collisions import ENDED, RUNNING
from fhir_taper.plans.tapers.plan import PlanState, TaperPlan
from fhir_taper.store.plans import PlanVersion
from fhir_taper.workflow.chosen_plan import plan_of
from fhir_taper.workflow.load_chart import Loaded
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.services import Services
from fhir_taper.workflow.versions import newest_of_each
from fhir_taper.writeback.belonging import core_of, version_ids
from fhir_taper.writeback.recorded import PlanIds, recorded

_UNTIL_THEN: Final = "Until both say the same, no version of it is written."


@dataclass(frozen=True, slots=True)
class EhrSays:
    """A plan that runs here, what the EHR says of it, and what can be done."""

    plan: TaperPlan
    says: str
    todo: str


def ehr_says(services: Services, chart: OpenChart, loaded: Loaded) -> tuple[EhrSays, ...]:
    """One for each plan that runs here and does not, or not so, in the EHR; by the chart as it was read last."""
    running = [one for one in newest_of_each(services, chart) if one.state in RUNNING]
    return tuple(said for one in running for said in _of_plan(services, chart, loaded, one))


def _of_plan(services: Services, chart: OpenChart, loaded: Loaded, newest: PlanVersion) -> Iterator[EhrSays]:
    history = services.plans.history(newest.plan)
    states = {one.id: one.state.value for one in history}
    plans = loaded.chart.of("CarePlan")
    standing = [one for one in plans if _named(one) in states or _is_of(one, newest)]
    written: tuple[str, ...] = ()
    if not standing:
        rows = services.ledger.of_patient(chart.launch.tenant_id, chart.launch.patient_id)
        written = recorded(rows, PlanIds(frozenset(states))).of_kind("CarePlan")
        standing = [one for one in plans if key_of(one.resource) in written]
    if not standing:
        if written and not loaded.may_lack("CarePlan"):
            yield EhrSays(
                plan_of(newest),
                f"It was written to the EHR ({written[-1]}) and is gone there: somebody deleted it.",
                "End it here too, or write it again: the preview asks first.",
            )
        return
    # One that goes on counts before one that ended, as for a write.
    entry = min(standing, key=lambda one: one.resource.get("status") in ENDED)
    now = newest.state.value
    said = _difference(entry, states.get(_named(entry), now), now)
    if said is not None:
        yield EhrSays(plan_of(newest), *said)


def _difference(entry: Entry, was: str, now: str) -> tuple[str, str] | None:
    """What somebody did to a care plan, and what can be done; None where it is as we wrote it (`was`), or as it is here by `now`."""
    status, where = str(entry.resource.get("status", "without a status")), key_of(entry.resource)
    stripped = "" if core_of(dict(entry.resource)) else " Somebody took out of it what this program wrote."
    if status in (was, now) and not stripped:
        return None
    if status in ENDED:
        says, todo = (
            f"The EHR says that it is {status} ({where}): somebody ended it there.",
            "End it here too, or have it opened again there.",
        )
    elif status in (was, now):
        says, todo = f"It stands in the EHR ({where}).", "Have it put right in the EHR, or end it there and here."
    elif status == PlanState.ON_HOLD:
        says, todo = f"The EHR says that it is on hold ({where}): somebody paused it there.", "Hold it here too, or have it resumed there."
    else:
        says, todo = (
            f"The EHR says that it is {status} ({where}), and it was written as {was}.",
            "Have it put right there, or change it here.",
        )
    return f"{says}{stripped}", f"{todo} {_UNTIL_THEN}"


def _is_of(entry: Entry, newest: PlanVersion) -> bool:
    core = core_of(dict(entry.resource))
    return (core.get("ingredient"), core.get("key")) == (newest.plan.ingredient, newest.plan.key)


def _named(entry: Entry) -> str:
    """The version that a care plan is of; "" where it does not say."""
    return next(iter(version_ids(entry.resource)), "")
