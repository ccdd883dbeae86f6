"""The holds of a plan, by the notes of its versions: when reductions were paused, and until when. The one that lasts ends today."""

from datetime import date
from typing import Final

from fhir_taper.plans.tapers.plan import Phase, PlanState, TaperPlan

_ENDS_A_HOLD: Final = frozenset({"resume", "step-back", "approve", "complete", "revoke"})
_ENDS_HERE: Final = "stop-at"


def holds_of(plan: TaperPlan, today: date) -> tuple[tuple[date, date], ...]:
    """Each hold up to today: its first day, and the day on which it ended, or today where it lasts. A hold that was made longer is one."""
    ends = _ENDS_A_HOLD | ({_ENDS_HERE} if plan.phase is Phase.MAINTENANCE else frozenset())
    found: list[tuple[date, date]] = []
    since = None
    for note in plan.revisions:
        if note.on > today:
            break
        if note.kind == "hold" and since is None:
            since = note.on
        elif note.kind in ends and since is not None:
            found.append((since, note.on))
            since = None
    if since is not None and plan.state is PlanState.ON_HOLD:
        found.append((since, today))
    return tuple(found)


def days_on_hold(plan: TaperPlan, today: date) -> int:
    """Days on which reductions were paused, up to today."""
    return sum((end - start).days for start, end in holds_of(plan, today))
