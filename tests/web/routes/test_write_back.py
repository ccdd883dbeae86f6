"""From a draft to a plan that stands in the EHR: who may do what, what is checked again, what is written once."""

import pytest

from fhir_taper.cli.demo_walk import Page
from fhir_taper.records import WriteState
from tests.web.running import ELDER, Stage


@pytest.fixture(scope="module")
def approved(stage: Stage) -> Stage:
    """The elder's plan is approved, and not yet written."""
    stage.forget(ELDER)
    person = stage.opened(ELDER)
    person.draft()
    person.ready()
    assert "What will be written" in person.send("approve", "/approve").text
    return stage


def actions(stage: Stage) -> list[tuple[str, str]]:
    return [(one.entry.action, one.entry.outcome) for one in stage.services.audit.entries("demo")]


def test_a_reader_sees_the_plan_and_may_change_or_approve_nothing(approved: Stage) -> None:
    reader = approved.opened(ELDER, "reader")
    assert "taper from" in reader.get("plan").text
    csrf = {"csrf": reader.form("regimen", "/refresh")["csrf"], "revision": "0"}
    posts = {
        "strategies": {"drug": "lorazepam", "start": "2026-01-05"},
        "choose": {"way": "strategy linear"},
        "safety": {"finding": "0", "reason": "x"},
        "agreement": {"who": "x"},
        "approve": {},
        "write-back": {"seen": "x"},
    }
    for action, values in posts.items():
        shown = reader.browser.post(f"{reader.here}/{action}", csrf | values)
        assert shown.status == 403, action
        assert "Your role does not allow this" in shown.text
    assert ("approve", "refused") in actions(approved)


def test_a_pharmacist_may_work_on_a_draft_and_not_approve_or_write(approved: Stage) -> None:
    pharmacist = approved.opened(ELDER, "pharmacist")
    assert Page(pharmacist.get("write-back").text).form("/write-back") is None
    csrf = {"csrf": pharmacist.form("regimen", "/refresh")["csrf"]}
    assert pharmacist.browser.post(f"{pharmacist.here}/write-back", csrf | {"seen": "x"}).status == 403
    assert pharmacist.browser.post(f"{pharmacist.here}/approve", csrf | {"revision": "1"}).status == 403


def test_only_what_was_seen_is_written_and_it_is_written_once(approved: Stage) -> None:
    person = approved.opened(ELDER)
    button = person.form("write-back", "/write-back")
    unseen = person.browser.post(f"{person.here}/write-back", button | {"seen": "0" * 64})
    assert unseen.status == 409
    assert "changed since the preview" in unseen.text
    assert not approved.services.ledger.of_patient("demo", ELDER)
    shown = person.browser.post(f"{person.here}/write-back", button)
    assert "written, and read back with the same meaning" in shown.text
    again = person.browser.post(f"{person.here}/write-back", button)
    assert again.status == 409
    assert "There is nothing to write" in person.get("write-back").text
    rows = approved.services.ledger.of_patient("demo", ELDER)
    assert [row.state for row in rows] == [WriteState.WRITTEN]
    assert {("launch", "opened"), ("read", "done"), ("draft-choose", "done"), ("approve", "done"), ("write", "written")} <= set(
        actions(approved)
    )
