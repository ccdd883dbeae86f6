"""Which codes mean a signal, what coded answers mean, and codes of a site's own."""

import pytest

from fhir_taper.errors import BadInput, TableError
from fhir_taper.plans.tables import load
from fhir_taper.plans.tables.reading import text_of
from fhir_taper.plans.tables.signal_codes import (
    CONSENT_CODES,
    SIGNAL_ANSWERS,
    SIGNAL_CODES,
    load_signal_codes,
    read_signal_codes,
    site_meanings,
)
from fhir_taper.plans.tables.signal_tables import SignalKind, load_signals

HEAD = "signal,answer,variant,concept,system,code,match,display,source,edition,year,state\n"
ROW = "phq9,,,,urn:x,1,exact,PHQ-9,here,1,2026,read\n"
ANSWERS = "signal,system,code,display,answer,source,edition,year,state\n"
CONSENTS = "measures,system,code,display,source,edition,year,state\n"


def test_every_concept_that_is_named_is_one_of_the_concepts() -> None:
    known = {one.concept for one in load().medicines.concepts}
    assert {one.concept for one in load_signal_codes().meanings if one.concept} <= known


def test_every_class_of_remote_measures_has_codes_that_a_consent_can_name() -> None:
    classes = {one.consent for one in load_signals().signals.values() if one.consent}
    assert set(load_signal_codes().consents.values()) == classes


def test_every_code_of_a_class_of_measures_that_we_read_can_be_named_by_a_consent() -> None:
    signals, consents = load_signals().signals, load_signal_codes().consents
    concepts = load().medicines.concepts
    rows = [one for one in load_signal_codes().meanings if signals[one.signal].consent]
    codes = [(one.signal, one.system, one.code) for one in rows if not one.concept]
    codes += [(one.signal, coded.system, coded.code) for one in rows for coded in concepts if one.concept == coded.concept]
    assert [code for signal, system, code in codes if consents.get((system, code)) != signals[signal].consent] == []


def test_a_code_that_has_an_answer_of_its_own_is_of_an_event_or_an_answer() -> None:
    signals = load_signals().signals
    assert all(signals[one.signal].kind is not SignalKind.NUMBER for one in load_signal_codes().meanings if one.answer)


def test_a_row_says_what_it_means() -> None:
    (one,) = read_signal_codes(HEAD + ROW, ANSWERS, CONSENTS).meanings
    assert (one.signal, one.system, one.code, one.match, one.display) == ("phq9", "urn:x", "1", "exact", "PHQ-9")


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (ROW + ROW, f"{SIGNAL_CODES}:3: 1 stands in this table twice"),
        (ROW.replace("phq9", "nothing"), "'nothing' is no signal"),
        (ROW.replace("phq9,,", "fall,sideways,"), "'sideways' is no answer of fall"),
        (ROW.replace("urn:x,1,exact,PHQ-9", ",,,"), "either a concept, or system"),
        (ROW.replace(",,,,urn", ",,,phq9,urn"), "either a concept, or system"),
        (ROW.replace("exact", "roughly"), "either a concept, or system"),
        (ROW.replace("here", ""), "no source"),
    ],
)
def test_a_row_that_is_not_acceptable_is_refused_with_its_place(rows: str, says: str) -> None:
    with pytest.raises(TableError, match=says):
        read_signal_codes(HEAD + rows, ANSWERS, CONSENTS)


@pytest.mark.parametrize(
    "row", ["pregnancy-status,urn:x,1,Perhaps,perhaps,here,1,2026,read\n", "pregnancy-status,,1,Yes,pregnant,here,1,2026,read\n"]
)
def test_an_answer_that_no_signal_has_is_refused(row: str) -> None:
    with pytest.raises(TableError, match=f"{SIGNAL_ANSWERS}:2"):
        read_signal_codes(HEAD, ANSWERS + row, CONSENTS)


def test_a_class_that_no_signal_has_is_refused() -> None:
    with pytest.raises(TableError, match=f"{CONSENT_CODES}:2: 'mood' is none of activity, sleep, vital-signs"):
        read_signal_codes(HEAD, ANSWERS, CONSENTS + "mood,urn:x,1,Mood,here,1,2026,read\n")


@pytest.mark.parametrize("name", [SIGNAL_CODES, SIGNAL_ANSWERS, CONSENT_CODES])
def test_each_table_says_its_edition(name: str) -> None:
    assert name in {one.table for one in load_signal_codes().editions}
    assert text_of(name).startswith("# edition:")


@pytest.mark.parametrize(
    ("value", "signal", "answer", "variant"),
    [
        ("cows", "cows", "", ""),
        ("bam-craving:0-4", "bam-craving", "", "0-4"),
        ("fall:injury", "fall", "injury", ""),
        ("fall", "fall", "", ""),
    ],
)
def test_a_sites_code_means_a_signal_an_answer_or_a_variant(value: str, signal: str, answer: str, variant: str) -> None:
    (one,) = site_meanings({"https://ehr.example.org/forms|X|7": value})
    assert (one.system, one.code) == ("https://ehr.example.org/forms|X", "7")
    assert (one.signal, one.answer, one.variant) == (signal, answer, variant)


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("X7", "cows", "'X7' is not a code system, a bar and a code"),
        ("urn:x|", "cows", r"'urn:x\|' is not a code system"),
        ("urn:x|7", "cough", r"'urn:x\|7': 'cough' is no signal"),
        ("urn:x|7", "ciwa-b", r"'urn:x\|7': 'ciwa-b' must name one of 22-item behind its colon"),
        ("urn:x|7", "ciwa-b:10-item", "must name one of 22-item"),
        ("urn:x|7", "fall:sideways", "must name one of no-injury, injury, head-injury"),
        ("urn:x|7", "cows:11-item", "must name nothing"),
    ],
)
def test_a_sites_code_that_is_wrong_is_named(key: str, value: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        site_meanings({key: value})
