"""Every way out of the program, listed from its source and from its ladders; and what each can carry: never an order, a raised dose that
nobody decided, or another patient."""

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import fhir_taper
from fhir_taper.errors import WriteRefused
from fhir_taper.mappers.write.labels import NORMAL
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.records import WriteState
from fhir_taper.smart.permitted import Permitted
from fhir_taper.writeback.guard import WriteGuard
from fhir_taper.writeback.ladder import LADDERS, MEDICATION_REQUEST, SINGLE, TRANSACTION, Output, choose
from fhir_taper.writeback.negotiate import SiteSwitches
from fhir_taper.writeback.overlay import Overlay, load_overlay
from tests.mappers.write.example_plans import EXAMPLES
from tests.writeback.fake_ehr import BASE, PATIENT
from tests.writeback.writing import DECISION, Scene, approved, revised, single_only

PACKAGE = Path(fhir_taper.__file__).parent
OVERLAYS = sorted(path.stem for path in (PACKAGE / "writeback" / "overlays").glob("*.toml"))
SWITCHES = {
    "everything": SiteSwitches(),
    "one by one": single_only(),
    "no prescriptions": SiteSwitches(frozenset({"MedicationRequest"})),
    "no steps of their own": SiteSwitches(frozenset({"RequestGroup"})),
    "nothing": SiteSwitches(frozenset({"CarePlan"})),
}
_SOCKETS = {"requests", "urllib3", "http.client", "urllib.request", "httpx", "aiohttp", "socket", "smtplib", "ftplib", "asyncio"}


def trees() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text())


def imported(tree: ast.Module) -> set[str]:
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return names | {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


def functions_that_send(tree: ast.Module) -> set[str]:
    """Return the functions that hand a transport anything but a literal GET."""
    found = set()
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        for call in ast.walk(function):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "send" and call.args:
                method = call.args[0]
                if "transport" in ast.unparse(call.func.value) and not (isinstance(method, ast.Constant) and method.value == "GET"):
                    found.add(function.name)
    return found


def medication_request_literals(tree: ast.Module) -> int:
    """Return how many dict displays call themselves a MedicationRequest."""
    return sum(
        isinstance(node, ast.Dict)
        and any(
            isinstance(key, ast.Constant)
            and key.value == "resourceType"
            and isinstance(value, ast.Constant)
            and value.value == "MedicationRequest"
            for key, value in zip(node.keys, node.values, strict=True)
        )
        for node in ast.walk(tree)
    )


def test_only_these_modules_can_open_a_connection() -> None:
    doors = {name for name, tree in trees() if any(one in _SOCKETS or one.split(".")[0] in {"requests", "httpx"} for one in imported(tree))}
    outside = {name for name in doors if not name.startswith("sandbox/") and name != "cli/demo_walk.py"}
    # `sandbox` and the demo's walk talk to this machine alone; `serving` listens, and asks nobody.
    assert outside - {"cli/serving.py"} == {"smart/transport.py", "smart/tls.py"}


def test_only_two_functions_send_anything_but_a_read_and_the_one_that_reaches_the_chart_takes_what_was_permitted() -> None:
    senders = {name: found for name, tree in trees() if not name.startswith("sandbox/") and (found := functions_that_send(tree))}
    assert senders == {"smart/client.py": {"_send"}, "smart/launch/token_endpoint.py": {"_send"}}
    client = next(tree for name, tree in trees() if name == "smart/client.py")
    (sender,) = [one for one in ast.walk(client) if isinstance(one, ast.FunctionDef) and one.name == "_send"]
    annotated = {one.arg: ast.unparse(one.annotation) for one in sender.args.args if one.annotation}
    assert annotated["permitted"] == "Permitted"


def test_one_module_makes_medication_requests() -> None:
    makers = {name: many for name, tree in trees() if (many := medication_request_literals(tree))}
    assert makers == {"mappers/write/medication_request.py": 1, "sandbox/year_taper.py": 1}


@pytest.mark.parametrize(
    ("planted", "finds"),
    [
        ("import requests", imported),
        ("def f(transport): transport.send('POST', url)", functions_that_send),
        ("def f(self, method): self._transport.send(method, url)", functions_that_send),
        ("x = {'resourceType': 'MedicationRequest', 'status': 'active'}", medication_request_literals),
    ],
)
def test_what_is_planted_is_found(planted: str, finds: Any) -> None:
    assert finds(ast.parse(planted))
    assert not finds(ast.parse("def f(transport): transport.send('GET', url)")) or finds is imported


def test_three_rungs_of_all_ladders_reach_the_ehr_and_a_new_one_must_be_tried_here() -> None:
    assert set(LADDERS) == set(Output)
    built = {rung.name for rungs in LADDERS.values() for rung in rungs if rung.is_built and rung.needs}
    assert built == {TRANSACTION.name, SINGLE.name, MEDICATION_REQUEST.name}


def overlay_of(name: str) -> Overlay:
    return load_overlay(name)


def emitted(overlay: str, switches: str, plan: TaperPlan, before: TaperPlan | None = None) -> tuple[Scene, list[Permitted]]:
    """Return everything that leaves when a plan is written, `before` having been written already: what is validated and what is sent."""
    scene = Scene(overlay=overlay_of(overlay), switches=SWITCHES[switches])
    scene.ehr.operations = ("validate",)
    if before is not None:
        scene.write(before)
    scene.write(plan, base=before)
    return scene, [*scene.ehr.validated, *scene.ehr.requests]


def inside(value: Any, kind: str) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if value.get("resourceType") == kind:
            yield value
        for item in value.values():
            yield from inside(item, kind)
    elif isinstance(value, list):
        for item in value:
            yield from inside(item, kind)


def subjects(value: Any) -> Iterator[str]:
    """Return every reference to a patient, and of every resource with a subject, the subject."""
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str) and "Patient/" in value["reference"]:
            yield value["reference"]
        for item in value.values():
            yield from subjects(item)
    elif isinstance(value, list):
        for item in value:
            yield from subjects(item)


