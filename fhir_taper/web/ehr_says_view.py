"""What the EHR says otherwise of plans that run here, with their titles, for the screens on which plans are shown."""

from fhir_taper.render.pages import title_of
from fhir_taper.web.dependencies import Visit
from fhir_taper.workflow.ehr_says import EhrSays, ehr_says


def ehr_says_view(visit: Visit) -> list[tuple[EhrSays, str]]:
    """By plan, with its title."""
    return [(one, title_of(one.plan)) for one in ehr_says(visit.services, visit.chart, visit.loaded())]
