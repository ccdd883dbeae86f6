"""A patient whose plans are over, so that a test may approve one."""

from fhir_taper.plans.tapers.lifecycle import revoke
from fhir_taper.plans.tapers.new_version import Decision
from fhir_taper.workflow.course import running_plans
from fhir_taper.workflow.made_from import made_from
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.services import Services
from fhir_taper.workflow.versions import as_version


def end_running(services: Services, chart: OpenChart) -> None:
    """Revoke whatever runs."""
    for one in running_plans(services, chart):
        plan = revoke(one.plan, Decision("Dr. A", chart.day(services.clock()), "the test is over"))
        inputs = made_from((), None, one.version)
        services.plans.append(as_version(chart, one.version.plan, plan, services.clock(), inputs), expected_version=one.plan.version)
