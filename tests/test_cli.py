"""The command line: statuses, one line on standard error, nothing half-printed, nothing heavy loaded for help."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fhir_taper import __version__
from fhir_taper.cli import main

PATIENTS = Path(__file__).resolve().parents[1] / "fixtures" / "patients"
ELDER = str(PATIENTS / "lorazepam-elder.json")
PLAN = ("plan", ELDER, "--drug", "lorazepam", "--start", "2026-01-05")
WAY = ("--protocol", "asam-2025")
STRATEGY = ("--strategy", "proportional")


def run(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Status, standard output and standard error of one command, in this process."""
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    out, err = capfd.readouterr()
    status = ended.value.code
    assert isinstance(status, int)
    return status, out, err


def answer(capfd: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    """The JSON of a command that must succeed."""
    status, out, err = run(capfd, *arguments, "--format", "json")
    assert (status, err) == (0, "")
    document: dict[str, object] = json.loads(out)
    return document


def test_help_loads_neither_models_nor_a_server_nor_a_database() -> None:
    code = "import sys\ntry:\n    from fhir_taper.cli import main; main(['--help'])\nexcept SystemExit: pass\nprint(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.rpartition("[")[2]
    assert "'fhir_taper.cli'" in loaded
    assert not any(f"'{name}'" in loaded for name in ("fhir.resources", "fhir", "fastapi", "sqlalchemy", "weasyprint", "pydantic"))


def test_the_version_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(capfd, "--version") == (0, f"fhir-taper {__version__}\n", "")


def test_a_regimen_is_answered_as_json_in_the_stable_shape(capfd: pytest.CaptureFixture[str]) -> None:
    document = answer(capfd, "regimen", ELDER, "--as-of", "2026-01-05", "--benzo-table", "va-dod-2021")
    assert (document["schema"], document["patient"], document["as_of"], document["complete"]) == (1, "lorazepam-elder", "2026-01-05", True)
    totals = document["totals"]
    assert isinstance(totals, dict)
    assert totals["diazepam_mg"] == {
        "table": "va-dod-2021", "scheduled": 15, "max": 15, "at_least": False, "up_to": False, "left_out": [],
    }  # fmt: skip


def test_without_a_table_benzodiazepine_totals_are_a_range(capfd: pytest.CaptureFixture[str]) -> None:
    totals = answer(capfd, "regimen", ELDER, "--as-of", "2026-01-05")["totals"]
    assert isinstance(totals, dict)
    assert totals["diazepam_mg"]["range"] == {"scheduled": [15, 30], "max": [15, 30]}


def test_an_unreadable_order_ends_with_status_4_and_still_says_what_is_known(capfd: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capfd, "regimen", str(PATIENTS / "text-sigs.json"), "--as-of", "2026-01-05", "--format", "json")
    items = {item["rxcui"]: item for item in json.loads(out)["items"]}
    assert status == 4
    assert (items["854876"]["state"], items["854876"]["scheduled_mg_per_day"]) == ("not-computable", None)
    assert items["197590"]["scheduled_mg_per_day"] == 10


def test_an_incomplete_chart_says_so_in_words_and_totals(capfd: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capfd, "regimen", str(PATIENTS / "incomplete-chart.json"), "--as-of", "2026-01-05")
    assert "The chart is incomplete" in out
    assert "at least" in out


def test_a_plan_goes_from_the_chart_s_dose_to_zero_with_tablets_that_exist(capfd: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capfd, *PLAN, *WAY, "--format", "json")
    plan = json.loads(out)
    assert (status, err) == (0, "")
    assert (plan["baseline_mg"], plan["target_mg"], plan["state"]) == (3, 0, "draft")
    assert plan["steps"][0]["doses"][0]["mg_per_day"] == 3
    assert plan["steps"][-1]["doses"][0]["mg_per_day"] == 0
    assert plan["steps"][-1]["end"] is None


@pytest.mark.parametrize(
    ("form", "begins"),
    [("table", "lorazepam: taper from 3 mg"), ("text", "lorazepam: taper"), ("svg", "<svg "), ("fhir", "{"), ("json", "{")],
)
def test_a_plan_can_be_printed_in_every_form(capfd: pytest.CaptureFixture[str], form: str, begins: str) -> None:
    status, out, _ = run(capfd, *PLAN, *WAY, "--format", form)
    assert status == 0
    assert out.startswith(begins)


def test_a_plan_as_fhir_is_a_collection_that_holds_a_draft_care_plan(capfd: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capfd, *PLAN, *WAY, "--format", "fhir")
    bundle = json.loads(out)
    kinds = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    assert bundle["type"] == "collection"
    assert {"CarePlan", "RequestGroup", "Goal", "MedicationRequest", "Device", "Provenance"} <= set(kinds)
    requests = [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == "MedicationRequest"]
    assert {(request["status"], request["intent"]) for request in requests} == {("draft", "proposal")}


@pytest.mark.feature("F06")
def test_strategies_stand_side_by_side_and_infeasible_ones_name_ways_out(capfd: pytest.CaptureFixture[str]) -> None:
    document = answer(capfd, "strategies", ELDER, "--drug", "lorazepam", "--start", "2026-01-05", "--benzo-table", "va-dod-2021")
    found = document["candidates"]
    assert isinstance(found, list)
    by_strategy = {one["strategy"]: one for one in found if one["protocol"] is None}
    assert by_strategy["linear"]["feasible"]
    assert not by_strategy["interval-extension"]["feasible"]
    assert by_strategy["interval-extension"]["infeasible"]["reason"]


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        ((*PLAN, *STRATEGY, "--param", "interval_days=0"), 2, "interval_days"),
        ((*PLAN, *WAY, "--param", "percent"), 2, "name=value"),
        ((*PLAN, *WAY, "--param", "percent=5", "--param", "percent=6"), 2, "more than once"),
        ((*PLAN, *WAY, "--zone", "Mars/Olympus"), 2, "Mars/Olympus"),
        ((*PLAN, *WAY, "--products", "999999999"), 2, "999999999"),
        ((*PLAN, *WAY, "--baseline", "3"), 2, "--baseline-by"),
        ((*PLAN, *WAY, "--baseline-by", "the pharmacist"), 2, "--baseline"),
        ((*PLAN, *WAY, "--taken", "197901=1@morning"), 2, "--baseline-by"),
        ((*PLAN, *WAY, "--taken", "197901"), 2, "RXCUI=UNITS"),
        ((*PLAN, *WAY, "--confirm", "pain-indication-confirmed"), 2, "--confirmed-by"),
        ((*PLAN, *WAY, "--target", "-1"), 2, "-1"),
        ((*PLAN, "--strategy", "linear", "--protocol", "asam-2025"), 2, "exactly one"),
        (PLAN, 2, "exactly one"),
        (("plan", ELDER, "--drug", "unobtainium", "--start", "2026-01-05", *WAY), 2, "unobtainium"),
        (("plan", ELDER, "--drug", "lisinopril", "--start", "2026-01-05", *WAY), 2, "lisinopril"),
        (("plan", ELDER, "--drug", "lorazepam", "--start", "soon", *WAY), 2, "soon"),
        (("regimen", ELDER, "--benzo-table", "mine"), 2, "mine"),
        (("regimen", ELDER, "--mme-table", "cdc-1999"), 2, "cdc-1999"),
        (("regimen", "no-such-file.json"), 3, "no-such-file.json"),
        (("regimen", ELDER, "--terminology", "no-such.sqlite"), 3, "no-such.sqlite"),
        (("terminology", "load", "no-such-folder"), 3, "no-such-folder"),
        (("terminology", "site", "no-such.csv"), 3, "no-such.csv"),
    ],
)
def test_what_cannot_be_meant_or_read_is_said_and_nothing_is_printed(
    capfd: pytest.CaptureFixture[str], arguments: tuple[str, ...], status: int, says: str
) -> None:
    ended, out, err = run(capfd, *arguments)
    assert (ended, out) == (status, "")
    assert says in err


