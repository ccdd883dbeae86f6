"""An edit of one step, read from its form. One grammar with the command line: what is ambiguous is refused by the name of its field."""

from decimal import Decimal
from typing import Final

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.tapers.edits import Delete, Edit, Hold, Insert, Lengthen, SetDose
from fhir_taper.web.dependencies import Form, whole_number
from fhir_taper.workflow.typed import typed_mg

_MOST_DIGITS: Final = 5


def edit_of(form: Form) -> Edit:
    """The edit in a form. `lasts` is how long the step is to last in all, `now` how long it lasts. Raises WrongUsage naming the field."""
    step = form.number("step")
    match form.one("edit"):
        case "dose":
            return SetDose(step, _mg(form), _is_ticked(form, "later"))
        case "lasts":
            return Lengthen(step, _more(form, step), _is_ticked(form, "later"))
        case "pause":
            return Hold(step, _days(form, "days"))
        case "insert":
            return Insert(step, _mg(form), _days(form, "days"))
        case "delete":
            return Delete(step)
    raise WrongUsage("the form is damaged: open the page again")


def _mg(form: Form) -> Decimal:
    text = form.one("mg")
    if not text:
        raise WrongUsage("Dose: say how many mg a day")
    try:
        return typed_mg(text)
    except WrongUsage as error:
        raise WrongUsage(f"Dose: {error}") from error


def _days(form: Form, name: str) -> int:
    text = form.one(name)
    days = whole_number(text, _MOST_DIGITS)
    if days is None:
        raise WrongUsage(f"Days: {text[:20]!r} is not a number of days like 14")
    return days


def _more(form: Form, step: int) -> int:
    """By how many days a step that is to last so many is longer than now."""
    asked, lasts = _days(form, "lasts"), form.number("now")
    if asked <= lasts:
        raise WrongUsage(f"Days: step {step} lasts {lasts} days, and steps are made longer here, never shorter")
    return asked - lasts


def _is_ticked(form: Form, name: str) -> bool:
    return form.one(name) == "yes"
