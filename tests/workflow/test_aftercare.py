"""Aftercare of a patient: versions of the plan for hard days, the way back, the plan that follows from today's choices."""

from dataclasses import replace

import pytest

from fhir_taper.errors import LaunchRefused, NotAllowed, StoreConflict, WrongUsage
from fhir_taper.mappers.read.aftercare import from_aftercare
from fhir_taper.mappers.write.aftercare import to_aftercare
from fhir_taper.plans.tapers.plan import PlanState
from fhir_taper.workflow.aftercare import aftercare_plan, ask_to_come_back, hard_days_of, in_patient_words, over_time, save_hard_days
from fhir_taper.workflow.check_ins import check_ins, followed_named, state_score
from fhir_taper.workflow.open_chart import OpenChart, open_chart
from fhir_taper.workflow.services import Services
from fhir_taper.workflow.watching import choose_rhythm, fill_form, form_named, watched_plans
from tests.web.running import Person
from tests.web.ward import Ward
from tests.web.ward import ward as _ward
from tests.workflow.opened import cookie_of

ward = _ward


def chart(ward: Ward, person: Person) -> OpenChart:
    return open_chart(ward.stage.services, person.launch, cookie_of(ward.stage, person))


@pytest.fixture
def done(ward: Ward) -> tuple[Services, OpenChart]:
    """The services, and the patient's own chart after the last step."""
    ward.complete()
    return ward.stage.services, chart(ward, ward.patient)


@pytest.mark.feature("F86")
def test_every_version_of_the_plan_for_hard_days_stays(done: tuple[Services, OpenChart], ward: Ward) -> None:
    services, own = done
    (kept,) = watched_plans(services, own)
    save_hard_days(services, own, kept, {"triggers": "bad nights\r\n\r\nrows", "people": ""}, "")
    later = replace(services, clock=lambda: services.clock().replace(year=2027))
    coach = chart(ward, ward.coach)
    (first,) = hard_days_of(services, own)
    save_hard_days(services, own, kept, {"triggers": "bad nights\n\nrows"}, "")  # sent twice
    with pytest.raises(StoreConflict, match="somebody changed this plan"):
        save_hard_days(later, coach, kept, {"triggers": "bad nights, and rows"}, "")
    save_hard_days(later, coach, kept, {"triggers": "bad nights, and rows"}, first.id)
    first, second = hard_days_of(services, own)
    assert (first.by, first.answers) == ("", {"triggers": "bad nights\n\nrows"})
    assert (second.by, second.answers) == ("Practitioner/co1", {"triggers": "bad nights, and rows"})
    assert first.id != second.id


def test_a_plan_for_hard_days_that_is_too_long_or_empty_is_refused(done: tuple[Services, OpenChart]) -> None:
    services, own = done
    (kept,) = watched_plans(services, own)
    for answers in ({"triggers": "x" * 2001}, {"triggers": "  "}):
        with pytest.raises(WrongUsage):
            save_hard_days(services, own, kept, answers, "")
    assert hard_days_of(services, own) == ()


def test_the_aftercare_plan_follows_from_the_patients_choices_and_survives_as_fhir(done: tuple[Services, OpenChart]) -> None:
    services, own = done
    (kept,) = watched_plans(services, own)
    choose_rhythm(services, own, kept.plan, 14)
    save_hard_days(services, own, kept, {"coping": "I walk"}, "")
    plan = aftercare_plan(services, own, kept)
    assert (plan.every_days, plan.based_on) == (14, kept.plan.id)
    assert plan.hard_days == hard_days_of(services, own)[-1].id
    assert from_aftercare(to_aftercare(plan)) == plan


def test_of_a_plan_that_runs_there_is_no_aftercare_yet(ward: Ward) -> None:
    own = chart(ward, ward.patient)
    (kept,) = watched_plans(ward.stage.services, own)
    with pytest.raises(NotAllowed):
        aftercare_plan(ward.stage.services, own, kept)


@pytest.mark.feature("F47")
def test_a_wish_to_come_back_is_kept_once_a_minute_and_only_by_those_who_may(done: tuple[Services, OpenChart], ward: Ward) -> None:
    services, own = done
    now = services.clock()
    fixed = replace(services, clock=lambda: now)
    ask_to_come_back(fixed, own, "")
    ask_to_come_back(fixed, own, "")
    assert len(check_ins(services, own, followed_named(services, own, "")).filled) == 1
    reader = chart(ward, ward.stage.opened("mid-taper", "reader"))
    with pytest.raises(LaunchRefused):
        ask_to_come_back(services, reader, "")


@pytest.mark.feature("F88")
def test_what_check_ins_said_over_time_is_read_from_what_was_filled_in(done: tuple[Services, OpenChart]) -> None:
    services, own = done
    (kept,) = watched_plans(services, own)
    fill_form(services, own, kept.plan, "aftercare", {"craving": ("3",), "days-since-use": ("40",), "mood": ("7",)})
    said = {one.title: one.latest.partition(" on ")[0] for one in over_time(services, own, kept.plan)}
    assert said["Craving from 0 to 10"] == "3 of 10"
    assert said["Days since use"] == "40 days"


@pytest.mark.feature("F98")
def test_use_function_and_how_many_check_ins_came_are_followed_after_the_last_step(done: tuple[Services, OpenChart]) -> None:
    services, own = done
    (kept,) = watched_plans(services, own)
    before = over_time(services, own, kept.plan)
    assert [(one.title, one.latest) for one in before] == [("Check-ins that were due", "none came")]
    fill_form(services, own, kept.plan, "aftercare", {"function": ("cannot-work",), "use": ("yes",), "days-since-use": ("2",)})
    came, *said = over_time(services, own, kept.plan)
    assert came.latest == f"one came on {own.day(services.clock(), kept.plan.zone or None).isoformat()}"
    assert came.lately.endswith("of 4 came")
    assert {one.title: one.latest.partition(" on ")[0] for one in said} == {
        "Days since use": "2 days",
        "Use of an opioid or a sedative beside the plan": "told",
        "Minimum function that was agreed": "cannot work",
    }


@pytest.mark.feature("F85")
def test_the_patient_reads_of_therapy_peers_and_support_in_words_of_their_own_and_nothing_twice(done: tuple[Services, OpenChart]) -> None:
    services, own = done
    (kept,) = watched_plans(services, own)
    plan = aftercare_plan(services, own, kept)
    words = in_patient_words(plan)
    assert len(words) == len(plan.activities)
    assert not set(words) & {one.says for one in plan.activities}
    for word in ("talking therapy", "been through the same", "help with your home", "come back"):
        assert any(word in one for one in words), word
    assert in_patient_words(plan, {"lost-tolerance"}) == tuple(one for one in words if "old dose" not in one)


def test_a_plan_that_ended_or_another_name_is_not_followed(ward: Ward) -> None:
    services, own = ward.stage.services, chart(ward, ward.patient)
    with pytest.raises(WrongUsage):
        followed_named(services, own, "diazepam/other")
    ward.keep(replace(ward.plan, state=PlanState.REVOKED))
    assert watched_plans(services, own) == ()


def test_a_patient_states_no_score_of_an_original(ward: Ward) -> None:
    services, own = ward.stage.services, chart(ward, ward.patient)
    (kept,) = watched_plans(services, own)
    with pytest.raises(LaunchRefused):
        state_score(services, own, kept.plan, form_named("isi"), "3", "")
