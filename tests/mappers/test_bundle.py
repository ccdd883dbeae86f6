"""From files to one patient's chart: what is accepted, what is set aside, what is refused."""

import json
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fhir_taper.errors import BadInput, ChartConflict, NotFhir, NotJson
from fhir_taper.mappers.bundle import decode_chart
from fhir_taper.mappers.documents import FILE_LIMIT, RESOURCE_LIMIT
from tests.mappers.charts import PATIENT, bundle, chart_of, order, resource

NEWER = {"lastUpdated": "2026-01-02T00:00:00Z"}
OLDER = {"lastUpdated": "2026-01-01T23:00:00-00:30"}


def ids(chart: Any) -> list[str]:
    return [entry.id for entry in chart.of("MedicationRequest")]


# What is a chart


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(order(), id="single resource"),
        pytest.param([order()], id="JSON list"),
        pytest.param(json.dumps(order()).encode() + b"\n", id="NDJSON of one line"),
        pytest.param(b"\xef\xbb\xbf" + json.dumps(order()).encode(), id="byte order mark"),
        pytest.param(bundle(bundle(order(), kind="searchset"), kind="transaction"), id="Bundle in a Bundle"),
        *(
            pytest.param(bundle(order(), kind=kind), id=kind)
            for kind in (
                "collection",
                "document",
                "message",
                "searchset",
                "transaction",
                "batch-response",
                "history",
                "subscription-notification",
            )
        ),
    ],
)
def test_an_order_is_found_in_every_wrapping(document: Any) -> None:
    chart = chart_of(document)
    assert ids(chart) == ["m1"]
    assert chart.patient == "p1"
    assert chart.complete
    assert chart.issues == ()


@pytest.mark.parametrize("document", [bundle(), {"resourceType": "Bundle", "type": "searchset"}, bundle() | {"entry": None}])
def test_an_empty_bundle_is_a_chart_with_nothing_in_it(document: Any) -> None:
    chart = chart_of(document)
    assert (chart.patient, dict(chart.by_type), chart.complete) == ("", {}, True)


def test_several_files_are_one_chart_in_their_order() -> None:
    chart = chart_of(PATIENT, [order("m2")], bundle(order("m1")))
    assert ids(chart) == ["m2", "m1"]
    assert [entry.place for entry in chart.of("MedicationRequest")] == ["b.json [0]", "c.json entry[0]"]


