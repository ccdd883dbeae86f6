"""The intake as a person meets it: nothing typed is lost, what is wrong is said first and by its field, and the plan counts it."""

import re
from html import unescape

import pytest

from fhir_taper.cli.demo_walk import Page
from fhir_taper.exact_json import decode
from fhir_taper.web.intake_form import field_key
from tests.web.running import ELDER, Person, Stage

AVERAGE, HOW = f"average_{field_key('lorazepam')}", f"how_{field_key('lorazepam')}"
SCORES = {"peg-pain": "7", "peg-enjoyment": "6", "peg-activity": "3", "phq9": "12", "phq9-item9": "0", "gad7": "4", "sleep-hours": "5.5"}


@pytest.fixture
def person(stage: Stage) -> Person:
    """Somebody with a chart of which there is no intake and no draft yet."""
    stage.forget(ELDER)
    return stage.opened(ELDER)


def text_of(person: Person, screen: str) -> str:
    return Page(person.get(screen).text).text


def test_an_intake_without_anything_says_that_nothing_was_noted(person: Person) -> None:
    assert "Nothing was noted yet" in text_of(person, "intake")


@pytest.mark.feature("F03", "F50", "F51", "F52")
def test_what_was_measured_is_shown_with_words_only_where_a_source_has_them(person: Person) -> None:
    text = Page(person.send("intake", "/intake", **SCORES).text).text
    assert "PEG, mean of its three answers 5.3, on" in text
    assert "PHQ-9, mood 12 (moderate), on" in text
    assert "Kroenke" in text
    assert "GAD-7, anxiety 4 (minimal)" in text
    assert "Hours of sleep in a night 5.5, on" in text
    assert "by Demo Prescriber (Practitioner/dr1)" in text


@pytest.mark.feature("F02", "F03")
def test_everything_that_is_typed_comes_back_into_its_field(person: Person) -> None:
    typed = {
        "attempt_drug_0": "lorazepam",
        "attempt_when_0": "2021",
        "attempt_ended_0": "failed",
        "attempt_says_0": "slept badly",
        AVERAGE: "1.50",
        HOW: "pill count",
        "minimum_function": "climb the stairs\r\ncook",
        "goals": "be awake for the grandchildren",
        "agreed_who": "the patient",
        "agreed_what": "to try slowly",
        **SCORES,
    }
    person.send("intake", "/intake", **typed)
    again = person.form("intake", "/intake")
    assert {name: again[name].replace("\n", "\r\n") for name in typed} == typed


def test_what_is_wrong_comes_first_names_its_field_and_nothing_is_lost_or_saved(person: Person, stage: Stage) -> None:
    fields = person.form("intake", "/intake")
    wrong = fields | {
        "phq9": "28",
        "peg-pain": "seven",
        "measured_on": "2999-01-01",
        AVERAGE: "0",
        "goals": "walk\r\nagain",
        "gad7": "3",
    }
    shown = person.browser.post(f"{person.here}/intake", wrong)
    assert shown.status == 422
    html = shown.text
    assert html.index('id="errors"') < html.index("<h1>")
    summary = unescape(html[html.index('id="errors"') : html.index("<h1>")])
    for name in ("phq9", "peg-pain", "measured_on", AVERAGE, HOW):
        assert f'href="#{name}"' in summary
        assert re.search(rf'id="{name}"[^>]*aria-invalid="true"', html), name
    assert "PHQ-9, mood" in summary
    assert "28 is not a whole number from 0 to 27" in summary
    form = Page(html).form("/intake")
    assert form is not None
    assert form.fields["phq9"] == "28"
    assert form.fields["peg-pain"] == "seven"
    assert form.fields["goals"] == "walk\nagain"
    assert not stage.services.drafts.names("demo", ELDER)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"attempt_says_0": "hard"}, "which medicine was tapered?"),
        ({"attempt_drug_0": "lorazepam"}, "is not said"),
        ({"attempt_drug_0": "lorazepam", "attempt_ended_0": "well"}, "is none of succeeded, failed, unknown"),
        ({"attempt_drug_0": "x", "attempt_ended_0": "failed", "no_attempts": "yes"}, "is ticked, and there are attempts"),
        ({AVERAGE: "1,5", HOW: "said"}, "is not an amount in mg per day"),
        ({AVERAGE: "1.5"}, "a pill count?"),
        ({"agreed_what": "slowly"}, "an agreement names who agreed"),
        ({"phq9": "1", "phq9-item9": "3"}, "more than the total"),
        ({"goals": "x" * 5000}, "is longer than 4000 characters"),
        ({"measured_on": ""}, "is empty"),
    ],
)
def test_each_thing_that_cannot_be_meant_is_refused_by_a_sentence(person: Person, typed: dict[str, str], says: str) -> None:
    shown = person.browser.post(f"{person.here}/intake", person.form("intake", "/intake") | typed)
    assert shown.status == 422
    assert says in unescape(shown.text)


def test_what_is_unchanged_stays_with_whom_it_was_of(person: Person, stage: Stage) -> None:
    person.send("intake", "/intake", phq9="12", **{AVERAGE: "1.5", HOW: "pill count"})
    stage.opened(ELDER, "pharmacist").send("intake", "/intake", gad7="4")
    kept = stage.services.drafts.get("demo", ELDER, "intake")
    assert kept is not None
    document = decode(kept.document)
    assert {one["scale"]: one["by"] for one in document["scores"]} == {
        "phq9": "Demo Prescriber (Practitioner/dr1)",
        "gad7": "Demo Pharmacist (Practitioner/ph1)",
    }
    assert document["averages"][0]["by"] == "Demo Prescriber (Practitioner/dr1)"


