"""Work in progress that a session left behind: offered when the chart is opened again, and given up by whoever may edit.

The intake is no work in progress: it stays with the patient.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fhir_taper.errors import StoreConflict
from fhir_taper.workflow import next_version
from fhir_taper.workflow.audited import note
from fhir_taper.workflow.chosen_plan import EDITORS, NAME, drop_work, work_of
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.pharmacist import GIVEN_UP, withdraw_open
from fhir_taper.workflow.roles import require
from fhir_taper.workflow.services import Services

_OTHERS: Final = {next_version.NAME: ("The next version of a plan", "next")}
"""What else is kept, and the screen where it goes on."""


@dataclass(frozen=True, slots=True)
class KeptWork:
    """One piece of work: what it is, where it goes on, who saved it last and when. `revision` is for giving it up, None where that is done
    on its own screen.
    """

    what: str
    screen: str
    by: str
    at: datetime
    is_ours: bool
    """The person at the screen saved it."""
    revision: int | None = None


def kept_work(services: Services, chart: OpenChart) -> tuple[KeptWork, ...]:
    """What the patient's drafts are: the plan or the question first."""
    launch = chart.launch
    found = []
    for name in sorted(services.drafts.names(launch.tenant_id, launch.patient_id), key=lambda one: (one != NAME, one)):
        kept = services.drafts.get(launch.tenant_id, launch.patient_id, name)
        if kept is None:
            continue
        what, screen = _OTHERS.get(name, ("", ""))
        revision = None
        if name == NAME:
            what, screen = _plan(services, chart)
            revision = kept.revision
        if what:
            found.append(KeptWork(what, screen, kept.by, kept.at, kept.by == launch.user, revision))
    return tuple(found)


def give_up(services: Services, chart: OpenChart, revision: int) -> None:
    """Drop the draft of a plan, or the question. Raises StoreConflict where it is another one by now, LaunchRefused ("role")."""
    require(services, chart, "edit", EDITORS)
    work = work_of(services, chart)
    if work is None or work.revision != revision:
        raise StoreConflict("the draft was changed elsewhere meanwhile")
    launch = chart.launch
    with services.database.begin():
        drop_work(services, chart, revision)
        if work.plan is not None:
            withdraw_open(services, chart, work.plan, GIVEN_UP)
        note(services, launch, "draft-give-up", "done", {"revision": revision, "plan": work.plan.id if work.plan else ""})


def _plan(services: Services, chart: OpenChart) -> tuple[str, str]:
    work = work_of(services, chart)
    if work is None:
        return "", ""
    if work.plan is None:
        return f"Ways to taper {work.options.drug}, none chosen yet", "strategies"
    return f"A draft to taper {work.plan.drug}", "plan"
