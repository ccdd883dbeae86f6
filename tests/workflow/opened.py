"""An open chart of the running demo, as a use case is handed it, and the draft in it."""

from urllib.parse import urlsplit

from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.web.security import session_secret
from fhir_taper.workflow.chosen_plan import Work, work_of
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


class Drafting:
    """Somebody at a chart without kept work, and the draft that comes to be there."""

    def __init__(self, stage: Stage, patient: str) -> None:
        stage.forget(patient)
        self.person: Person = stage.opened(patient)
        self.services, self.chart = stage.services, chart_of(stage, patient)

    @property
    def work(self) -> Work:
        work = work_of(self.services, self.chart)
        assert work is not None
        return work

    @property
    def plan(self) -> TaperPlan:
        assert self.work.plan is not None
        return self.work.plan