WAYS = sorted(
    {("fhir-platform", switches, name) for switches in ("everything", "one by one") for name in EXAMPLES}
    | {(overlay, switches, "diazepam") for overlay in OVERLAYS for switches in SWITCHES}
)


@pytest.mark.parametrize(("overlay", "switches", "name"), WAYS)
def test_whatever_leaves_by_whatever_way_is_a_draft_proposal_for_this_patient(name: str, overlay: str, switches: str) -> None:
    plan = approved(name)
    scene, left = emitted(overlay, switches, plan)
    for permitted in left:
        requests = list(inside(permitted.body, "MedicationRequest"))
        assert {(one["status"], one["intent"], one.get("reportedBoolean")) for one in requests} <= {("draft", "proposal", False)}
        assert {one["intent"] for kind in ("CarePlan", "RequestGroup") for one in inside(permitted.body, kind)} <= {"plan"}
        assert set(subjects(permitted.body)) <= {f"Patient/{PATIENT}"}
    reaches = choose(Output.PLAN, scene.allowed()).rung
    assert bool(left) is bool(reaches.needs)
    if reaches is TRANSACTION and switches == "everything":
        assert any(list(inside(one.body, "MedicationRequest")) for one in left)


@pytest.mark.parametrize("switches", sorted(SWITCHES))
def test_so_does_what_takes_the_place_of_a_version_that_stands(switches: str) -> None:
    plan = approved()
    _, left = emitted("fhir-platform", switches, revised(plan, reason="other words"), before=plan)
    for permitted in left:
        assert {(one["status"], one["intent"]) for one in inside(permitted.body, "MedicationRequest")} <= {("draft", "proposal")}
        assert set(subjects(permitted.body)) <= {f"Patient/{PATIENT}"}
        assert permitted.method != "PUT" or not permitted.path.startswith("MedicationRequest")


def raised() -> TaperPlan:
    """Return a plan whose third step is above its second."""
    plan = approved()
    steps = list(plan.steps)
    steps[2] = replace(steps[2], doses=steps[0].doses)
    return replace(plan, steps=tuple(steps), gates=())


class Undecided(Scene):
    """A scene in which no clinician decided anything, and no overlay asks for it: the guard is alone."""

    def guard(self, plan: TaperPlan) -> WriteGuard:
        return WriteGuard(PATIENT, BASE, unsigned(self.overlay), (NORMAL,), plan, None)


def unsigned(overlay: Overlay) -> Overlay:
    return replace(overlay, rows={key: replace(row, sign_off="none") for key, row in overlay.rows.items()})


@pytest.mark.parametrize("switches", ["everything", "one by one", "no prescriptions", "no steps of their own"])
def test_no_way_lets_a_raised_dose_out_that_nobody_decided(switches: str) -> None:
    scene = Undecided(overlay=load_overlay("fhir-platform"), switches=SWITCHES[switches])
    scene.ehr.operations = ("validate",)
    with pytest.raises(WriteRefused, match="raises a dose"):
        scene.write(raised())
    assert (scene.ehr.validated, scene.ehr.requests, scene.ledger.rows) == ([], [], {})
    decided = Scene(overlay=load_overlay("fhir-platform"), switches=SWITCHES[switches])
    assert decided.write(raised()).state is WriteState.WRITTEN


class OfAnother(Scene):
    """A scene whose launch is in another patient's chart than the plan's."""

    def guard(self, plan: TaperPlan) -> WriteGuard:
        return WriteGuard("p2", BASE, self.overlay, (NORMAL,), plan, DECISION)


@pytest.mark.parametrize("switches", ["everything", "one by one", "no prescriptions", "no steps of their own"])
def test_no_way_reaches_another_patients_chart(switches: str) -> None:
    scene = OfAnother(switches=SWITCHES[switches])
    scene.ehr.operations = ("validate",)
    with pytest.raises(WriteRefused, match="another patient's"):
        scene.write(approved())
    assert (scene.ehr.validated, scene.ehr.requests, scene.ledger.rows) == ([], [], {})
