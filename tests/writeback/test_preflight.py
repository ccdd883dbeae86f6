"""What the EHR's own validator says before a write: an objection stops it, a failure of the validator does not."""

from dataclasses import replace
from typing import Any

import pytest

from fhir_taper.errors import EhrUnreachable, WriteRefused
from fhir_taper.records import WriteState
from fhir_taper.smart.permitted import Permitted
from fhir_taper.writeback.negotiate import SiteSwitches
from tests.writeback.fake_ehr import FakeAnswer
from tests.writeback.writing import Scene, approved, single_only

PLAN = approved()


def outcome(severity: str, code: str = "structure") -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": code, "diagnostics": "no such profile"}]}


def asked(**how: Any) -> Scene:
    """A scene whose EHR offers $validate."""
    scene = Scene(**how)
    scene.ehr.operations = ("validate",)
    return scene


@pytest.mark.parametrize("switches", [SiteSwitches(), single_only()])
def test_every_resource_is_shown_to_the_ehrs_validator_before_anything_is_written(switches: SiteSwitches) -> None:
    scene = asked(switches=switches)
    assert scene.write(PLAN).state is WriteState.WRITTEN
    kinds = sorted(one.body["resourceType"] for one in scene.ehr.validated)
    assert kinds == sorted(history[-1]["resourceType"] for history in scene.ehr.stored.values())


def test_without_the_operation_or_with_an_overlay_that_says_never_nobody_is_asked() -> None:
    silent = Scene()
    silent.write(PLAN)
    never = asked()
    never.overlay = replace(never.overlay, validate="never")
    never.write(PLAN)
    assert (silent.ehr.validated, never.ehr.validated) == ([], [])


@pytest.mark.parametrize("status", [200, 400, 412, 422])
@pytest.mark.parametrize("severity", ["error", "fatal"])
def test_an_objection_stops_the_write_before_the_ledger_and_is_told_in_the_ehrs_words(status: int, severity: str) -> None:
    scene = asked()
    scene.ehr.opinion = lambda one: FakeAnswer(status, {}, outcome(severity if one.path == "Goal" else "information"))
    if status != 200:
        scene.ehr.opinion = lambda _: FakeAnswer(status, {}, outcome(severity))
    with pytest.raises(WriteRefused, match=r"the EHR.s own validator on the \w+: no such profile"):
        scene.write(PLAN)
    assert (scene.ehr.requests, scene.ledger.rows) == ([], {})


def unreachable(_: Permitted) -> FakeAnswer:
    raise EhrUnreachable("no answer")


@pytest.mark.parametrize(
    ("opinion", "why"),
    [
        (lambda _: FakeAnswer(500), "it answered 500"),
        (lambda _: FakeAnswer(501, {}, outcome("error", "not-supported")), "it answered 501"),
        (lambda _: FakeAnswer(404, {}, outcome("error", "not-found")), "it answered 404"),
        (lambda _: FakeAnswer(400, {}, outcome("error", "not-supported")), "it answered 400"),
        (unreachable, "it did not answer"),
    ],
)
def test_a_validator_that_fails_is_noted_and_stops_nothing(opinion: Any, why: str) -> None:
    scene = asked()
    scene.ehr.opinion = opinion
    receipt = scene.write(PLAN)
    assert receipt.state is WriteState.WRITTEN
    assert receipt.says.endswith(f"; the EHR's own validator could not be asked: {why}")
    assert len(scene.ehr.validated) == 1


def test_warnings_are_no_objection() -> None:
    scene = asked()
    scene.ehr.opinion = lambda _: FakeAnswer(200, {}, outcome("warning"))
    assert scene.write(PLAN).says == "written, and read back with the same meaning"
