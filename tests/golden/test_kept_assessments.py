"""Decisions that were kept are made again: byte for byte by the same program version, and with their differences listed by a later one."""

from pathlib import Path

import pytest

from fhir_taper import __version__
from fhir_taper.errors import BadInput
from fhir_taper.exact_json import decode, encode
from fhir_taper.plans.monitoring.assessment_document import assessment_to_document, differences, inputs_of, kept
from tests.golden.kept_assessments import FOLDER, cases, written

FILES = sorted(FOLDER.glob("*/*.json"))


def test_every_case_of_this_version_is_kept() -> None:
    assert {path.stem for path in FILES if path.parent.name == __version__} == {name for name, _ in cases()}


@pytest.mark.parametrize("path", [path for path in FILES if path.parent.name == __version__], ids=lambda path: path.stem)
def test_the_same_program_version_makes_the_same_bytes(path: Path) -> None:
    data = path.read_bytes()
    inputs = inputs_of(decode(data, path.name))
    assert encode(kept(inputs, inputs.assess())) + b"\n" == data


def test_what_an_earlier_version_kept_is_made_again_and_differs_only_as_listed() -> None:
    assert unlisted(FOLDER) == []


def test_a_difference_to_an_earlier_version_is_listed_or_found(tmp_path: Path) -> None:
    earlier = tmp_path / "0.0.9"
    earlier.mkdir()
    document = decode((FOLDER / __version__ / "a-seizure.json").read_bytes())
    document["assessment"]["level"] = 4
    (earlier / "a-seizure.json").write_bytes(encode(document))
    assert unlisted(tmp_path) == ["0.0.9/a-seizure: level: 4 became 5"]
    (earlier / "a-seizure.differences").write_text("level: 4 became 5\n")
    assert unlisted(tmp_path) == []


def test_what_was_kept_before_a_field_was_known_is_read_with_its_default() -> None:
    path = next(one for one in FILES if one.stem == "stable")
    document = decode(path.read_bytes())
    timeline = document["inputs"]["timeline"]
    del timeline["check_ins"]["earlier"]
    for one in timeline["orders"]:
        del one["is_as_needed"]
    assert timeline["orders"]
    assert inputs_of(document) == inputs_of(decode(path.read_bytes()))
    timeline["readings"][0].pop("value")
    timeline["readings"][0].pop("start")
    with pytest.raises(BadInput, match="the field is missing"):
        inputs_of(document)


def test_a_rule_that_changes_is_noticed() -> None:
    """The gate sees what it is for: another time of asking makes other bytes."""
    name, inputs = next(cases())
    assert name == "stable"
    changed = inputs_of(decode(written(inputs).replace(b"2026-03-06T18:00:00", b"2026-03-06T19:00:00")))
    assert changed != inputs
    assert written(changed) != written(inputs)


def unlisted(folder: Path) -> list[str]:
    """Return where an assessment of an earlier version comes out otherwise now, and no file beside it says so."""
    found: list[str] = []
    for path in sorted(folder.glob("*/*.json")):
        if path.parent.name == __version__:
            continue
        document = decode(path.read_bytes(), path.name)
        now = decode(encode(assessment_to_document(inputs_of(document).assess())))
        beside = path.with_suffix(".differences")
        listed = beside.read_text().splitlines() if beside.exists() else []
        found += [f"{path.parent.name}/{path.stem}: {line}" for line in differences(document["assessment"], now) if line not in listed]
    return found
