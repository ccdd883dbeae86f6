"""assess: levels, what blocks, what stands, what a person answered, and what goes on being taken."""

from dataclasses import replace
from decimal import Decimal

import pytest

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.monitoring.assess import assess
from fhir_taper.plans.monitoring.assessment import Assessment
from fhir_taper.plans.monitoring.condition import Compare, Enters, Happened, Less, Op
from fhir_taper.plans.monitoring.history import NOTHING_BEFORE, Answer, History
from fhir_taper.plans.monitoring.policy import DEFAULT_POLICY
from fhir_taper.plans.monitoring.reading import DAY, Raw
from fhir_taper.plans.monitoring.remember import remember
from fhir_taper.plans.monitoring.rule import Level, Rule
from fhir_taper.plans.monitoring.span import Span
from fhir_taper.plans.monitoring.timeline import timeline_of
from fhir_taper.plans.tapers.plan import Phase, PlanState, TaperPlan
from tests.plans.monitoring.watched import HOUR, NOW, plan, raw, rule, tables_of, timeline

FAST = rule(
    Compare("heart-rate", Op.ABOVE, Decimal(100)),
    clears=Compare("heart-rate", Op.AT_MOST, Decimal(95)),
    stale=(("heart-rate", Span(48, "h")),),
    says="Heart rate {heart-rate}.",
)
SEIZURE = replace(rule(Happened("seizure", Span(14, "d")), level=Level.EMERGENCY, due=Span(15, "min")), id="T2", red_flag=True)


def seen(raws: list[Raw], *rules: Rule, of: TaperPlan | None = None, history: History = NOTHING_BEFORE, later: int = 0) -> Assessment:
    """An assessment of what was seen, so many hours later."""
    return assess(of or plan(), timeline(raws), DEFAULT_POLICY, history, NOW + later * HOUR, rules=tables_of(*rules))


def test_the_highest_level_sets_the_urgency_and_the_actions_of_all_hits_are_united() -> None:
    found = seen([raw("heart-rate", 120), raw("seizure")], FAST, SEIZURE)
    assert (found.level, found.blocks_reduction, found.actions) == (Level.EMERGENCY, True, ("hold", "continue"))
    assert [hit.rule for hit in found.hits] == ["T2", "T1"]
    assert found.due == NOW + HOUR / 4


def test_a_hold_says_what_goes_on_being_taken() -> None:
    found = seen([raw("heart-rate", 120)], FAST)
    assert found.keep_taking == "pause reductions, keep taking 2 mg diazepam a day, and keep it supplied"


def test_after_oversedation_nothing_goes_on_without_a_clinician() -> None:
    sedated = rule(Happened("sedation", Span(14, "d")), level=Level.EMERGENCY, no_continuation=True)
    sedated = replace(sedated, id="T3", clauses=(replace(sedated.clauses[0], actions=("clinician-before-dose",)),))
    found = seen([raw("heart-rate", 120), raw("sedation")], FAST, sedated)
    assert (found.keep_taking, found.actions) == ("", ("clinician-before-dose",))


def test_after_the_last_step_nothing_is_paused() -> None:
    after = replace(plan(), phase=Phase.AFTERCARE, state=PlanState.COMPLETED)
    found = seen([raw("heart-rate", 120)], FAST, of=after)
    assert (found.level, found.keep_taking, found.actions, found.hits[0].actions) == (Level.SLOW, "", (), ())


def test_a_note_blocks_nothing() -> None:
    found = seen([raw("heart-rate", 120)], replace(FAST, clauses=(replace(FAST.clauses[0], level=Level.NOTE),)))
    assert (found.level, found.blocks_reduction, found.keep_taking, len(found.hits)) == (Level.NOTE, False, "", 1)


def test_nothing_seen_is_not_normal() -> None:
    found = seen([], FAST)
    assert (found.hits, found.coverage[0].evaluable, found.coverage[0].why) == ((), False, "Resting heart rate: no data")


def test_of_a_level_that_holds_a_higher_one_that_could_not_be_judged_is_said() -> None:
    urgent = replace(FAST.clauses[0], level=Level.URGENT, when=Compare("body-temperature", Op.AT_LEAST, Decimal(38)))
    found = seen([raw("heart-rate", 120)], replace(FAST, clauses=(FAST.clauses[0], urgent)))
    assert (found.level, found.coverage[0].evaluable, found.coverage[0].why) == (Level.HOLD, False, "Body temperature: no data")


