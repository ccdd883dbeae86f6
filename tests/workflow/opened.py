"""An open chart of the running demo, as a use case is handed it."""

from urllib.parse import urlsplit

from fhir_taper.web.security import session_secret
from fhir_taper.workflow.open_chart import OpenChart, open_chart
from fhir_taper.workflow.services import Services
from tests.web.running import Person, Stage


def cookie_of(stage: Stage, person: Person) -> str:
    """The secret of a person's session."""
    jar = person.browser.cookies[urlsplit(stage.demo.app_url).netloc]
    return session_secret(jar[f"__Host-taper-{person.launch}"])


def chart_of(stage: Stage, patient: str, user: str = "prescriber", services: Services | None = None) -> OpenChart:
    """The chart of a patient, launched anew."""
    person = stage.opened(patient, user)
    return open_chart(services or stage.services, person.launch, cookie_of(stage, person))
