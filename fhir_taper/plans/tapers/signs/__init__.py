"""Signs: the predicates that rows of findings.toml and tiers.csv name. `SIGNS` is the closed set; `look` asks one of them.

A sign looks at the chart alone (`ChartCase`) or at one taper of it (`Case`) and says what it saw, with evidence, or None. It holds no
numbers: bounds come with the condition. A sign that cannot look (no value, no date) sees nothing: what could not be looked at has
findings of its own.
"""

from collections.abc import Callable

from fhir_taper.errors import TableError
from fhir_taper.plans.tables.safety_tables import Condition
from fhir_taper.plans.tapers.signs import chart_signs, dose_signs, medicine_change_signs, plan_signs, regimen_signs
from fhir_taper.plans.tapers.signs.case import Case, ChartCase, Seen

ChartSign = Callable[[ChartCase, Condition], Seen | None]
TaperSign = Callable[[Case, Condition], Seen | None]

_CHART_SIGNS: dict[str, ChartSign] = {**chart_signs.SIGNS, **regimen_signs.SIGNS, **medicine_change_signs.SIGNS, **dose_signs.SIGNS}
_TAPER_SIGNS: dict[str, TaperSign] = {**regimen_signs.TAPER_SIGNS, **dose_signs.TAPER_SIGNS, **plan_signs.TAPER_SIGNS}
SIGNS = frozenset(_CHART_SIGNS.keys() | _TAPER_SIGNS.keys())


def is_of_chart(condition: Condition) -> bool:
    """Whether the condition's sign looks at the chart alone, and so sees the same for every taper."""
    return condition.sign in _CHART_SIGNS


def look(case: Case, condition: Condition) -> Seen | None:
    """What the condition's sign sees in the case. Raises TableError for a sign that does not exist."""
    of_chart = _CHART_SIGNS.get(condition.sign)
    if of_chart is not None:
        return case.chart.look_once(of_chart, condition)
    try:
        sign = _TAPER_SIGNS[condition.sign]
    except KeyError:
        raise TableError(f"no sign is called {condition.sign!r}") from None
    return sign(case, condition)
