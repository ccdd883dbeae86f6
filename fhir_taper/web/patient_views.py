"""The pages that patients and their team share: one content, in the patient's own frame or under the team's strip and tabs."""

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from fastapi.responses import HTMLResponse

from fhir_taper.errors import TaperError
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.records import Role
from fhir_taper.web.dependencies import Visit

_OWN, _TEAM = "patient.html", "base.html"
_WEEK: Final = 7


def show(
    visit: Visit, template: str, tab: str, *, status: int = 200, own: bool = False, is_kept: bool = False, **words: Any
) -> HTMLResponse:
    """A page in the frame of whoever looks at it; `own`: always the patient's, so that the team sees what the patient sees.

    `is_kept`: it answers what was kept already, and is shown in a frame without the chart where that cannot be read.
    """
    chart = visit.chart
    is_patient = chart.may(Role.PATIENT)
    said = words | {
        "crisis": chart.tenant.crisis_lines,
        "is_patient": is_patient,
        "to_patient": is_patient or own,
        "until": f"{chart.local(chart.until):%H:%M}",
        "day_words": day_words,
    }
    if is_patient or own:
        return visit.part(template, status=status, layout=_OWN, tab=tab, name=chart.launch.user_name if is_patient else "", **said)
    try:
        return visit.page(template, tab, status=status, layout=_TEAM, **said)
    except TaperError:
        if not is_kept:
            raise
        return visit.part(template, status=status, layout=_OWN, tab=tab, name="", **said)


def contacts_of(plan: TaperPlan) -> tuple[str, ...]:
    """Whom the plan says to call."""
    return plan.contingency.emergency_contacts


def day_words(day: date, today: date | None = None) -> str:
    """A day as people say it: "Monday, May 4", with its year where that is not today's."""
    said = f"{day:%A, %B} {day.day}"
    return said if today is not None and day.year == today.year else f"{said}, {day.year}"


def in_days(day: date, today: date) -> str:
    """How far away a day is: "today", "tomorrow", "in 12 days", "in 3 weeks"."""
    days = (day - today).days
    if days <= 1:
        return {0: "today", 1: "tomorrow"}.get(days, "")
    return f"in {days // _WEEK} weeks" if days % _WEEK == 0 and days > _WEEK else f"in {days} days"


def rhythms(most: int | None) -> Iterator[tuple[int, str]]:
    """Rhythms to choose from, in words; those rarer than `most` days are not among them."""
    words = {1: "every day", 2: "every 2 days", 3: "every 3 days", 7: "every week", 14: "every 2 weeks", 30: "every month"}
    yield from ((days, said) for days, said in words.items() if most is None or days <= most)
