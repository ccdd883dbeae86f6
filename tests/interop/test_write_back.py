"""A plan written to the servers of other makers: read back equal in meaning, updated, and never over somebody else's edit."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fhir_taper.errors import WriteRefused
from fhir_taper.plans.tapers.lifecycle import revoke
from fhir_taper.records import WriteState
from fhir_taper.sandbox.forwarding import send
from fhir_taper.workflow.write_back import preview_plan, write_plan
from fhir_taper.writeback.readback import same_meaning
from tests.interop.between import answers, breaking, edited_first, lost_after, lost_before
from tests.interop.fhir_servers import SERVERS, Server, fhir_router, sekmet, sekmet_more_search, the_server
from tests.interop.writing_to import Scene, scene_on
from tests.web.running import kept_in
from tests.writeback.writing import DECISION

__all__ = ["fhir_router", "kept_in", "sekmet", "sekmet_more_search"]
_WHERE = [*((name, "sqlite") for name in SERVERS), ("sekmet-more-search", "postgresql")]
"""Every server over SQLite, and one over PostgreSQL: what a database does differently does not depend on the server."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test that writes a scene's plan in every place."""
    if "scene" in metafunc.fixturenames:
        metafunc.parametrize(("server", "kept_in"), _WHERE, indirect=True, ids=["-".join(place) for place in _WHERE])


Json = dict[str, Any]


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Server:
    """The one of the place."""
    return the_server(request)


@pytest.fixture
def database(kept_in: str, request: pytest.FixtureRequest) -> str:
    """An empty database of a test's own: "" for SQLite in its folder."""
    return "" if kept_in == "sqlite" else str(request.getfixturevalue("postgresql_server").database())


@pytest.fixture
def scene(server: Server, database: str, tmp_path: Path) -> Iterator[Scene]:
    """The same in each place."""
    with scene_on(server, tmp_path, database) as made:
        yield made


def counts(server: Server, scene: Scene) -> dict[str, int]:
    return dict(Counter(one["resourceType"] for found in server.written(scene.patient).values() for one in found))


def the_care_plan(server: Server, scene: Scene) -> Json:
    (found,) = server.of(scene.patient, "CarePlan")
    return found


def edit(server: Server, scene: Scene, **elements: Any) -> None:
    """A colleague changes the care plan in the EHR."""
    server.put(the_care_plan(server, scene) | elements)


def test_a_plan_is_written_and_read_back_with_the_same_meaning(server: Server, scene: Scene) -> None:
    receipt = scene.write()
    assert receipt.state is WriteState.WRITTEN, receipt
    assert all(one.is_read_back and not one.differences for one in receipt.resources if one.doing != "none")
    sent = {card.resource_type: card.body for card in scene.preview().preview.cards}
    assert not same_meaning(sent["CarePlan"], the_care_plan(server, scene))
    assert counts(server, scene)["CarePlan"] == 1
    assert set(scene.states()) == {WriteState.WRITTEN}
    assert scene.preview().preview.count == 0


def test_every_prescription_that_arrives_is_a_draft_proposal(server: Server, scene: Scene) -> None:
    scene.write()
    arrived = server.of(scene.patient, "MedicationRequest")
    assert {(one["status"], one["intent"]) for one in arrived} == {("draft", "proposal")}


def test_the_next_version_takes_the_place_of_the_one_before(server: Server, scene: Scene) -> None:
    scene.write()
    first = the_care_plan(server, scene)
    scene.revise(reason="other words")
    receipt = scene.write()
    assert receipt.state is WriteState.WRITTEN, receipt
    second = the_care_plan(server, scene)
    assert (second["id"], second["meta"]["versionId"] != first["meta"]["versionId"]) == (first["id"], True)
    steps = 0 if server.name == "sekmet" else 1  # as it ships, it says that it takes no RequestGroup: the steps are inside the care plan
    assert counts(server, scene).get("RequestGroup", 0) == steps
    assert scene.preview().preview.count == 0


def test_a_note_that_somebody_added_stays(server: Server, scene: Scene) -> None:
    scene.write()
    edit(server, scene, note=[{"text": "seen by the nurse"}])
    scene.revise(reason="other words")
    assert scene.write().state is WriteState.WRITTEN
    assert the_care_plan(server, scene)["note"] == [{"text": "seen by the nurse"}]


