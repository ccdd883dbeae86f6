import pytest

from fhir_taper.errors import BadInput
from fhir_taper.mappers.write.labels import NORMAL, Label, labels_of, refuse_restricted, to_security
from fhir_taper.mappers.write.namespace import CONFIDENTIALITY
from tests.mappers.write.example_plans import EXAMPLES, written

ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"


def labelled(*labels: tuple[str, str]) -> dict[str, object]:
    return {"meta": {"security": [{"system": system, "code": code} for system, code in labels]}}


def test_the_labels_are_the_union_with_the_highest_confidentiality() -> None:
    inputs = [labelled((CONFIDENTIALITY, "L"), (ACT, "PSY")), labelled((CONFIDENTIALITY, "R"), (ACT, "HIV")), {}]
    assert labels_of(inputs) == (Label(CONFIDENTIALITY, "R"), Label(ACT, "HIV"), Label(ACT, "PSY"))


@pytest.mark.parametrize("resource", [{}, {"meta": 1}, {"meta": {"security": 2}}, {"meta": {"security": [3, {"system": ACT}]}}])
def test_an_input_without_readable_labels_counts_as_normal(resource: dict[str, object]) -> None:
    assert labels_of([resource]) == (NORMAL,)


def test_a_low_label_does_not_pull_the_others_down() -> None:
    assert labels_of([labelled((CONFIDENTIALITY, "U"))]) == (NORMAL,)


@pytest.mark.parametrize("label", [Label(CONFIDENTIALITY, "R"), Label(CONFIDENTIALITY, "V"), Label(ACT, "SUD"), Label(ACT, "ETH"),
                                   Label(ACT, "42CFRPart2")])  # fmt: skip
def test_nothing_is_derived_from_restricted_data_without_a_consent(label: Label) -> None:
    with pytest.raises(BadInput, match=f"labelled {label.code}"):
        written(EXAMPLES["diazepam"], labels=(NORMAL, label))


def test_the_word_eth_of_the_confidentiality_system_means_nothing() -> None:
    assert labels_of([labelled((CONFIDENTIALITY, "ETH"))]) == (NORMAL,)


def test_other_labels_are_no_reason_to_refuse() -> None:
    refuse_restricted((NORMAL, Label(ACT, "PSY")))
    bundle = written(EXAMPLES["diazepam"], labels=(NORMAL, Label(ACT, "PSY")))
    expected = to_security((NORMAL, Label(ACT, "PSY")))
    assert all(entry["resource"]["meta"]["security"] == expected for entry in bundle["entry"])


def test_handling_instructions_for_one_resource_do_not_stand_on_a_bundle() -> None:
    labels = (NORMAL, Label(ACT, "MASK"), Label(ACT, "NODSCLCD"))
    assert to_security(labels, on_bundle=True) == to_security((NORMAL,))


def test_a_taper_is_not_by_itself_labelled_as_substance_use_data() -> None:
    assert all(entry["resource"]["meta"]["security"] == to_security((NORMAL,)) for entry in written(EXAMPLES["oxycodone"])["entry"])
