"""The patient's intake: read, kept in place of the revision that was seen, and doses noted that no order says. Sealed, as a draft is."""

from dataclasses import replace
from decimal import Decimal
from typing import Final

from fhir_taper.errors import WrongUsage
from fhir_taper.exact_json import decode, encode
from fhir_taper.plans.medicines.regimen import Regimen
from fhir_taper.records import Role
from fhir_taper.store.drafts import Draft
from fhir_taper.workflow.assessed import EnteredDose, can_be_entered
from fhir_taper.workflow.assessment import Assessment
from fhir_taper.workflow.assessment_document import from_document, to_document
from fhir_taper.workflow.audited import note
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.roles import require
from fhir_taper.workflow.services import Services

NAME: Final = "intake"
EDITORS: Final = (Role.PRESCRIBER, Role.PHARMACIST)


def assessment_of(services: Services, chart: OpenChart) -> Assessment:
    """The patient's intake; an empty one where there is none yet."""
    launch = chart.launch
    kept = services.drafts.get(launch.tenant_id, launch.patient_id, NAME)
    return replace(from_document(decode(kept.document)), revision=kept.revision) if kept else Assessment()


def save_assessment(services: Services, chart: OpenChart, assessment: Assessment, revision: int) -> Assessment:
    """Keep an intake in place of `revision`. Raises StoreConflict where another one is there by now, LaunchRefused ("role")."""
    require(services, chart, "edit", EDITORS)
    launch, at = chart.launch, services.clock()
    saved = replace(assessment, by=chart.who, at=at, revision=revision + 1)
    kept = Draft(launch.tenant_id, launch.patient_id, NAME, saved.revision, encode(to_document(saved)), launch.user, at)
    with services.database.begin():
        saved = replace(saved, revision=services.drafts.save(kept))
        counts = {"scores": len(saved.scores), "attempts": len(saved.attempts), "entered": len(saved.entered)}
        note(services, launch, "intake-save", "done", {"revision": saved.revision} | counts)
    return saved


def enter_dose(services: Services, chart: OpenChart, regimen: Regimen, source: str, mg: Decimal, how: str, revision: int) -> Assessment:
    """Note what is taken a day of a record that says no dose. Raises WrongUsage for a record of which nothing is open."""
    item = next((one for one in regimen.items if one.sources[0] == source and can_be_entered(one)), None)
    if item is None:
        raise WrongUsage("this record was changed in the chart, or says its dose by now: look at the regimen again")
    if not how.strip():
        raise WrongUsage("how the dose is known is not said")
    day = chart.day(services.clock())
    entered = EnteredDose(source, item.drug, mg, how.strip(), chart.who, day)
    held = assessment_of(services, chart)
    others = tuple(one for one in held.entered if one.source != source)
    return save_assessment(services, chart, replace(held, entered=(*others, entered)), revision)


def remove_dose(services: Services, chart: OpenChart, source: str, revision: int) -> Assessment:
    """Take an entered dose back."""
    held = assessment_of(services, chart)
    return save_assessment(services, chart, replace(held, entered=tuple(one for one in held.entered if one.source != source)), revision)
