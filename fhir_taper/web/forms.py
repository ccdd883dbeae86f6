"""What a person typed, as the use cases take it. The command line's grammar: an ambiguous number is refused, never guessed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final, TypeVar

from fhir_taper.errors import WrongUsage
from fhir_taper.web.dependencies import Form
from fhir_taper.workflow.plan_options import PlanOptions
from fhir_taper.workflow.typed import BenzoTable, DurationOfUse, PermittedParts, typed_day, typed_mg

_Value = TypeVar("_Value")

PARAMETERS: Final = ("percent", "interval_days", "steps", "floor_mg")
_LONGEST: Final = 500


def options_of(form: Form, who: str) -> PlanOptions:
    """The question in a form. `who` confirms what a person must confirm. Raises WrongUsage naming the field."""
    baseline = _amount(form, "baseline")
    confirmed = form.all("confirm")
    parts = _one_of(form, "parts", tuple(PermittedParts))
    return PlanOptions(
        drug=_text(form, "drug") or _missing("which medicine"),
        start=_day(form, "start"),
        target_mg=_amount(form, "target") or Decimal(0),
        params=tuple((name, value) for name in PARAMETERS if (value := _text(form, name))),
        baseline_mg=baseline,
        baseline_by=f"{_text(form, 'baseline_how') or 'said at the visit'}, entered by {who}" if baseline is not None else "",
        confirmed=confirmed,
        confirmed_by=who if confirmed else "",
        use=_one_of(form, "use", tuple(DurationOfUse)),
        benzo_table=_one_of(form, "benzo_table", tuple(BenzoTable)),
        parts=PermittedParts(parts).per_unit if parts else None,
        reason=_text(form, "reason"),
    )


def changed_options(form: Form, options: PlanOptions) -> PlanOptions:
    """The options of a draft with what its editor may change: first day, target, the parameters of its strategy."""
    names = {name for name, _ in options.params} | set(PARAMETERS)
    kept = tuple((name, value) for name, value in options.params if name not in PARAMETERS)
    edited = tuple((name, value) for name in PARAMETERS if name in names and (value := _text(form, name)))
    return replace(options, start=_day(form, "start"), target_mg=_amount(form, "target") or Decimal(0), params=(*kept, *edited))


def _text(form: Form, name: str) -> str:
    text = form.one(name)
    if len(text) > _LONGEST:
        raise WrongUsage(f"{name} is longer than {_LONGEST} characters")
    return text


def _missing(what: str) -> str:
    raise WrongUsage(f"the form does not say {what}")


def _day(form: Form, name: str) -> date:
    return _typed(form, name, typed_day)


def _amount(form: Form, name: str) -> Decimal | None:
    return _typed(form, name, typed_mg) if form.one(name) else None


def _typed(form: Form, name: str, read: Callable[[str], _Value]) -> _Value:
    try:
        return read(form.one(name))
    except WrongUsage as error:
        raise WrongUsage(f"{name}: {error}") from error


def _one_of(form: Form, name: str, choices: tuple[str, ...]) -> str | None:
    text = form.one(name)
    if text and text not in choices:
        raise WrongUsage(f"{name}: {text[:40]!r} is none of {', '.join(choices)}")
    return text or None
