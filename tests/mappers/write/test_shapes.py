from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any

import pytest

from fhir_taper.errors import BadInput
from fhir_taper.mappers.write import plan_shapes, step_shapes
from fhir_taper.mappers.write.extensions import FIELDS, NOTED
from fhir_taper.mappers.write.shapes import Kind, Shape, code, day, from_parts, groups, number, text, to_parts
from fhir_taper.plans.tapers.plan import Step, TaperPlan


class Colour(StrEnum):
    RED = "red"


INNER = Shape(lambda word: (word,), (text("word", "A word.", attribute="word"),))
SHAPE: Shape[dict[str, Any]] = Shape(
    dict,
    (
        text("name", "A name."),
        text("nick", "Another.", ""),
        code("colour", Colour, "colour", "A colour.", None),
        number("mg", Kind.DECIMAL, "An amount.", None),
        number("factor", Kind.EXACT, "A factor.", None),
        number("count", Kind.INTEGER, "A count.", None),
        number("every", Kind.POSITIVE, "A period.", None),
        day("due", "A day.", None),
        groups("inner", INNER, "Inner values.", "inner"),
    ),
)
ALL_SHAPES = {name: shape for module in (plan_shapes, step_shapes) for name, shape in vars(module).items() if isinstance(shape, Shape)}
PLAIN_FIELDS = {"id", "patient", "state", "created", "author", "protocol", "replaces", "sources", "steps"}


def read(*parts: dict[str, Any]) -> dict[str, Any]:
    return from_parts([{"url": "name", "valueString": "x"}, *parts], SHAPE, "Here")


@pytest.mark.parametrize("name", [name for name, shape in ALL_SHAPES.items() if is_dataclass(shape.make)])
def test_a_shape_holds_every_field_of_its_value(name: str) -> None:
    shape = ALL_SHAPES[name]
    assert {part.attribute for part in shape.parts} == {field.name for field in fields(shape.make)}  # type: ignore[arg-type]


def test_every_field_of_a_plan_stands_in_the_core_in_an_extension_or_in_a_plain_element() -> None:
    core = {part.attribute for part in plan_shapes.CORE.parts} - set(NOTED)
    own = {field.attribute for field in FIELDS}
    assert core | own | PLAIN_FIELDS == {field.name for field in fields(TaperPlan)}
    assert not (core & own) | (core & PLAIN_FIELDS) | (own & PLAIN_FIELDS)


def test_every_field_of_a_step_stands_in_its_extension_or_in_its_action() -> None:
    assert {part.attribute for part in step_shapes.STEP.parts} | {"start", "end", "kind"} == {field.name for field in fields(Step)}


def test_a_terminating_factor_is_a_decimal_and_another_one_a_ratio() -> None:
    given = {"name": "x", "nick": "", "colour": None, "mg": None, "count": None, "every": None, "due": None, "inner": ()}
    decimal = to_parts(_Value(given | {"factor": Decimal("0.50")}), SHAPE)
    ratio = to_parts(_Value(given | {"factor": Fraction(10, 3)}), SHAPE)
    assert {"url": "factor", "valueDecimal": Decimal("0.50")} in decimal
    assert {"url": "factor", "valueRatio": {"numerator": {"value": 10}, "denominator": {"value": 3}}} in ratio
    assert from_parts(ratio, SHAPE, "Here")["factor"] == Fraction(10, 3)


class _Value:
    def __init__(self, values: dict[str, Any]) -> None:
        self.__dict__ |= values


def test_absent_parts_read_as_their_absent_value() -> None:
    assert read() == {
        "name": "x", "nick": "", "colour": None, "mg": None, "factor": None, "count": None, "every": None, "due": None, "inner": (),
    }  # fmt: skip


def test_parts_of_somebody_else_with_an_absolute_address_are_passed_over() -> None:
    assert read({"url": "https://example.org/theirs", "valueBoolean": True})["name"] == "x"


@pytest.mark.parametrize(
    ("part", "says"),
    [
        ({"url": "name", "valueString": "y"}, "Here.name: is given twice"),
        ({"url": "novelty", "valueString": "y"}, "Here: has a part 'novelty' that this version does not know"),
        ({"valueString": "y"}, "Here: an extension without a url"),
        ("text", "Here: an extension without a url"),
        ({"url": "mg"}, "Here.mg: must have one valueDecimal, and has none"),
        ({"url": "mg", "valueString": "1"}, "Here.mg: must have one valueDecimal, and has valueString"),
        ({"url": "mg", "valueDecimal": 1, "valueInteger": 1}, "Here.mg: must have one valueDecimal, and has valueDecimal, valueInteger"),
        ({"url": "mg", "valueDecimal": "1"}, "Here.mg: '1' is no decimal"),
        ({"url": "mg", "valueDecimal": 0.5}, "Here.mg: 0.5 is no decimal"),
        ({"url": "mg", "valueDecimal": True}, "Here.mg: True is no decimal"),
        ({"url": "mg", "valueDecimal": Decimal("NaN")}, "Here.mg: Decimal('NaN') is no decimal"),
        ({"url": "mg", "valueDecimal": Decimal("1e99")}, "Here.mg: Decimal('1E+99') is no decimal"),
        ({"url": "factor", "valueRatio": {"numerator": {"value": 1}}}, "Here.factor: is not a ratio of two numbers"),
        ({"url": "factor", "valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 0}}}, "Here.factor: is not a ratio"),
        ({"url": "factor", "valueRatio": 7}, "Here.factor: is not a ratio of two numbers"),
        ({"url": "count", "valueInteger": Decimal("1.5")}, "Here.count: Decimal('1.5') is no integer"),
        ({"url": "count", "valueInteger": 2**40}, "Here.count: 1099511627776 is no integer"),
        ({"url": "every", "valuePositiveInt": 0}, "Here.every: 0 is no positive integer"),
        ({"url": "colour", "valueCode": "blue"}, "Here.colour: 'blue' is not one of red"),
        ({"url": "due", "valueDate": "2026-01"}, "Here.due: '2026-01' is no whole day"),
        ({"url": "due", "valueDate": "2026-02-30"}, "Here.due: '2026-02-30' is no whole day"),
        ({"url": "due", "valueDate": "2026-W01-1"}, "Here.due: '2026-W01-1' is no whole day"),
        ({"url": "inner", "extension": [{"url": "word"}]}, "Here.inner[0].word: must have one valueString, and has none"),
        ({"url": "inner", "valueString": "x"}, "Here.inner[0]: a list of extensions is missing"),
    ],
)
def test_what_is_not_as_we_write_it_is_refused_with_its_place(part: Any, says: str) -> None:
    with pytest.raises(BadInput) as refusal:
        read(part)
    assert str(refusal.value).startswith(says)


def test_a_missing_part_is_refused_with_its_place() -> None:
    with pytest.raises(BadInput, match=r"^Here.name: is missing$"):
        from_parts([], SHAPE, "Here")


def test_a_dose_of_a_product_without_any_time_of_day_is_refused() -> None:
    unit = [{"url": "rxcui", "valueString": "197590"}, {"url": "strengthMg", "valueDecimal": 2}]
    with pytest.raises(BadInput, match=r"^Here.take: is missing$"):
        from_parts(unit, step_shapes.UNITS, "Here")


def test_a_day_is_written_as_a_date() -> None:
    shape: Shape[dict[str, Any]] = Shape(dict, (day("due", "A day."),))
    assert to_parts(_Value({"due": date(2026, 1, 5)}), shape) == [{"url": "due", "valueDate": "2026-01-05"}]
