"""The audit holds ids, codes and counts: whatever text comes from outside stands there as one bounded word."""

from fhir_taper.workflow.audited import note, note_stranger, word
from tests.web.running import ELDER, Stage
from tests.workflow.opened import chart_of


def test_text_from_outside_becomes_one_bounded_word() -> None:
    assert word("a b\nc\x00") == "a-b-c-"
    assert len(word("x" * 5000)) == 256


def test_every_text_of_a_line_is_a_bounded_word_however_deep_it_stands(stage: Stage) -> None:
    chart = chart_of(stage, ELDER)
    note(stage.services, chart.launch, "look up", "done\nnot", {"a b": "two words", "many": ["x y", {"z": "u v"}], "count": 3})
    entry = stage.services.audit.entries("demo", limit=100_000)[-1].entry
    assert (entry.action, entry.outcome) == ("look-up", "done-not")
    assert entry.detail == {"a-b": "two-words", "many": ["x-y", {"z": "u-v"}], "count": 3}


def test_a_strangers_reason_is_a_bounded_word(stage: Stage) -> None:
    note_stranger(stage.services, "demo", "launch", "access denied\n" + "x" * 5000)
    entry = stage.services.audit.entries("demo", limit=100_000)[-1].entry
    assert entry.detail["reason"].startswith("access-denied-xxx")
    assert len(entry.detail["reason"]) == 256


def test_the_line_of_a_launch_ties_the_id_of_a_person_to_their_name(stage: Stage) -> None:
    chart = chart_of(stage, ELDER)
    opened = [one.entry for one in stage.services.audit.entries("demo", limit=100_000) if one.entry.launch_id == chart.launch.id]
    assert opened[0].action == "launch"
    assert (opened[0].actor, opened[0].detail["name"]) == ("Practitioner/dr1", "Demo-Prescriber")
