"""The pharmacist's review of a first draft: asked for on the way to approval, which waits for it."""

from fhir_taper.cli.demo_walk import Page
from tests.web.running import Stage

MIXED = "diazepam-oxycodone"


def test_the_approval_of_a_first_draft_waits_for_the_review_that_was_asked_for(stage: Stage) -> None:
    stage.forget(MIXED)
    person = stage.opened(MIXED)
    person.send("strategies", "/strategies", drug="diazepam", benzo_table="va-dod-2021", reason="falls")
    form = next(one for one in Page(person.get("strategies").text).forms if one.action.endswith("/choose"))
    person.send("strategies", "/choose", way=dict(form.buttons)["way"])
    assert "This site leaves it to you" in person.get("approve").text
    assert "A pharmacist is asked, and has not answered yet" in person.send("review", "/review/ask", words="please look").text
    approve = person.get("approve").text
    assert "pharmacist&#39;s review is missing" in approve
    assert "A pharmacist is asked, and has not answered yet" in approve
    pharmacist = stage.opened(MIXED, "pharmacist")
    assert "Given back by Demo Pharmacist" in pharmacist.send("review", "/review/answer", verdict="return", words="too many").text
    assert "pharmacist has not accepted the plan: too many" in person.get("approve").text
    person.send("review", "/review/ask")
    pharmacist.send("review", "/review/answer", verdict="accept")
    approve = person.get("approve").text
    assert "Accepted by Demo Pharmacist" in approve
    assert "the pharmacist" not in Page(approve).text.partition("Acknowledged")[0]
    stage.forget(MIXED)


def test_a_draft_that_is_not_there_is_not_reviewed(stage: Stage) -> None:
    stage.forget("fentanyl-patch")
    person = stage.opened("fentanyl-patch")
    csrf = {"csrf": person.form("regimen", "/refresh")["csrf"]}
    for draft in ("plan", "next", "other"):
        assert person.browser.post(f"{person.here}/review/ask", csrf | {"draft": draft, "words": ""}).status == 422
