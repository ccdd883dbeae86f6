"""The plan as a document: plain values in the shape of the command line's JSON, schema 1, and back without loss.

`from_document(to_document(plan)) == plan` for every plan. Equivalents, changes and percents are derived: they are rounded here and only
here, are written for whoever reads the JSON, and must agree with the rest when a document is read. JSON itself is not this module's work.
"""

import re
from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any

from fhir_taper.errors import BadInput
from fhir_taper.plans.document_values import expect_fields, field_types, from_plain, inside, the_object, to_plain
from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.medicines.dose import canonical, plain, shown
from fhir_taper.plans.tapers.places import misplaced
from fhir_taper.plans.tapers.plan import Dose, Step, StepKind, TaperPlan, Units
from fhir_taper.plans.tapers.step_figures import StepFigures, step_figures

SCHEMA = 1
_LEADING = ("id", "version", "state", "drug", "strategy", "protocol")
_SHAPED = frozenset({"params", "limits", "products", "steps"})
_REST = tuple(field.name for field in fields(TaperPlan) if field.name not in {*_LEADING, *_SHAPED, "target_mg", "findings"})
_MADE = ("schema", "baseline_mg", "target_mg", "findings", "product_details", "limits_row")
_NAMES = frozenset({*_MADE, *_LEADING, *_SHAPED, *_REST})
_STEP_NAMES = frozenset({"number", "start", "end", "kind", "every_days", "ideal_mg", "doses", "note", *StepFigures.__slots__})
_NUMBER = re.compile(r"0|[1-9]\d*|(?:0|[1-9]\d*)\.\d+")


def to_document(plan: TaperPlan) -> dict[str, Any]:
    """The plan in the JSON shape of schema 1; numbers are exact (Decimal or int), dates ISO 8601 text."""
    figures = step_figures(plan)
    return {
        "schema": SCHEMA,
        **{name: to_plain(getattr(plan, name)) for name in _LEADING},
        "params": _plain_params(plan.params),
        "limits": plan.limits.row,
        "baseline_mg": plan.baseline.mg,
        "target_mg": plan.target_mg,
        "products": [product.rxcui for product in plan.products],
        "steps": [_step(step, one) for step, one in zip(plan.steps, figures, strict=True)],
        "findings": to_plain(plan.findings),
        "product_details": to_plain(plan.products),
        "limits_row": to_plain(plan.limits),
        **{name: to_plain(getattr(plan, name)) for name in _REST},
    }


def from_document(document: Mapping[str, Any]) -> TaperPlan:
    """The plan of a document.

    Raises BadInput naming the path of the first field that is missing, unknown, of the wrong type, or at odds with the rest of the plan.
    """
    there = the_object(document, "plan")
    expect_fields(there, _NAMES, "")
    if there["schema"] != SCHEMA:
        raise BadInput(f"schema {there['schema']} is not {SCHEMA}", "schema")
    types = field_types(TaperPlan)
    simple = {name: from_plain(types[name], there[name], name) for name in (*_LEADING, "target_mg", "findings", *_REST)}
    plan = TaperPlan(
        **simple,
        params=_params(there["params"]),
        limits=from_plain(types["limits"], there["limits_row"], "limits_row"),
        products=from_plain(types["products"], there["product_details"], "product_details"),
        steps=_steps(there["steps"]),
    )
    wrong = misplaced(plan)
    if wrong is not None:
        path, says = wrong
        raise BadInput(says, path)
    _agrees(to_document(plan), dict(there), "")
    return plan


def _step(step: Step, figures: StepFigures) -> dict[str, Any]:
    rounded = figures.rounded
    return {
        "number": step.number,
        "start": step.start.isoformat(),
        "end": step.end.isoformat() if step.end else None,
        "kind": str(step.kind),
        "every_days": step.every_days,
        "ideal_mg": step.ideal_mg,
        "doses": [_dose(step, dose) for dose in step.doses],
        "note": step.note,
        **{name: to_plain(getattr(rounded, name)) for name in StepFigures.__slots__},
    }


def _dose(step: Step, dose: Dose) -> dict[str, Any]:
    return {
        "ingredient": dose.ingredient,
        "mg_per_day": canonical(shown(step.mg_per_day(dose.ingredient))),
        "units": [{"rxcui": unit.rxcui, "strength_mg": unit.strength_mg, "slots": _slots(unit)} for unit in dose.units],
    }