def test_a_hit_stands_until_it_is_cleared() -> None:
    high, middle, low = raw("heart-rate", 120, HOUR), raw("heart-rate", 98, -2 * HOUR), raw("heart-rate", 95, -4 * HOUR)
    history = remember(NOTHING_BEFORE, seen([high], FAST))
    between = seen([high, middle], FAST, history=history, later=3)
    assert [(hit.message, hit.is_new, hit.since) for hit in between.hits] == [
        ("A test: open since 2026-03-15 (now 98 /min, what clears it was not seen).", False, NOW)
    ]
    assert seen([high, middle], FAST, later=3).hits == ()  # without a history 98 is no hit
    over = seen([high, middle, low], FAST, history=remember(history, between), later=5)
    assert over.hits == ()
    assert remember(remember(history, between), over).episodes[0].ended == NOW + 5 * HOUR


def test_that_no_data_came_ends_nothing() -> None:
    history = remember(NOTHING_BEFORE, seen([raw("heart-rate", 120)], FAST))
    silent = seen([raw("heart-rate", 120)], FAST, history=history, later=72)
    assert silent.hits[0].message.startswith("A test: open since 2026-03-15 (Resting heart rate: stale")
    assert remember(history, silent).episodes[0].ended is None


def test_a_red_flag_stands_until_a_person_answers() -> None:
    history = remember(NOTHING_BEFORE, seen([raw("seizure")], SEIZURE))
    late = seen([raw("seizure")], SEIZURE, history=history, later=20 * 24)
    assert (late.level, late.hits[0].is_new) == (Level.EMERGENCY, False)
    answered = history.answered("T2", Answer(NOW + HOUR, "Dr. A", "reviewed", "seen in hospital"))
    assert seen([raw("seizure")], SEIZURE, history=answered, later=2).level == Level.NOTE
    again = seen([raw("seizure"), raw("seizure", None, -3 * HOUR)], SEIZURE, history=answered, later=4)
    assert (again.level, again.hits[0].is_new, again.hits[0].answer) == (Level.EMERGENCY, True, None)
    kept = remember(answered, again).of("T2")
    assert [(one.ended is None, one.answer is None) for one in kept] == [(False, False), (True, True)]


def test_an_answer_to_a_soft_hit_holds_for_a_while_and_then_it_is_asked_again() -> None:
    history = remember(NOTHING_BEFORE, seen([raw("heart-rate", 120)], FAST)).answered(
        "T1", Answer(NOW, "Dr. A", "dismiss", "after the stairs")
    )
    soon = seen([raw("heart-rate", 120), raw("heart-rate", 119, -24 * HOUR)], FAST, history=history, later=25)
    assert (soon.level, soon.blocks_reduction, soon.hits[0].answer is not None) == (Level.NOTE, False, True)
    later = seen([raw("heart-rate", 120), raw("heart-rate", 119, -15 * DAY)], FAST, history=history, later=15 * 24 + 1)
    assert (later.level, later.hits[0].is_new) == (Level.HOLD, True)


def test_an_assessment_of_an_earlier_instant_ends_and_begins_nothing() -> None:
    history = remember(NOTHING_BEFORE, seen([raw("heart-rate", 120)], FAST))
    assert remember(history, seen([], FAST, later=-5)) == history
    assert remember(history, seen([raw("heart-rate", 120, 6 * HOUR)], FAST, later=-5)) == history


def test_an_answer_to_what_is_urgent_covers_what_was_shown_and_nothing_newer() -> None:
    urgent = replace(FAST, clauses=(replace(FAST.clauses[0], level=Level.URGENT),))
    first = raw("heart-rate", 140)
    history = remember(NOTHING_BEFORE, seen([first], urgent)).answered("T1", Answer(NOW, "Dr. A", "called", "drank no water"))
    assert seen([first], urgent, history=history, later=1).level == Level.NOTE
    assert seen([first, raw("heart-rate", 150, -24 * HOUR)], urgent, history=history, later=25).hits[0].is_new


def test_an_answer_to_one_clause_is_none_to_another() -> None:
    second = replace(FAST.clauses[0], when=Happened("seizure", Span(14, "d")), clears=None, says="Seizure.")
    both = replace(FAST, clauses=(FAST.clauses[0], second), red_flag=True)
    history = remember(NOTHING_BEFORE, seen([raw("heart-rate", 120)], both)).answered("T1", Answer(NOW, "Dr. A", "reviewed", "seen"))
    found = seen([raw("heart-rate", 120), raw("seizure", None, -HOUR)], both, history=history, later=2)
    assert [(hit.message, hit.answer, hit.is_new, hit.since) for hit in found.hits] == [("Seizure.", None, True, NOW + 2 * HOUR)]


