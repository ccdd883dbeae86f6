"""A decision that was judged beside the patient's other plans is kept only while they are still the same."""

import pytest

from fhir_taper.errors import StoreConflict
from fhir_taper.workflow.course import Asked, Turn, Turned, save_turn, turned
from fhir_taper.workflow.emergency_words import word_running
from fhir_taper.workflow.other_plans import alone_with_plans, plans_now
from fhir_taper.workflow.own_words import typed_words
from tests.odd_ehr import between
from tests.workflow.followed import Followed
from tests.workflow.test_approve import meanwhile


def test_a_plan_that_was_changed_since_it_was_looked_at_is_a_conflict_and_nothing_is_kept(followed: Followed) -> None:
    seen = plans_now(followed.services, followed.chart)
    with alone_with_plans(followed.services, followed.chart, seen):
        assert followed.services.database.is_inside
    after = word_running(followed.services, followed.chart, followed.kept.version.id, typed_words("call us", "", ""))
    with pytest.raises(StoreConflict, match="judged beside it"), alone_with_plans(followed.services, followed.chart, seen):
        raise AssertionError("nothing is done here")
    assert after.id in plans_now(followed.services, followed.chart)


def test_a_turn_during_which_a_plan_is_changed_elsewhere_is_not_saved(followed: Followed) -> None:
    hold = Asked(Turn.HOLD, "a cold", days=7)
    version = followed.kept.version.id
    found = turned(followed.services, followed.chart, followed.loaded, version, hold)
    assert isinstance(found, Turned)
    other = followed.as_user("prescriber")

    def worded() -> object:
        return word_running(followed.services, other, version, typed_words("call us", "", ""))

    with between(followed.stage.demo, meanwhile(worded)), pytest.raises(StoreConflict):
        save_turn(followed.services, followed.chart, version, hold, found.seen)
    assert followed.newest().plan.contingency.breakthrough == "call us"
