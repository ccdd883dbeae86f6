"""The versions of a patient's plans: the list, one of them read-only, two beside each other; and plans that stand in the EHR."""

from dataclasses import replace

from fastapi import APIRouter
from fastapi.responses import Response

from fhir_taper.records import Role
from fhir_taper.render.pages import page_of, title_of
from fhir_taper.render.version_words import field_rows, step_rows, what_changed
from fhir_taper.web.course_views import charted, paused_step, version_row
from fhir_taper.web.dependencies import Form_, Opened
from fhir_taper.web.ehr_says_view import ehr_says_view
from fhir_taper.web.rendering import chart
from fhir_taper.workflow.adopt import adopt, standing_in_ehr
from fhir_taper.workflow.print_plan import cover_of_version
from fhir_taper.workflow.versions import compared, replaced_by, version_named, versions_of

router = APIRouter()


@router.get("/app/{launch}/versions")
def versions(visit: Opened) -> Response:
    """Every version of every plan, and what of them stands in the EHR."""
    standing = standing_in_ehr(visit.services, visit.chart, visit.loaded())
    there = {one.plan.id: f"{one.reference}{', edited there' if one.edits else ''}" for one in standing}
    plans = versions_of(visit.services, visit.chart)
    return visit.page(
        "versions.html",
        "plan",
        ehr_says=ehr_says_view(visit),
        plans=[
            (title_of(kept[0].plan), [version_row(one, visit.chart, there.get(one.version.id, "")) for one in kept]) for _, kept in plans
        ],
        standing=[(one, title_of(one.plan)) for one in standing],
        may_adopt=visit.chart.may(Role.PRESCRIBER),
    )


@router.get("/app/{launch}/versions/{version}")
def version(visit: Opened, version: str) -> Response:
    """One version, as it was kept."""
    kept = version_named(visit.services, visit.chart, version)
    plan, day = kept.plan, visit.today(kept.plan.zone)
    reading = visit.loaded().reading(day)
    return visit.page(
        "version.html",
        "plan",
        ehr_says=[one for one in ehr_says_view(visit) if one[0].plan.key == plan.key],
        plan=page_of(
            plan,
            replace(cover_of_version(kept.version, plan, reading), printed=None, day=day, replaced_by=replaced_by(visit.services, kept)),
        ),
        row=version_row(kept, visit.chart, ""),
        chart=chart([charted(plan, day, plan.drug)], title_of(plan)),
        paused=paused_step(plan, day),
    )


@router.get("/app/{launch}/compare")
def compare(visit: Opened, before: str = "", after: str = "") -> Response:
    """Two versions beside each other, the earlier one first."""
    first, second, found = compared(visit.services, visit.chart, before, after)
    day = visit.today(second.plan.zone)
    lines = [charted(one.plan, day, f"version {one.version.version}") for one in (first, second)]
    return visit.page(
        "compare.html",
        "plan",
        title=title_of(second.plan),
        pair=[version_row(one, visit.chart, "") for one in (first, second)],
        changed=what_changed(second.plan),
        is_none=found.is_none,
        chart=chart(lines, f"{second.plan.drug}: two versions"),
        steps=step_rows(found),
        fields=field_rows(found),
    )


@router.post("/app/{launch}/adopt")
def take_over(posted: Form_) -> Response:
    """Take a plan over that stands in the EHR alone."""
    visit, form = posted.visit, posted.form
    adopt(visit.services, visit.chart, form.one("reference"), form.one("seen"), edits_are_seen=form.one("edits") == "seen")
    return visit.to("versions")
