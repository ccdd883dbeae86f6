"""Watching a plan: what is kept, what an answer covers, and forms that are filled in here."""

from dataclasses import replace
from datetime import timedelta

import pytest

from fhir_taper.errors import LaunchRefused, StoreConflict, WrongUsage
from fhir_taper.exact_json import decode
from fhir_taper.plans.monitoring.assessment_document import inputs_of
from fhir_taper.plans.monitoring.cadence import due_forms
from fhir_taper.plans.monitoring.rule import Level
from fhir_taper.plans.monitoring.timeline import CheckInSchedule
from fhir_taper.plans.tables.instrument_tables import load_forms
from fhir_taper.store.watch_log import NoteKind, WatchNote
from fhir_taper.workflow.watching import answer_hit, due_on, fill_form, name_of, shown_of, watch, watched_named
from tests.workflow.followed import Followed, shown

SEIZURE = {"events": ("seizure",), "doses": ("all",)}


def kept_assessments(followed: Followed) -> list[dict[str, object]]:
    """The assessments that were kept of the plan, oldest first."""
    notes = followed.services.watch.of_patient("demo", followed.chart.launch.patient_id, NoteKind.ASSESSMENT)
    return [decode(one.document) for one in notes if one.plan == name_of(followed.plan)]


def test_an_assessment_is_kept_with_all_that_made_it_and_once_while_nothing_changes(followed: Followed) -> None:
    seen = followed.watched()
    followed.watched()
    (kept,) = kept_assessments(followed)
    assert inputs_of(kept["kept"]).assess() == seen.assessment  # type: ignore[arg-type]


@pytest.mark.feature("F24")
def test_a_red_flag_of_a_form_stands_until_somebody_answers_it(followed: Followed) -> None:
    fill_form(followed.services, followed.chart, followed.plan, "daily", SEIZURE)
    seen = followed.watched()
    assert (seen.assessment.level, seen.open_hits[0].rule) == (Level.EMERGENCY, "B01")
    answer_hit(followed.services, followed.chart, seen, "B01", "reviewed", "seen in hospital", shown_of(seen.open_hits[0]))
    assert "B01" not in {hit.rule for hit in followed.watched().open_hits}


def test_an_answer_covers_what_the_page_showed_also_where_that_grew_since_the_first_look(followed: Followed) -> None:
    fill_form(followed.services, followed.chart, followed.plan, "daily", SEIZURE)
    followed.watched()
    later = followed.later(1)
    fill_form(later, followed.chart, followed.plan, "daily", SEIZURE)
    seen = watch(later, followed.chart, followed.loaded, followed.newest())
    answer_hit(later, followed.chart, seen, "B01", "reviewed", "both were seen in hospital", shown(seen, "B01"))
    again = watch(later, followed.chart, followed.loaded, followed.newest())
    assert "B01" not in {hit.rule for hit in again.open_hits}


def test_an_answer_that_an_assessment_did_not_know_is_not_lost(followed: Followed) -> None:
    """Another look began before the answer and was kept after it."""
    fill_form(followed.services, followed.chart, followed.plan, "daily", SEIZURE)
    seen = followed.watched()
    answer_hit(followed.services, followed.chart, seen, "B01", "reviewed", "seen in hospital", shown(seen, "B01"))
    notes = followed.services.watch.of_patient("demo", followed.chart.launch.patient_id, NoteKind.ASSESSMENT)
    newest = [one for one in notes if one.plan == name_of(followed.plan)][-1]
    followed.services.watch.note(replace(newest, id=f"{newest.id}-late", at=newest.at + timedelta(hours=1)))
    assert "B01" not in {hit.rule for hit in followed.watched().open_hits}


def test_a_form_that_is_sent_twice_is_one_and_a_corrected_one_is_another(followed: Followed) -> None:
    before = {one.id for one in followed.watched().filled}
    for answers in ({"doses": ("some",)}, {"doses": ("some",)}, {"doses": ("some",), "events": ("fall-head",)}):
        fill_form(followed.services, followed.chart, followed.plan, "daily", answers)
    assert len({one.id for one in followed.watched().filled} - before) == 2
    assert "B21" in {hit.rule for hit in followed.watched().assessment.hits}


def test_an_answer_to_what_was_not_shown_is_refused(followed: Followed) -> None:
    fill_form(followed.services, followed.chart, followed.plan, "daily", SEIZURE)
    with pytest.raises(StoreConflict):
        answer_hit(followed.services, followed.chart, followed.watched(), "B01", "reviewed", "seen", "another digest")


