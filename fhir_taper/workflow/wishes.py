"""What a patient asked for that nobody has answered yet: a pause before the next cut, by one tap or in a check-in."""

from datetime import date
from typing import Final

from fhir_taper.exact_json import decode
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.store.watch_log import NoteKind
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.services import Services
from fhir_taper.workflow.watching import name_of

_WISH: Final = "pause-request"
_RULE: Final = "B35"
"""The rule that tells the team of a wish to pause."""


def unanswered_pause(services: Services, chart: OpenChart, plan: TaperPlan) -> date | None:
    """The patient's own day of the first wish to pause whose alert nobody has answered since; None where there is none."""
    launch = chart.launch
    notes = [
        (one, decode(one.document))
        for one in services.watch.of_patient(launch.tenant_id, launch.patient_id, NoteKind.FORM, NoteKind.ANSWER)
        if one.plan == name_of(plan)
    ]
    answered = max((one.at for one, said in notes if one.kind is NoteKind.ANSWER and said["rule"] == _RULE), default=None)
    wished = (one.at for one, said in notes if one.kind is NoteKind.FORM and _WISH in said.get("signals", ()))
    return min((chart.day(at, plan.zone or None) for at in wished if answered is None or at > answered), default=None)