def test_numbers_keep_their_digits() -> None:
    text = json.dumps(order()).replace('"value": 1', '"value": 0.50')
    dose = chart_of(text.encode()).of("MedicationRequest")[0].resource["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]
    assert str(dose["value"]) == "0.50"


def test_a_reference_carries_the_version_and_a_resource_without_id_its_place() -> None:
    chart = chart_of(bundle(order("m1", meta={"versionId": "3"}), order(..., status="stopped")))
    assert [entry.reference for entry in chart.of("MedicationRequest")] == [
        "MedicationRequest/m1/_history/3",
        "MedicationRequest at a.json entry[1]",
    ]


def test_a_resource_without_id_takes_the_uuid_of_its_address() -> None:
    made = bundle(order(...))
    made["entry"][0]["fullUrl"] = "urn:uuid:11111111-2222-3333-4444-555555555555"
    assert ids(chart_of(made)) == ["11111111-2222-3333-4444-555555555555"]


def test_types_that_do_not_feed_the_core_are_kept_unread() -> None:
    chart = chart_of(bundle({"resourceType": "Organization", "name": ["not", "valid"]}, {"resourceType": "SomethingOfASite"}))
    assert set(chart.by_type) == {"Organization", "SomethingOfASite"}
    assert chart.complete


@pytest.mark.parametrize("kind", ["MedicationOrder", "MedicationUsage", "MedicationRequests"])
def test_a_medicine_in_a_type_that_r4_does_not_have_makes_the_chart_incomplete(kind: str) -> None:
    chart = chart_of({"resourceType": kind, "id": "x"})
    assert not chart.complete
    assert kind in chart.issues[0].message


def test_parameters_are_a_chart_with_nothing_in_it_unless_they_hide_resources() -> None:
    assert chart_of({"resourceType": "Parameters", "parameter": [{"name": "status"}]}).complete
    hiding = chart_of({"resourceType": "Parameters", "parameter": [{"name": "order", "resource": order()}]})
    assert not hiding.complete
    assert ids(hiding) == []


# NDJSON


def test_every_line_of_ndjson_is_a_resource() -> None:
    lines = b"\r\n".join(json.dumps(one).encode() for one in (PATIENT, order("m1"), order("m2")))
    assert ids(chart_of(lines)) == ["m1", "m2"]


@pytest.mark.parametrize("bad", [b'{"resourceType": "MedicationReq', b'{"id": "m9"}', b"null", b'{"a": 1e99999999999999999999}'])
def test_a_bad_line_of_ndjson_is_set_aside_with_its_number(bad: bytes) -> None:
    chart = chart_of(b"\n".join([json.dumps(order("m1")).encode(), b"", bad, json.dumps(order("m2")).encode()]))
    assert ids(chart) == ["m1", "m2"]
    assert not chart.complete
    assert [(item.place, issue.severity) for item, issue in zip(chart.set_aside, chart.issues, strict=True)] == [("a.json line 3", "error")]


def test_a_broken_bundle_over_several_lines_is_not_taken_for_ndjson() -> None:
    text = json.dumps(bundle(order(), PATIENT), indent=1)
    with pytest.raises(NotJson, match=r"a\.json: .*line \d+"):
        chart_of(text.replace('"intent"', "intent").encode())
    with pytest.raises(NotJson, match="truncated"):
        chart_of(text[:-20].encode())


# What is refused as a whole


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b" \n\t", "empty"),
        (b"hello", "not JSON"),
        (b"<Patient/>", "not JSON"),
        (b'{"resourceType": "Patient", "multipleBirthInteger": NaN}', "not JSON"),
        (b"[" * 10_000 + b"]" * 10_000, "too deep"),
        (b'{"resourceType":' * 10_000 + b"1" + b"}" * 10_000, "too deep"),
        ('{"resourceType": "Patient"}'.encode("utf-16"), "UTF-16"),
        ('{"resourceType": "Patient"}'.encode("utf-16-le"), "UTF-16"),
        (b'{"resourceType": "Patient", "id": "\xff"}', "not JSON"),
        (b'{"resourceType": "Patient", "id": "a", "id": "b"}', '"id" stands twice'),
        (b'{"resourceType": "Patient", "id" : "a", "id"\n: "b"}', '"id" stands twice'),
        (b'{"resourceType": "Patient", "x": 1e99999999999999999999}', "beyond any sensible size"),
        (b'{"resourceType": "Patient", "x": ' + b"9" * 5_000 + b"}", "not JSON"),
        (b"[" + b"1," * 6_000_000 + b"1]", "values"),
        (b"[" + b"1," * RESOURCE_LIMIT + b"1]", "not one patient's chart"),
        (b"x" * (FILE_LIMIT + 1), "larger than 64 MB"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_json_is_refused_in_one_line_with_the_file(data: bytes, says: str) -> None:
    began = time.perf_counter()
    with pytest.raises(NotJson) as refused:
        chart_of(data)
    assert str(refused.value).startswith("a.json: ")
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
    assert time.perf_counter() - began < 10


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        [1, {"id": "x"}],
        5,
        "text",
        None,
        True,
        {"hook": "patient-view", "prefetch": {"p": PATIENT}},
        {"resourceType": 5},
        {"resourceType": " "},
    ],
)
def test_json_without_a_resource_type_is_not_fhir(document: Any) -> None:
    with pytest.raises(NotFhir, match=r"^a\.json: "):
        chart_of(document)


def test_a_bundle_whose_entries_are_no_list_is_not_fhir() -> None:
    with pytest.raises(NotFhir, match="entry is not a list"):
        chart_of({"resourceType": "Bundle", "entry": {"resource": order()}})


def test_one_bad_file_among_good_ones_is_named() -> None:
    with pytest.raises(NotJson, match=r"^b\.json: "):
        chart_of(PATIENT, b"oops", order())


