"""What a plan rests on that cannot be read just now: that nothing is found there then proves nothing, neither a label nor a Stop.

Who approved a plan may have accepted that a type could not be read. It may stay so, unless the plan rests on resources of that type. Care
plans are another matter: no plan begins to run while one of them may be a running taper that nobody could read. Tapers of ours are all of
opioids and sedatives, so each is of the same medicine or of one that is reduced near it; what other systems plan is no taper to us, and
what it refers to is never read.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final

from fhir_taper.mappers.read.care_plan import unreadable_care_plans
from fhir_taper.plans.tapers.collisions import ENDED
from fhir_taper.plans.tapers.plan import PlanState, TaperPlan
from fhir_taper.store.plans import PlanName
from fhir_taper.workflow.load_chart import SEARCHED, Loaded
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.services import Services
from fhir_taper.writeback.belonging import core_of, version_ids

SOURCES_OF_STOPS: Final = tuple(kind for kind in SEARCHED if kind != "AllergyIntolerance")
"""What findings look at: no finding is of an allergy."""
LOOKED: Final = "care-plans-unread"
"""The code under which a prescriber says to have looked at the care plans in the EHR, where the site lets that count."""
_INCOMPLETE: Final = "chart-incomplete"
_CARE_PLANS: Final = "CarePlan"
_DO_NOT_RUN: Final = ENDED | {PlanState.DRAFT}


def unread_now(loaded: Loaded, plan: TaperPlan, kinds: Iterable[str] = SEARCHED) -> tuple[str, ...]:
    """A sentence for each of these types of which the chart of now may lack something that counts for the plan; empty where none does."""
    rests_on = {source.partition("/")[0] for source in plan.sources}
    accepted = " ".join(one.message for one in plan.acknowledgements if one.code in (_INCOMPLETE, LOOKED))
    lacking = ((kind, _words(loaded, kind)) for kind in kinds if loaded.may_lack(kind))
    return tuple(says for kind, says in lacking if kind in rests_on or says not in accepted)


def unread_plans(services: Services, chart: OpenChart, loaded: Loaded, plan: TaperPlan) -> tuple[str, ...]:
    """Why a draft may not begin to run while care plans are unread, whoever accepted it: a second one of the same medicine might run.

    Where the site lets a prescriber's own look in the EHR count (`Tenant.approve_with_care_plans_unread`), one of today lifts that a list
    could not be read; never that a taper which is known to stand there could not.
    """
    says = care_plans_unread(loaded)
    day = chart.day(services.clock(), plan.zone)
    is_open = says and not (chart.tenant.approve_with_care_plans_unread and _looked(plan, says, day))
    return (*((says,) if is_open else ()), *unread_tapers(services, chart, loaded))


def care_plans_unread(loaded: Loaded) -> str:
    """What it means that care plans could not be read, or not all of them; empty where they were."""
    if not loaded.may_lack(_CARE_PLANS):
        return ""
    why = "whether another plan of this medicine runs, or one that is reduced near it, is not known: read the chart again"
    return f"{_words(loaded, _CARE_PLANS)}: {why}"


def unread_tapers(services: Services, chart: OpenChart, loaded: Loaded) -> tuple[str, ...]:
    """A sentence for each care plan of ours that may be a running taper and cannot be read in full: a part that it refers to is closed or
    gone, or somebody took out of it what we wrote. What is kept here is known, and what ended runs no more."""
    return tuple(_unread_tapers(services, chart, loaded))


def _unread_tapers(services: Services, chart: OpenChart, loaded: Loaded) -> Iterator[str]:
    damaged = {issue.source: issue.message for issue in unreadable_care_plans(loaded.chart)} if loaded.chart.of(_CARE_PLANS) else {}
    for entry in loaded.chart.of(_CARE_PLANS):
        status = entry.resource.get("status")
        if entry.reference not in damaged or status in _DO_NOT_RUN or is_kept(services, chart, entry.resource):
            continue
        where = entry.reference.partition("/_history/")[0]
        yield (
            f"{where}, {status}: {damaged[entry.reference]}: whether a taper of this medicine runs, or one that is reduced near"
            " it, is not known: read the chart again, or have that plan put right or ended in the EHR"
        )


def is_kept(services: Services, chart: OpenChart, care_plan: Mapping[str, Any]) -> bool:
    """Whether what a care plan of ours says is known without reading it: this version of its plan, or a later one, is kept here."""
    launch, core = chart.launch, core_of(dict(care_plan))
    for named in version_ids(care_plan):
        found = services.plans.with_id(launch.tenant_id, named)
        if found is not None and found.plan.patient_id == launch.patient_id:
            return True
    if not core:
        return False
    newest = services.plans.latest(PlanName(launch.tenant_id, launch.patient_id, core["ingredient"], core["key"]))
    return newest is not None and newest.version >= core["version"]


def _looked(plan: TaperPlan, says: str, day: date) -> bool:
    """Whether a prescriber said today to have looked, with these very words before them."""
    return any((one.code, one.message, one.on) == (LOOKED, says, day) for one in plan.acknowledgements)


def _words(loaded: Loaded, kind: str) -> str:
    """What the EHR said of the type, as it stands on every page."""
    return next(one.message for one in loaded.chart.issues if one.source == kind and one.code in {"not-read", "maybe-incomplete"})
