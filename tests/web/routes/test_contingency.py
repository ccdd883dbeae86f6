"""When something happens: words are kept with the draft that they were typed for."""

from fhir_taper.cli.demo_walk import Page
from tests.web.running import MIXED, Stage


def test_words_typed_for_a_draft_stand_on_its_screen_and_not_with_the_draft_of_another_medicine(stage: Stage) -> None:
    stage.forget(MIXED)
    person = stage.opened(MIXED)
    asked = {"benzo_table": "va-dod-2021", "reason": "falls", "baseline": "", "baseline_how": ""}
    person.send("strategies", "/strategies", drug="diazepam", **asked)
    person.send("strategies", "/choose", way="strategy linear")
    kept = person.send("contingency", "/contingency", breakthrough="one diazepam more, after a call")
    assert "(draft)" in kept.text
    assert "In the words of Demo Prescriber" in Page(kept.text).text
    stale = person.form("contingency", "/contingency")
    person.send("contingency", "/contingency", breakthrough="call first")
    assert person.browser.post(f"{person.here}/contingency", stale).status == 409
    person.send("strategies", "/strategies", drug="oxycodone", **(asked | {"baseline": "45", "baseline_how": "told"}))
    person.send("strategies", "/choose", way="strategy linear")
    shown = Page(person.get("contingency").text)
    assert "oxycodone" in shown.text
    assert "call first" not in shown.text
    assert "diazepam" not in shown.text
    stage.forget(MIXED)


def test_words_wait_for_a_draft_to_belong_to(stage: Stage) -> None:
    stage.forget(MIXED)
    person = stage.opened(MIXED)
    csrf = {"csrf": person.form("regimen", "/refresh")["csrf"], "revision": "0", "of": "draft", "breakthrough": "x"}
    refused = person.browser.post(f"{person.here}/contingency", csrf)
    assert refused.status == 409
    assert person.browser.post(f"{person.here}/contingency", csrf | {"of": "next"}).status == 409
