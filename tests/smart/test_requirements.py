"""Every row that fhir_taper.smart answers for is named by a test, and the tool that says so finds a row that is not."""

import pytest

from tests import requirements
from tests.requirements import Requirement


def test_every_requirement_of_ours_is_named_by_a_test() -> None:
    assert requirements.problems(requirements.read_requirements(), requirements.named()) == []


def test_an_uncovered_an_unreasoned_and_an_unknown_id_are_found() -> None:
    rows = [
        Requirement(("1", "2"), "SHALL", "smart", "a", ""),
        Requirement(("3",), "MAY", "web", "b", ""),
        Requirement(("1",), "MAY", "web", "c", "d"),
    ]
    assert requirements.problems(rows, {"1": ["x"], "9": ["y"]}) == [
        "2 (a) is named by no test",
        "3: web does it, and no reason says where",
        "1 stands twice",
        "9 is no requirement: y",
    ]


def test_the_table_is_printed_with_its_tests(capsys: pytest.CaptureFixture[str]) -> None:
    assert requirements.main() == 0
    assert "smart/launch/test_authorize.py::test_a_state_has_256_bits_and_is_never_the_same" in capsys.readouterr().out