def test_what_was_answered_and_goes_on_is_asked_again_after_a_while() -> None:
    """A score that entered a band and stays there holds no more as an entry: the course goes on until it is cleared."""
    enters = replace(FAST.clauses[0], when=Enters("gad7", Decimal(15)), clears=Compare("gad7", Op.BELOW, Decimal(10)), says="{gad7}")
    band = replace(FAST, clauses=(enters,))
    scores = [raw("gad7", 8, 10 * DAY), raw("gad7", 16)]
    history = remember(NOTHING_BEFORE, seen(scores, band)).answered("T1", Answer(NOW, "Dr. A", "called", "goes on"))
    later = [*scores, raw("gad7", 18, -7 * DAY)]
    soon = seen(later, band, history=history, later=8 * 24)
    assert (soon.level, soon.hits[0].answer is not None) == (Level.NOTE, True)
    assert seen(later, band, history=remember(history, soon), later=15 * 24).level == Level.HOLD


def test_a_copy_or_another_version_of_a_record_is_nothing_new() -> None:
    history = remember(NOTHING_BEFORE, seen([raw("seizure")], SEIZURE)).answered("T2", Answer(NOW, "Dr. A", "reviewed", "seen"))
    again = replace(raw("seizure"), source="Observation/copy/_history/2")
    assert seen([raw("seizure"), again], SEIZURE, history=history, later=1).level == Level.NOTE


def test_another_value_to_compare_with_is_nothing_new() -> None:
    rise = Compare("gad7", Op.AT_LEAST, Decimal(5), less=Less.LOWEST_SINCE)
    rising = replace(FAST, clauses=(replace(FAST.clauses[0], level=Level.URGENT, when=rise, clears=None, says="{gad7}"),), stale=())
    scores = [raw("gad7", 8, 60 * DAY), raw("gad7", 7, 20 * DAY), raw("gad7", 16)]
    history = remember(NOTHING_BEFORE, seen(scores, rising)).answered("T1", Answer(NOW, "Dr. A", "called", "goes on"))
    assert seen(scores, rising, history=history, later=1).level == Level.NOTE


def test_what_is_asked_anew_is_due_from_then_on() -> None:
    history = remember(NOTHING_BEFORE, seen([raw("seizure")], SEIZURE)).answered("T2", Answer(NOW, "Dr. A", "reviewed", "seen"))
    again = seen([raw("seizure"), raw("seizure", None, -48 * HOUR)], SEIZURE, history=history, later=49)
    assert again.hits[0].due == NOW + 49 * HOUR + HOUR / 4


def test_a_clause_of_another_version_of_a_rule_is_another_clause() -> None:
    history = remember(NOTHING_BEFORE, seen([raw("seizure")], SEIZURE))
    moved = replace(SEIZURE, version=2, clauses=(replace(FAST.clauses[0], level=Level.NOTE), SEIZURE.clauses[0]))
    assert seen([raw("seizure")], moved, history=history, later=20 * 24).level == Level.EMERGENCY


def test_a_death_is_not_answered_away() -> None:
    death = replace(rule(Happened("death", Span(9999, "d")), level=Level.EMERGENCY), id="T3", red_flag=True, ends_everything=True)
    history = remember(NOTHING_BEFORE, seen([raw("death")], death)).answered("T3", Answer(NOW, "Dr. A", "reviewed", "told the team"))
    assert seen([raw("death")], death, history=history, later=24).blocks_reduction


def test_a_quiet_rule_does_not_begin_anew_too_soon() -> None:
    quiet = replace(FAST, quiet=Span(14, "d"))
    history = remember(NOTHING_BEFORE, seen([raw("heart-rate", 120)], quiet))
    over = remember(history, seen([raw("heart-rate", 80, -HOUR)], quiet, history=history, later=2))
    assert over.episodes[0].ended is not None
    assert seen([raw("heart-rate", 120, -3 * HOUR)], quiet, history=over, later=4).hits == ()
    assert len(seen([raw("heart-rate", 120, -14 * DAY)], quiet, history=over, later=14 * 24).hits) == 1


def test_in_aftercare_there_is_nothing_to_hold() -> None:
    found = seen([raw("heart-rate", 120)], FAST, of=replace(plan(), phase=Phase.AFTERCARE, state=PlanState.COMPLETED))
    assert (found.level, found.keep_taking) == (Level.SLOW, "")


