"""Screen 1: what is taken, what it equals, what could not be read."""

from typing import Final

from fastapi import APIRouter
from fastapi.responses import Response

from fhir_taper.render.regimen_rows import issues_of, left_out_of, not_counted, others_of, remarks_of, rows_of
from fhir_taper.render.total_words import companions_in_words, total_in_words
from fhir_taper.web.dependencies import Form_, Opened

router = APIRouter()
SCREENS: Final = ("regimen", "intake", "strategies", "plan", "safety", "approve", "write-back")
"""In the order of the work: where a refresh leads back to."""


@router.get("/app/{launch}/regimen")
def regimen(visit: Opened) -> Response:
    """The regimen of today."""
    loaded = visit.loaded()
    reading = loaded.reading(visit.chart.day(visit.services.clock()))
    taken, totals = reading.regimen, (reading.mme, reading.diazepam)
    return visit.page(
        "regimen.html",
        "regimen",
        rows=rows_of(taken, *totals),
        is_complete=taken.complete,
        totals=[(words, [str(line) for line in one.lines], left_out_of(one)) for one in totals if (words := total_in_words(one))],
        companions=companions_in_words(taken),
        remarks=remarks_of(taken),
        not_counted=not_counted(taken),
        others=others_of(taken),
        issues=issues_of(taken),
    )


@router.post("/app/{launch}/refresh")
def refresh(posted: Form_) -> Response:
    """Read the chart again, and back to the screen."""
    posted.visit.loaded(afresh=True)
    screen = posted.form.one("back_to")
    return posted.visit.to(screen if screen in SCREENS else SCREENS[0])