def test_of_two_people_who_answer_the_same_alert_the_second_is_told(followed: Followed) -> None:
    """The pages of both were opened before: one decision must not hide under another."""
    fill_form(followed.services, followed.chart, followed.plan, "daily", SEIZURE)
    seen = followed.watched()
    answer_hit(followed.services, followed.chart, seen, "B01", "called", "unsafe at home", shown(seen, "B01"))
    with pytest.raises(StoreConflict, match="not as it was when the page was opened"):
        answer_hit(followed.services, followed.chart, followed.watched(), "B01", "dismissed", "noise", shown(seen, "B01"))


def test_what_happened_while_nobody_looked_is_an_alert_all_the_same(followed: Followed) -> None:
    """Three weeks after it a seizure is out of its rule's 14 days, and nobody has answered it."""
    followed.watched()
    fill_form(followed.services, followed.chart, followed.plan, "daily", SEIZURE)
    seen = watch(followed.later(21), followed.chart, followed.loaded, followed.kept)
    hit = next(one for one in seen.open_hits if one.rule == "B01")
    told = max(one.at for one in seen.filled if one.plan == name_of(followed.plan))
    assert hit.since <= told  # when it was told, or where another test told of one before
    assert hit.due == hit.since + timedelta(minutes=15)
    assert hit.message.startswith("Seizure: open since")


def test_a_plan_that_begins_does_not_look_back_on_what_was_told_for_another(followed: Followed) -> None:
    elsewhere = replace(followed.plan, ingredient="lorazepam")
    fill_form(followed.services, followed.chart, elsewhere, "daily", SEIZURE)
    seen = watch(followed.later(30), followed.chart, followed.loaded, followed.kept)
    assert "B01" not in {one.rule for one in seen.open_hits}


def test_that_a_plan_is_on_hold_is_no_answer_before_it_is(followed: Followed) -> None:
    seen = followed.watched()
    rule = seen.open_hits[0].rule
    with pytest.raises(WrongUsage, match="this plan is not on hold"):
        answer_hit(followed.services, followed.chart, seen, rule, "hold", "unsafe at home", shown(seen, rule))


def test_a_check_in_of_one_plan_is_none_of_another_and_an_instrument_is_of_the_patient(followed: Followed) -> None:
    services, chart, plan = followed.services, followed.chart, followed.plan
    day = chart.day(services.clock(), plan.zone)
    due = due_forms(plan, CheckInSchedule(day, 1), load_forms(), day)
    note = WatchNote("n1", "demo", chart.launch.patient_id, "lorazepam/other", NoteKind.FORM, services.clock(), "", b'{"form":"daily"}')
    assert {"daily", "phq9"} <= {one.form.id for one in due}
    elsewhere = (note, replace(note, id="n2", document=b'{"form":"phq9"}'))
    left = {one.form.id for one in due_on(chart, plan, CheckInSchedule(day, 1), elsewhere, day)}
    assert ("daily" in left, "phq9" in left) == (True, False)
    assert "daily" not in {one.form.id for one in due_on(chart, plan, CheckInSchedule(day, 1), (replace(note, plan=name_of(plan)),), day)}


def test_a_version_that_was_replaced_is_not_watched_any_more(followed: Followed) -> None:
    with pytest.raises(StoreConflict, match="has another version by now"):
        watched_named(followed.services, followed.chart, "another-version")
    assert watched_named(followed.services, followed.chart, followed.kept.version.id).plan == followed.plan


def test_a_form_of_another_part_of_the_plan_is_not_kept(followed: Followed) -> None:
    before = followed.watched().filled
    with pytest.raises(WrongUsage, match="not for this part of the plan"):
        fill_form(followed.services, followed.chart, followed.plan, "come-back", {"come-back": ("yes",)})
    assert followed.watched().filled == before


@pytest.mark.parametrize(
    ("rule", "what", "reason"),
    [
        ("B99", "reviewed", "r"),
        ("B01", "forgotten", "r"),
        ("B01", "reviewed", " "),
        ("B01", "reviewed", "\u200b \x00"),
        ("B01", "reviewed", "x" * 501),
    ],
)
def test_an_answer_that_cannot_be_meant_is_refused(followed: Followed, rule: str, what: str, reason: str) -> None:
    fill_form(followed.services, followed.chart, followed.plan, "daily", SEIZURE)
    seen = followed.watched()
    with pytest.raises(WrongUsage):
        answer_hit(followed.services, followed.chart, seen, rule, what, reason, shown(seen, rule))


def test_a_reader_answers_nothing(followed: Followed) -> None:
    reader = followed.as_user("reader")
    seen = followed.watched()
    with pytest.raises(LaunchRefused):
        answer_hit(followed.services, reader, seen, seen.open_hits[0].rule, "reviewed", "r", shown_of(seen.open_hits[0]))
