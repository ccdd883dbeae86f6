"""What is said of a pharmacist's review: each way in which it may stand, in one line."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fhir_taper.store.reviews import PlanReview, ReviewState
from fhir_taper.web.review_words import review_words
from fhir_taper.workflow.pharmacist import Standing
from tests.web.running import Stage
from tests.workflow.opened import chart_of

ASKED = datetime(2026, 1, 5, 15, tzinfo=UTC)
ZONE = "America/New_York"
OPEN = PlanReview("r", "demo", "p", "plan", "d", ReviewState.REQUESTED, "dr", ASKED, detail={"asked": "?", "asked_by": "Dr. A"})
BY = {"answered_by": "Ph. B", "answer": "no 2 mg"}
RETURNED = replace(OPEN, state=ReviewState.RETURNED, answered_by="ph", answered_at=ASKED + timedelta(days=1), detail=OPEN.detail | BY)
ACCEPTED = replace(RETURNED, state=ReviewState.ACCEPTED, detail=OPEN.detail | BY | {"answer": ""})


@pytest.mark.parametrize(
    ("standing", "look", "says"),
    [
        (Standing(None, is_required=False), "", "Not asked for. This site leaves it to you."),
        (Standing(None, is_required=True), "state", "This site asks for a review before a plan becomes active; nobody asked yet."),
        (Standing(OPEN, is_required=False), "state", "A pharmacist is asked, and has not answered yet."),
        (Standing(ACCEPTED, is_required=False), "done", "Accepted by Ph. B on 2026-01-06"),
        (Standing(RETURNED, is_required=False), "stop", "Given back by Ph. B on 2026-01-06: no 2 mg"),
        (
            Standing(None, is_required=False, earlier=RETURNED),
            "stop",
            "Given back by Ph. B on 2026-01-06: no 2 mg. Edited since: ask for a review of what it is now.",
        ),
        (
            Standing(None, is_required=False, earlier=ACCEPTED),
            "state",
            "Accepted by Ph. B on 2026-01-06. Edited since: what it is now was not looked at.",
        ),
        (
            Standing(None, is_required=True, earlier=OPEN),
            "stop",
            (
                "A pharmacist was asked on 2026-01-05, and has not answered. Edited since: ask about what it is now, or withdraw the"
                " request. This site asks for a review before a plan becomes active."
            ),
        ),
    ],
)
def test_where_a_review_stands_is_one_line(stage: Stage, standing: Standing, look: str, says: str) -> None:
    said = review_words(chart_of(stage, "lorazepam-elder"), standing, ZONE)
    assert (said.look, said.says) == (look, says)
