import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings

from fhir_taper.mappers.write import plan_shapes, step_shapes
from fhir_taper.mappers.write.bundle import to_bundle
from fhir_taper.mappers.write.shapes import Kind, Part, Shape
from fhir_taper.mappers.write.structure_definitions import definitions
from fhir_taper.mappers.write.vocabularies import VOCABULARIES
from fhir_taper.plans.tapers.plan import TaperPlan
from tests.mappers.write.example_plans import BEFORE, EXAMPLES, NOW, written
from tests.mappers.write.extension_check import problems
from tests.mappers.write.publish_definitions import FOLDER, published
from tests.plan_strategies import plans


def test_the_files_in_the_package_are_what_the_shapes_say() -> None:
    assert {path.name: path.read_bytes() for path in FOLDER.glob("*.json")} == published()


@pytest.mark.parametrize("name", sorted(definitions()))
def test_every_definition_passes_the_validator_gate(name: str, validator_gate: Callable[[Mapping[str, Any]], list[str]]) -> None:
    assert validator_gate(definitions()[name]) == []


@settings(max_examples=150)
@given(plans())
def test_every_extension_that_is_written_is_as_its_definition_says(plan: TaperPlan) -> None:
    bundle = to_bundle(plan, as_of=BEFORE, instant=NOW)
    assert [problem for entry in bundle["entry"] for problem in problems(entry["resource"])] == []


def test_the_check_against_the_definitions_sees_a_wrong_extension() -> None:
    care_plan = json.loads(json.dumps(written(EXAMPLES["diazepam"])["entry"][0]["resource"], default=str))
    baseline = next(item for item in care_plan["extension"] if item["url"].endswith("taper-baseline"))
    baseline["extension"] = [{"url": "mg", "valueString": "4"}, {"url": "novelty", "valueInteger": 1}]
    care_plan["extension"].append({"url": baseline["url"], "extension": []})
    found = " ".join(problems(care_plan))
    for wrong in ("taper-baseline is there 2 times", "mg is there 0 times", "novelty is not defined", "valueString is not one of"):
        assert wrong in found


def test_every_coded_part_is_bound_to_a_value_set_that_is_published() -> None:
    vocabularies = {vocabulary.name: vocabulary.words for vocabulary in VOCABULARIES}
    shapes = [shape for module in (plan_shapes, step_shapes) for shape in vars(module).values() if isinstance(shape, Shape)]
    coded = [part for shape in shapes for part in _parts(shape) if part.kind is Kind.CODE and "://" not in part.vocabulary]
    assert coded
    assert [part.url for part in coded if vocabularies.get(part.vocabulary) is not part.words] == []


def test_a_definition_has_a_snapshot_and_a_differential_with_a_slice_per_part() -> None:
    definition = definitions()["StructureDefinition-taper-baseline.json"]
    slices = {element.get("sliceName") for element in definition["snapshot"]["element"]} - {None}
    assert slices == {"mg", "confirmedBy", "confirmedOn", "how"}
    assert {element["id"] for element in definition["differential"]["element"]} < {e["id"] for e in definition["snapshot"]["element"]}


def _parts(shape: Shape[Any]) -> Iterator[Part]:
    yield from shape.parts
