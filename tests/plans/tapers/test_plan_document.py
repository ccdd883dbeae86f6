"""The document of a plan: the shape of schema 1 to the field, and every plan back as it was."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings

from fhir_taper import exact_json
from fhir_taper.errors import BadInput
from fhir_taper.plans.medicines.codes import DrugClass, Slot
from fhir_taper.plans.tapers.finding import Acknowledgement
from fhir_taper.plans.tapers.plan import Contingency, EquivalentFactor, RevisionNote, TaperPlan
from fhir_taper.plans.tapers.plan_document import from_document, to_document
from tests.plan_strategies import plans
from tests.plans.tapers.made_plans import OXYCODONE_5, START, diazepam_plan, falling_plans, plan_of


def with_change(document: dict[str, Any], path: list[str | int], value: Any) -> dict[str, Any]:
    changed: dict[str, Any] = exact_json.decode(exact_json.encode(document))
    place: Any = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return changed


def test_the_second_step_of_the_worked_example_has_the_published_shape() -> None:
    step = to_document(diazepam_plan())["steps"][1]
    assert exact_json.decode(exact_json.encode(step)) == {
        "number": 1,
        "start": "2026-02-02",
        "end": "2026-03-01",
        "kind": "reduction",
        "every_days": 1,
        "ideal_mg": 3,
        "doses": [
            {
                "ingredient": "diazepam",
                "mg_per_day": 3,
                "units": [{"rxcui": "197590", "strength_mg": 2, "slots": {"morning": Decimal("0.5"), "night": 1}}],
            }
        ],
        "note": "",
        "equivalent": 3,
        "change_mg": -1,
        "change_pct_of_previous": -25,
        "change_pct_of_baseline": -25,
    }


def test_the_top_level_fields_of_the_command_line_come_first_and_as_promised() -> None:
    document = to_document(diazepam_plan())
    assert list(document)[:13] == [
        "schema", "id", "version", "state", "drug", "strategy", "protocol",
        "params", "limits", "baseline_mg", "target_mg", "products", "steps",
    ]  # fmt: skip
    assert document["params"] == {"percent": 10, "interval_days": 14}
    assert (document["limits"], document["baseline_mg"], document["products"]) == ("benzodiazepine", 4, ["197590"])


def test_the_baseline_step_has_no_change() -> None:
    step = to_document(diazepam_plan())["steps"][0]
    assert (step["change_mg"], step["change_pct_of_previous"], step["change_pct_of_baseline"]) == (None, None, None)


def test_the_last_step_has_no_end_and_no_units() -> None:
    step = to_document(diazepam_plan())["steps"][-1]
    assert (step["end"], step["doses"]) == (None, [{"ingredient": "diazepam", "mg_per_day": 0, "units": []}])


def test_percents_are_rounded_and_stored_doses_are_not() -> None:
    plan = plan_of(OXYCODONE_5, [{Slot.MORNING: "3"}, {Slot.MORNING: "2"}, {}], DrugClass.OPIOID)
    document = to_document(plan)
    assert document["steps"][1]["change_pct_of_previous"] == Decimal("-33.33")
    assert document["steps"][2]["change_pct_of_previous"] == Decimal(-100)
    assert document["steps"][2]["change_pct_of_baseline"] == Decimal("-66.67")


def test_a_range_of_equivalents_keeps_both_ends() -> None:
    factor = EquivalentFactor("diazepam", "range", Decimal("0.5"), Fraction(2, 3), "diazepam_mg", "two tables")
    plan = replace(diazepam_plan(), equivalents=(factor,))
    assert to_document(plan)["steps"][1]["equivalent"] == [Decimal("1.5"), Decimal(2)]
    assert from_document(to_document(plan)) == plan


def test_a_step_without_a_factor_has_no_equivalent() -> None:
    assert to_document(replace(diazepam_plan(), equivalents=()))["steps"][0]["equivalent"] is None


def test_parameters_keep_the_digits_they_were_typed_with() -> None:
    plan = replace(diazepam_plan(), params=(("percent", "10.50"), ("bands", "50:25%b:14,0:10%b:7:28"), ("code", "007")))
    document = exact_json.decode(exact_json.encode(to_document(plan)))
    assert document["params"] == {"percent": Decimal("10.50"), "bands": "50:25%b:14,0:10%b:7:28", "code": "007"}
    assert from_document(document).params == plan.params


@pytest.mark.feature("F05")
def test_a_document_says_who_decided_what_when_and_why() -> None:
    note = RevisionNote("slow", 2, START, "Practitioner/dr-a", "poor sleep", "twice the interval", 28)
    document = to_document(replace(diazepam_plan(), revisions=(note,)))
    assert document["revisions"] == [
        {
            "kind": "slow",
            "version": 2,
            "on": "2026-01-05",
            "by": "Practitioner/dr-a",
            "reason": "poor sleep",
            "says": "twice the interval",
            "days": 28,
        }
    ]


@pytest.mark.feature("F55")
def test_a_document_carries_what_to_do_when_pain_breaks_through() -> None:
    plan = replace(diazepam_plan(), contingency=Contingency("call before taking more", "heat, rest", ("Practitioner/dr-a",)))
    document = to_document(plan)
    assert document["contingency"]["breakthrough"] == "call before taking more"
    assert from_document(document).contingency == plan.contingency


def test_a_parameter_that_is_given_twice_is_not_lost() -> None:
    plan = replace(diazepam_plan(), params=(("band", "1"), ("band", "2")))
    assert from_document(exact_json.decode(exact_json.encode(to_document(plan)))) == plan


@given(falling_plans())
def test_a_plan_comes_back_from_its_document_as_it_was(plan: TaperPlan) -> None:
    assert from_document(to_document(plan)) == plan


@settings(max_examples=40)
@given(plans())
def test_every_plan_comes_back_from_json_as_it_was(plan: TaperPlan) -> None:
    assert from_document(exact_json.decode(exact_json.encode(to_document(plan)))) == plan


@given(falling_plans())
def test_a_document_is_the_same_when_it_is_written_again(plan: TaperPlan) -> None:
    document = to_document(plan)
    assert to_document(from_document(document)) == document


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        (["schema"], 2, "schema"),
        (["state"], "running", "state"),
        (["version"], "1", "version"),
        (["created"], "2026-1-5", "created"),
        (["created"], "20260105", "created"),
        (["target_mg"], True, "target_mg"),
        (["patient"], None, "patient"),
        (["steps"], {}, "steps"),
        (["steps", 1, "kind"], "smaller", "steps[1].kind"),
        (["steps", 1, "doses", 0, "units", 0, "slots", "teatime"], 1, "steps[1].doses[0].units[0].slots"),
        (["steps", 1, "doses", 0, "units", 0, "strength_mg"], "2", "steps[1].doses[0].units[0].strength_mg"),
        (["steps", 1, "change_mg"], -2, "steps[1].change_mg"),
        (["steps", 1, "doses", 0, "mg_per_day"], 2, "steps[1].doses[0].mg_per_day"),
        (["baseline_mg"], 5, "baseline_mg"),
        (["limits"], "opioid-1y", "limits"),
        (["products"], ["197591"], "products[0]"),
        (["limits_row", "limits", 0, "days"], 14.0, "limits_row.limits[0].days"),
        (["surprise"], 1, "surprise"),
        (["steps"], [], "steps"),
        (["steps", 2, "number"], 3, "steps[2].number"),
        (["gates", 0, "step"], 9, "gates[0].step"),
        (["gates", 0, "step"], 0, "gates[0].step"),
        (["gates", 1, "step"], 1, "gates[1].step"),
        (["milestones", 0, "step"], 5, "milestones[0].step"),
        (["steps", 1, "colour"], "red", "steps[1].colour"),
    ],
)
def test_a_document_that_is_wrong_names_the_path(path: list[str | int], value: Any, place: str) -> None:
    document = with_change(to_document(diazepam_plan()), path, value)
    with pytest.raises(BadInput) as caught:
        from_document(document)
    assert caught.value.place == place


@pytest.mark.parametrize("name", ["id", "steps", "findings", "limits_row", "revisions", "zone"])
def test_a_missing_field_is_named(name: str) -> None:
    document = to_document(diazepam_plan())
    del document[name]
    with pytest.raises(BadInput, match="missing") as caught:
        from_document(document)
    assert caught.value.place == name


def test_acknowledgements_of_two_findings_of_one_code_come_back_apart() -> None:
    accepted = tuple(Acknowledgement("slot-rise", f"split, {of}", f"More in {of}.", "dr-a", START, "agreed") for of in ("step 0", "step 3"))
    plan = replace(diazepam_plan(), acknowledgements=accepted)
    assert from_document(exact_json.decode(exact_json.encode(to_document(plan)))).acknowledgements == accepted


def test_an_acknowledgement_of_a_code_alone_is_refused_with_its_place() -> None:
    accepted = Acknowledgement("slot-rise", "split, step 0", "More in step 0.", "dr-a", START, "agreed")
    document = to_document(replace(diazepam_plan(), acknowledgements=(accepted,)))
    for name in ("rule", "message"):
        del document["acknowledgements"][0][name]
    with pytest.raises(BadInput, match="the field is missing") as caught:
        from_document(document)
    assert caught.value.place == "acknowledgements[0].message"
