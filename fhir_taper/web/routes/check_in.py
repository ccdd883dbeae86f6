"""Check-ins: what is due and why, each form, and what it said. For patients, and for whoever enters what a patient says on the phone."""

from typing import Final

from fastapi import APIRouter
from fastapi.responses import Response

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.monitoring.alarming import alarm_of
from fhir_taper.plans.monitoring.rule import Level
from fhir_taper.plans.monitoring.scoring import Scored
from fhir_taper.plans.tables.form_rows import Form, Ships
from fhir_taper.plans.tables.patient_words import load_patient_words
from fhir_taper.records import Role
from fhir_taper.web.check_in_form import Answers, answers_of, errors_of, looked_at, questions_of
from fhir_taper.web.dependencies import Form as Posted
from fhir_taper.web.dependencies import Form_, Opened, Visit
from fhir_taper.web.fields import FieldError, FormRefused, Shown
from fhir_taper.web.patient_views import contacts_of, show
from fhir_taper.workflow.check_ins import (
    CLINICIANS,
    OF_THEIR_OWN,
    can_be_stated,
    check_ins,
    filled_lately,
    followed_named,
    state_score,
)
from fhir_taper.workflow.patient_view import approve_praise, approved_praise, praise_to_approve
from fhir_taper.workflow.versions import Kept
from fhir_taper.workflow.watching import ENTERERS, fill_form, form_named, name_of, watched_plans

router = APIRouter()
_REFUSED: Final = 422
_AS_IT_IS: Final = "as_it_is"


@router.get("/app/{launch}/check-in")
def forms(visit: Opened) -> Response:
    """What is due today, and everything that may be filled in."""
    return _list(visit)


@router.post("/app/{launch}/check-in/{form}/stated")
def state(posted: Form_, form: str) -> Response:
    """A clinician enters the score of an original of which we show the link alone."""
    visit, one = posted.visit, form_named(form)
    kept = followed_named(visit.services, visit.chart, posted.form.one("plan"))
    try:
        scored = state_score(visit.services, visit.chart, kept.plan, one, posted.form.one("score"), posted.form.one("variant"))
    except WrongUsage as error:
        return _list(visit, FormRefused((FieldError(f"score-{one.id}", one.title, str(error)),), posted.form), one.id)
    return _said(visit, kept, one, scored)


@router.post("/app/{launch}/check-in-words")
def approve_words(posted: Form_) -> Response:
    """A clinician lets this patient read a word of praise."""
    visit = posted.visit
    kept = followed_named(visit.services, visit.chart, posted.form.one("plan"))
    approve_praise(visit.services, visit.chart, kept.plan, posted.form.one("praise"))
    return visit.to("check-in")


@router.get("/app/{launch}/check-in/{form}")
def ask(visit: Opened, form: str, plan: str = "") -> Response:
    """One form."""
    one = _shown_form(visit, form)
    return _page(visit, one, followed_named(visit.services, visit.chart, plan), {})


@router.post("/app/{launch}/check-in/{form}")
def send(posted: Form_, form: str) -> Response:
    """Keep a form. What is wrong or lacking is shown once beside its question; what calls for help is kept at once, whatever lacks."""
    visit, one = posted.visit, _shown_form(posted.visit, form)
    try:
        kept = followed_named(visit.services, visit.chart, posted.form.one("plan"))
    except WrongUsage as error:
        return _not_kept(visit, one, posted.form, error)
    answers = answers_of(one, kept.plan, posted.form)
    found = looked_at(one, answers)
    errors = errors_of(one, answers, found)
    may_be_kept = bool(found.answers) and (alarm_of(found) is not None or posted.form.one(_AS_IT_IS) == "yes")
    if errors and not may_be_kept:
        return _page(visit, one, kept, answers, FormRefused(errors, posted.form), may_go_on=bool(found.answers))
    return _said(visit, kept, one, fill_form(visit.services, visit.chart, kept.plan, one.id, answers))


def _not_kept(visit: Visit, form: Form, posted: Posted, error: WrongUsage) -> Response:
    """What was sent when no plan is followed any more. What calls for help is answered with whom to call all the same."""
    found = looked_at(form, {item.id: tuple(posted.all(f"q-{item.id}")) for item in form.items})
    if alarm_of(found) is None:
        raise error
    return _said(visit, None, form, found, not_kept=str(error))


def _shown_form(visit: Visit, form_id: str) -> Form:
    """A form that may be filled in by this person. Raises WrongUsage."""
    form = form_named(form_id)
    if form.licence.ships is Ships.LINK:
        raise WrongUsage(f"of {form.title} only the link may be shown: {form.licence.link}")
    if form.id in OF_THEIR_OWN or (form.needs_person and visit.chart.may(Role.PATIENT)):
        raise WrongUsage("this form is not filled in here")
    return form


def _list(visit: Visit, refused: FormRefused | None = None, of: str = "") -> Response:
    chart = visit.chart
    plans = [check_ins(visit.services, chart, kept) for kept in watched_plans(visit.services, chart)]
    may_approve = chart.may(*CLINICIANS)
    words = [(one, approved_praise(visit.services, chart, one.kept.plan)) for one in plans] if may_approve else []
    return show(
        visit,
        "check_in_list.html",
        "check-in",
        status=_REFUSED if refused else 200,
        plans=plans,
        f=Shown(refused),
        of=of,
        can_be_stated=can_be_stated,
        may_state=may_approve,
        may_enter=chart.may(*ENTERERS),
        praise=[(one.name, praise_to_approve(approved)) for one, approved in words],
        latest=filled_lately(chart, plans[0].filled, own_only=chart.may(Role.PATIENT)) if plans else (),
        may_plan_hard_days=any(form_named("hard-days").is_for(one.kept.plan.drug_class, one.kept.plan.phase) for one in plans),
        no_plan=load_patient_words()["no-plan"].words,
    )


def _page(
    visit: Visit, form: Form, kept: Kept, answers: Answers, refused: FormRefused | None = None, *, may_go_on: bool = False
) -> Response:
    errors = refused.errors if refused else ()
    return show(
        visit,
        "check_in.html",
        "check-in",
        status=_REFUSED if refused else 200,
        form_=form,
        plan=name_of(kept.plan),
        questions=questions_of(form, kept.plan, answers, errors),
        f=Shown(refused),
        may_go_on=may_go_on,
        may_enter=visit.chart.may(*ENTERERS),
    )


def _said(visit: Visit, kept: Kept | None, form: Form, scored: Scored, not_kept: str = "") -> Response:
    """What was understood; whom to call before everything else; and the form that must follow at once, where there is a plan."""
    follow = form_named(scored.next_form) if scored.next_form and kept is not None else None
    is_patient = visit.chart.may(Role.PATIENT)
    may_follow = follow is not None and not (is_patient and follow.needs_person)
    return show(
        visit,
        "check_in_said.html",
        "check-in",
        status=_REFUSED if not_kept else 200,
        is_kept=True,
        not_kept=not_kept,
        form_=follow if follow and may_follow else form,
        done=form,
        scored=scored,
        words=[one.words for one in scored.said if one.signal != form.event],
        alarm=alarm_of(scored),
        level=Level,
        contacts=contacts_of(kept.plan) if kept is not None else (),
        follows=follow if may_follow else None,
        is_asked_by_clinic=follow is not None and not may_follow,
        plan=name_of(kept.plan) if kept is not None else "",
        questions=questions_of(follow, kept.plan, {}, ()) if kept is not None and follow and may_follow else (),
        f=Shown(),
        may_go_on=False,
        may_enter=True,
    )
