"""`fhir-taper assess`: from a plan and a chart to what the rules say, with the history from one day to the next."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fhir_taper.errors import BadInput, WrongUsage
from fhir_taper.workflow.assess import in_zone, read_plan
from fhir_taper.workflow.typed import typed_instant

CHART = "fixtures/patients/lorazepam-elder.json"
PATIENT = "lorazepam-elder"
NOON = "2026-03-01T12:00Z"


@pytest.fixture
def plan(run: Any, tmp_path: Path) -> str:
    """The plan of the README's example, in a file."""
    asked = ("--drug", "lorazepam", "--protocol", "asam-2025", "--benzo-table", "va-dod-2021", "--start", "2026-01-05")
    status, out, _ = run("plan", CHART, *asked, "--format", "json")
    assert status == 0
    path = tmp_path / "plan.json"
    path.write_text(out)
    return str(path)


@pytest.fixture
def chart(tmp_path: Path) -> str:
    """The patient's chart, with orders as the plan has them, check-ins, and a pulse that races."""
    resources: list[dict[str, Any]] = [{"resourceType": "Patient", "id": PATIENT, "gender": "female", "birthDate": "1956-04-02"}]
    resources += [
        _pulse(f"hr{n}", at, value)
        for n, (at, value) in enumerate((("2026-01-10T08:00:00Z", 80), ("2026-03-01T09:00:00Z", 112), ("2026-03-01T10:30:00Z", 114)))
    ]
    resources.append(
        {
            "resourceType": "Consent",
            "id": "c1",
            "status": "active",
            "scope": {"coding": [{"code": "patient-privacy"}]},
            "category": [{"text": "remote measures"}],
            "patient": {"reference": f"Patient/{PATIENT}"},
            "provision": {"type": "permit", "code": [{"coding": [{"system": "http://loinc.org", "code": "8867-4"}]}]},
        }
    )
    return _written(tmp_path / "chart.json", resources)


def _pulse(name: str, at: str, value: int) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": name,
        "meta": {"versionId": "1"},
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
        "subject": {"reference": f"Patient/{PATIENT}"},
        "effectiveDateTime": at,
        "valueQuantity": {"value": value, "unit": "beats/minute"},
    }


def _written(path: Path, resources: list[dict[str, Any]]) -> str:
    path.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}))
    return str(path)


def assessed(run: Any, *arguments: str) -> dict[str, Any]:
    """The JSON of an assessment that must succeed."""
    status, out, err = run("assess", *arguments, "--format", "json")
    assert (status, err) == (0, "")
    found: dict[str, Any] = json.loads(out)
    return found


@pytest.mark.feature("F17")
def test_a_racing_heart_under_consent_is_a_hold_with_its_evidence(run: Any, plan: str, chart: str) -> None:
    found = assessed(run, plan, chart, "--as-of", NOON)
    hit = next(one for one in found["hits"] if one["rule"] == "B10")
    assert (hit["level"], hit["is_new"], found["blocks_reduction"]) == (1, True, True)
    assert [one["source"] for one in hit["evidence"]][-1] == "Observation/hr2/_history/1"
    assert hit["message"].startswith("Resting heart rate 114 per minute, 34 above")
    assert {"hold", "continue"} <= set(found["actions"])
    assert set(found) >= {"schema", "plan", "as_of", "level", "blocks_reduction", "actions", "due", "hits", "coverage"}


def test_without_consent_nothing_is_concluded_from_a_remote_pulse(run: Any, plan: str, chart: str, tmp_path: Path) -> None:
    entries = json.loads(Path(chart).read_text())["entry"]
    without = _written(tmp_path / "none.json", [one["resource"] for one in entries if one["resource"]["resourceType"] != "Consent"])
    found = assessed(run, plan, without, "--as-of", NOON)
    coverage = {one["rule"]: one for one in found["coverage"]}
    assert (coverage["B10"]["evaluable"], "no consent" in coverage["B10"]["why"]) == (False, True)
    assert "B10" not in {one["rule"] for one in found["hits"]}


def test_the_history_of_one_day_makes_the_next_day_no_new_alert(run: Any, plan: str, chart: str, tmp_path: Path) -> None:
    first = assessed(run, plan, chart, "--as-of", NOON)
    kept = tmp_path / "first.json"
    kept.write_text(json.dumps(first))
    second = assessed(run, plan, chart, "--as-of", "2026-03-01T18:00Z", "--history", str(kept))
    hit = next(one for one in second["hits"] if one["rule"] == "B10")
    assert (hit["is_new"], hit["since"]) == (False, first["as_of"])
    alone = tmp_path / "history.json"
    alone.write_text(json.dumps(first["history"]))
    assert assessed(run, plan, chart, "--as-of", "2026-03-01T18:00Z", "--history", str(alone)) == second


