"""What the EHR says otherwise of a plan that runs here stands on every screen of the plan, with what can be done."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from fhir_taper.cli.demo_walk import Page
from fhir_taper.mappers.write.namespace import PLAN_SYSTEM
from fhir_taper.records import Json
from fhir_taper.workflow.course import Asked, Turn
from fhir_taper.workflow.ehr_says import EhrSays, ehr_says
from fhir_taper.workflow.load_chart import load_chart
from tests.odd_ehr import between, changing, each
from tests.workflow.followed import TAPERED, Followed
from tests.workflow.test_course import HOLD, save

SCREENS = ("course", "plan", "versions", "regimen")


@contextmanager
def edited(followed: Followed, **elements: Any) -> Iterator[None]:
    """The care plan of the patient as that of the plan that is followed, and as somebody changed it in the EHR."""
    elements |= {"identifier": [{"system": PLAN_SYSTEM, "value": followed.kept.version.id}]}
    followed.services.charts.drop(followed.chart.launch.id)
    with between(followed.stage.demo, changing("CarePlan", each(lambda one: one.update(elements)))):
        yield
    followed.services.charts.drop(followed.chart.launch.id)


def said(followed: Followed) -> tuple[EhrSays, ...]:
    return ehr_says(followed.services, followed.chart, load_chart(followed.services, followed.chart, afresh=True))


@pytest.mark.parametrize(
    ("elements", "says"),
    [
        ({"status": "revoked"}, "The EHR says that it is revoked ("),
        ({"status": "completed"}, "The EHR says that it is completed ("),
        ({"status": "entered-in-error", "extension": []}, "The EHR says that it is entered-in-error ("),
        ({"status": "on-hold"}, "The EHR says that it is on hold ("),
        ({"status": "unknown"}, "The EHR says that it is unknown ("),
        ({"extension": []}, "Somebody took out of it what this program wrote."),
    ],
)
def test_every_screen_of_a_plan_says_what_somebody_did_to_it_in_the_ehr(followed: Followed, elements: Json, says: str) -> None:
    with edited(followed, **elements):
        person = followed.stage.opened(TAPERED)
        for screen in (*SCREENS, f"versions/{followed.kept.version.id}"):
            text = Page(person.get(screen).text).text
            assert says in text, screen
            assert "Until both say the same, no version of it is written." in text, screen


def test_nothing_is_said_of_a_plan_that_the_ehr_holds_as_it_was_written_or_as_it_is_here(followed: Followed) -> None:
    with edited(followed):
        assert said(followed) == ()
        save(followed, HOLD)  # not written: the EHR is behind, and nobody changed it there
        assert said(followed) == ()
    with edited(followed, status="on-hold"):
        assert said(followed) == ()


def test_of_a_plan_that_ended_here_nothing_is_said(followed: Followed) -> None:
    save(followed, Asked(Turn.REVOKE, "not wanted any more"))
    with edited(followed, status="revoked"):
        assert said(followed) == ()
