"""A comparison of two versions as rows of words."""

from fhir_taper.plans.tapers.differences import differences
from fhir_taper.plans.tapers.revision import hold, stop_at
from fhir_taper.render.version_words import field_rows, step_rows, what_changed
from tests.plans.tapers.made_plans import START, active, decided, diazepam_plan

PLAN = active(diazepam_plan())
HELD = hold(PLAN, decided(START), 10)


def test_a_step_says_by_how_many_days_it_moved_or_lasts_longer() -> None:
    rows = step_rows(differences(PLAN, HELD))
    assert [row.says for row in rows] == ["10 days longer", *["10 days later"] * 4]
    assert (rows[1].dose_before, rows[1].dose_after) == ("3 mg a day", "3 mg a day")
    assert rows[-1].dose_after == "stop"
    assert (rows[1].before, rows[1].after) == ("2026-02-02 – 2026-03-01", "2026-02-12 – 2026-03-11")


def test_a_step_that_is_gone_has_no_days_after() -> None:
    rows = step_rows(differences(PLAN, stop_at(PLAN, decided(START), 2)))
    assert [(row.says, row.after, row.dose_after) for row in rows[3:]] == [("no longer there", "–", "–")] * 2


def test_a_field_shows_only_what_one_side_has_in_words() -> None:
    rows = {row.label: row for row in field_rows(differences(PLAN, HELD))}
    assert (rows["State"].gone, rows["State"].new) == (("active",), ("on-hold",))
    assert rows["Changes"].gone == ()
    assert "reductions paused, 4 mg a day goes on" in rows["Changes"].new[0]
    assert "2026-02-12" in rows["Reviews"].new[0]


def test_a_version_says_what_it_changed_and_the_first_that_it_is_the_first() -> None:
    assert what_changed(HELD).startswith("reductions paused, 4 mg a day goes on")
    assert what_changed(diazepam_plan()) == "first draft"
