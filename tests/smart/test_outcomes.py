from typing import Any

import pytest

from fhir_taper.smart import outcomes


def outcome(*issues: Any) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": list(issues)}


def test_its_words_are_one_bounded_line() -> None:
    said = outcomes.words(
        outcome({"details": {"text": "a\n b"}}, {"diagnostics": "c"}, {"code": "d"}, {"diagnostics": "c"}, 5, {"diagnostics": 7})
    )
    assert said == "a b; c; d"
    assert len(outcomes.words(outcome({"diagnostics": "x" * 999}))) == 300


@pytest.mark.parametrize("nothing", [None, 5, {}, {"issue": 5}, {"issue": [None]}])
def test_what_is_no_outcome_says_nothing(nothing: Any) -> None:
    assert (outcomes.words(nothing), outcomes.is_outcome(nothing), outcomes.refused_parameters(nothing, ("a",))) == ("", False, ())


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("Unknown search parameter 'status'. Known are: patient", ("status",)),
        ('Invalid parameter: "date:missing" = x', ("date:missing",)),
        ("parameter [_sort] is not supported", ("_sort",)),
        ("date is not known", ("date:missing",)),
        ("the statuses are wrong", ()),
    ],
)
def test_a_parameter_is_known_by_its_whole_name(said: str, names: tuple[str, ...]) -> None:
    assert outcomes.refused_parameters(outcome({"diagnostics": said}), ("status", "date:missing", "_sort")) == names


def test_its_place_names_a_parameter_too() -> None:
    assert outcomes.refused_parameters(outcome({"location": ["http.status"]}), ("status",)) == ("status",)
    assert outcomes.refused_parameters(outcome({"expression": ["status", 5]}), ("status",)) == ("status",)
