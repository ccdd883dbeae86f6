"""An assessment in words that a screen and a terminal share."""

from dataclasses import replace

from fhir_taper.plans.monitoring.assess import assess
from fhir_taper.plans.monitoring.assessment import Coverage
from fhir_taper.plans.monitoring.verdict import Evidence
from fhir_taper.render.assessment_words import NotJudged, evidence_words, headline, not_judged
from tests.plans.monitoring.watched import NOW, plan, raw, timeline

QUIET = assess(plan(), timeline([raw("heart-rate", 70)]), as_of=NOW)
LOUD = assess(plan(), timeline([raw("phq9-item9", 2)]), as_of=NOW)


def test_the_headline_says_the_level_in_words_when_it_is_due_and_that_the_reduction_waits() -> None:
    assert "Urgent review, due 2026-03-15" in headline(LOUD) or "Emergency, due 2026-03-15" in headline(LOUD)
    assert headline(LOUD).endswith("; the next reduction waits")


def test_nothing_found_says_by_how_many_of_the_rules_that_are_for_this_plan() -> None:
    coverage = (Coverage("A", evaluable=True), Coverage("B", evaluable=False, why="no data"), Coverage("C", evaluable=False, applies=False))
    assert headline(replace(QUIET, hits=(), coverage=coverage)) == "nothing found by the 1 of 2 rules that could be judged"


def test_rules_that_could_not_be_judged_stand_together_by_their_reason_without_those_for_others() -> None:
    coverage = (
        Coverage("A", evaluable=False, why="no data"),
        Coverage("B", evaluable=False, why="for opioid only", applies=False),
        Coverage("C", evaluable=False, why="no data"),
        Coverage("D", evaluable=True),
    )
    assert not_judged(replace(QUIET, coverage=coverage), {"A": "Sleep"}) == (NotJudged("no data", ("Sleep", "C")),)


def test_evidence_says_what_it_is_of_and_does_not_say_it_twice() -> None:
    assert evidence_words(Evidence("gad7", "12", NOW)) == "GAD-7: 12"
    assert evidence_words(Evidence("fall", "Fall", NOW)) == "Fall"
    assert evidence_words(Evidence("the clock", "10 days", NOW)) == "10 days"
