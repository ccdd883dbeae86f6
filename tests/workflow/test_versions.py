"""Every version of a patient's plans; another patient's is never shown."""

from dataclasses import replace

import pytest

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.tapers.plan import PlanState
from fhir_taper.workflow.course import Asked, Turn, Turned, save_turn, turned
from fhir_taper.workflow.versions import compared, version_named, versions_of
from tests.workflow.followed import Followed


def held(followed: Followed) -> str:
    """The id of the version that a hold makes."""
    asked = Asked(Turn.HOLD, "a cold", days=10)
    found = turned(followed.services, followed.chart, followed.loaded, followed.kept.version.id, asked)
    assert isinstance(found, Turned)
    return save_turn(followed.services, followed.chart, followed.kept.version.id, asked, found.seen).id


def test_the_plan_that_changed_last_comes_first_and_in_it_the_newest_version(followed: Followed) -> None:
    held(followed)
    name, versions = versions_of(followed.services, followed.chart)[0]
    assert name == followed.kept.version.plan
    assert [(one.version.version, one.plan.state) for one in versions] == [(5, PlanState.ON_HOLD), (4, PlanState.ACTIVE)]


def test_two_versions_are_compared_the_earlier_one_first_whichever_was_named_first(followed: Followed) -> None:
    later = held(followed)
    for pair in ((followed.kept.version.id, later), (later, followed.kept.version.id)):
        before, after, found = compared(followed.services, followed.chart, *pair)
        assert (before.version.version, after.version.version) == (4, 5)
        assert not found.is_none


def test_a_version_of_another_patient_is_refused_like_one_that_does_not_exist_and_audited(followed: Followed) -> None:
    stranger = replace(followed.chart, launch=replace(followed.chart.launch, patient_id="somebody-else"))
    for chart, version in (
        (stranger, followed.kept.version.id),
        (followed.chart, "no-such-version"),
        (followed.chart, "x" * 500),
        (followed.chart, "a\x00b"),
    ):
        with pytest.raises(WrongUsage, match="no such version of a plan of this patient"):
            version_named(followed.services, chart, version)
    lines = [one.entry for one in followed.services.audit.entries("demo", limit=5000) if one.entry.action == "version"]
    assert any(line.detail == {"plan": followed.kept.version.id, "why": "another-patient"} for line in lines)
