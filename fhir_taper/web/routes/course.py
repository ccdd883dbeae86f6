"""The plan that stands: hold, resume, review, slow, step back, another way, an end. Each is shown before it is saved."""

from fastapi import APIRouter
from fastapi.responses import Response

from fhir_taper.plans.monitoring.rules import load_rules
from fhir_taper.plans.tapers.differences import differences
from fhir_taper.plans.tapers.dispensing import next_window
from fhir_taper.plans.tapers.first_supply import first_supply
from fhir_taper.plans.tapers.in_force import keep_taking
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.plans.tapers.restart import Slower
from fhir_taper.records import Role
from fhir_taper.render.pages import title_of
from fhir_taper.render.version_words import field_rows, step_rows, what_changed
from fhir_taper.web.course_views import charted, running_view
from fhir_taper.web.dependencies import Form_, Opened, Visit
from fhir_taper.web.ehr_says_view import ehr_says_view
from fhir_taper.web.forms import PARAMETERS
from fhir_taper.web.monitoring_view import unread_lines
from fhir_taper.web.rendering import chart
from fhir_taper.web.turn_forms import asked_of, carried, turn_of
from fhir_taper.web.view_models import no_in_words
from fhir_taper.workflow.chosen_plan import is_accepted
from fhir_taper.workflow.course import MAKES_A_DRAFT, Turn, Turned, running_plans, save_turn, stops_of, turned, waiting_for_answers
from fhir_taper.workflow.next_version import draft_next, next_version
from fhir_taper.workflow.regimen import Reading
from fhir_taper.workflow.replan import ways_on
from fhir_taper.workflow.strategies import name_of_way
from fhir_taper.workflow.versions import Kept, version_named
from fhir_taper.workflow.watching import watch

router = APIRouter()
_CONFLICT = 409
_NOT_SHOWN = frozenset({"revisions", "gates", "milestones", "findings", "acknowledgements"})
"""Fields that follow from the steps, or stand on the page already."""


@router.get("/app/{launch}/course")
def course(visit: Opened, alert: str = "") -> Response:
    """Every plan that is followed, and what may become of it. `alert`: the rule for which somebody came; its title begins the reason."""
    plans = running_plans(visit.services, visit.chart)
    reading, loaded = visit.reading(), visit.loaded()
    seen = [watch(visit.services, visit.chart, loaded, one) for one in plans]
    return visit.page(
        "course.html",
        "plan",
        ehr_says=ehr_says_view(visit),
        stops=[(title_of(one.plan), stop) for one in plans for stop in stops_of(visit.services, visit.chart, loaded, one.plan)],
        plans=[(running_view(one, visit.today(one.plan.zone)), _ways(reading, one.plan)) for one in plans],
        unread_here=unread_lines(seen),
        waiting={one.kept.version.id: waiting_for_answers(one) for one in seen},
        because=next((rule.title for rule in load_rules().rules if rule.id == alert), ""),
        turn=Turn,
        slower_choices=[(one.value, one.value) for one in reversed(Slower)],
        parameters=PARAMETERS,
        may_decide=visit.chart.may(Role.PRESCRIBER),
        may_draft=visit.chart.may(Role.PRESCRIBER, Role.PHARMACIST),
        has_draft=next_version(visit.services, visit.chart) is not None,
    )


@router.post("/app/{launch}/course/{turn}")
def go_on(posted: Form_, turn: str) -> Response:
    """Show what would become of the plan; with the digest of what was shown, save it."""
    visit, form = posted.visit, posted.form
    kept = version_named(visit.services, visit.chart, form.one("version"))
    asked = asked_of(form, turn_of(turn), kept.plan)
    seen = form.one("seen")
    if seen and asked.turn in MAKES_A_DRAFT:
        draft_next(visit.services, visit.chart, kept.version.id, asked, seen, form.number("draft"))
        return visit.to("next")
    if seen:
        save_turn(visit.services, visit.chart, kept.version.id, asked, seen)
        return visit.to("write-back")
    found = turned(visit.services, visit.chart, visit.loaded(), kept.version.id, asked)
    if isinstance(found, Infeasible):
        return visit.page("course_no.html", "plan", status=_CONFLICT, title=title_of(kept.plan), refused=no_in_words(found))
    return _preview(visit, kept, found, asked.turn, carried(form))


def _preview(visit: Visit, kept: Kept, found: Turned, turn: Turn, fields: tuple[tuple[str, str], ...]) -> Response:
    day = visit.today(kept.plan.zone)
    reading = visit.loaded().reading(day)
    there = next_version(visit.services, visit.chart) if found.is_draft else None
    lacks = first_supply(found.after, reading.regimen.items)
    compared = differences(found.before, found.after)
    lines = [charted(found.before, day, f"version {found.before.version}, now"), charted(found.after, day, "as it would be")]
    return visit.page(
        "course_preview.html",
        "plan",
        title=title_of(found.after),
        changed=what_changed(found.after),
        held=keep_taking(found.after, day),
        is_draft=found.is_draft,
        stops=found.stops,
        rises=[one for one in found.after.findings if is_accepted(found.after, one) and one not in found.before.findings],
        reason=dict(fields).get("reason", "").strip(),
        chart=chart(lines, f"{found.after.drug}: as it is and as it would be"),
        steps=step_rows(compared),
        fields=[row for row, one in zip(field_rows(compared), compared.fields, strict=True) if one.name not in _NOT_SHOWN],
        supply=next_window(found.after, max(day, found.after.steps[0].start), reading.tables.safety.life, lacks=lacks),
        version=kept.version.id,
        number=found.after.version,
        turn=turn.value,
        replaced=title_of(there.plan) if there else "",
        draft=there.revision if there else 0,
        carried=fields,
        seen=found.seen,
    )


def _ways(reading: Reading, plan: TaperPlan) -> list[tuple[str, str]]:
    """The ways to go on by name, protocols with their titles."""
    titles = {name_of_way(row.id, None): row.title for row in reading.tables.limits.protocols.values()}
    return [(way, titles.get(way, way.removeprefix("strategy "))) for way in ways_on(reading, plan)]
