"""Screen 1: what is taken, what it equals, what could not be read or computed, and a box for what a person knows of that."""

from collections.abc import Iterable
from typing import Final

from fastapi import APIRouter
from fastapi.responses import Response
from markupsafe import Markup

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.medicines.dose_history import DoseHistory
from fhir_taper.plans.tables.history_rules import load_history_rules
from fhir_taper.render.charts import Mark
from fhir_taper.render.history import HistoryView, history_view
from fhir_taper.render.regimen_rows import issues_of, left_out_of, not_counted, others_of, remarks_of, rows_of
from fhir_taper.render.total_words import companions_in_words, total_in_words
from fhir_taper.web.dependencies import Form_, Opened, Visit
from fhir_taper.web.ehr_says_view import ehr_says_view
from fhir_taper.web.fields import FormRefused
from fhir_taper.web.granted_words import not_granted_words
from fhir_taper.web.open_records import Typed, open_records, refused_dose, typed_dose
from fhir_taper.workflow.assessed import with_assessed
from fhir_taper.workflow.dose_history import thresholds
from fhir_taper.workflow.keep_assessment import EDITORS, assessment_of, enter_dose, remove_dose
from fhir_taper.workflow.kept_work import give_up, kept_work
from fhir_taper.workflow.regimen import Reading, before_a_taper

router = APIRouter()
SCREENS: Final = ("regimen", "intake", "strategies", "plan", "safety", "approve", "write-back", "monitoring", "alerts")
"""In the order of the work: where a refresh leads back to."""


@router.get("/app/{launch}/regimen")
def regimen(visit: Opened) -> Response:
    """The regimen of today."""
    return _page(visit)


@router.post("/app/{launch}/entered")
def enter(posted: Form_) -> Response:
    """Note what is taken a day of a record that says no dose, or take that back."""
    visit, form = posted.visit, posted.form
    revision = form.number("revision")
    try:
        if form.one("do") == "remove":
            remove_dose(visit.services, visit.chart, form.one("source"), revision)
        else:
            source, mg, how = typed_dose(form)
            enter_dose(visit.services, visit.chart, visit.reading().regimen, source, mg, how, revision)
    except FormRefused as refused:
        return _page(visit, Typed(form.one("source"), refused))
    except WrongUsage as error:
        return _page(visit, Typed(form.one("source"), refused_dose(form, error)))
    return visit.to("regimen")


@router.post("/app/{launch}/give-up")
def give_up_draft(posted: Form_) -> Response:
    """Drop a draft that nobody wants any more."""
    give_up(posted.visit.services, posted.visit.chart, posted.form.number("revision"))
    return posted.visit.to("regimen")


@router.post("/app/{launch}/refresh")
def refresh(posted: Form_) -> Response:
    """Read the chart again, and back to the screen."""
    posted.visit.loaded(afresh=True)
    screen = posted.form.one("back_to")
    return posted.visit.to(screen if screen in SCREENS else SCREENS[0])


def _page(visit: Visit, typed: Typed | None = None) -> Response:
    read, held = visit.reading(), assessment_of(visit.services, visit.chart)
    reading = with_assessed(read, held.assessed)
    taken, totals = reading.regimen, (reading.mme, reading.diazepam)
    rows, launch = rows_of(taken, *totals), visit.chart.launch
    records = open_records(read.regimen, held, typed)
    histories = visit.loaded().histories(read.regimen.as_of)
    is_gone = typed is not None and typed.source not in {one.source for one in records}
    return visit.page(
        "regimen.html",
        "regimen",
        ehr_says=ehr_says_view(visit),
        status=422 if typed else 200,
        not_granted=not_granted_words(visit.chart),
        kept=[(one, visit.chart.local(one.at)) for one in kept_work(visit.services, visit.chart)],
        open_records=records,
        gone=typed.refused.errors if typed and is_gone else (),
        may_enter=visit.chart.may(*EDITORS),
        revision=held.revision,
        rows=rows,
        prescribers={one: launch.user_name if one == launch.user else one for row in rows for one in row.prescribers},
        is_complete=taken.complete,
        totals=[(words, [str(line) for line in one.lines], left_out_of(one)) for one in totals if (words := total_in_words(one))],
        companions=companions_in_words(taken),
        remarks=remarks_of(taken),
        not_counted=not_counted(taken),
        others=others_of(taken),
        issues=issues_of(taken),
        findings=before_a_taper(reading),
        histories=_drawn(histories, read),
        # Histories of which nothing can be drawn: what they lack is said all the same.
        not_drawn=tuple(dict.fromkeys(line for one in histories if one.is_empty for line in one.not_drawn)),
    )


def _drawn(histories: Iterable[DoseHistory], reading: Reading) -> list[tuple[HistoryView, Markup]]:
    """A year of ordered doses, of each class that was ordered or may have been."""
    means = load_history_rules().means
    views = [
        history_view(one, means, [Mark(value, label.partition(" (")[0]) for value, label in levels], [label for _, label in levels])
        for one in histories
        if not one.is_empty
        for levels in [thresholds(reading.tables.safety, one.measure)]
    ]
    return [(view, Markup(view.svg)) for view in views]  # noqa: S704 (our own SVG, every text in it escaped)
