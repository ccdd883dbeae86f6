from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from fhir_taper.plans.medicines.codes import Release
from fhir_taper.plans.tapers.envelope import check
from fhir_taper.plans.tapers.finding import Severity
from fhir_taper.plans.tapers.plan import StepKind
from fhir_taper.plans.tapers.protocol import applies_to
from fhir_taper.plans.tapers.request import PlanRequest
from tests.plans.tapers.made_requests import codes, liquid, mg, patch, planned, refused, request, tables, tablets

DIAZEPAM = (*tablets("diazepam", "2", "5", "10", parts=4), liquid("diazepam", "5", "0.05"))
MORPHINE = tablets("morphine", "15", "30", "60", release=Release.EXTENDED)
FINE_MORPHINE = (liquid("morphine", "2", "0.1"),)
LISTED = (
    "asam-2025", "cdc-2022-slow", "cdc-2022-weekly", "cdc-2022-acute-days", "cdc-2022-acute-weeks", "fda-2019", "va-slowest", "va-slower",
    "va-faster", "va-rapid", "va-60-30", "cks-slow", "cks-4-2-1-1", "cks-2-1-1-1", "wandsworth", "va-2014", "waco-a", "waco-b",
    "deprescribing-bzra",
)  # fmt: skip


def asked(protocol: str, **fields: Any) -> PlanRequest:
    """A request that the protocol is meant for."""
    row = tables().limits.protocols[protocol]
    if "opioid" in row.applies.classes:
        use = "<1m" if row.applies.uses else ">=1y"
        return request("morphine", "90", FINE_MORPHINE, "morning", "noon", "night", protocol=protocol, use=use, **fields)
    return request("diazepam", "15", DIAZEPAM, protocol=protocol, **fields)


def test_every_protocol_of_the_design_is_there() -> None:
    assert tuple(tables().limits.protocols) == LISTED


@pytest.mark.parametrize("protocol", LISTED)
def test_every_protocol_makes_a_taper_to_its_end_that_keeps_its_limits(protocol: str) -> None:
    plan = planned(asked(protocol))

    assert plan.protocol == protocol
    assert plan.steps[-1].mg_per_day(plan.ingredient) == plan.target_mg
    assert check(plan) == ()


def test_cdc_weekly_cuts_ten_percent_of_the_original_to_thirty_then_ten_percent_of_what_is_left() -> None:
    plan = planned(request("morphine", "100", FINE_MORPHINE, protocol="cdc-2022-weekly", use="1m-1y"))

    assert [f"{step.ideal_mg:f}" for step in plan.steps[:11]] == ["100", "90", "80", "70", "60", "50", "40", "30", "27", "24.3", "21.87"]
    assert {(step.end - step.start).days + 1 for step in plan.steps[:11] if step.end is not None} == {7}


def test_asam_cuts_ten_percent_of_the_current_dose_under_the_default_row() -> None:
    plan = planned(request("diazepam", "40", DIAZEPAM, protocol="asam-2025"))

    assert [f"{step.ideal_mg:f}" for step in plan.steps[:4]] == ["40", "36", "32.4", "29.16"]
    assert plan.limits.row == "benzodiazepine"


def test_an_edited_parameter_returns_to_the_default_row_and_says_so() -> None:
    plan = planned(asked("waco-a", params={"interval_days": 28}))

    assert plan.limits.row == "benzodiazepine"
    assert plan.limits.first_cut is not None
    assert "protocol-edited" in codes(plan)
    assert StepKind.LIMITED in {step.kind for step in plan.steps}


def test_the_protocols_own_value_is_no_edit() -> None:
    plan = planned(asked("waco-a", params={"interval_days": "14.0", "percent": 20}))

    assert plan.limits.row == "waco"
    assert "protocol-edited" not in codes(plan)


def test_edited_bands_return_to_the_default_row_too() -> None:
    same = planned(request("diazepam", "40", DIAZEPAM, protocol="cks-slow", params={"bands": "20:2:14,10:1:14,5:1:14,0:0.5:14"}))
    other = planned(request("diazepam", "40", DIAZEPAM, protocol="cks-slow", params={"bands": "20:2:14,10:1:14,5:1:14,0:1:14"}))

    assert (same.limits.row, other.limits.row) == ("cks", "benzodiazepine")


@pytest.mark.parametrize(
    ("protocol", "code"),
    [("va-faster", "reason-required"), ("cdc-2022-weekly", "reason-required"), ("va-rapid", "life-threatening-reason")],
)
def test_fast_protocols_demand_a_reason(protocol: str, code: str) -> None:
    plan = planned(request("morphine", "270", MORPHINE, "morning", "noon", "night", protocol=protocol, reason="overdose, intubated"))

    assert next(finding.severity for finding in plan.findings if finding.code == code) is Severity.ACKNOWLEDGE


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_protocol_for_a_life_threatening_reason_is_stopped_until_one_is_given(reason: str) -> None:
    plan = planned(request("morphine", "270", MORPHINE, "morning", "noon", "night", protocol="va-rapid", reason=reason))
    (stop,) = (finding for finding in plan.findings if finding.severity is Severity.STOP)

    assert (stop.code, stop.clears) == ("life-threatening-reason-missing", "The reason (--reason).")