def test_a_rule_of_another_class_or_phase_says_that_it_does_not_apply() -> None:
    found = seen([raw("heart-rate", 120)], replace(FAST, classes=(DrugClass.OPIOID,)))
    assert (found.hits, found.coverage[0].why) == ((), "for opioid only")
    found = seen([raw("heart-rate", 120)], replace(FAST, phases=(Phase.AFTERCARE,)))
    assert found.coverage[0].why == "for the phase aftercare only"
    found = seen([raw("heart-rate", 120)], FAST, of=replace(plan(), state=PlanState.REVOKED))
    assert found.coverage[0].why == "the plan is revoked"


def test_after_what_ends_everything_nothing_else_is_said() -> None:
    death = replace(rule(Happened("death", Span(9999, "d")), level=Level.EMERGENCY), id="T3", red_flag=True, ends_everything=True)
    found = seen([raw("heart-rate", 120), raw("death")], FAST, death)
    assert ([hit.rule for hit in found.hits], found.keep_taking) == (["T3"], "")


def test_another_patients_timeline_is_refused() -> None:
    with pytest.raises(WrongUsage, match="the plan is of patient p1, the chart of p2"):
        assess(plan(), timeline_of("p2"), as_of=NOW)


def test_an_instant_without_its_offset_is_refused() -> None:
    with pytest.raises(WrongUsage, match="with its offset"):
        assess(plan(), timeline(), as_of=NOW.replace(tzinfo=None))


RISE = replace(FAST.clauses[0], when=Compare("bwsq", Op.ABOVE, Decimal(20)), clears=Compare("bwsq", Op.AT_MOST, Decimal(10)))


def test_only_a_clause_that_held_stands() -> None:
    """The pulse is over: that nobody ever took the other score does not keep the hit open."""
    both = replace(FAST, clauses=(FAST.clauses[0], RISE))
    history = remember(NOTHING_BEFORE, seen([raw("heart-rate", 120)], both))
    over = seen([raw("heart-rate", 120), raw("heart-rate", 90, -HOUR)], both, history=history, later=2)
    assert (history.episodes[0].clauses, over.hits) == ((0,), ())


def test_what_stands_waits_for_a_person_and_a_newer_one_is_asked_about_again() -> None:
    asks = replace(rule(Happened("pause-request", Span(2, "d"))), stands=True)
    history = remember(NOTHING_BEFORE, seen([raw("pause-request")], asks))
    late = seen([raw("pause-request")], asks, history=history, later=20 * 24)
    assert late.hits[0].message == "A test: open since 2026-03-15 (nobody has answered it)."
    answered = history.answered("T1", Answer(NOW + HOUR, "Dr. A", "hold", "agreed"))
    assert seen([raw("pause-request")], asks, history=answered, later=2).hits[0].answer is not None
    again = seen([raw("pause-request"), raw("pause-request", None, -3 * HOUR)], asks, history=answered, later=4)
    assert (again.level, again.hits[0].answer) == (Level.HOLD, None)


@pytest.mark.parametrize(
    ("what", "state", "is_asked"),
    [("hold", PlanState.ON_HOLD, False), ("hold", PlanState.ACTIVE, True), ("dismiss", PlanState.ON_HOLD, True)],
)
def test_who_answered_with_a_hold_is_not_asked_for_one_again_while_it_lasts(what: str, state: PlanState, is_asked: bool) -> None:
    history = remember(NOTHING_BEFORE, seen([raw("heart-rate", 120)], FAST)).answered("T1", Answer(NOW, "Dr. A", what, "agreed"))
    raws = [raw("heart-rate", 120), raw("heart-rate", 119, -15 * DAY)]
    later = seen(raws, FAST, of=replace(plan(), state=state), history=history, later=15 * 24 + 1)
    assert (later.hits[0].answer is None) is is_asked


def test_who_answered_with_a_hold_is_asked_about_more_than_a_hold() -> None:
    urgent = replace(FAST.clauses[0], level=Level.URGENT, when=Compare("heart-rate", Op.ABOVE, Decimal(130)), clears=None)
    both = replace(FAST, clauses=(FAST.clauses[0], urgent))
    held = replace(plan(), state=PlanState.ON_HOLD)
    history = remember(NOTHING_BEFORE, seen([raw("heart-rate", 120)], both)).answered("T1", Answer(NOW, "Dr. A", "hold", "agreed"))
    later = seen([raw("heart-rate", 131, -HOUR)], both, of=held, history=history, later=2)
    assert (later.level, later.hits[0].answer) == (Level.URGENT, None)
