"""What a plan rests on that cannot be read just now: that nothing is found there then proves nothing, neither a label nor a Stop.

Who approved a plan may have accepted that a type could not be read. It may stay so, unless the plan rests on resources of that type.
"""

from collections.abc import Iterable
from typing import Final

from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.workflow.load_chart import SEARCHED, Loaded

SOURCES_OF_STOPS: Final = tuple(kind for kind in SEARCHED if kind != "AllergyIntolerance")
"""What findings look at: no finding is of an allergy."""
_INCOMPLETE: Final = "chart-incomplete"


def unread_now(loaded: Loaded, plan: TaperPlan, kinds: Iterable[str] = SEARCHED) -> tuple[str, ...]:
    """A sentence for each of these types of which the chart of now may lack something that counts for the plan; empty where none does."""
    rests_on = {source.partition("/")[0] for source in plan.sources}
    accepted = " ".join(one.message for one in plan.acknowledgements if one.code == _INCOMPLETE)
    lacking = ((kind, _words(loaded, kind)) for kind in kinds if loaded.may_lack(kind))
    return tuple(says for kind, says in lacking if kind in rests_on or says not in accepted)


def unread_plans(loaded: Loaded) -> tuple[str, ...]:
    """Why no plan may begin to run while care plans are unread, whoever accepted it: a second one of the same medicine might."""
    why = "whether another plan of this medicine runs, or one that is reduced near it, is not known: read the chart again"
    return (f"{_words(loaded, 'CarePlan')}: {why}",) if loaded.may_lack("CarePlan") else ()


def _words(loaded: Loaded, kind: str) -> str:
    """What the EHR said of the type, as it stands on every page."""
    return next(one.message for one in loaded.chart.issues if one.source == kind and one.code in {"not-read", "maybe-incomplete"})
