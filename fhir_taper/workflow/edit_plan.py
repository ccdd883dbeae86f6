"""Editing the draft step by step, and taking edits back: each saved at once as the draft's next revision.

The plan is made again by the engine from the chart, the question and all edits in their order. A draft that no longer follows from the
chart is not edited: its doses would change under the person's hands. What was accepted stays where the finding says the same; the
patient's agreement and the pharmacist's review were of another plan. Taking an edit back brings back the draft as it was, with all that
was said to it.
"""

from dataclasses import replace
from typing import Final

from fhir_taper.errors import NotAllowed
from fhir_taper.plans.tapers.edit_steps import Offered
from fhir_taper.plans.tapers.editing import offered_at
from fhir_taper.plans.tapers.edits import Accepted, Edit, Edited, accepted_of
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.workflow.chosen_plan import EDITORS, Work, day_of, has_other_doses, reading_for, remade, save_work, work_with_plan
from fhir_taper.workflow.load_chart import Loaded
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.plan_request import question_of
from fhir_taper.workflow.roles import require
from fhir_taper.workflow.said import with_confirmed
from fhir_taper.workflow.services import Services

MOST_EDITS: Final = 100


def edit(services: Services, chart: OpenChart, loaded: Loaded, change: Edit, revision: int) -> Work | Infeasible:
    """The draft with one edit more, saved; or why it cannot be, and the draft stays as it was.

    Raises LaunchRefused ("role"), StoreConflict for a stale page, NotAllowed where the chart changed or there are too many edits.
    """
    require(services, chart, "edit", EDITORS)
    work, plan = work_with_plan(services, chart, revision)
    if len(work.edits) >= MOST_EDITS:
        raise NotAllowed(f"{MOST_EDITS} edits are on this draft: choose another way, or change what is asked")
    _check_still_follows(loaded, work, plan)
    one = Edited(change, chart.who, day_of(services, chart, plan), accepted_of(plan))
    made = remade(loaded, work.options, (*work.edits, one))
    if isinstance(made, Infeasible):
        return made
    kept = tuple(said for said in plan.acknowledgements if any(said.accepts(finding) for finding in made.findings))
    changed = replace(work, plan=replace(made, acknowledgements=kept), edits=(*work.edits, one), undone=())
    return save_work(services, chart, changed, "edit", edit=type(change).__name__, step=change.step)


def undo(services: Services, chart: OpenChart, loaded: Loaded, revision: int) -> Work:
    """The draft as it was before its last edit, saved. Raises NotAllowed where nothing was edited or the chart changed, StoreConflict."""
    require(services, chart, "edit", EDITORS)
    work, plan = work_with_plan(services, chart, revision)
    if not work.edits:
        raise NotAllowed("nothing was edited that could be taken back")
    _check_still_follows(loaded, work, plan)
    last = work.edits[-1]
    undone = (*work.undone, replace(last, accepted=accepted_of(plan)))
    return _moved(services, chart, loaded, replace(work, edits=work.edits[:-1], undone=undone), last.accepted, "undo")


def redo(services: Services, chart: OpenChart, loaded: Loaded, revision: int) -> Work:
    """The edit that was taken back last, made again, saved. Raises NotAllowed where there is none or the chart changed, StoreConflict."""
    require(services, chart, "edit", EDITORS)
    work, plan = work_with_plan(services, chart, revision)
    if not work.undone:
        raise NotAllowed("nothing was taken back that could be made again")
    _check_still_follows(loaded, work, plan)
    again = work.undone[-1]
    edits = (*work.edits, replace(again, accepted=accepted_of(plan)))
    return _moved(services, chart, loaded, replace(work, edits=edits, undone=work.undone[:-1]), again.accepted, "redo")


def offered_for(loaded: Loaded, work: Work, step: int) -> Offered | None:
    """What may be tried at a step of the draft; None where nothing may. Raises WrongUsage for options that cannot be meant."""
    reading = with_confirmed(reading_for(loaded, work.options), work.options)
    question = question_of(reading, work.options)
    if work.plan is None or isinstance(question, Infeasible):
        return None
    return offered_at(work.plan, step, question.request, reading.tables)


def _check_still_follows(loaded: Loaded, work: Work, plan: TaperPlan) -> None:
    """Raise NotAllowed where the chart of now would make other doses of the same question and edits."""
    now = remade(loaded, work.options, work.edits)
    if isinstance(now, Infeasible) or has_other_doses(now, plan):
        raise NotAllowed(
            "the chart changed since this draft was made, and the doses would be others: choose a way again before you edit it"
        )


def _moved(services: Services, chart: OpenChart, loaded: Loaded, work: Work, accepted: Accepted, action: str) -> Work:
    made = remade(loaded, work.options, work.edits)
    if isinstance(made, Infeasible):
        raise NotAllowed(made.message)
    plan = replace(
        made,
        acknowledgements=accepted.acknowledgements,
        agreement=accepted.agreement,
        pharmacist_review=accepted.pharmacist_review,
    )
    return save_work(services, chart, replace(work, plan=plan), action)
