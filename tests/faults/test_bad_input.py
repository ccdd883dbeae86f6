"""Bad input: one clear line that names the file, status 3, nothing on standard output, within 10 s and 1 GB."""

import gzip
import random
from pathlib import Path

import pytest

from tests.faults.charts import as_bytes, bundle, chart, order, patient, with_number
from tests.faults.command_line import assert_refused, regimen, regimen_of

GOOD = chart(order())
NOT_JSON = {
    "words": b"one tablet twice daily",
    "cut off": GOOD[: len(GOOD) // 2],
    "two values without a line break": GOOD + b" " + b"{",
    "a login page": b"<!DOCTYPE html><html><body>Please sign in</body></html>",
    "FHIR as XML": b'<Bundle xmlns="http://hl7.org/fhir"><type value="collection"/></Bundle>',
    "a table": b"drug,dose\noxycodone,10\n",
    "a comma too many": GOOD[:-1] + b",}",
    "a comment": b"/* a chart */ " + GOOD,
    "single quotes": b"{'resourceType': 'Bundle'}",
    "an unquoted name": b'{resourceType: "Bundle"}',
    "compressed": gzip.compress(GOOD, mtime=0),
    "noise": random.Random(1).randbytes(100_000),
    "zero bytes": b"\0" * 10_000,
    "not UTF-8": GOOD.replace(b"Oral", b"Or\xe9l"),
    "UTF-16 with a mark": GOOD.decode().encode("utf-16"),
    "UTF-16 big-endian without a mark": GOOD.decode().encode("utf-16-be"),
    "UTF-32": GOOD.decode().encode("utf-32"),
}
EMPTY = {"nothing": b"", "blanks": b" \n\t\n ", "a byte order mark": b"\xef\xbb\xbf"}
NOT_FHIR = {
    "an empty object": b"{}",
    "an empty list": b"[]",
    "an object of something else": b'{"drug": "oxycodone", "dose": 10}',
    "a list of something else": b'[{"drug": "oxycodone"}, 7]',
    "a text": b'"Bundle"',
    "a number": b"42",
    "null": b"null",
    "true": b"true",
    "a resourceType that is a number": b'{"resourceType": 5}',
    "a resourceType that is null": b'{"resourceType": null}',
    "a resourceType that is empty": b'{"resourceType": ""}',
    "a Bundle one level down": b'{"data": {"resourceType": "Bundle", "type": "collection"}}',
}
NO_NUMBERS = ["NaN", "Infinity", "-Infinity", "nan", "1.", ".5", "+1", "0x10", "01"]


def cases(table: dict[str, bytes]) -> list[object]:
    return [pytest.param(data, id=name) for name, data in table.items()]


@pytest.mark.parametrize("data", cases(NOT_JSON))
def test_what_is_not_json_is_refused_in_one_line(data: bytes, tmp_path: Path) -> None:
    assert_refused(regimen(data, tmp_path), "chart.json")


@pytest.mark.parametrize("data", cases(EMPTY))
def test_an_empty_file_is_refused_in_one_line(data: bytes, tmp_path: Path) -> None:
    assert_refused(regimen(data, tmp_path), "chart.json", "empty")


@pytest.mark.parametrize("data", cases(NOT_FHIR))
def test_json_that_is_not_fhir_is_refused_in_one_line(data: bytes, tmp_path: Path) -> None:
    assert_refused(regimen(data, tmp_path), "chart.json", "resourceType")


@pytest.mark.parametrize("number", NO_NUMBERS)
def test_what_is_no_json_number_is_refused(number: str, tmp_path: Path) -> None:
    dosage = [{"doseAndRate": [{"doseQuantity": {"value": "HERE"}}]}]
    assert_refused(regimen(with_number(order(dosageInstruction=dosage), "HERE", number), tmp_path), "chart.json")


def test_bad_input_on_standard_input_is_refused_alike() -> None:
    assert_refused(regimen_of("-", stdin=b"not a chart"))
    assert_refused(regimen_of("-", stdin=b""))


def test_a_name_twice_in_one_object_is_refused(tmp_path: Path) -> None:
    data = chart(order()).replace(b'"status": "active"', b'"status": "stopped", "status": "active"')
    assert_refused(regimen(data, tmp_path), "status")


DEEP = {
    "lists": b"[" * 10_000 + b"]" * 10_000,
    "objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "a million lists that never close": b"[" * 1_000_000,
    "inside a Bundle": as_bytes(bundle(patient(), "HERE")).replace(b'"HERE"', b'{"a":' * 10_000 + b"1" + b"}" * 10_000),
    "contained in contained": as_bytes(bundle(patient(), order(contained=["HERE"]))).replace(
        b'"HERE"', b'{"resourceType":"Medication","contained":[' * 10_000 + b"{}" + b"]}" * 10_000
    ),
}


@pytest.mark.parametrize("data", cases(DEEP))
def test_nesting_without_end_is_refused(data: bytes, tmp_path: Path) -> None:
    assert_refused(regimen(data, tmp_path), "chart.json")


HUNDRED_MB = 100 * 1024 * 1024
_OBSERVATION = as_bytes({"resource": {"resourceType": "Observation", "status": "final", "code": {"text": "pain"}, "valueInteger": 4}})
HUGE = {
    "of Observations": (b'{"resourceType":"Bundle","type":"collection","entry":[', _OBSERVATION + b",", _OBSERVATION + b"]}"),
    "of one text": (b'{"resourceType":"Patient","id":"', b"x", b'"}'),
    "of empty objects": (b"[", b"{},", b"{}]"),
    "of digits": (b"", b"7", b""),
    "of lines": (b"", as_bytes(order()) + b"\n", b""),
    "of blanks": (b"", b" ", b""),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", list(HUGE))
def test_a_hundred_megabytes_are_refused_in_little_time_and_memory(name: str, tmp_path: Path) -> None:
    path = tmp_path / "huge.json"
    head, middle, tail = HUGE[name]
    path.write_bytes(head + middle * ((HUNDRED_MB - len(head) - len(tail)) // len(middle) + 1) + tail)
    assert path.stat().st_size >= HUNDRED_MB
    assert_refused(regimen_of(path), "huge.json")


DENSE = {
    "small objects": (b"[", b'{"a":1.5},', b"{}]"),
    "empty resources": (b"[", b'{"resourceType":"X"},', b'{"resourceType":"X"}]'),
    "empty entries": (b'{"resourceType":"Bundle","type":"collection","entry":[', b"{},", b"{}]}"),
    "one name two million times": (b"{", b'"a":1,', b'"resourceType":"X"}'),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", list(DENSE))
def test_a_file_that_is_small_but_decodes_to_millions_is_refused_in_little_memory(name: str, tmp_path: Path) -> None:
    head, middle, tail = DENSE[name]
    assert_refused(regimen(head + middle * 2_000_000 + tail, tmp_path), "chart.json")


@pytest.mark.slow
def test_a_hundred_megabytes_on_standard_input_are_refused() -> None:
    assert_refused(regimen_of("-", stdin=b"[" + b"{}," * (HUNDRED_MB // 3) + b"{}]"))


@pytest.mark.slow
def test_a_folder_of_a_hundred_megabytes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "0.json").write_bytes(GOOD)
    block = _OBSERVATION.decode()
    part = '{"resourceType":"Bundle","type":"collection","entry":[' + f"{block}," * (40_000_000 // (len(block) + 1)) + block + "]}"
    for number in range(1, 4):
        (tmp_path / f"{number}.json").write_text(part)
    assert_refused(regimen_of(tmp_path))


TWO_PATIENTS = {
    "two Patients": chart(patient("p2")),
    "an order of another patient": chart(order(), order("m2", "Patient/p2")),
    "orders of two patients and no Patient": as_bytes(bundle(order(), order("m2", "Patient/p2"))),
    "a condition of another patient": chart(
        order(), {"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/p2"}, "code": {"text": "pregnancy"}}
    ),
    "lines of two patients": as_bytes(order()) + b"\n" + as_bytes(order("m2", "Patient/p2")) + b"\n",
}


@pytest.mark.parametrize("data", cases(TWO_PATIENTS))
def test_two_patients_in_one_chart_are_refused(data: bytes, tmp_path: Path) -> None:
    assert_refused(regimen(data, tmp_path), "patient", "p1", "p2")


def test_two_patients_in_two_files_of_a_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(chart(order()))
    (tmp_path / "b.json").write_bytes(as_bytes(order("m2", "Patient/p2")))
    assert_refused(regimen_of(tmp_path), "patient", "p1", "p2")


SAME_DAY = {"lastUpdated": "2026-01-01T08:00:00Z"}
TWICE = {
    "without lastUpdated": chart(order(), order(status="stopped")),
    "with one lastUpdated": chart(order(meta=SAME_DAY), order(meta=SAME_DAY, status="stopped")),
    "only one has a lastUpdated": chart(order(meta=SAME_DAY), order(status="stopped")),
}


@pytest.mark.parametrize("data", cases(TWICE))
def test_one_id_twice_with_different_content_and_no_newest_is_refused(data: bytes, tmp_path: Path) -> None:
    assert_refused(regimen(data, tmp_path), "MedicationRequest/m1")


def test_a_name_with_control_characters_does_not_reach_the_terminal(tmp_path: Path) -> None:
    evil = "m1\x1b]0;owned\x07\nsecond line"
    assert_refused(regimen(chart(order(evil), order(evil, status="stopped")), tmp_path))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    outcome = regimen_of(tmp_path / "absent.json")
    assert outcome.status in {2, 3}
    assert outcome.out == b""
    assert "absent.json" in outcome.err
