"""Opening charts: files, folders, standard input."""

import io
import json
import sys
from pathlib import Path

import pytest

from fhir_taper.errors import BadInput, NotJson
from fhir_taper.workflow.read_chart import read_chart, read_chart_bytes

PATIENT = json.dumps({"resourceType": "Patient", "id": "p1"}).encode()
CONDITION = json.dumps({"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/p1"}}).encode()


class StandardInput:
    def __init__(self, data: bytes) -> None:
        self.buffer = io.BytesIO(data)


def test_a_file_is_a_chart(tmp_path: Path) -> None:
    file = tmp_path / "chart.json"
    file.write_bytes(PATIENT)
    chart = read_chart(str(file))
    assert chart.patient == "p1"
    assert chart.of("Patient")[0].place == str(file)


def test_a_file_may_have_any_name(tmp_path: Path) -> None:
    file = tmp_path / "chart"
    file.write_bytes(PATIENT)
    assert read_chart(str(file)).patient == "p1"


def test_a_folder_is_one_chart_of_all_its_json_in_the_order_of_names(tmp_path: Path) -> None:
    (tmp_path / "b.ndjson").write_bytes(PATIENT + b"\n")
    (tmp_path / "a.JSON").write_bytes(CONDITION)
    (tmp_path / "notes.txt").write_text("not a chart")
    (tmp_path / "more.json").mkdir()
    chart = read_chart(str(tmp_path))
    assert [entries[0].place for entries in chart.by_type.values()] == ["a.JSON", "b.ndjson"]
    assert chart.complete
    assert [issue.message for issue in chart.issues] == ["only *.json and *.ndjson of a folder are read, not more.json, notes.txt"]


def test_many_other_files_of_a_folder_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(PATIENT)
    for number in range(8):
        (tmp_path / f"{number}.txt").write_text("")
    assert read_chart(str(tmp_path)).issues[0].message.endswith("4.txt and 3 more")


def test_a_folder_without_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no \*\.json"):
        read_chart(str(tmp_path))


def test_a_bad_file_of_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(PATIENT)
    (tmp_path / "b.json").write_bytes(b"oops")
    with pytest.raises(NotJson, match=r"b\.json: not JSON"):
        read_chart(str(tmp_path))


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", StandardInput(PATIENT))
    assert read_chart("-").of("Patient")[0].place == "standard input"


def test_standard_input_without_end_is_cut_off_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fhir_taper.workflow.read_chart.FILE_LIMIT", 5)
    monkeypatch.setattr(sys, "stdin", StandardInput(PATIENT))
    with pytest.raises(NotJson, match="standard input: larger than"):
        read_chart("-")


@pytest.mark.parametrize("path", ["no/such/chart.json", "\0"])
def test_what_cannot_be_opened_is_named(path: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_chart(path)
    assert refused.value.place
    assert "\n" not in str(refused.value)


def test_bytes_are_a_chart_under_the_name_that_the_caller_gives() -> None:
    assert read_chart_bytes(PATIENT, "upload").of("Patient")[0].place == "upload"
