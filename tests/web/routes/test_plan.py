"""The question, the ways, the draft and its findings, as a person meets them on the screens."""

import re

import pytest

from tests.web.running import ELDER, MIXED, Stage

OPIOID = "oxycodone"


def test_without_a_draft_the_screens_of_a_plan_say_where_to_begin(stage: Stage) -> None:
    stage.forget(MIXED)
    person = stage.opened(MIXED)
    for screen in ("plan", "safety", "approve"):
        assert "There is no plan yet" in person.get(screen).text
    assert "no plan is approved" in person.get("write-back").text


def test_ways_that_cannot_be_made_stay_with_the_reason(stage: Stage) -> None:
    stage.forget(MIXED)
    shown = stage.opened(MIXED).send("strategies", "/strategies", drug="diazepam")
    assert "Nothing here ranks them" in shown.text
    assert 'role="img"' in shown.text


def ways(html: str) -> list[str]:
    """The ways that can still be chosen."""
    return re.findall(r'name="way" value="([^"]+)"', html)


def test_all_ways_stay_beside_the_one_that_was_chosen_which_is_marked(stage: Stage) -> None:
    stage.forget(MIXED)
    person = stage.opened(MIXED)
    offered = ways(person.send("strategies", "/strategies", drug="diazepam", benzo_table="va-dod-2021", reason="falls").text)
    person.send("strategies", "/choose", way=offered[1])
    afterwards = person.get("strategies").text
    assert ways(afterwards) == [one for one in offered if one != offered[1]]
    assert afterwards.count('<strong class="done">Chosen</strong>') == 1
    assert "Another choice replaces the draft" in afterwards
    person.send("strategies", "/choose", way=offered[0])
    assert ways(person.get("strategies").text) == offered[1:]


def test_a_cross_over_that_was_chosen_leaves_the_other_ways_as_they_were(stage: Stage) -> None:
    stage.forget(ELDER)
    person = stage.opened(ELDER)
    before = person.send("strategies", "/strategies", benzo_table="va-dod-2021", reason="falls").text
    person.send("strategies", "/choose", way="strategy substitution")
    afterwards = person.get("strategies").text
    assert set(ways(before)) - set(ways(afterwards)) == {"strategy substitution"}
    for figures in (r'data-label="End"[^>]*>([^<]+)', r'data-label="Units"[^>]*>([^<]+)'):
        assert re.findall(figures, afterwards) == re.findall(figures, before)
    assert person.form("strategies", "/strategies")["params_more"] == ""
    stage.forget(ELDER)


@pytest.mark.parametrize(
    ("screen", "words"),
    [("plan", "Steps"), ("course", "The plan that stands"), ("next", "Next version"), ("versions", "Versions"), ("review", "Pharmacist")],
)
def test_the_links_between_the_pages_of_a_plan_say_which_of_them_is_open(stage: Stage, screen: str, words: str) -> None:
    links = stage.opened(MIXED).get(screen).text.partition('aria-label="Of this plan"')[2].partition("</nav>")[0]
    assert re.findall(r'aria-current="page">([^<]+)', links) == [words]


def test_a_draft_is_kept_when_the_session_ends_and_is_there_in_the_next(stage: Stage) -> None:
    stage.forget(MIXED)
    person = stage.opened(MIXED)
    person.send("strategies", "/strategies", drug="diazepam", benzo_table="va-dod-2021", reason="falls")
    way = re.findall(r'name="way" value="([^"]+)"', person.get("strategies").text)[0]
    assert "Draft – not approved" in person.send("strategies", "/choose", way=way).text
    person.send("regimen", "/end")
    assert "Draft – not approved" in stage.opened(MIXED).get("plan").text


def test_a_draft_that_another_tab_changed_is_not_overwritten(stage: Stage) -> None:
    stage.forget(MIXED)
    person = stage.opened(MIXED)
    stale = person.form("strategies", "/strategies") | {"drug": "diazepam"}
    assert person.browser.post(f"{person.here}/strategies", stale).status == 200
    shown = person.browser.post(f"{person.here}/strategies", stale)
    assert shown.status == 409
    assert "Somebody else was first" in shown.text


def test_a_form_that_cannot_be_meant_is_refused_with_its_field(stage: Stage) -> None:
    stage.forget(MIXED)
    person = stage.opened(MIXED)
    fields = person.form("strategies", "/strategies")
    odd = {"start": "tomorrow", "target": "1e3", "baseline": "1,5", "use": "long", "benzo_table": "mine", "drug": "aspirin"}
    for name, value in odd.items():
        shown = person.browser.post(f"{person.here}/strategies", fields | {name: value})
        assert shown.status == 422, name
        assert "to correct. Nothing was saved" in shown.text


def test_no_patient_and_no_medicine_is_in_any_address(stage: Stage) -> None:
    person = stage.opened(MIXED)
    page = person.get("strategies").text + person.get("regimen").text
    addresses = " ".join(re.findall(r'(?:href|action|src)="([^"]*)"', page)) + person.browser.at
    assert MIXED not in addresses
    assert "diazepam" not in addresses