def test_an_edit_of_the_plan_itself_is_a_conflict_that_a_person_sees(server: Server, scene: Scene) -> None:
    scene.write()
    edit(server, scene, status="on-hold")
    scene.revise(reason="other words")
    preview = scene.preview().preview
    assert not preview.may_write
    assert [(line.now, line.will_be) for card in preview.cards for line in card.conflicts if line.field == "status"] == [
        ("on-hold", "active")
    ]
    with pytest.raises(WriteRefused, match="status was changed in the EHR"):
        scene.write()
    assert the_care_plan(server, scene)["status"] == "on-hold"


def test_an_edit_between_preview_and_request_is_a_conflict_and_then_a_merge(server: Server, scene: Scene) -> None:
    scene.write()
    scene.revise(reason="other words")
    server.between.faults.append(edited_first(lambda: edit(server, scene, note=[{"text": "seen by the nurse"}])))
    receipt = scene.write()
    assert receipt.is_conflict, receipt
    assert the_care_plan(server, scene)["note"] == [{"text": "seen by the nurse"}]
    merged = scene.write()
    assert merged.state is WriteState.WRITTEN, merged
    assert the_care_plan(server, scene)["note"] == [{"text": "seen by the nurse"}]
    assert (counts(server, scene)["CarePlan"], scene.preview().preview.count) == (1, 0)


@pytest.mark.parametrize("arrives", [True, False])
def test_a_lost_answer_is_unknown_and_the_next_launch_finds_out(server: Server, scene: Scene, arrives: bool) -> None:
    server.between.faults.append(lost_after if arrives else lost_before)
    assert scene.write().state is WriteState.UNKNOWN
    sent = len(server.between.writes)
    assert scene.write().says.startswith("nothing ")
    assert len(server.between.writes) == sent
    scene.clock.pass_time(minutes=3)
    assert list(scene.sweep().states.values()) == [WriteState.WRITTEN if arrives else WriteState.REJECTED]
    assert scene.write().state is WriteState.WRITTEN
    assert counts(server, scene)["CarePlan"] == 1
    assert scene.preview().preview.count == 0
    assert ("recover-write", "written" if arrives else "rejected") in [(one.action, one.outcome) for one in scene.audited()]


@pytest.mark.parametrize("entry", range(6))
def test_a_router_that_keeps_the_other_entries_is_told_as_it_is_and_completed_by_the_next(
    fhir_router: Server, tmp_path: Path, entry: int
) -> None:
    with scene_on(fhir_router, tmp_path) as scene:
        fhir_router.between.faults.append(breaking(entry))
        receipt = scene.write()
        assert receipt.state is WriteState.MISMATCH, receipt
        assert receipt.says == "only a part was written: a person looks at what is there"
        assert scene.write().state is WriteState.WRITTEN
        assert scene.preview().preview.count == 0
        whole = counts(fhir_router, scene)
        assert (whole["CarePlan"], whole["RequestGroup"], whole["Provenance"]) == (1, 1, 1)


def test_a_server_that_undoes_a_broken_transaction_has_nothing_of_it(sekmet_more_search: Server, tmp_path: Path) -> None:
    with scene_on(sekmet_more_search, tmp_path) as scene:
        sekmet_more_search.between.faults.append(breaking(3))
        assert scene.write().state is WriteState.REJECTED
        assert counts(sekmet_more_search, scene) == {}
        assert scene.write().state is WriteState.WRITTEN


@pytest.mark.parametrize(("header", "seconds"), [("90", 90), ("Sun, 04 Jan 2026 10:02:00 GMT", 120)])
def test_a_server_that_asks_for_a_pause_gets_it(server: Server, scene: Scene, header: str, seconds: int) -> None:
    server.between.faults.append(answers(429, retry_after=header, date="Sun, 04 Jan 2026 10:00:00 GMT"))
    receipt = scene.write()
    assert (receipt.state, receipt.not_before) == (WriteState.REJECTED, scene.clock() + timedelta(seconds=seconds))
    sent = len(server.between.writes)
    scene.clock.pass_time(seconds=seconds - 1)
    assert scene.write().says == "nothing was sent: the EHR asked for a pause"
    assert len(server.between.writes) == sent
    scene.clock.pass_time(seconds=1)
    assert scene.write().state is WriteState.WRITTEN


def test_all_three_servers_are_asked() -> None:
    assert SERVERS == ("sekmet", "sekmet-more-search", "fhir-router")