def test_equal_names_in_different_objects_and_in_texts_are_not_equal_names() -> None:
    assert chart_of(b'{"resourceType" :\t"Patient", "id":"p1", "text": {"id": "x", "div": "\\"id\\": \\"id\\":"}}').patient == "p1"


# One bad entry never sinks the rest


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (5, "not an object"),
        ({"resource": {"id": "x"}}, "no resourceType"),
        ({"resource": "x"}, "no resourceType"),
        ({"resource": [order("m9")]}, "no resourceType"),
        ({"resource": {"resourceType": "Bundle", "entry": 5}}, "Bundle.entry is not a list"),
        ({"resource": order("m9", dosageInstruction="twice daily")}, "dosageInstruction"),
        ({"resource": order("m9", status=["active"])}, "status"),
        ({"resource": order("m9", subject="Patient/p1")}, "subject is text"),
        ({"resource": resource("Observation", "w1", valueQuantity="seventy")}, "valueQuantity is text"),
        ({"resource": resource("Condition", "c1", code={"coding": {"code": "x"}})}, "code.coding is an object"),
        ({"resource": resource("AllergyIntolerance", "a1", code={"coding": [{"code": 5}]})}, "code.coding[0].code"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_entry_is_set_aside_with_its_place_and_reason(bad: Any, says: str) -> None:
    document = bundle(PATIENT, order("m1"))
    document["entry"].insert(1, bad)
    chart = chart_of(document)
    assert ids(chart) == ["m1"]
    assert not chart.complete
    assert [item.place for item in chart.set_aside] == ["a.json entry[1]"]
    assert [issue.code for issue in chart.issues] == ["set-aside"]
    assert says in chart.issues[0].message


def test_a_file_with_one_bad_order_is_a_chart_in_which_it_is_set_aside() -> None:
    chart = chart_of(order("m1", dosageInstruction=5))
    assert (ids(chart), len(chart.set_aside), chart.complete, chart.patient) == ([], 1, False, "p1")


@pytest.mark.parametrize(
    "medicine",
    [
        {"medicationCodeableConcept": {"text": "oxycodone 5 MG Oral Tablet"}},
        {"medicationCodeableConcept": ..., "medicationReference": {"reference": "Medication/x", "display": "oxycodone 5 MG Oral Tablet"}},
        {"medicationCodeableConcept": ..., "medicationReference": {"reference": "Medication/x"}},
        {
            "medicationCodeableConcept": ...,
            "medicationReference": {"reference": "#x"},
            "contained": [{"resourceType": "Medication", "id": "x", "code": {"text": "oxycodone 5 MG Oral Tablet"}}],
        },
    ],
    ids=["concept", "display", "referenced", "contained"],
)
def test_a_medicine_that_is_set_aside_is_named(medicine: dict[str, Any]) -> None:
    medication = {"resourceType": "Medication", "id": "x", "code": {"text": "oxycodone 5 MG Oral Tablet"}}
    chart = chart_of(bundle(medication, order("m1", **medicine, dosageInstruction=5)))
    assert chart.set_aside[0].medicine == "oxycodone 5 MG Oral Tablet"
    assert "oxycodone 5 MG Oral Tablet" in chart.issues[0].message


def test_a_medicine_that_is_set_aside_and_cannot_be_named_is_said_to_be_one() -> None:
    chart = chart_of(order("m1", medicationCodeableConcept="oxycodone"))
    assert "a medicine that cannot be named" in chart.issues[0].message


@pytest.mark.parametrize("value", ["1E+999999", "1E-999999", "1E+16", "-1E+16", "9" * 16, "1." + "1" * 40])
def test_a_number_of_absurd_size_sets_its_order_aside(value: str) -> None:
    text = json.dumps(bundle(order("m1"), order("m2"))).replace('"value": 1', f'"value": {value}', 1)
    chart = chart_of(text.encode())
    assert ids(chart) == ["m2"]
    assert "beyond any sensible size" in chart.issues[0].message


def test_entries_nested_too_deep_for_a_model_are_set_aside() -> None:
    extension: dict[str, Any] = {"url": "x", "valueString": "y"}
    for _ in range(150):
        extension = {"url": "x", "extension": [extension]}
    chart = chart_of(bundle(order("m1", dosageInstruction=[{"extension": [extension]}]), order("m2")))
    assert "m2" in ids(chart)


def test_more_bundles_inside_each_other_than_anyone_makes_are_set_aside() -> None:
    document = order()
    for _ in range(45):
        document = bundle(document)
    chart = chart_of(document)
    assert (ids(chart), chart.complete) == ([], False)


def test_what_breaks_a_rule_but_leaves_no_doubt_is_said_once_and_kept() -> None:
    chart = chart_of([order(f"m_{number}", madeUp=True, intent=...) for number in range(3)])
    assert len(ids(chart)) == 3
    assert chart.complete
    assert {(issue.severity, issue.code) for issue in chart.issues} == {("information", "not-conformant")}
    assert sorted(issue.message.partition(" (")[0] for issue in chart.issues) == [
        "MedicationRequest intent: required and absent",
        "MedicationRequest madeUp: unknown element",
    ]
    assert all("3 resources" in issue.message for issue in chart.issues)


# One id twice


def test_equal_copies_are_one() -> None:
    chart = chart_of(bundle(order("m1"), order("m1")), order("m1"))
    assert ids(chart) == ["m1"]
    assert chart.issues == ()


def test_of_two_copies_the_newest_wins_whatever_their_order_and_zone() -> None:
    for copies in ((OLDER, NEWER), (NEWER, OLDER)):
        chart = chart_of(*(order("m1", meta=meta, status="stopped" if meta is NEWER else "active") for meta in copies))
        assert [entry.resource["status"] for entry in chart.of("MedicationRequest")] == ["stopped"]
        assert [issue.code for issue in chart.issues] == ["older-copy"]
        assert chart.complete


@pytest.mark.parametrize(
    "metas",
    [({}, {}), (NEWER, {}), (NEWER, NEWER), ({"versionId": "1"}, {"versionId": "2"}), ({"lastUpdated": "2026"}, NEWER)],
    ids=["none", "one", "equal", "versions order nothing", "no instant"],
)
def test_copies_that_differ_and_cannot_be_ordered_refuse_the_chart_with_both_places(metas: Any) -> None:
    with pytest.raises(ChartConflict, match=r"MedicationRequest/m1 .*a\.json and b\.json"):
        chart_of(order("m1", meta=metas[0]), order("m1", meta=metas[1], status="stopped"))


def test_in_history_the_entry_says_when_it_was_written() -> None:
    history = bundle(order("m1", status="stopped"), order("m1"), kind="history")
    history["entry"][0]["response"] = {"lastModified": "2026-01-02T00:00:00Z"}
    history["entry"][1]["response"] = {"lastModified": "2026-01-01T00:00:00Z"}
    assert [entry.resource["status"] for entry in chart_of(history).of("MedicationRequest")] == ["stopped"]


def test_what_was_deleted_later_is_not_in_the_chart_and_what_was_written_after_is() -> None:
    deletion = {"request": {"method": "DELETE", "url": "MedicationRequest/m1"}, "response": {"lastModified": "2026-01-02T00:00:00Z"}}
    history = bundle(order("m2"), kind="history")
    history["entry"][:0] = [deletion, {"resource": order("m1", meta={"lastUpdated": "2026-01-01T00:00:00Z"})}]
    chart = chart_of(history)
    assert ids(chart) == ["m2"]
    assert [issue.code for issue in chart.issues] == ["deleted"]
    history["entry"][1]["resource"]["meta"]["lastUpdated"] = "2026-01-03T00:00:00Z"
    assert ids(chart_of(history)) == ["m1", "m2"]


def test_without_times_what_stands_after_the_deletion_in_history_is_older() -> None:
    deletion = {"request": {"method": "DELETE", "url": "MedicationRequest/m1"}}
    history = bundle(order("m1"), kind="history")
    assert ids(chart_of({**history, "entry": [deletion, *history["entry"]]})) == []
    assert ids(chart_of({**history, "entry": [*history["entry"], deletion]})) == ["m1"]


# What the server said


def outcome(severity: str, text: str = "Some data could not be returned", **details: Any) -> dict[str, Any]:
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": severity, "code": "processing", "details": {"text": text, **details}}],
    }


