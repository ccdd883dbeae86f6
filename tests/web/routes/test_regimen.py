"""Screen 1: what could not be computed comes first, with a box; what a person enters there counts, with who entered it."""

import re
from html import unescape

import pytest

from fhir_taper.cli.demo_walk import Page
from tests.odd_ehr import between, changing, each, refusing
from tests.web.running import ELDER, MIXED, Person, Stage

UNCLEAR = "text-sigs"
SOURCE = "MedicationRequest/sig-4/_history/"
DOSE = {"mg": "7.50", "how": "the patient's word", "do": "enter"}


@pytest.fixture
def person(stage: Stage) -> Person:
    stage.forget(UNCLEAR)
    return stage.opened(UNCLEAR)


def entered(person: Person, **typed: str) -> str:
    """The page after the box of the one open record was sent."""
    return person.send("regimen", "/entered", **(DOSE | typed)).text


def test_a_record_that_could_not_be_computed_comes_first_with_its_reason_and_a_box(person: Person) -> None:
    html = person.get("regimen").text
    assert html.index("Doses that could not be computed") < html.index("<table")
    assert "text not understood" in Page(html).text
    assert person.form("regimen", "/entered")["source"].startswith(SOURCE)


@pytest.mark.feature("F53")
def test_an_entered_dose_counts_with_who_entered_it_and_can_be_taken_back(person: Person) -> None:
    text = Page(entered(person)).text
    assert "Counts as 7.50 mg a day, entered by Demo Prescriber (Practitioner/dr1) on" in text
    assert "(the patient's word)" in text
    assert "not computable" not in text
    back = Page(entered(person, do="remove")).text
    assert "Counts as" not in back
    assert "not computable" in back


def test_a_medicine_whose_dose_was_entered_can_be_tapered_from_it(person: Person) -> None:
    entered(person)
    page = person.send("strategies", "/strategies", drug="zolpidem", parts="half", use=">=1y").text
    assert "the average intake must be confirmed" not in Page(page).text
    person.send("strategies", "/choose", way="strategy linear")
    text = Page(person.get("plan").text).text
    assert "Baseline 7.5 mg a day, confirmed by Demo Prescriber (Practitioner/dr1)" in text


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"mg": "7,5"}, "is not an amount in mg per day"),
        ({"mg": ""}, "is empty"),
        ({"how": ""}, "a pill count, a call to the pharmacy?"),
        ({"mg": "x", "how": ""}, "a pill count, a call to the pharmacy?"),
    ],
)
def test_a_dose_that_cannot_be_meant_is_refused_at_its_box_and_nothing_is_lost(
    person: Person, stage: Stage, typed: dict[str, str], says: str
) -> None:
    html = entered(person, **typed)
    assert says in unescape(html)
    form = Page(html).form("/entered")
    assert form is not None
    assert {name: form.fields[name] for name in ("mg", "how")} == {name: (DOSE | typed)[name] for name in ("mg", "how")}
    assert not stage.services.drafts.names("demo", UNCLEAR)


def test_a_record_that_is_not_open_takes_no_dose(person: Person, stage: Stage) -> None:
    shown = person.send("regimen", "/entered", **(DOSE | {"source": "MedicationRequest/sig-1/_history/1"}))
    assert shown.status == 422
    assert "this record was changed in the chart, or says its dose by now" in shown.text
    assert not stage.services.drafts.names("demo", UNCLEAR)


def test_a_reader_sees_no_box(person: Person, stage: Stage) -> None:
    assert Page(stage.opened(UNCLEAR, "reader").get("regimen").text).form("/entered") is None
    fields = person.form("regimen", "/entered") | DOSE
    reader = stage.opened(UNCLEAR, "reader")
    csrf = {"csrf": reader.form("regimen", "/refresh")["csrf"]}
    assert reader.browser.post(f"{reader.here}/entered", fields | csrf).status == 403


def test_a_record_that_changed_since_asks_for_its_dose_anew(person: Person, stage: Stage) -> None:
    entered(person)
    with between(stage.demo, changing("MedicationRequest", each(lambda order: order["meta"].update(versionId="999")))):
        text = Page(person.send("regimen", "/refresh").text).text
    assert "The record was changed since a dose was entered for it (7.50 mg a day, by Demo Prescriber" in text
    assert "Counts as" not in text


def test_prescriptions_that_could_not_be_read_are_not_called_none(stage: Stage) -> None:
    person = stage.opened(ELDER)
    with between(stage.demo, refusing(at="MedicationRequest")):
        text = Page(person.send("regimen", "/refresh").text).text
    assert "Prescriptions could not be read: 403" in text
    assert "That does not mean that none is taken" in text


def test_an_opioid_beside_a_benzodiazepine_and_no_naloxone_are_said_beside_the_regimen_with_their_source(stage: Stage) -> None:
    text = Page(stage.opened(MIXED).get("regimen").text).text
    assert "Acknowledge: An opioid and a benzodiazepine or z-drug are taken together" in text
    assert "Acknowledge: No rescue naloxone or nalmefene on record: offer it" in text
    assert "CDC Clinical Practice Guideline for Prescribing Opioids (recommendation 8)" in text


def test_a_year_of_ordered_doses_stands_beside_the_regimen_with_thresholds_means_and_what_it_rests_on(stage: Stage) -> None:
    html = stage.opened(MIXED).get("regimen").text
    text = Page(html).text
    assert html.count('role="img"') == 2
    assert "Opioids ordered in a year" in text
    assert "50 MME a day or more" in text
    assert "CDC Clinical Practice Guideline" in text
    assert "last 30 days" in text
    assert "It rests on 1 order of this chart. It shows what was ordered, not what was taken or handed over." in text
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))


def test_who_ordered_a_medicine_is_named_and_an_end_that_the_order_does_not_say_is_not_left_blank(stage: Stage) -> None:
    ordered = changing("MedicationRequest", each(lambda one: one.update(requester={"display": "Dr Else Where"})))
    with between(stage.demo, ordered):
        html = stage.opened(MIXED).send("regimen", "/refresh").text
    assert html.count('data-label="Ordered by">Dr Else Where<') == 2
    assert 'data-label="Until">not said<' in html
