"""The plan as a paper for the record: with the intake, the patient's agreement and what was acknowledged; told in the audit."""

import io
import re

from pypdf import PdfReader

from fhir_taper.web.app import create_app
from tests.web.asking import ask
from tests.web.running import MIXED, Person, Stage


def drafted(stage: Stage) -> Person:
    """A draft that rests on an intake, with an agreement."""
    stage.forget(MIXED)
    person = stage.opened(MIXED)
    told = {"attempt_drug_0": "diazepam", "attempt_when_0": "2021", "attempt_ended_0": "failed", "goals": "to garden again"}
    person.send("intake", "/intake", **told, minimum_function="to cook", agreed_who="the patient", agreed_what="to try it slowly")
    person.send("strategies", "/strategies", drug="diazepam", benzo_table="va-dod-2021", reason="falls")
    person.send("strategies", "/choose", way="strategy linear")
    person.ready()
    return person


def paper_of(person: Person, kind: str) -> str:
    """The address of the paper of the plan that is shown, below the chart's."""
    found = re.search(rf"plan\.{kind}\?[a-z]+=[^\"]+", person.get("plan").text)
    assert found is not None
    return found[0]


SAID = ("diazepam, 2021, did not succeed", "to garden again", "to cook", "to try it slowly", "the patient", "slowly", "Reason: discussed")


def test_a_printed_plan_holds_the_intake_the_agreement_and_what_was_acknowledged(stage: Stage) -> None:
    person = drafted(stage)
    text = " ".join(person.get(paper_of(person, "txt")).text.split())
    cookie = "; ".join(f"{name}={value}" for jar in person.browser.cookies.values() for name, value in jar.items())
    assert "DRAFT – NOT APPROVED" in text
    assert all(words in text for words in SAID)
    pages = PdfReader(io.BytesIO(fetched(stage, f"{person.here}/plan.pdf", cookie, paper_of(person, "pdf").partition("?")[2]))).pages
    paper = " ".join(" ".join(page.extract_text().split()) for page in pages)
    assert all(words in paper for words in SAID)


def fetched(stage: Stage, path: str, cookie: str, query: str) -> bytes:
    """The bytes of a file."""
    return ask(create_app(stage.services), "GET", path, query=query, headers=[("Cookie", cookie)]).body


def test_a_paper_is_a_download_without_the_patient_in_its_name_and_is_audited(stage: Stage) -> None:
    person = drafted(stage)
    shown = person.get(paper_of(person, "txt"))
    assert shown.header("content-disposition") == 'attachment; filename="taper-plan-version-1.txt"'
    assert shown.header("cache-control") == "no-store"
    of_here = [one.entry for one in stage.services.audit.entries("demo", limit=5000) if one.entry.launch_id == person.launch]
    last = [one for one in of_here if one.action == "print"][-1]
    assert (last.outcome, last.detail["as"], last.launch_id) == ("done", "txt", person.launch)


def test_without_a_plan_there_is_nothing_to_print_and_the_page_says_where_to_begin(stage: Stage) -> None:
    stage.forget(MIXED)
    assert "There is no plan yet" in stage.opened(MIXED).get("plan.pdf").text


def test_a_paper_of_a_draft_that_changed_is_refused_with_what_changed(stage: Stage) -> None:
    person = drafted(stage)
    address = paper_of(person, "txt")
    person.send("approve", "/agreement", who="the patient", what="more slowly")
    refused = person.get(address)
    assert refused.status == 409
    assert "he draft was changed after the page was shown, and nothing was printed" in refused.text
    stage.forget(MIXED)
    assert "approved or given up meanwhile" in person.get(address).text