def _slots(unit: Units) -> dict[str, Decimal]:
    return {str(slot): units for slot, units in unit.slots}


def _steps(value: Any) -> tuple[Step, ...]:
    if not isinstance(value, (list, tuple)):
        raise BadInput("a list of steps is expected", "steps")
    return tuple(_read_step(one, inside("steps", index)) for index, one in enumerate(value))


def _read_step(value: Any, path: str) -> Step:
    there = the_object(value, path)
    expect_fields(there, _STEP_NAMES, path)
    types = field_types(Step)
    simple = {name: from_plain(types[name], there[name], inside(path, name)) for name in types if name not in {"doses", "kind"}}
    doses = there["doses"]
    if not isinstance(doses, (list, tuple)):
        raise BadInput("a list of doses is expected", inside(path, "doses"))
    kind = from_plain(StepKind, there["kind"], inside(path, "kind"))
    return Step(**simple, kind=kind, doses=tuple(_read_dose(dose, inside(inside(path, "doses"), n)) for n, dose in enumerate(doses)))


def _read_dose(value: Any, path: str) -> Dose:
    there = the_object(value, path)
    expect_fields(there, frozenset({"ingredient", "mg_per_day", "units"}), path)
    units = there["units"]
    if not isinstance(units, (list, tuple)):
        raise BadInput("a list of units is expected", inside(path, "units"))
    ingredient = from_plain(str, there["ingredient"], inside(path, "ingredient"))
    return Dose(ingredient, tuple(_read_units(unit, inside(inside(path, "units"), n)) for n, unit in enumerate(units)))


def _read_units(value: Any, path: str) -> Units:
    there = the_object(value, path)
    expect_fields(there, frozenset({"rxcui", "strength_mg", "slots"}), path)
    slots = the_object(there["slots"], inside(path, "slots"))
    where = inside(path, "slots")
    return Units(
        from_plain(str, there["rxcui"], inside(path, "rxcui")),
        from_plain(Decimal, there["strength_mg"], inside(path, "strength_mg")),
        tuple((from_plain(Slot, slot, where), from_plain(Decimal, units, inside(where, slot))) for slot, units in slots.items()),
    )


def _plain_params(params: tuple[tuple[str, str], ...]) -> dict[str, Any] | list[list[Any]]:
    """Parameters by name; as pairs where a name comes twice, so that nothing is lost."""
    pairs = [[name, _number_or_text(value)] for name, value in params]
    by_name = {name: value for name, value in pairs if isinstance(name, str)}
    return by_name if len(by_name) == len(pairs) else pairs


def _params(value: Any) -> tuple[tuple[str, str], ...]:
    if isinstance(value, (list, tuple)):
        pairs = [_pair(one, inside("params", index)) for index, one in enumerate(value)]
    else:
        pairs = list(the_object(value, "params").items())
    return tuple((name, _param_text(one, inside("params", name))) for name, one in pairs)


def _pair(value: Any, path: str) -> tuple[str, Any]:
    if not isinstance(value, (list, tuple)) or len(value) != 2:  # noqa: PLR2004 - a pair
        raise BadInput("a pair of name and value is expected", path)
    return from_plain(str, value[0], inside(path, 0)), value[1]


def _number_or_text(text: str) -> Decimal | str:
    """A parameter as typed: a number where it is one in plain notation, so that it comes back with the same digits."""
    return Decimal(text) if _NUMBER.fullmatch(text) else text


def _param_text(value: Any, path: str) -> str:
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return plain(from_plain(Decimal, value, path))
    return str(from_plain(str, value, path))


def _agrees(made: Any, given: Any, path: str) -> None:
    """Every derived number of the document is what the plan says it is."""
    if made == given:
        return
    if isinstance(made, dict):
        for name, value in made.items():
            _agrees(value, given[name], inside(path, name))
    elif isinstance(made, list):
        for index, (value, other) in enumerate(zip(made, given, strict=True)):
            _agrees(value, other, inside(path, index))
    else:
        raise BadInput(f"{given} does not agree with the rest of the plan, which makes it {made}", path)