@pytest.mark.parametrize("other", [{"plan": "another-plan"}, {"patient": "somebody-else"}])
def test_the_history_of_another_plan_or_patient_is_refused(run: Any, plan: str, chart: str, tmp_path: Path, other: dict[str, str]) -> None:
    """Its answers would silence what stands here."""
    kept = tmp_path / "other.json"
    kept.write_text(json.dumps(assessed(run, plan, chart, "--as-of", NOON) | other))
    status, out, err = run("assess", plan, chart, "--as-of", NOON, "--history", str(kept))
    assert (status, out, err.count("\n")) == (3, "", 1)
    assert "the history of another plan" in err


def test_the_same_question_has_the_same_bytes_for_an_answer(run: Any, plan: str, chart: str) -> None:
    asked = ("assess", plan, chart, "--as-of", NOON, "--format", "json")
    assert run(*asked) == run(*asked)


def test_a_site_may_tighten_and_not_switch_off(run: Any, plan: str, chart: str, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    change = 'rule = "B01"\nby = "Dr. A"\non = 2026-01-01\nreason = "no"\n'
    policy.write_text(f'version = "s1"\n[[changes]]\n{change}off = true\n')
    status, out, err = run("assess", plan, chart, "--policy", str(policy))
    assert (status, out) == (2, "")
    assert "B01 is a red flag" in err
    policy.write_text('version = "s1"\nstaffed_hours = "Mon-Fri 08:00-17:00"\n')
    assert assessed(run, plan, chart, "--as-of", NOON, "--policy", str(policy))["policy"] == "s1"


def test_the_table_says_what_was_seen_what_goes_on_and_what_could_not_be_judged(run: Any, plan: str, chart: str) -> None:
    status, out, _ = run("assess", plan, chart, "--as-of", NOON)
    assert status == 0
    assert "Resting heart rate 114 per minute" in " ".join(out.split())
    assert "Pause reductions, keep taking" in out
    assert "Could not be judged (that is not “normal”)" in out
    assert "for opioid only" not in out
    assert out.rstrip().endswith("This is not a monitoring service outside staffed hours.")


@pytest.mark.parametrize(
    ("name", "text", "status", "says"),
    [
        ("plan", "{}", 3, "the field is missing"),
        ("plan", "", 3, "empty"),
        ("plan", "[]", 3, "an object is expected"),
        ("history", '{"schema": 1}', 3, "episodes"),
        ("policy", '{"rules": 1}', 2, "rules is not known"),
        ("policy", "not json", 3, "not JSON"),
    ],
)
def test_a_file_that_cannot_be_meant_is_named(
    run: Any, plan: str, chart: str, tmp_path: Path, name: str, text: str, status: int, says: str
) -> None:
    wrong = tmp_path / f"wrong-{name}.json"
    wrong.write_text(text)
    arguments = (str(wrong), chart) if name == "plan" else (plan, chart, f"--{name}", str(wrong))
    ended, out, err = run("assess", *arguments)
    assert (ended, out, err.count("\n")) == (status, "", 1)
    assert says in err


def test_another_patients_chart_is_refused(run: Any, plan: str) -> None:
    status, out, err = run("assess", plan, "fixtures/patients/diazepam-oxycodone.json", "--as-of", NOON)
    assert (status, out) == (2, "")
    assert "the plan is of patient lorazepam-elder" in err


@pytest.mark.parametrize(
    "text", ["noon", "2026-03-01 12:00", "2026-03-01T25:00Z", "2026-03-01T12:00+1", "20260301T1200Z", "1899-01-01T00:00Z"]
)
def test_an_instant_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(WrongUsage):
        typed_instant(text)


def test_an_instant_is_the_patients_own() -> None:
    summer = in_zone(typed_instant("2026-07-01T12:00Z"), "America/New_York")
    winter = in_zone(typed_instant("2026-01-01T12:00Z"), "America/New_York")
    assert (summer.isoformat(), winter.isoformat()) == ("2026-07-01T08:00:00-04:00", "2026-01-01T07:00:00-05:00")
    assert in_zone(typed_instant("2026-03-01"), "Pacific/Kiritimati") == datetime.fromisoformat("2026-03-01T23:59:00+14:00")
    assert in_zone(typed_instant("2026-03-01T12:00"), "").utcoffset() == timedelta(0)
    with pytest.raises(WrongUsage, match="no time zone"):
        in_zone(typed_instant("2026-03-01T12:00Z"), "Nowhere/None")


def test_a_plan_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"missing\.json"):
        read_plan(str(tmp_path / "missing.json"))
