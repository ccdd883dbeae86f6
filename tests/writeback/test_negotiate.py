from dataclasses import replace

import pytest

from fhir_taper.writeback.ladder import LADDERS, NOT_BUILT, Output, choose
from fhir_taper.writeback.negotiate import Allowed, SiteSwitches, allowed
from fhir_taper.writeback.overlay import load_overlay
from tests.writeback.fake_ehr import FakeCapabilities, FakeEhr, FakeGranted

OVERLAY = load_overlay("fhir-platform")
EVERYTHING = FakeCapabilities(FakeEhr())
PLAN = ("CarePlan", "create")


def negotiated(**changes: object) -> Allowed:
    asked = {"capabilities": EVERYTHING, "granted": FakeGranted(), "overlay": OVERLAY, "switches": None, "signed_off": True} | changes
    return allowed(asked.pop("capabilities"), asked.pop("granted"), asked.pop("overlay"), asked.pop("switches"), **asked)  # type: ignore[arg-type]


def test_where_all_five_agree_it_is_allowed() -> None:
    assert negotiated().may(*PLAN)
    assert negotiated().reasons() == ()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"capabilities": replace(EVERYTHING, silent_on=frozenset({PLAN}))}, "the server does not say that it does this"),
        ({"granted": FakeGranted(frozenset({("CarePlan", "c")}))}, "the access that was granted does not cover it"),
        ({"switches": SiteSwitches(frozenset({"CarePlan.create"}))}, "this site turned it off"),
        ({"switches": SiteSwitches(frozenset({"CarePlan"}))}, "this site turned it off"),
        ({"signed_off": False}, "a clinician has not signed off"),
        ({"overlay": load_overlay("generic")}, "the overlay generic does not name it"),
        (
            {
                "overlay": replace(
                    OVERLAY, rows={**OVERLAY.rows, PLAN: replace(OVERLAY.rows[PLAN], allowed=False, meaning="an order", rung="document")}
                )
            },
            "on fhir-platform it means: an order (instead: document)",
        ),
    ],
)
def test_each_of_the_five_can_take_away_and_says_why(change: dict[str, object], why: str) -> None:
    assert negotiated(**change).why_not(*PLAN) == f"CarePlan.create: {why}"


def test_an_update_needs_its_own_letter() -> None:
    granted = FakeGranted(frozenset({("CarePlan", "u")}))
    assert negotiated(granted=granted).may("CarePlan", "create")
    assert not negotiated(granted=granted).may("CarePlan", "update")


def test_a_server_without_a_statement_is_written_to_only_where_the_overlay_says_so() -> None:
    assert negotiated(capabilities=None).may(*PLAN)
    assert not negotiated(capabilities=None, overlay=load_overlay("generic")).may("DocumentReference", "create")


def test_what_works_and_is_not_advertised_is_allowed_where_the_overlay_says_so() -> None:
    silent = replace(EVERYTHING, silent_on=frozenset({PLAN}))
    unadvertised = replace(OVERLAY, rows={**OVERLAY.rows, PLAN: replace(OVERLAY.rows[PLAN], advertised=False)})
    assert negotiated(capabilities=silent, overlay=unadvertised).may(*PLAN)


def test_what_can_be_found_again_is_what_the_server_searches_by_identifier() -> None:
    assert negotiated(capabilities=FakeCapabilities(FakeEhr(frozenset({"CarePlan"})))).searchable == {"CarePlan"}
    assert "Provenance" not in negotiated().searchable


def test_a_plan_goes_as_a_transaction_where_that_is_allowed() -> None:
    assert choose(Output.PLAN, negotiated()).rung.name == "transaction"


@pytest.mark.parametrize("missing", ["Bundle", "RequestGroup", "Goal", "Provenance"])
def test_a_plan_goes_by_single_requests_where_the_transaction_is_not_whole(missing: str) -> None:
    choice = choose(Output.PLAN, negotiated(switches=SiteSwitches(frozenset({missing}))))
    assert choice.rung.name == "single"
    assert [name for name, _ in choice.skipped] == ["transaction"]
    assert "this site turned it off" in choice.skipped[0][1]


def test_a_generic_ehr_gets_no_plan_and_the_receipt_says_why() -> None:
    choice = choose(Output.PLAN, negotiated(overlay=load_overlay("generic")))
    assert choice.rung.name == "print"
    assert [name for name, _ in choice.skipped] == ["transaction", "single", "linked", "document"]
    assert dict(choice.skipped)["document"] == NOT_BUILT


@pytest.mark.parametrize("output", list(Output))
def test_the_last_rung_works_where_nothing_is_allowed(output: Output) -> None:
    choice = choose(output, Allowed(OVERLAY, {}))
    assert choice.rung is LADDERS[output][-1]
    assert choice.rung.needs == ()
    assert len(choice.skipped) == len(LADDERS[output]) - 1
    assert all(why for _, why in choice.skipped)


def test_the_six_ladders_are_those_of_the_design() -> None:
    assert {output: [rung.name for rung in rungs] for output, rungs in LADDERS.items()} == {
        Output.PLAN: ["transaction", "single", "linked", "document", "print"],
        Output.DOSE_PROPOSAL: ["medication-request", "suggestion", "task", "message", "note"],
        Output.ALERT: ["card", "issue", "urgent-message", "task", "page"],
        Output.TEAM_MESSAGE: ["request", "message", "task", "document", "inbox"],
        Output.CHECK_INS: ["task", "appointment", "own-schedule", "note"],
        Output.DOCUMENTATION: ["document", "form", "message", "export"],
    }
