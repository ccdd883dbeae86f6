"""What a person asks of a plan that runs, as a form says it."""

from decimal import Decimal

import pytest

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.tapers.restart import Slower
from fhir_taper.web.dependencies import Form
from fhir_taper.web.turn_forms import asked_of, carried, turn_of
from fhir_taper.workflow.course import Asked, Turn
from tests.plans.tapers.made_plans import active, diazepam_plan

PLAN = active(diazepam_plan())


def form(**values: str) -> Form:
    return Form(list(values.items()))


def test_a_question_is_read_as_it_was_typed() -> None:
    assert asked_of(form(reason="a cold", days="14"), Turn.HOLD, PLAN) == Asked(Turn.HOLD, "a cold", days=14)
    assert asked_of(form(reason="x", step="1", override="yes"), Turn.REVIEW, PLAN) == Asked(Turn.REVIEW, "x", step=1, is_override=True)
    assert asked_of(form(reason="x", slower="half the percentage"), Turn.SLOW, PLAN).slower is Slower.PERCENT
    way = asked_of(form(reason="x", way="strategy linear", percent="5", actual_mg="3.50"), Turn.CHANGE_STRATEGY, PLAN)
    assert (way.strategy, way.protocol, way.params, way.actual_mg) == ("linear", None, (("percent", "5"),), Decimal("3.50"))


def test_an_empty_step_is_todays_dose() -> None:
    assert asked_of(form(reason="x", step=""), Turn.STOP_AT, PLAN).step is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("days", "1.5"),
        ("days", "-3"),
        ("days", "٣"),
        ("days", "99999999999"),
        ("step", "one"),
        ("slower", "faster"),
        ("actual_mg", "1e3"),
        ("actual_mg", "1,5"),
        ("reason", "x" * 501),
    ],
)
def test_what_cannot_be_meant_is_refused_by_the_name_of_its_field(name: str, value: str) -> None:
    with pytest.raises(WrongUsage, match=name):
        asked_of(form(**({"reason": "x"} | {name: value})), Turn.HOLD, PLAN)


def test_a_way_to_go_on_must_be_one_of_them() -> None:
    for odd in ("", "strategy magic"):
        with pytest.raises(WrongUsage):
            asked_of(form(reason="x", way=odd), Turn.CHANGE_STRATEGY, PLAN)
    with pytest.raises(WrongUsage):
        turn_of("double-it")
    assert turn_of("step-back") is Turn.STEP_BACK


def test_the_button_of_a_preview_carries_what_was_typed_and_nothing_else() -> None:
    assert carried(form(csrf="c", version="v", reason="x", days="14", percent="")) == (("reason", "x"), ("days", "14"))
