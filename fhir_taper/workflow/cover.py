"""What a printed plan says beside the plan: the patient by the chart, the title of the protocol, and when it was printed."""

from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.render.cover import Cover, Patient
from fhir_taper.workflow.clock import now
from fhir_taper.workflow.regimen import Reading


def cover_of(plan: TaperPlan, reading: Reading) -> Cover:
    """The cover of a plan that was made from this reading."""
    person, row = reading.person, reading.tables.limits.protocols.get(plan.protocol or "")
    patient = Patient(plan.patient, person.name, person.born, person.record_number)
    return Cover(patient, row.title if row else "", now())