@pytest.mark.parametrize(
    ("severity", "complete"),
    [("fatal", False), ("error", False), ("warning", False), ("information", True), ("success", True), ("odd", False)],
)
def test_a_remark_of_the_server_is_shown_and_a_warning_makes_the_chart_incomplete(severity: str, complete: bool) -> None:
    searchset = bundle(order(), outcome(severity, coding=[{"code": "4134"}]), kind="searchset")
    searchset["entry"][1]["search"] = {"mode": "outcome"}
    chart = chart_of(searchset)
    assert chart.complete is complete
    assert [issue.code for issue in chart.issues] == ["server-outcome"]
    assert "Some data could not be returned" in chart.issues[0].message
    assert "4134" in chart.issues[0].message
    assert chart.of("OperationOutcome") == ()


def test_an_outcome_that_says_nothing_readable_is_a_warning() -> None:
    assert not chart_of({"resourceType": "OperationOutcome", "issue": "x"}).complete


def test_the_outcome_of_a_failed_batch_entry_is_heard() -> None:
    document = {"resourceType": "Bundle", "type": "batch-response", "entry": [{"response": {"status": "403", "outcome": outcome("error")}}]}
    assert not chart_of(document).complete


def page(url: str, following: str | None = None, total: int | None = None, name: str = "m1") -> dict[str, Any]:
    links = [{"relation": "self", "url": url}, *([{"relation": "next", "url": following}] if following else [])]
    return bundle(order(name), kind="searchset", link=links, **({"total": total} if total is not None else {}))


