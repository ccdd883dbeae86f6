"""What a printed plan says beside the plan: the patient by the chart, the title of the protocol, and when it was printed."""

from fhir_taper.plans.medicines.dose import plain
from fhir_taper.plans.tables.scale_tables import load_scales
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.render.cover import MUST_STAY, Cover, Patient
from fhir_taper.workflow.assessed import PEG_PARTS, Score
from fhir_taper.workflow.assessment import Assessment, Attempt, AttemptEnd, in_one_line, mean_of_peg
from fhir_taper.workflow.clock import now
from fhir_taper.workflow.regimen import Reading


def cover_of(plan: TaperPlan, reading: Reading, assessment: Assessment | None = None) -> Cover:
    """The cover of a plan that was made from this reading, with what was found out before, where an intake is given."""
    person, row = reading.person, reading.tables.limits.protocols.get(plan.protocol or "")
    patient = Patient(plan.patient, person.name, person.born, person.record_number)
    return Cover(patient, row.title if row else "", now(), intake_facts(assessment) if assessment else ())


def intake_facts(assessment: Assessment) -> tuple[tuple[str, str], ...]:
    """Label and value of everything that the intake says, in reading order; what is empty is left out."""
    peg = mean_of_peg(assessment.scores)
    scores = [*([peg] if peg else []), *(one for one in assessment.scores if one.scale not in PEG_PARTS)]
    attempts = "; ".join(_attempt(one) for one in assessment.attempts) or ("none, asked" if assessment.no_attempts else "")
    agreed = ": ".join(part for part in (assessment.agreed_who, assessment.agreed_what) if part)
    facts = (
        ("Earlier attempts", attempts),
        *((f"Really taken, {one.ingredient}", f"{plain(one.mg)} mg a day ({one.confirmed_by})") for one in assessment.averages),
        *((f"Dose entered, {one.drug}", str(one)) for one in assessment.entered),
        *((load_scales()[one.scale].title, _score(one)) for one in scores),
        (MUST_STAY, in_one_line(assessment.minimum_function)),
        ("Goals, in the patient's words", in_one_line(assessment.goals)),
        ("Agreement to taper", agreed),
    )
    return tuple((label, value) for label, value in facts if value)


def _score(one: Score) -> str:
    """A score with its words and their source; the number alone where no source has words."""
    band = load_scales()[one.scale].band_of(one.value)
    return f"{one}, on {one.on.isoformat()}, by {one.by}" + (f" [words: {band.source}]" if band else "")


def _attempt(one: Attempt) -> str:
    ended = {AttemptEnd.SUCCEEDED: "reached its goal", AttemptEnd.FAILED: "did not succeed", AttemptEnd.UNKNOWN: "end not known"}[one.ended]
    return ", ".join(part for part in (one.drug, one.when, ended, one.says) if part)