def test_a_score_stays_of_its_own_day_until_it_is_measured_again(person: Person, stage: Stage) -> None:
    def days() -> dict[str, str]:
        kept = stage.services.drafts.get("demo", ELDER, "intake")
        assert kept is not None
        return {one["scale"]: one["on"] for one in decode(kept.document)["scores"]}

    person.send("intake", "/intake", phq9="12", measured_on="2026-01-05")
    person.send("intake", "/intake", gad7="4", measured_on="2026-02-05")
    assert days() == {"phq9": "2026-01-05", "gad7": "2026-02-05"}
    person.send("intake", "/intake", phq9="13", measured_on="2026-03-05")
    assert days() == {"phq9": "2026-03-05", "gad7": "2026-02-05"}
    person.send("intake", "/intake", measured_on="2026-04-05", measured_again="yes")
    assert days() == {"phq9": "2026-04-05", "gad7": "2026-04-05"}


def test_two_tabs_do_not_overwrite_each_others_intake(person: Person) -> None:
    stale = person.form("intake", "/intake")
    assert person.browser.post(f"{person.here}/intake", stale | {"phq9": "3"}).status == 200
    assert person.browser.post(f"{person.here}/intake", stale | {"phq9": "4"}).status == 409
    assert "PHQ-9, mood 3 (minimal)" in text_of(person, "intake")


def test_a_reader_sees_the_intake_and_may_not_change_it(person: Person, stage: Stage) -> None:
    person.send("intake", "/intake", phq9="3")
    reader = stage.opened(ELDER, "reader")
    html = reader.get("intake").text
    assert "PHQ-9, mood 3 (minimal)" in Page(html).text
    assert "<fieldset disabled>" in html
    assert reader.browser.post(f"{reader.here}/intake", reader.form("intake", "/intake") | {"phq9": "4"}).status == 403


def test_the_intake_is_sealed_and_its_words_are_in_no_audit_line(person: Person, stage: Stage) -> None:
    person.send("intake", "/intake", goals="be awake for the grandchildren", phq9="3")
    last = stage.services.audit.entries("demo", limit=100_000)
    saved = [one.entry for one in last if one.entry.action == "intake-save"][-1]
    assert saved.detail["revision"] > 0
    assert {**saved.detail, "revision": None} == {"revision": None, "scores": 1, "attempts": 0, "entered": 0}
    assert "grandchildren" not in repr([one.entry for one in last])


@pytest.mark.feature("F12")
def test_the_plan_counts_the_intake_and_shows_it(person: Person) -> None:
    person.send("intake", "/intake", attempt_drug_0="lorazepam", attempt_ended_0="failed", minimum_function="climb the stairs", **SCORES)
    person.draft()
    text = text_of(person, "plan")
    assert "Must stay possible climb the stairs" in text
    assert "PHQ-9, mood 12 (moderate)" in text
    assert "Earlier attempts lorazepam, did not succeed" in text


def test_a_draft_from_before_the_intake_changed_says_so_and_is_not_approved(person: Person) -> None:
    person.draft()
    person.send("intake", "/intake", phq9="16")
    assert "The intake changed since" in text_of(person, "intake")
    assert "The intake changed since this draft was made" in text_of(person, "approve")


def test_a_draft_that_starts_from_another_dose_than_the_intake_says_is_not_approved(person: Person) -> None:
    person.draft()
    person.send("intake", "/intake", **{AVERAGE: "2", HOW: "pill count"})
    against = "The intake says that 2 mg lorazepam a day are really taken, and this draft starts from 3 mg"
    assert against in text_of(person, "approve")
    person.draft()
    assert "The intake says that" not in text_of(person, "approve")


def test_a_draft_whose_average_intake_was_withdrawn_is_not_approved_until_the_ways_are_asked_for_again(person: Person) -> None:
    person.send("intake", "/intake", **{AVERAGE: "2", HOW: "pill count"})
    person.draft()
    against = "The intake does not say any more that 2 mg (pill count"
    assert against not in text_of(person, "approve")
    person.send("intake", "/intake", **{AVERAGE: "2", HOW: "a guess"})
    assert against in text_of(person, "approve")
    person.send("intake", "/intake", **{AVERAGE: "", HOW: ""})
    assert against in text_of(person, "approve")
    person.draft()
    text = text_of(person, "approve")
    assert "The intake does not say" not in text
    assert "Baseline 3 mg a day" in text


def test_a_baseline_that_was_typed_beside_the_intake_outlives_an_average_that_is_withdrawn(person: Person) -> None:
    person.send("strategies", "/strategies", benzo_table="va-dod-2021", reason="falls", baseline="2", baseline_how="told")
    person.send("intake", "/intake", **{AVERAGE: "2", HOW: "pill count"})
    person.draft()
    person.send("intake", "/intake", **{AVERAGE: "", HOW: ""})
    assert "The intake does not say" not in text_of(person, "approve")
    assert "Baseline 2 mg a day" in text_of(person, "approve")
