"""The synthetic patients: each is what it is there to show, valid, and as old as the day of the demo wants it."""

import subprocess
import sys
import zipfile
from datetime import date, timedelta
from pathlib import Path

import pytest

from fhir_taper.cli import main
from fhir_taper.exact_json import decode, encode
from fhir_taper.records import Json
from fhir_taper.sandbox.charts import WRITTEN, PatientChart, load_charts
from tests.conftest import ValidatorGate

CHARTS = {chart.patient_id: chart for chart in load_charts(WRITTEN)}
# Exit status of `fhir-taper regimen`: 4 where something that matters cannot be computed.
EXPECTED = {
    "diazepam-oxycodone": 0,
    "lorazepam-elder": 0,
    "fentanyl-patch": 0,
    "text-sigs": 4,
    "incomplete-chart": 4,
    "mid-taper": 0,
    "year-taper": 0,
}


def bundle_of(chart: PatientChart) -> bytes:
    """A chart as a file."""
    found = [*chart.resources, *chart.notices]
    return encode({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in found]})


def regimen(chart: PatientChart, folder: Path, as_of: date, capfd: pytest.CaptureFixture[str]) -> tuple[int, Json]:
    """Status and JSON of `fhir-taper regimen`."""
    file = folder / "chart.json"
    file.write_bytes(bundle_of(chart))
    with pytest.raises(SystemExit) as ended:
        main(["regimen", str(file), "--as-of", as_of.isoformat(), "--format", "json"])
    assert isinstance(ended.value.code, int)
    document: Json = decode(capfd.readouterr().out.encode())
    return ended.value.code, document


@pytest.mark.parametrize("patient", EXPECTED)
def test_every_chart_goes_through_the_regimen_as_expected(patient: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    status, document = regimen(CHARTS[patient], tmp_path, WRITTEN, capfd)
    assert (status, document["patient"]) == (EXPECTED[patient], patient)


@pytest.mark.parametrize("days", [1, 1000])
def test_a_chart_moves_with_the_day_and_says_the_same(days: int, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    day = WRITTEN + timedelta(days)
    moved = {chart.patient_id: chart for chart in load_charts(day)}
    for patient, status in EXPECTED.items():
        then, now = regimen(CHARTS[patient], tmp_path, WRITTEN, capfd), regimen(moved[patient], tmp_path, day, capfd)
        assert (now[0], now[1]["totals"]) == (status, then[1]["totals"])


def test_birthdays_do_not_move() -> None:
    (elder,) = (chart for chart in load_charts(WRITTEN + timedelta(400)) if chart.patient_id == "lorazepam-elder")
    assert elder.listed() == CHARTS["lorazepam-elder"].listed()


@pytest.mark.parametrize("patient", EXPECTED)
def test_every_patient_has_a_visit_allergies_and_measurements(patient: str) -> None:
    types = [one["resourceType"] for one in CHARTS[patient].resources]
    assert CHARTS[patient].encounter_id
    assert {"Patient", "Encounter", "AllergyIntolerance", "Observation", "MedicationRequest"} <= set(types)


@pytest.mark.parametrize("patient", EXPECTED)
def test_resources_are_valid_but_for_the_one_that_is_there_to_be_broken(patient: str, validator_gate: ValidatorGate) -> None:
    # The zone of a patient stands in an extension that the specification does not place there; charts do, and our reader takes it.
    wrong = {
        f"{one['resourceType']}/{one['id']}"
        for one in CHARTS[patient].resources
        if any("StructureDefinition/tz-code" not in error for error in validator_gate(one))
    }
    assert wrong == ({"MedicationRequest/broken"} if patient == "incomplete-chart" else set())


def test_an_installed_package_brings_the_charts_along(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)], cwd=root, check=True, capture_output=True
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        held = {name.removeprefix("fhir_taper/sandbox/patients/") for name in packed.namelist()}
    assert {f"{patient}.json" for patient in EXPECTED} <= held
    assert {f"core/{path.name}" for path in (root / "fixtures" / "patients").glob("*.json")} <= held


def test_no_two_patients_share_an_id() -> None:
    ids = [f"{one['resourceType']}/{one['id']}" for chart in CHARTS.values() for one in chart.resources]
    assert len(ids) == len(set(ids))


def test_the_taper_in_progress_is_ours_and_its_orders_are_what_its_step_says(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    _, document = regimen(CHARTS["mid-taper"], tmp_path, WRITTEN, capfd)
    said = next(issue["message"] for issue in document["issues"] if "taper of diazepam" in issue["message"])
    assert "step 2, diazepam 9 mg a day" in said
    assert document["totals"]["diazepam_mg"]["range"]["scheduled"] == [9, 9]
    plan = next(one for one in CHARTS["mid-taper"].resources if one["resourceType"] == "CarePlan")
    assert plan["status"] == "active"
    assert plan["activity"][0]["reference"]["reference"].startswith("RequestGroup/")