def test_a_next_page_that_nobody_followed_makes_the_chart_incomplete() -> None:
    assert not chart_of(page("u?1", "u?2")).complete
    assert chart_of(page("u?1", "u?2"), page("u?2", name="m2")).complete


def test_a_list_shorter_than_its_total_is_incomplete_unless_it_is_one_of_several_pages() -> None:
    assert not chart_of(page("u", total=2)).complete
    assert chart_of(page("u", total=1)).complete
    assert chart_of(page("u?1", "u?2", total=2), page("u?2", total=2, name="m2")).complete


def test_an_entry_that_was_announced_without_content_makes_a_searchset_incomplete_but_not_a_notification() -> None:
    entry = [{"fullUrl": "https://ehr.example.org/fhir/MedicationRequest/m1"}]
    assert not chart_of({"resourceType": "Bundle", "type": "searchset", "entry": entry}).complete
    assert chart_of({"resourceType": "Bundle", "type": "history", "entry": entry}).complete
    assert not chart_of({"resourceType": "Bundle", "type": "searchset", "entry": [None]}).complete


# One patient


@pytest.mark.parametrize(
    "reference",
    [
        {"reference": "Patient/p1"},
        {"reference": "Patient/p1/_history/2"},
        {"reference": "https://ehr.example.org/fhir/Patient/p1"},
        {"reference": "urn:uuid:11111111-2222-3333-4444-555555555555"},
        {"reference": "Patient?identifier=urn:mrn|42"},
        {"identifier": {"system": "urn:mrn", "value": "42"}},
        {"reference": "Group/g1"},
        {"display": "Ada"},
        {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}]},
    ],
    ids=str,
)
def test_a_subject_that_can_be_the_patient_belongs_to_the_chart(reference: dict[str, Any]) -> None:
    document = bundle(PATIENT | {"identifier": [{"system": "urn:mrn", "value": "42"}]}, order("m1", subject=reference))
    document["entry"][0]["fullUrl"] = "urn:uuid:11111111-2222-3333-4444-555555555555"
    chart = chart_of(document)
    assert (chart.patient, ids(chart)) == ("p1", ["m1"])


