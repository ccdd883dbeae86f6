"""What a person asks of a plan that runs, read from a form. One grammar with the command line: what is ambiguous is refused."""

from decimal import Decimal
from typing import Final

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.plans.tapers.restart import Slower
from fhir_taper.web.dependencies import Form, whole_number
from fhir_taper.web.forms import PARAMETERS
from fhir_taper.workflow.course import Asked, Turn
from fhir_taper.workflow.replan import way_asked
from fhir_taper.workflow.typed import typed_mg

_LONGEST: Final = 500
_MOST_DIGITS: Final = 9
_MOST_DAYS: Final = 3650
"""More than this is a typing error; what is allowed is the plan's business."""
OF_A_WAY: Final = (*PARAMETERS, "bands")
FIELDS: Final = ("reason", "days", "step", "override", "slower", "way", "actual_mg", *OF_A_WAY)
"""What a preview carries on, as it was typed."""


def turn_of(word: str) -> Turn:
    """What is asked, by its name in the address. Raises WrongUsage."""
    try:
        return Turn(word)
    except ValueError:
        raise WrongUsage("a plan cannot go on like that") from None


def asked_of(form: Form, turn: Turn, plan: TaperPlan) -> Asked:
    """The question in a form. Raises WrongUsage naming the field."""
    reason = form.one("reason")
    if len(reason) > _LONGEST:
        raise WrongUsage(f"reason is longer than {_LONGEST} characters")
    strategy: str | None = None
    protocol: str | None = None
    params: tuple[tuple[str, str], ...] = ()
    if turn is Turn.CHANGE_STRATEGY:
        typed = tuple((name, value) for name in OF_A_WAY if (value := form.one(name)))
        strategy, protocol, params = way_asked(plan, form.one("way"), typed)
    return Asked(
        turn,
        reason,
        days=_whole(form, "days") or 0,
        step=_whole(form, "step"),
        is_override=form.one("override") == "yes",
        slower=_slower(form.one("slower")),
        strategy=strategy,
        protocol=protocol,
        params=params,
        actual_mg=_amount(form),
    )


def carried(form: Form) -> tuple[tuple[str, str], ...]:
    """The fields of the question as they were typed, for the button of the preview."""
    return tuple((name, value) for name in FIELDS if (value := form.one(name)))


def _whole(form: Form, name: str) -> int | None:
    text = form.one(name)
    if not text:
        return None
    number = whole_number(text, _MOST_DIGITS)
    if number is None or number > _MOST_DAYS:
        raise WrongUsage(f"{name}: {text[:20]!r} is not a whole number up to {_MOST_DAYS}")
    return number


def _slower(text: str) -> Slower:
    try:
        return Slower(text) if text else Slower.INTERVAL
    except ValueError:
        raise WrongUsage(f"slower: {text[:40]!r} is none of {', '.join(Slower)}") from None


def _amount(form: Form) -> Decimal | None:
    text = form.one("actual_mg")
    try:
        return typed_mg(text) if text else None
    except WrongUsage as error:
        raise WrongUsage(f"actual_mg: {error}") from error
