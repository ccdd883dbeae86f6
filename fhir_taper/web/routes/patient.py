"""The patient's own pages: the approved plan today, a wish to pause, how often to be asked, the plan for hard days, the way back.

The team may look at them as the patient sees them, and enter on the phone what the patient says.
"""

from typing import Final

from fastapi import APIRouter
from fastapi.responses import Response

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.monitoring.aftercare import is_over
from fhir_taper.plans.tables import load
from fhir_taper.plans.tables.patient_words import load_patient_words
from fhir_taper.plans.tapers.plan import Phase, TaperPlan, Tier
from fhir_taper.render.contingency_words import contingency_words
from fhir_taper.render.pages import title_of
from fhir_taper.web.dependencies import Form_, Opened, Visit
from fhir_taper.web.fields import Shown
from fhir_taper.web.patient_views import contacts_of, in_days, rhythms, show
from fhir_taper.workflow.aftercare import aftercare_plan, ask_to_come_back, hard_days_of, in_patient_words, over_time, save_hard_days
from fhir_taper.workflow.check_ins import check_ins, followed_named
from fhir_taper.workflow.patient_view import approved_praise, ask_for_pause, own_plan, praise_due, words_for
from fhir_taper.workflow.versions import Kept
from fhir_taper.workflow.watching import choose_rhythm, form_named, name_of, watched_plans
from fhir_taper.workflow.wishes import unanswered_pause

router = APIRouter()
_FIRST_STEPS: Final = 4
_LOST_TOLERANCE: Final = "lost-tolerance"


@router.get("/app/{launch}/today")
def today(visit: Opened) -> Response:
    """The approved plan as it is today."""
    plans = [_own(visit, kept) for kept in watched_plans(visit.services, visit.chart)]
    return show(
        visit,
        "patient_today.html",
        "today",
        own=True,
        plans=plans,
        said=load_patient_words(),
        in_days=in_days,
        first_steps=_FIRST_STEPS,
        rhythms=rhythms,
    )


@router.post("/app/{launch}/pause")
def pause(posted: Form_) -> Response:
    """One tap: the patient wants a pause. Nothing of the plan changes by it; the team is told by rule B35."""
    visit = posted.visit
    kept, _ = ask_for_pause(visit.services, visit.chart, posted.form.one("plan"))
    return _thanks(visit, kept.plan, "Your wish to pause is noted", "pause-thanks")


@router.post("/app/{launch}/come-back")
def come_back(posted: Form_) -> Response:
    """One tap: the patient wants to come back. Rule A15 sees to it that somebody calls."""
    visit = posted.visit
    kept = ask_to_come_back(visit.services, visit.chart, posted.form.one("plan"))
    return _thanks(visit, kept.plan, "We will call you", "come-back-thanks", _LOST_TOLERANCE)


@router.post("/app/{launch}/rhythm")
def rhythm(posted: Form_) -> Response:
    """How often the patient wants to be asked."""
    visit = posted.visit
    kept = followed_named(visit.services, visit.chart, posted.form.one("plan"))
    days = posted.form.number("every_days")
    if days not in dict(rhythms(_most(kept.plan))):
        raise WrongUsage("choose how often you want to be asked")
    choose_rhythm(visit.services, visit.chart, kept.plan, days)
    return visit.to("today")


@router.get("/app/{launch}/hard-days")
def hard_days(visit: Opened, plan: str = "") -> Response:
    """The relapse-prevention plan, its older versions, and what the check-ins of aftercare said over time."""
    kept, form = followed_named(visit.services, visit.chart, plan), form_named("hard-days")
    if not form.is_for(kept.plan.drug_class, kept.plan.phase):
        raise WrongUsage("a plan for hard days is written after the last step, or where a plan stays at a dose")
    return _hard_days(visit, kept)


@router.post("/app/{launch}/hard-days")
def keep_hard_days(posted: Form_) -> Response:
    """Keep it as a new version."""
    visit, form = posted.visit, posted.form
    kept = followed_named(visit.services, visit.chart, form.one("plan"))
    answers = {item.id: form.one(f"q-{item.id}") for item in form_named("hard-days").items}
    save_hard_days(visit.services, visit.chart, kept, answers, form.one("newest"))
    return visit.to("hard-days")


def _hard_days(visit: Visit, kept: Kept) -> Response:
    versions = hard_days_of(visit.services, visit.chart)
    newest = versions[-1].answers if versions else {}
    after = aftercare_plan(visit.services, visit.chart, kept) if is_over(kept.plan) else None
    return show(
        visit,
        "relapse_plan.html",
        "hard-days",
        form_=form_named("hard-days"),
        plan=name_of(kept.plan),
        newest=newest,
        newest_id=versions[-1].id if versions else "",
        line_end=Shown.line_end,
        versions=[(f"{visit.chart.local(one.at):%Y-%m-%d %H:%M}", one.by, one.answers) for one in reversed(versions)],
        over_time=over_time(visit.services, visit.chart, kept.plan),
        is_aftercare=after is not None,
        goes_on=[one.says for one in after.activities] if after else (),
        goes_on_for_patient=in_patient_words(after, {_LOST_TOLERANCE}) if after else (),
        said=load_patient_words(),
        contacts=contacts_of(kept.plan),
    )


def _thanks(visit: Visit, plan: TaperPlan, title: str, *names: str) -> Response:
    words = [load_patient_words()[name].words for name in names]
    return show(visit, "patient_thanks.html", "today", own=True, title=title, words=words, contacts=contacts_of(plan))


def _own(visit: Visit, kept: Kept) -> dict[str, object]:
    """Everything that the page says of one plan."""
    services, chart, plan = visit.services, visit.chart, kept.plan
    day = visit.today(plan.zone)
    own, asked = own_plan(plan, day, unanswered_pause(services, chart, plan)), check_ins(services, chart, kept)
    praise, words = praise_due(own, approved_praise(services, chart, plan)), words_for(own)
    return {
        "own": own,
        "title": title_of(plan),
        "name": name_of(plan),
        "asked": asked,
        "words": [one.words for one in words],
        "goes_on": in_patient_words(aftercare_plan(services, chart, kept), {one.id for one in words}) if is_over(plan) else (),
        "praise": praise.words if praise else "",
        "contacts": contacts_of(plan),
        "advice": contingency_words(plan),
        "most": _most(plan),
        "may_plan_hard_days": form_named("hard-days").is_for(plan.drug_class, plan.phase),
    }


def _most(plan: TaperPlan) -> int | None:
    """The longest rhythm that may be chosen: while a dose is tapered that of the tier; None after it."""
    return None if plan.phase is Phase.AFTERCARE else load().safety.meaning(plan.tier or Tier.HIGH).check_in_days
