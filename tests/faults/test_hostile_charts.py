"""Charts with something wrong inside: what can be read is read, what cannot be is set aside and said, and nothing ends in a traceback."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.faults.charts import OXYCODONE, TWICE_DAILY, as_bytes, bundle, chart, dosed, order, patient, tablets, with_number
from tests.faults.command_line import AS_OF, Outcome, assert_answered, assert_refused, item_of, regimen, regimen_of, run, said

NEWER = {"lastUpdated": "2026-01-02T08:00:00Z"}
OLDER = {"lastUpdated": "2026-01-01T23:00:00-08:00"}  # an hour before, by the instant
FOUR_TIMES = {"repeat": {"frequency": 4, "period": 1, "periodUnit": "d"}}


def is_ten_mg(answer: dict[str, Any], source: str = "MedicationRequest/m1") -> bool:
    item = item_of(answer, source)
    return bool(item["state"] == "computed" and item["scheduled_mg_per_day"] == 10)


def assert_not_computable(outcome: Outcome, *reasons: str) -> dict[str, Any]:
    answer = assert_answered(outcome)
    item = item_of(answer, "MedicationRequest/m1")
    assert item["state"] == "not-computable"
    assert item["scheduled_mg_per_day"] is None
    assert item["max_mg_per_day"] is None
    assert item["reason"] in reasons or not reasons
    assert answer["totals"]["mme"]["at_least"] is True
    assert outcome.status == 4
    return answer


def assert_nothing_silent(outcome: Outcome, name: str) -> None:
    """Either refused in a line that names the file, or read with the file named among what was set aside."""
    if outcome.status == 3:
        assert_refused(outcome, name)
        return
    answer = assert_answered(outcome)
    assert answer["complete"] is False
    assert name in said(answer)


# Charts with nothing wrong, for measure


def test_an_empty_bundle_is_a_chart_with_nothing_in_it(tmp_path: Path) -> None:
    for empty in (
        {"resourceType": "Bundle", "type": "collection"},
        {"resourceType": "Bundle", "type": "searchset", "total": 0, "entry": []},
    ):
        outcome = regimen(as_bytes(empty), tmp_path)
        answer = assert_answered(outcome)
        assert (outcome.status, answer["items"], answer["complete"]) == (0, [], True)
        assert answer["totals"]["mme"]["at_least"] is False


def test_a_byte_order_mark_is_no_matter(tmp_path: Path) -> None:
    assert is_ten_mg(assert_answered(regimen(b"\xef\xbb\xbf" + chart(order()), tmp_path)))


def test_a_chart_on_standard_input_is_read_like_a_file() -> None:
    assert is_ten_mg(assert_answered(regimen_of("-", stdin=chart(order()))))


# The same id twice


@pytest.mark.parametrize("newer_first", [True, False], ids=["newer first", "newer last"])
def test_of_one_id_twice_the_newest_wins(newer_first: bool, tmp_path: Path) -> None:
    old, new = dosed(timing=FOUR_TIMES) | {"meta": OLDER}, order(meta=NEWER)
    answer = assert_answered(regimen(chart(*([new, old] if newer_first else [old, new])), tmp_path))
    assert is_ten_mg(answer)
    assert len(answer["items"]) == 1


def test_the_newest_is_told_by_the_instant_and_not_by_the_text(tmp_path: Path) -> None:
    """08:30 at +02:00 is half an hour before 07:00Z, although its text sorts after it."""
    old = dosed(timing=FOUR_TIMES) | {"meta": {"lastUpdated": "2026-01-02T08:30:00+02:00"}}
    new = order(meta={"lastUpdated": "2026-01-02T07:00:00Z"})
    assert is_ten_mg(assert_answered(regimen(chart(old, new), tmp_path)))


def test_one_resource_twice_without_a_difference_is_one(tmp_path: Path) -> None:
    answer = assert_answered(regimen(chart(order(), order()), tmp_path))
    assert is_ten_mg(answer)
    assert len(answer["items"]) == 1


# One bad entry in a good chart

BAD_ORDERS: dict[str, Any] = {
    "a text for a list": order("m2", dosageInstruction="one tablet twice daily"),
    "an object for a list": order("m2", dosageInstruction={"text": "one tablet twice daily"}),
    "a list of texts": order("m2", dosageInstruction=["one tablet twice daily"]),
    "a number for a status": order("m2", status=5),
    "a list for a medicine": order("m2", medicationCodeableConcept=[OXYCODONE]),
    "a text for a medicine": order("m2", medicationCodeableConcept="oxycodone"),
    "a text for a coding": order("m2", medicationCodeableConcept={"coding": "1049621"}),
    "a text for a timing": order("m2", dosageInstruction=[{"timing": "BID", "doseAndRate": tablets()}]),
    "a list for a quantity": order("m2", dosageInstruction=[{"timing": TWICE_DAILY, "doseAndRate": [{"doseQuantity": [1, 2]}]}]),
    "true for a frequency": order(
        "m2", dosageInstruction=[{"timing": {"repeat": {"frequency": True, "period": 1, "periodUnit": "d"}}, "doseAndRate": tablets()}]
    ),
    "a half for a frequency": order(
        "m2", dosageInstruction=[{"timing": {"repeat": {"frequency": 1.5, "period": 1, "periodUnit": "d"}}, "doseAndRate": tablets()}]
    ),
    "a word for a number": order("m2", dosageInstruction=[{"timing": TWICE_DAILY, "doseAndRate": tablets("two")}]),
    "an unknown period unit": order(
        "m2", dosageInstruction=[{"timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "fortnight"}}, "doseAndRate": tablets()}]
    ),
    "no subject but a list": order("m2") | {"subject": ["Patient/p1"]},
}


@pytest.mark.parametrize("bad", list(BAD_ORDERS))
def test_a_bad_order_does_not_sink_the_good_one_and_is_said(bad: str, tmp_path: Path) -> None:
    answer = assert_answered(regimen(chart(order(), BAD_ORDERS[bad]), tmp_path))
    assert is_ten_mg(answer)
    # Set aside as a whole, or kept as an item that is not computed: in both cases named, and the total is open.
    counted = [i for i in answer["items"] if i["state"] == "computed" and any("m2" in source for source in i["sources"])]
    assert counted == []
    assert "m2" in said(answer) or any("m2" in source for item in answer["items"] for source in item["sources"])
    assert answer["totals"]["mme"]["at_least"] is True


BAD_ENTRIES: dict[str, Any] = {
    "no resource": {"fullUrl": "https://ehr.example.org/fhir/MedicationRequest/m2"},
    "a resource that is null": {"resource": None},
    "a resource that is a text": {"resource": "MedicationRequest/m2"},
    "a resource that is a list": {"resource": [order("m2")]},
    "a resource without a type": {"resource": {"id": "m2", "status": "active"}},
    "an entry that is null": None,
    "an entry that is a number": 7,
}


@pytest.mark.parametrize("bad", list(BAD_ENTRIES))
def test_an_entry_that_is_no_resource_is_set_aside(bad: str, tmp_path: Path) -> None:
    whole = bundle(patient(), order())
    whole["entry"].append(BAD_ENTRIES[bad])
    answer = assert_answered(regimen(as_bytes(whole), tmp_path))
    assert is_ten_mg(answer)
    assert (answer["complete"], answer["totals"]["mme"]["at_least"]) == (False, True)
    assert answer["issues"] != []


def test_entries_that_are_no_list_do_not_pass_for_an_empty_chart(tmp_path: Path) -> None:
    assert_nothing_silent(
        regimen(as_bytes({"resourceType": "Bundle", "type": "collection", "entry": {"resource": order()}}), tmp_path), "chart.json"
    )


def test_a_broken_line_of_ndjson_is_set_aside_with_its_number(tmp_path: Path) -> None:
    lines = [as_bytes(patient()), as_bytes(order()), b'{"resourceType": "MedicationRequest", "id": "m2", ', as_bytes(order("m3"))]
    answer = assert_answered(regimen(b"\n".join(lines) + b"\n", tmp_path, name="chart.ndjson"))
    assert is_ten_mg(answer)
    assert is_ten_mg(answer, "MedicationRequest/m3")
    assert answer["complete"] is False
    assert "line 3" in said(answer)


def test_a_folder_with_other_files_in_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "patient.json").write_bytes(as_bytes(patient()))
    (tmp_path / "orders.ndjson").write_bytes(as_bytes(order()) + b"\n" + as_bytes(order("m2")) + b"\n")
    (tmp_path / "README.txt").write_text("the chart of an example")
    (tmp_path / "scan.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 100)
    (tmp_path / ".hidden").write_bytes(b"\0\0\0\1Bud1")
    answer = assert_answered(regimen_of(tmp_path))
    assert is_ten_mg(answer)
    assert is_ten_mg(answer, "MedicationRequest/m2")


@pytest.mark.parametrize("spoiled", [b"", b"not a chart", b"{}"], ids=["empty", "words", "no resourceType"])
def test_a_spoiled_chart_file_in_a_folder_is_never_passed_over_in_silence(spoiled: bytes, tmp_path: Path) -> None:
    (tmp_path / "good.json").write_bytes(chart(order()))
    (tmp_path / "spoiled.json").write_bytes(spoiled)
    assert_nothing_silent(regimen_of(tmp_path), "spoiled.json")


# Values that cannot be


def test_a_period_of_zero_makes_that_order_not_computable(tmp_path: Path) -> None:
    zero = {"repeat": {"frequency": 1, "period": 0, "periodUnit": "d"}}
    assert_not_computable(regimen(chart(dosed(timing=zero)), tmp_path), "period-zero")


@pytest.mark.parametrize("value", [-1, -0.5, -1000])
def test_a_negative_dose_is_never_subtracted(value: float, tmp_path: Path) -> None:
    answer = assert_not_computable(regimen(chart(dosed(doseAndRate=tablets(value)), order("m2")), tmp_path), "unreadable")
    assert is_ten_mg(answer, "MedicationRequest/m2")
    assert answer["totals"]["mme"]["scheduled"] == 15


NUMBERS = ["1e999999", "1e400", "-1e999999", "1e-999999", "9" * 5000, "0." + "1" * 100_000, "1" + "0" * 400, "1e99999999999999999999"]


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number[:12])
@pytest.mark.parametrize("where", ["dose", "period", "frequency", "supply"])
def test_a_number_beyond_sense_is_refused_or_makes_that_order_not_computable(number: str, where: str, tmp_path: Path) -> None:
    spoiled = {
        "dose": dosed(doseAndRate=tablets("HERE")),
        "period": dosed(timing={"repeat": {"frequency": 1, "period": "HERE", "periodUnit": "d"}}),
        "frequency": dosed(timing={"repeat": {"frequency": "HERE", "period": 1, "periodUnit": "d"}}),
        "supply": dosed(timing=None)
        | {"dispenseRequest": {"quantity": {"value": 60}, "expectedSupplyDuration": {"value": "HERE", "code": "d"}}},
    }
    outcome = regimen(with_number(spoiled[where], "HERE", number), tmp_path)
    if outcome.status == 3:
        assert_refused(outcome, "chart.json")
        return
    answer = assert_answered(outcome)
    computed = [item for item in answer["items"] if item["state"] == "computed"]
    assert [item for item in computed if item["max_mg_per_day"] is not None] == []
    assert answer["totals"]["mme"]["at_least"] is True
    assert len(outcome.out) < 1_000_000


TIMES: dict[str, Any] = {
    "a day that does not exist": {"boundsPeriod": {"start": "2025-02-30"}},
    "the year zero": {"boundsPeriod": {"start": "0000-01-01"}},
    "the last day of all": {"boundsPeriod": {"start": "9999-12-31", "end": "9999-12-31"}},
    "a thousand million years": {
        "boundsDuration": {"value": 1_000_000_000, "unit": "a", "system": "http://unitsofmeasure.org", "code": "a"}
    },
    "an end before the start": {"boundsPeriod": {"start": "2026-02-01", "end": "2025-01-01"}},
    "a negative duration": {"boundsDuration": {"value": -5, "unit": "d", "system": "http://unitsofmeasure.org", "code": "d"}},
    "a negative period": {"period": -1},
    "a negative frequency": {"frequency": -2},
    "a frequency of zero": {"frequency": 0},
    "a count of zero": {"count": 0},
    "a clock time that does not exist": {"timeOfDay": ["25:61:00", "09:00:00"]},
    "a day of the week that does not exist": {"dayOfWeek": ["someday"]},
    "a when that does not exist": {"when": ["WHENEVER"]},
}


@pytest.mark.parametrize("what", list(TIMES))
def test_a_time_that_cannot_be_is_answered_without_a_traceback(what: str, tmp_path: Path) -> None:
    timing = {"repeat": {**TWICE_DAILY["repeat"], **TIMES[what]}}
    answer = assert_answered(regimen(chart(dosed(timing=timing), order("m2")), tmp_path))
    assert is_ten_mg(answer, "MedicationRequest/m2")
    assert answer["totals"]["mme"]["scheduled"] >= 15


# Texts made to hang a reader

MB = 1_000_000
TEXTS = {
    "one letter": "a" * MB,
    "blanks": "take " + " " * MB + "1 tablet",
    "ranges": "take " + "1-" * (MB // 2) + " tablets",
    "digits": "take " + "1" * MB + " tablets twice daily",
    "clauses": "take 1 tablet twice daily and " * (MB // 30),
    "almost a sig": "take 1-2 tablets every 4-6 hours " * (MB // 33) + "!",
    "brackets": "(" * (MB // 2) + ")" * (MB // 2),
    "or": "1 or " * (MB // 5),
    "commas": "1 tablet," * (MB // 9),
    "lines": "take 1 tablet\n" * (MB // 14),
    "fractions": "1/2 " * (MB // 4),
    "as needed": "as needed " * (MB // 10),
}


@pytest.mark.parametrize("what", list(TEXTS))
def test_a_megabyte_of_text_is_read_or_refused_in_time(what: str, tmp_path: Path) -> None:
    assert_not_computable(regimen(chart(order(dosageInstruction=[{"text": TEXTS[what]}])), tmp_path))


@pytest.mark.parametrize("what", ["almost a sig", "ranges", "brackets"])
def test_a_megabyte_of_name_is_read_or_refused_in_time(what: str, tmp_path: Path) -> None:
    assert_not_computable(regimen(chart(order(medicationCodeableConcept={"text": TEXTS[what]})), tmp_path), "unknown-medication")


# Shapes made to grow


def test_ten_thousand_codings_of_one_medicine_are_read_in_time(tmp_path: Path) -> None:
    coding = [{"system": f"urn:oid:1.2.{n}", "code": str(n), "display": "x"} for n in range(10_000)]
    assert is_ten_mg(
        assert_answered(regimen(chart(order(medicationCodeableConcept={"coding": [*coding, *OXYCODONE["coding"]]})), tmp_path))
    )


def test_ten_thousand_instructions_in_one_order_are_answered_in_time(tmp_path: Path) -> None:
    one = order()["dosageInstruction"][0]
    every = [{**one, "timing": {"repeat": {"frequency": 1, "period": n + 1, "periodUnit": "h"}}} for n in range(10_000)]
    assert_not_computable(regimen(chart(order(dosageInstruction=every)), tmp_path))


def test_thousands_of_instructions_in_figures_and_in_words_are_held_against_each_other_in_time(tmp_path: Path) -> None:
    """Each of the words may say each of the figures again: four million pairs are not to be looked at."""
    one = order()["dosageInstruction"][0]
    figures = [{**one, "timing": {"repeat": {"frequency": 1, "period": n + 1, "periodUnit": "h"}}} for n in range(2000)]
    words = [{"text": f"{n + 1} tablets daily"} for n in range(2000)]
    assert_not_computable(regimen(chart(order(dosageInstruction=[*figures, *words])), tmp_path))


def test_two_thousand_equal_orders_are_answered_in_time(tmp_path: Path) -> None:
    """Every one may be a duplicate of every other: two million pairs are not to be written out."""
    outcome = regimen(chart(*(order(f"m{n}") for n in range(2000))), tmp_path)
    answer = assert_answered(outcome)
    assert len(answer["items"]) == 2000
    assert answer["totals"]["mme"]["up_to"] is True


LOOPS: dict[str, Any] = {
    "itself": order(medicationCodeableConcept=None, medicationReference={"reference": "MedicationRequest/m1"}),
    "a contained resource that is absent": order(medicationCodeableConcept=None, medicationReference={"reference": "#absent"}),
    "nothing": order(medicationCodeableConcept=None, medicationReference={"reference": ""}),
    "a file": order(medicationCodeableConcept=None, medicationReference={"reference": "file:///etc/passwd"}),
    "a host": order(medicationCodeableConcept=None, medicationReference={"reference": "http://127.0.0.1:9/Medication/1"}),
}


@pytest.mark.parametrize("what", list(LOOPS))
def test_a_medicine_that_refers_to_nothing_readable_is_unknown(what: str, tmp_path: Path) -> None:
    whole = {key: value for key, value in LOOPS[what].items() if value is not None}
    assert_not_computable(regimen(chart(whole), tmp_path), "unknown-medication")


def test_a_bundle_in_a_bundle_in_a_bundle_is_one_chart(tmp_path: Path) -> None:
    inner: Any = order()
    for _ in range(20):
        inner = bundle(inner)
    assert is_ten_mg(assert_answered(regimen(as_bytes(bundle(patient(), inner)), tmp_path)))


# Names made to deceive a reader or break a table

NAMES = [
    "[/b] tablet [red]",
    "\x1b]0;owned\x07\x1b[2J tablet",
    "tablet\r\nfhir-taper: all is well",
    "\u202etelbat\u0000",
    "💊" * 1000,
    "%s %d {0} {drug}",
    "\ud800 tablet",
]


@pytest.mark.parametrize("name", NAMES, ids=[f"name {n}" for n in range(len(NAMES))])
def test_a_name_cannot_break_or_deceive_the_table_view(name: str, tmp_path: Path) -> None:
    path = tmp_path / "chart.json"
    path.write_bytes(chart(order(), order("m2", medicationCodeableConcept={"text": name}, dosageInstruction=[{"text": name}])))
    outcome = run("regimen", str(path), "--as-of", AS_OF)
    if outcome.status == 3:
        assert_refused(outcome, "chart.json")
        return
    assert outcome.status == 4
    assert b"\x1b]" not in outcome.out
    assert b"\x1b[2J" not in outcome.out
    assert b"\x07" not in outcome.out
    assert not any(line.startswith(b"fhir-taper: all is well") for line in outcome.out.splitlines())


def test_what_is_printed_as_json_is_json_and_nothing_else(tmp_path: Path) -> None:
    outcome = regimen(chart(order(), order("m2", dosageInstruction="twice")), tmp_path)
    assert json.loads(outcome.out)["patient"] == "p1"
