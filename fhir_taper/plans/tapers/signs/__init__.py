"""Signs: the predicates that rows of findings.toml and tiers.csv name. `SIGNS` is the closed set; `look` asks one of them.

A sign looks at one `Case` and says what it saw, with evidence, or None. It holds no numbers: bounds come with the condition. A sign that
cannot look (no value, no date) sees nothing: what could not be looked at has findings of its own.
"""

from collections.abc import Callable, Iterable

from fhir_taper.errors import TableError
from fhir_taper.plans.tables.safety_tables import Condition
from fhir_taper.plans.tapers.signs import chart_signs, dose_signs, medicine_change_signs, plan_signs, regimen_signs
from fhir_taper.plans.tapers.signs.case import Case, Seen

Sign = Callable[[Case, Condition], Seen | None]

SIGNS: dict[str, Sign] = {
    **chart_signs.SIGNS,
    **regimen_signs.SIGNS,
    **medicine_change_signs.SIGNS,
    **dose_signs.SIGNS,
    **plan_signs.SIGNS,
}


def look(case: Case, condition: Condition) -> Seen | None:
    """What the condition's sign sees in the case. Raises TableError for a sign that does not exist."""
    try:
        sign = SIGNS[condition.sign]
    except KeyError:
        raise TableError(f"no sign is called {condition.sign!r}") from None
    return sign(case, condition)


def look_for(case: Case, conditions: Iterable[Condition]) -> tuple[Seen | None, ...]:
    """What each condition sees, in order."""
    return tuple(look(case, condition) for condition in conditions)
