"""From a plan and its timeline to what is drawn of it, and to the table beside it."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.monitoring.history import NOTHING_BEFORE, Answer, Episode, History
from fhir_taper.plans.monitoring.outcomes import watched_from
from fhir_taper.plans.monitoring.reading import Raw
from fhir_taper.plans.monitoring.rule import Level
from fhir_taper.plans.monitoring.timeline import CheckInSchedule, DoseStretch
from fhir_taper.plans.tapers.plan import Dose, EquivalentFactor, PlanState, RevisionNote, TaperPlan, Units
from fhir_taper.render.watch_chart import Stretch, Watched
from fhir_taper.render.watch_marks import Happened
from fhir_taper.render.watch_picture import picture_of, rows_of, scores_to_choose
from tests.plans.monitoring.watched import NOW, plan, raw, timeline, whole_day
from tests.plans.tapers.made_plans import START

DAY = timedelta(days=1)
TODAY = NOW.date()
KNOWN = DoseStretch("diazepam", START, date(2026, 2, 1), Decimal(4))
ORDERED = (KNOWN, DoseStretch("diazepam", date(2026, 2, 2), TODAY, None, why="unclear"))


def picture(*raws: Raw, of: TaperPlan | None = None, history: History = NOTHING_BEFORE, score: str = "", **rest: object) -> Watched:
    followed = of or plan()
    return picture_of(watched_from(followed, timeline(raws, **rest), NOW), history, score)


def marks(seen: Watched) -> list[tuple[Happened, str, str]]:
    return [(one.kind, one.on.isoformat(), one.says) for one in seen.marks]


def test_scores_to_choose_begin_with_what_matters_most_for_the_class() -> None:
    seen = timeline([raw("phq9", 3), raw("gad7", 4), raw("heart-rate", 70), raw("cows", 2), raw("ciwa-b", 9, variant="22-item")])
    assert scores_to_choose(plan(), seen) == ("ciwa-b", "gad7", "phq9", "heart-rate", "cows")
    assert scores_to_choose(plan(drug_class=DrugClass.OPIOID), seen)[:2] == ("cows", "phq9")
    assert scores_to_choose(plan(), timeline()) == ()


def test_a_dose_that_is_not_known_is_not_drawn_as_if_it_was() -> None:
    assert picture(doses=ORDERED).ordered == (Stretch(START, date(2026, 2, 1), Decimal(4)),)


def test_two_medicines_are_drawn_as_mg_of_the_first_by_the_plans_own_equivalents_or_not_at_all() -> None:
    made = plan()
    other = Dose("lorazepam", (Units("1", Decimal(1), made.steps[1].doses[0].units[0].slots),))
    crossing = replace(made, steps=(made.steps[0], replace(made.steps[1], doses=(other,)), *made.steps[2:]))
    per_mg = (("diazepam", 1), ("lorazepam", 10))
    factors = tuple(EquivalentFactor(name, "a table", Decimal(mg), Decimal(mg), "diazepam_mg", "a source") for name, mg in per_mg)
    both = (KNOWN, DoseStretch("lorazepam", START, date(2026, 2, 1), Decimal("0.5")))
    assert picture(of=replace(crossing, equivalents=factors), doses=both).ordered == (Stretch(START, date(2026, 2, 1), Decimal(9)),)
    assert picture(of=replace(crossing, equivalents=()), doses=both).ordered == ()


def test_the_panel_of_a_score_has_its_bands_and_values_since_its_baseline() -> None:
    panel = picture(raw("gad7", 9, 2 * DAY), raw("gad7", 12, 80 * DAY), raw("gad7", 20, 400 * DAY), score="gad7").panel
    assert panel is not None
    assert [one.says for one in panel.points] == ["moderate anxiety (12 of 21)", "mild anxiety (9 of 21)"]
    assert [panel.low, panel.high, Decimal(len(panel.bands))] == [0, 21, 4]


def test_what_has_no_worst_value_goes_as_far_as_was_measured() -> None:
    panel = picture(whole_day("sleep", 420, 3), whole_day("sleep", 300, 2), score="sleep").panel
    assert panel is not None
    assert (panel.title, panel.high) == ("Sleep in a night, hours", Decimal(7))
    assert panel.bands == ()
    assert [one.says for one in panel.points] == ["7 h", "5 h"]


def test_reductions_that_began_pauses_visits_and_check_ins_are_marks_and_several_forms_of_a_day_are_one() -> None:
    notes = (RevisionNote("hold", 2, date(2026, 2, 10), "Dr. A", "x", "x"), RevisionNote("resume", 3, date(2026, 2, 17), "Dr. A", "x", "x"))
    seen = picture(
        raw("check-in", None, 2 * DAY),
        raw("check-in", None, 2 * DAY + timedelta(hours=1)),
        raw("appointment", None, 20 * DAY, answer="noshow", words="Taper review"),
        raw("appointment", None, -5 * DAY, answer="booked", words="Taper review"),
        of=plan(revisions=notes),
        check_ins=CheckInSchedule(TODAY - 4 * DAY, 2),
    )
    assert marks(seen) == [
        (Happened.REDUCTION, "2026-02-02", "reduction to 3 mg a day"),
        (Happened.HOLD, "2026-02-10", "reductions paused"),
        (Happened.RESUME, "2026-02-17", "the pause ended"),
        (Happened.MISSED_VISIT, "2026-02-23", "Taper review: not kept"),
        (Happened.REDUCTION, "2026-03-02", "reduction to 2 mg a day"),
        (Happened.MISSED_CHECK_IN, "2026-03-11", "no check-in came"),
        (Happened.CHECK_IN, "2026-03-13", "check-in came"),
        (Happened.BOOKED, "2026-03-20", "Taper review"),
    ]
    assert seen.holds == ((date(2026, 2, 10), date(2026, 2, 17)),)


def test_a_pause_that_lasts_has_no_end_mark() -> None:
    held = plan(revisions=(RevisionNote("hold", 2, date(2026, 3, 10), "Dr. A", "x", "x"),))
    seen = picture(of=replace(held, state=PlanState.ON_HOLD))
    assert Happened.RESUME not in {one.kind for one in seen.marks}


def test_alerts_are_open_answered_or_over() -> None:
    began = NOW - 9 * DAY
    episodes = (
        Episode("B10", 1, Level.HOLD, began, NOW),
        Episode("B19", 1, Level.URGENT, began + DAY, NOW, answer=Answer(NOW, "Dr. A", "called")),
        Episode("B33", 1, Level.URGENT, began + 2 * DAY, NOW, ended=NOW),
    )
    found = [one for one in marks(picture(history=History(episodes))) if one[0] in (Happened.ALERT, Happened.ANSWERED)]
    assert [(kind, says.partition(" (")[2]) for kind, _, says in found] == [
        (Happened.ALERT, "Hold)"),
        (Happened.ANSWERED, "Urgent review), answered: called"),
        (Happened.ANSWERED, "Urgent review), over"),
    ]


def test_the_table_holds_everything_that_is_drawn_the_newest_first() -> None:
    seen = picture(raw("gad7", 9, 2 * DAY), score="gad7", doses=ORDERED)
    rows = rows_of(seen)
    assert [row.on for row in rows] == sorted((row.on for row in rows), reverse=True)
    assert ("GAD-7", "mild anxiety (9 of 21)") in [(row.what, row.says) for row in rows]
    assert ("Ordered dose", "4 mg a day, until 2026-02-01") in [(row.what, row.says) for row in rows]
    assert sum(row.what == "Planned dose" for row in rows) == len([one for one in seen.planned.levels if one.start <= seen.last])


def test_what_is_planned_is_drawn_eight_weeks_ahead_and_no_further() -> None:
    assert picture().last == TODAY + 56 * DAY
    assert picture().first == START
