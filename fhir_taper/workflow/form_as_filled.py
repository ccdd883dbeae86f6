"""A form as a chart holds it once a patient has filled it in: for a demo, whose patients fill in forms before anybody looks."""

from collections.abc import Iterable
from datetime import datetime

from fhir_taper.mappers.write.check_in import FilledForm, to_response
from fhir_taper.plans.monitoring.scoring import Answer, score
from fhir_taper.plans.tables.form_rows import Form
from fhir_taper.records import Json


def form_as_filled(form: Form, answers: Iterable[Answer], patient: str, at: datetime, tenant: str) -> Json:
    """The QuestionnaireResponse of a form that a patient filled in. Raises WrongUsage for a form that we do not publish."""
    return to_response(FilledForm(form, score(form, answers), patient, at, tenant=tenant))