def test_a_server_that_offers_its_own_validator_is_asked_about_each_resource_first(server: Server, scene: Scene) -> None:
    offers = server.name != "fhir-router"
    assert scene.preview().prepared.allowed.validates is offers
    assert scene.write().says == "written, and read back with the same meaning"


def test_goals_of_another_running_plan_that_somebody_links_go_on(sekmet_more_search: Server, tmp_path: Path) -> None:
    server = sekmet_more_search
    with scene_on(server, tmp_path) as scene:
        other = Scene(scene.services, scene.patient, scene.clock)
        other.approve("oxycodone")
        for plan in (scene.plan, other.plan):
            write_plan(scene.services, scene.chart, preview_plan(scene.services, scene.chart, plan.id).seen, plan.id)
        ours, theirs = sorted(server.of(scene.patient, "CarePlan"), key=lambda one: str(one["title"]))
        server.put(ours | {"goal": [ours["goal"][0], *theirs["goal"]]})
        was = [one for one in server.of(scene.patient, "Goal") if f"Goal/{one['id']}" in str(theirs["goal"])]
        scene.clock.pass_time(hours=1)
        scene.revise(reason="other words")
        seen = preview_plan(scene.services, scene.chart, scene.plan.id).seen
        assert write_plan(scene.services, scene.chart, seen, scene.plan.id).state is WriteState.WRITTEN
        assert [one for one in server.of(scene.patient, "Goal") if f"Goal/{one['id']}" in str(theirs["goal"])] == was


@pytest.mark.parametrize("status", ["active", "revoked"])
def test_a_care_plan_of_the_hospital_that_links_our_goal_is_never_written_over(
    sekmet_more_search: Server, tmp_path: Path, status: str
) -> None:
    server = sekmet_more_search
    with scene_on(server, tmp_path) as scene:
        scene.write()
        ours = the_care_plan(server, scene)
        subject = {"reference": f"Patient/{scene.patient}"}
        hospital = {"resourceType": "CarePlan", "id": f"hospital-{status}", "status": status, "intent": "plan", "subject": subject}
        server.put(hospital | {"goal": ours["goal"][:1], "note": [{"text": "hospital note"}]})
        was = next(one for one in server.of(scene.patient, "CarePlan") if one["id"] == hospital["id"])
        assert send("DELETE", f"{server.behind}/CarePlan/{ours['id']}").status == 200
        scene.keep(revoke(scene.plan, DECISION))
        shown = scene.preview()
        (ask,) = shown.preview.asks
        assert ask.why == "gone"
        assert write_plan(scene.services, scene.chart, shown.seen, "", [ask.name]).state is WriteState.WRITTEN
        assert was in server.of(scene.patient, "CarePlan")


def test_a_goal_that_somebody_achieved_stays_achieved_and_versions_go_on(sekmet_more_search: Server, tmp_path: Path) -> None:
    server = sekmet_more_search
    with scene_on(server, tmp_path) as scene:
        scene.write()
        goal = server.of(scene.patient, "Goal")[0]
        server.put(goal | {"lifecycleStatus": "completed", "achievementStatus": {"text": "achieved"}})
        for reason in ("other words", "again other words"):
            scene.revise(reason=reason)
            assert scene.write().state is WriteState.WRITTEN
        found = {one["id"]: one["lifecycleStatus"] for one in server.of(scene.patient, "Goal")}
        assert found[goal["id"]] == "completed"


def test_a_proposal_that_was_deleted_or_declined_is_not_proposed_again_without_a_word(sekmet_more_search: Server, tmp_path: Path) -> None:
    server = sekmet_more_search
    with scene_on(server, tmp_path) as scene:
        scene.write()
        (request,) = server.of(scene.patient, "MedicationRequest")
        server.put(request | {"status": "cancelled"})
        scene.revise(reason="other words")
        assert "it is cancelled in the EHR" in scene.preview().preview.notes[0]
        assert scene.write().state is WriteState.WRITTEN
        assert [one["status"] for one in server.of(scene.patient, "MedicationRequest")] == ["cancelled"]
        assert send("DELETE", f"{server.behind}/MedicationRequest/{request['id']}").status == 200
        scene.revise(reason="again other words")
        with pytest.raises(WriteRefused, match="not accepted: Written before, and gone"):
            scene.write()
