"""What a person said beyond the chart: it clears what it can clear, and stands on the plan with who said it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from fhir_taper.errors import WrongUsage
from fhir_taper.exact_json import decode, encode
from fhir_taper.mappers.read.care_plan import from_bundle
from fhir_taper.mappers.write.bundle import to_bundle
from fhir_taper.plans.tables import load
from fhir_taper.plans.tapers.finding import Severity
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.plans.tapers.plan_document import from_document, to_document
from fhir_taper.workflow.plan import is_blocked, make_plan
from fhir_taper.workflow.plan_options import PlanOptions
from fhir_taper.workflow.said import confirmable
from fhir_taper.workflow.strategies import candidates
from tests.workflow.made_readings import DAY, asking, methadone

PAIN = "pain-indication-confirmed"
LINEAR = asking("methadone", strategy="linear", use=">=1y", zone="UTC", parts=2)
CONFIRMED = replace(LINEAR, confirmed=(PAIN,), confirmed_by="Dr. Example")


def plan_with(options: PlanOptions) -> TaperPlan:
    plan = make_plan(methadone(), options)
    assert isinstance(plan, TaperPlan)
    return plan


def codes(plan: TaperPlan) -> set[str]:
    return {finding.code for finding in plan.findings}


def test_only_what_clears_a_finding_and_no_chart_can_say_is_confirmed_by_a_person() -> None:
    assert confirmable(load()) == {PAIN}


def test_methadone_is_stopped_until_a_clinician_confirms_that_it_is_for_pain() -> None:
    assert "opioid-treatment-not-pain" in codes(plan_with(LINEAR))
    assert is_blocked(plan_with(LINEAR))
    assert "opioid-treatment-not-pain" not in codes(plan_with(CONFIRMED))
    assert not is_blocked(plan_with(CONFIRMED))


def test_candidates_know_what_was_confirmed() -> None:
    assert [stop.code for stop in candidates(methadone(), LINEAR).stops] == ["opioid-treatment-not-pain"]
    assert candidates(methadone(), CONFIRMED).stops == ()


def test_a_confirmed_fact_stands_on_the_plan_with_who_confirmed_it() -> None:
    (said,) = [finding for finding in plan_with(CONFIRMED).findings if finding.code == "fact-confirmed"]
    assert (said.severity, said.value, said.source) == (Severity.INFORMATION, PAIN, "Dr. Example, on the command line")
    assert said.message == f"{PAIN}: confirmed by Dr. Example."


def test_a_confirmed_fact_goes_through_the_plan_document_and_through_fhir() -> None:
    plan = plan_with(CONFIRMED)
    assert from_document(decode(encode(to_document(plan)))).findings == plan.findings
    bundle = decode(encode(to_bundle(plan, as_of=DAY, instant=datetime(2026, 1, 5, 9, tzinfo=UTC))))
    assert from_bundle(bundle).findings == plan.findings


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ({"confirmed": (PAIN,)}, "--confirm and --confirmed-by belong together"),
        ({"confirmed_by": "Dr. Example"}, "--confirm and --confirmed-by belong together"),
        ({"confirmed": ("falls",), "confirmed_by": "Dr. Example"}, f"--confirm 'falls' is not a fact .*: there is {PAIN}"),
    ],
)
def test_a_confirmation_that_cannot_be_meant_is_named(said: dict[str, object], names: str) -> None:
    with pytest.raises(WrongUsage, match=names):
        make_plan(methadone(), asking("methadone", strategy="linear", **said))


def test_a_use_that_is_said_to_be_shorter_than_the_orders_prove_stops_the_plan() -> None:
    plan = plan_with(replace(CONFIRMED, use="<1m"))
    (stop,) = (finding for finding in plan.findings if finding.code == "use-contradicts-chart")

    assert is_blocked(plan)
    assert stop.severity is Severity.STOP
    assert "less than a month, and the orders of this chart go on without a gap since 2024-01-05" in stop.message
    assert "leave --use out" in stop.clears


def test_a_use_as_long_as_the_orders_or_longer_is_believed() -> None:
    assert "use-contradicts-chart" not in codes(plan_with(CONFIRMED))
    assert "use-contradicts-chart" not in codes(plan_with(replace(CONFIRMED, use=None)))