def test_a_medicine_that_is_not_taken_is_no_plan_and_not_a_guess(capfd: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capfd, "plan", ELDER, "--drug", "clonazepam", "--start", "2026-01-05", *WAY, "--format", "json")
    assert status == 4
    assert json.loads(out)["infeasible"]["reason"] == "not-taken"


def test_an_as_needed_dose_is_never_a_baseline(capfd: pytest.CaptureFixture[str]) -> None:
    chart = str(PATIENTS / "diazepam-oxycodone.json")
    status, out, _ = run(capfd, "plan", chart, "--drug", "oxycodone", "--start", "2026-01-05", *WAY, "--format", "json")
    assert status == 4
    assert json.loads(out)["infeasible"]["reason"] == "baseline-not-confirmed"


def test_an_assumed_zone_and_duration_are_said_on_the_plan(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    chart = json.loads(Path(ELDER).read_text())
    del chart["entry"][0]["resource"]["extension"]
    path = tmp_path / "chart.json"
    path.write_text(json.dumps(chart))
    plan = answer(capfd, "plan", str(path), "--drug", "lorazepam", "--start", "2026-01-05", *WAY)
    findings = plan["findings"]
    assert isinstance(findings, list)
    assert "zone-not-known" in {finding["code"] for finding in findings}
    assert plan["zone"] == "UTC"


def test_what_is_taken_can_be_said_by_product_and_time(capfd: pytest.CaptureFixture[str]) -> None:
    said = ("--taken", "197901=2@morning", "--taken", "197901=1@night", "--baseline-by", "the pharmacist")
    plan = answer(capfd, *PLAN, *WAY, *said)
    assert plan["baseline_mg"] == 3
    baseline = plan["baseline"]
    assert isinstance(baseline, dict)
    assert (baseline["confirmed_by"], baseline["how"]) == (
        "the pharmacist",
        "confirmed intake: 2 × lorazepam 1 MG Oral Tablet (morning), 1 × lorazepam 1 MG Oral Tablet (night)",
    )


HEAVY = {"fhir.resources", "fhir_core", "sqlalchemy", "weasyprint", "jinja2", "rich.progress"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("regimen", ELDER, "--as-of", "2026-01-05"),
        ("strategies", ELDER, "--drug", "lorazepam", "--start", "2026-01-05"),
        (*PLAN, *WAY),
        (*PLAN, *WAY, "--format", "svg"),
        (*PLAN, *WAY, "--format", "fhir"),
    ],
    ids=lambda arguments: " ".join((arguments[0], *arguments[-1:])),
)
def test_a_usual_chart_is_answered_without_the_heavy_libraries(arguments: tuple[str, ...]) -> None:
    code = (
        "import sys\nfrom fhir_taper.cli import main\n"
        f"try:\n    main({list(arguments)!r})\nexcept SystemExit: pass\n"
        f"print(sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout
    assert done.stderr == "[]\n"