@pytest.mark.parametrize(
    "reference",
    [
        {"reference": "Patient/p2"},
        {"reference": "https://ehr.example.org/fhir/Patient/p2"},
        {"reference": "https://other.example.org/fhir/Patient/p1"},
        {"reference": "urn:uuid:99999999-2222-3333-4444-555555555555"},
        {"reference": "Patient?identifier=urn:mrn|43"},
        {"identifier": {"system": "urn:mrn", "value": "43"}},
    ],
    ids=str,
)
def test_a_subject_that_is_somebody_else_refuses_the_chart(reference: dict[str, Any]) -> None:
    document = bundle(PATIENT | {"identifier": [{"system": "urn:mrn", "value": "42"}]}, order("m1", subject=reference))
    document["entry"][0]["fullUrl"] = "https://ehr.example.org/fhir/Patient/p1"
    with pytest.raises(ChartConflict, match="two patients in one chart"):
        chart_of(document)


@pytest.mark.parametrize(
    "documents",
    [
        (PATIENT, PATIENT | {"id": "p2"}),
        (PATIENT, resource("AllergyIntolerance", "a1", patient={"reference": "Patient/p2"})),
        (order("m1"), order("m2", subject={"reference": "Patient/p2"})),
        (order("m1", subject={"reference": "urn:uuid:a"}), order("m2", subject={"reference": "urn:uuid:b"})),
        ({"resourceType": "Patient"}, {"resourceType": "Patient", "gender": "male"}),
    ],
)
def test_two_patients_are_refused_with_both_places(documents: Any) -> None:
    with pytest.raises(ChartConflict, match=r"a\.json.*b\.json"):
        chart_of(*documents)


def test_orders_without_a_patient_resource_are_their_subjects_chart() -> None:
    chart = chart_of(order("m1"), order("m2", subject={"reference": "https://ehr.example.org/fhir/Patient/p1"}))
    assert chart.patient == "p1"


def test_orders_that_do_not_say_whose_they_are_are_read_as_the_patients_and_that_is_said() -> None:
    chart = chart_of(PATIENT, [order("m1", subject=...), order("m2", subject=...)])
    assert ids(chart) == ["m1", "m2"]
    assert [(issue.severity, issue.code) for issue in chart.issues] == [("warning", "no-subject")]
    assert "2 resources" in chart.issues[0].message


def test_two_contained_patients_with_different_identifiers_are_two_patients() -> None:
    def order_of(name: str, number: str) -> dict[str, Any]:
        inside = {"resourceType": "Patient", "id": "p", "identifier": [{"system": "urn:mrn", "value": number}]}
        return order(name, subject={"reference": "#p"}, contained=[inside])

    assert chart_of(order_of("m1", "42"), order_of("m2", "42")).patient == "urn:mrn|42"
    with pytest.raises(ChartConflict):
        chart_of(order_of("m1", "42"), order_of("m2", "43"))


# Real-shaped charts


@pytest.mark.shared
def test_every_chart_of_the_external_data_is_read_or_refused_with_a_typed_error(shared_data: Path) -> None:
    refused: dict[str, str] = {}
    read = 0
    for path in sorted((shared_data / "data").rglob("*.json")):
        try:
            chart = decode_chart([(path.name, path.read_bytes())])
        except BadInput as error:
            refused[f"{path.parent.name}/{path.name}"] = type(error).__name__
        else:
            read += 1
            assert chart.set_aside == (), path
    assert read >= 160
    assert set(refused.values()) == {"NotFhir", "ChartConflict"}
    assert all(name.startswith(("cdshooks/", "opioid-cds-r4/")) for name, kind in refused.items() if kind == "NotFhir")


@pytest.mark.shared
def test_a_chart_of_requests_without_subject_keeps_all_of_them(shared_data: Path) -> None:
    chart = decode_chart([("x", (shared_data / "data/epic_ohsu/ohsu_MedicationRequest_even.json").read_bytes())])
    assert len(chart.of("MedicationRequest")) == 70
    assert chart.complete


def test_decimals_of_a_decoded_chart_are_decimals() -> None:
    chart = chart_of(b'{"resourceType": "Observation", "id": "o", "valueQuantity": {"value": 7.10}}')
    assert chart.of("Observation")[0].resource["valueQuantity"]["value"] == Decimal("7.10")
