"""A server that answers with everybody's resources: nothing of another patient reaches a screen, and each is in the audit."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fhir_taper.cli.demo import running_demo
from fhir_taper.sandbox.forwarding import Answer, send
from fhir_taper.sandbox.resource_server import Intercept
from fhir_taper.workflow.load_chart import SEARCHED
from tests.odd_ehr import between
from tests.web.running import ELDER, Person, Stage
from tests.workflow.opened import chart_of

SCREENS = ("regimen", "strategies", "plan", "safety", "approve", "write-back", "receipt")


@pytest.fixture(scope="module")
def careless() -> Iterator[Stage]:
    """The app before a FHIR server as it ships, whose front confines no search: it answers what is asked with what it has."""
    with running_demo(as_it_ships=True) as (demo, services):
        yield Stage(demo, services)


def everybodys(stage: Stage) -> Intercept:
    """A server that forgets whom a search is about."""

    def answer(method: str, path: str, forward: Callable[[], Answer]) -> Answer:
        return send("GET", f"{stage.demo.resources.behind}/{path}?_count=500") if method == "GET" and path in SEARCHED else forward()

    return answer


def of_others(stage: Stage) -> dict[str, set[str]]:
    """What stands in the charts of the other patients alone: ids, and the words of names, medicines, diagnoses and directions."""
    mine = words(list(stage.demo.charts[ELDER].resources))
    found: dict[str, set[str]] = {}
    for patient, chart in stage.demo.charts.items():
        if patient != ELDER:
            found[patient] = {one for one in words(list(chart.resources)) | {str(one["id"]) for one in chart.resources} if one not in mine}
    return found


def words(value: Any) -> set[str]:
    """Every display, text and name in some resources that is long enough to be nobody else's by chance."""
    if isinstance(value, dict):
        here = {str(value[name]) for name in ("text", "display", "family", "value") if isinstance(value.get(name), str)}
        return {one for one in here if len(one) > 6}.union(*(words(item) for item in value.values()))
    return set[str]().union(*(words(item) for item in value)) if isinstance(value, list) else set()


def screens(person: Person) -> dict[str, str]:
    return {screen: person.get(screen).text for screen in SCREENS}


def refused(stage: Stage, launch: str) -> list[dict[str, Any]]:
    entries = [one.entry for one in stage.services.audit.entries("demo", limit=10_000, patient_id=ELDER)]
    return [one.detail for one in entries if (one.action, one.outcome, one.launch_id) == ("read", "refused", launch)]


@pytest.fixture(scope="module")
def undisturbed(careless: Stage) -> dict[str, str]:
    """What the screens say where the server answers for nobody else: tablets that exist, words of the app."""
    careless.demo.resources.confines_searches = True
    try:
        return screens(careless.opened(ELDER))
    finally:
        careless.demo.resources.confines_searches = False


def foreign(stage: Stage, shown: dict[str, str], undisturbed: dict[str, str]) -> set[tuple[str, str]]:
    """What the screens say of others."""
    strangers = set[str]().union(*of_others(stage).values())
    return {(screen, one) for screen, text in shown.items() for one in strangers if one in text and one not in undisturbed[screen]}


def test_nothing_of_another_patient_reaches_any_screen_and_each_resource_is_audited(careless: Stage, undisturbed: dict[str, str]) -> None:
    with between(careless.demo, everybodys(careless)):
        person = careless.opened(ELDER)
        shown = screens(person)
    assert all(len(one) > 10 for one in of_others(careless).values())
    assert foreign(careless, shown, undisturbed) == set()
    assert "did not belong here: not shown" in shown["regimen"]
    told = refused(careless, person.launch)
    assert {one["why"] for one in told} == {"another-patient"}
    orders = {
        f"MedicationRequest/{one['id']}"
        for patient, chart in careless.demo.charts.items()
        if patient != ELDER
        for one in chart.resources
        if one["resourceType"] == "MedicationRequest"
    }
    assert orders <= {one["resource"] for one in told}


def test_what_the_server_as_it_ships_answers_for_others_by_itself_is_handed_to_nobody_and_audited(careless: Stage) -> None:
    careless.demo.resources.heeds_prefer = False
    try:
        chart = chart_of(careless, ELDER)
        found = chart.client.search("Goal", {"patient": ELDER})
    finally:
        careless.demo.resources.heeds_prefer = True
    assert (found.resources, found.complete) == ((), False)
    assert [one["why"] for one in refused(careless, chart.launch.id)] == ["another-patient"] * 2


def test_a_chart_that_is_all_somebody_elses_is_not_opened(careless: Stage) -> None:
    def swapped(method: str, path: str, forward: Callable[[], Answer]) -> Answer:
        del method
        return send("GET", f"{careless.demo.resources.behind}/Patient/mid-taper") if path == f"Patient/{ELDER}" else forward()

    with between(careless.demo, swapped), pytest.raises(AssertionError) as not_opened:
        careless.opened(ELDER)
    said = str(not_opened.value)
    assert not any(one in said for one in of_others(careless)["mid-taper"])