def test_the_tail_of_a_published_schedule_is_listed_in_one_finding_to_acknowledge() -> None:
    plan = planned(request("diazepam", "40", DIAZEPAM, protocol="cks-slow"))
    tails = [finding for finding in plan.findings if finding.code == "tail-excess"]

    assert [finding.severity for finding in tails] == [Severity.ACKNOWLEDGE]
    assert "to 0 mg" in tails[0].message


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"protocol": "va-slower"}, "opioid"),
        ({"protocol": "va-2014"}, "at most 15"),
    ],
)
def test_a_protocol_that_is_not_meant_for_this_is_refused_with_a_reason(fields: dict[str, Any], says: str) -> None:
    no = refused(request("diazepam", "40", DIAZEPAM, **fields))

    assert no.reason == "protocol-does-not-apply"
    assert says in no.message


@pytest.mark.parametrize("protocol", ["va-rapid", "cdc-2022-acute-days"])
def test_the_fastest_protocols_are_never_for_methadone_or_patches(protocol: str) -> None:
    methadone = request("methadone", "30", tablets("methadone", "5"), protocol=protocol, use="<1m")
    fentanyl = request("fentanyl", "1.2", (patch("fentanyl", "0.3"),), protocol=protocol, use="<1m")

    assert "never for methadone" in refused(methadone).message
    assert "never for patches" in refused(fentanyl).message


def test_acute_protocols_are_for_less_than_a_month_of_use() -> None:
    row = tables().limits.protocols["cdc-2022-acute-weeks"]

    assert applies_to(row, asked("cdc-2022-acute-weeks"))
    assert not applies_to(row, replace(asked("cdc-2022-acute-weeks"), use="1m-1y"))


def test_the_example_of_half_the_dose_ends_at_half_and_says_so() -> None:
    plan = planned(request("morphine", "180", MORPHINE[:1], "morning", "noon", "night", protocol="va-60-30"))

    assert mg(plan)[-1] == 90
    assert plan.target_mg == 90
    assert "protocol-target" in codes(plan)


@pytest.mark.parametrize(("use", "row"), [("<1m", "opioid-1m"), ("1m-1y", "opioid-1m-1y"), (">=1y", "opioid-1y")])
def test_the_default_row_of_opioids_follows_the_duration_of_use(use: str, row: str) -> None:
    assert planned(request("morphine", "90", FINE_MORPHINE, use=use)).limits.row == row


def test_opioids_after_weeks_to_months_acknowledge_their_tail_and_are_not_held_by_it() -> None:
    plan = planned(request("oxycodone", "20", tablets("oxycodone", "5"), use="1m-1y", params={"percent": 10, "interval_days": 7}))

    assert {limit.bound for limit in plan.limits.limits if limit.part == "tail"} == {"advised"}
    assert "tail-excess" in codes(plan)


def test_pace_beyond_the_advised_bound_is_acknowledged_with_the_largest_cut() -> None:
    plan = planned(request("oxycodone", "100", tablets("oxycodone", "5", "10", "20"), params={"percent": 10, "interval_days": 14}))
    finding = next(finding for finding in plan.findings if finding.code == "pace-advised")

    assert finding.severity is Severity.ACKNOWLEDGE
    assert "10 % of the original dose in 28 days" in finding.message
    assert finding.value == "20 %"


def test_a_pace_within_the_advised_bound_is_not_mentioned() -> None:
    plan = planned(
        request("oxycodone", "100", tablets("oxycodone", "5", "10", "20"), params={"percent": 10, "interval_days": 28}, target_mg="50")
    )

    assert "pace-advised" not in codes(plan)


def test_limited_doses_and_waits_are_said() -> None:
    plan = planned(request("oxycodone", "100", tablets("oxycodone", "5", "10", "20"), params={"percent": 20, "interval_days": 14}))

    assert "limited" in codes(plan)


def test_limits_that_await_sign_off_are_listed() -> None:
    plan = planned(request("diazepam", "40", DIAZEPAM, protocol="cks-slow"))
    finding = next(finding for finding in plan.findings if finding.code == "defaults-await-sign-off")

    assert "ceiling 27 %" in finding.message


def test_an_override_of_the_unit_rule_is_named_and_acknowledged() -> None:
    made = replace(request("diazepam", "4", tablets("diazepam", "2")), unit_override=("Dr Amara Osei", "no halves at home", Decimal(2)))
    plan = planned(made)
    finding = next(finding for finding in plan.findings if finding.code == "unit-override")

    assert finding.severity is Severity.ACKNOWLEDGE
    assert "Dr Amara Osei" in finding.message
    assert plan.limits.unit is not None
    assert plan.limits.unit.unit_max_mg == 2
