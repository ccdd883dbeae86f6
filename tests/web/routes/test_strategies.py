"""Screen 2: everything that the command line can be told, shown back as it was typed, and removable."""

from html import unescape

import pytest

from fhir_taper.cli.demo_walk import Page
from fhir_taper.web.intake_form import field_key
from fhir_taper.workflow.chosen_plan import work_of
from fhir_taper.workflow.plan_options import PlanOptions
from tests.web.running import MIXED, Person, Stage
from tests.workflow.opened import chart_of

DIAZEPAM_5, DIAZEPAM_2 = "197591", "197590"
ASKED = {"drug": "diazepam", "benzo_table": "va-dod-2021", "use": ">=1y"}


@pytest.fixture
def person(stage: Stage) -> Person:
    stage.forget(MIXED)
    return stage.opened(MIXED)


def asked(stage: Stage) -> PlanOptions:
    work = work_of(stage.services, chart_of(stage, MIXED))
    assert work is not None
    return work.options


def test_what_is_taken_is_said_product_by_product_shown_back_and_removed(person: Person, stage: Stage) -> None:
    rows = {"taken_product_0": DIAZEPAM_5, "taken_units_0": "1", "taken_time_0": "morning"}
    rows |= {"taken_product_1": DIAZEPAM_5, "taken_units_1": "0.5", "taken_time_1": "night", "baseline_how": "pill count"}
    page = person.send("strategies", "/strategies", **ASKED, **rows).text
    assert "0.5 × diazepam 5 MG Oral Tablet, night" in Page(page).text
    options = asked(stage)
    assert [str(one.units) for one in options.taken] == ["1", "0.5"]
    assert options.baseline_by == "pill count, entered by Demo Prescriber (Practitioner/dr1)"
    again = person.form("strategies", "/strategies") | ASKED
    person.browser.post(f"{person.here}/strategies", again | {"taken": f"{DIAZEPAM_5}=1@morning"})
    assert len(asked(stage).taken) == 1
    person.browser.post(
        f"{person.here}/strategies", {k: v for k, v in person.form("strategies", "/strategies").items() if k != "taken"} | ASKED
    )
    assert asked(stage).taken == ()


def test_who_confirmed_what_is_taken_stays_while_it_is_unchanged(person: Person, stage: Stage) -> None:
    person.send("strategies", "/strategies", **ASKED, baseline="7.5", baseline_how="pill count")
    stage.opened(MIXED, "pharmacist").send("strategies", "/strategies", **ASKED, reason="falls")
    assert asked(stage).baseline_by == "pill count, entered by Demo Prescriber (Practitioner/dr1)"
    stage.opened(MIXED, "pharmacist").send("strategies", "/strategies", **ASKED, baseline="8")
    assert asked(stage).baseline_by == "said at the visit, entered by Demo Pharmacist (Practitioner/ph1)"


def test_products_parameters_zone_and_facts_are_kept_as_they_were_chosen(person: Person, stage: Stage) -> None:
    more = {"products_more": f"{DIAZEPAM_2}, {DIAZEPAM_5}", "zone": "America/Chicago", "params_more": "k_mg=4\r\n", "percent": "5"}
    person.send("strategies", "/strategies", **ASKED, **more)
    options = asked(stage)
    assert options.products == (DIAZEPAM_2, DIAZEPAM_5)
    assert dict(options.params) == {"percent": "5", "k_mg": "4"}
    assert options.zone == "America/Chicago"
    form = person.form("strategies", "/strategies")
    assert form["params_more"] == "k_mg=4"
    assert form["product"] in options.products


def test_a_fact_is_confirmed_with_the_name_of_whoever_confirms_it(person: Person, stage: Stage) -> None:
    person.send("strategies", "/strategies", **(ASKED | {"drug": "oxycodone"}), baseline="20", confirm="pain-indication-confirmed")
    options = asked(stage)
    assert (options.confirmed, options.confirmed_by) == (("pain-indication-confirmed",), "Demo Prescriber (Practitioner/dr1)")
    assert "This opioid is given for pain" in Page(person.get("strategies").text).text


def test_the_average_intake_of_the_intake_is_the_baseline_where_nothing_else_is_said(person: Person, stage: Stage) -> None:
    person.send("intake", "/intake", **{f"average_{field_key('diazepam')}": "8", f"how_{field_key('diazepam')}": "dispense history"})
    person.send("strategies", "/strategies", **ASKED)
    options = asked(stage)
    assert str(options.baseline_mg) == "8"
    assert options.baseline_by.startswith("dispense history, entered by Demo Prescriber")
    assert person.form("strategies", "/strategies")["baseline"] == "8"


@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"baseline": "1,5"}, "baseline", "is not an amount in mg per day"),
        ({"start": ""}, "start", "is empty"),
        ({"start": "tomorrow"}, "start", "is not a date"),
        ({"taken_product_0": DIAZEPAM_5}, "taken_units_0", "is empty"),
        ({"taken_units_0": "1"}, "taken_product_0", "is empty"),
        ({"taken_product_0": DIAZEPAM_5, "taken_units_0": "1e3"}, "taken_units_0", "is not a number of units"),
        ({"taken_product_0": DIAZEPAM_5, "taken_units_0": "1", "taken_time_0": "dawn"}, "taken_time_0", "is none of"),
        ({"products_more": "1"}, "products", "no product with this RxNorm code is known here"),
        ({"params_more": "percent"}, "params_more", "is not of the form name=value"),
        ({"zone": "Mars"}, "", "is not an IANA time zone"),
        ({"baseline": "9000"}, "baseline", "mg a day would be more than"),
        ({"other_drug": "water"}, "drug", "is not a medicine that is known here"),
    ],
)
def test_what_cannot_be_meant_comes_first_at_its_field_and_nothing_is_lost(
    person: Person, typed: dict[str, str], field: str, says: str
) -> None:
    fields = person.form("strategies", "/strategies") | ASKED | {"reason": "falls at night"}
    shown = person.browser.post(f"{person.here}/strategies", fields | typed)
    assert shown.status == 422
    html = shown.text
    summary = unescape(html[html.index('id="errors"') : html.index("<h1>")])
    assert says in summary
    assert "--" not in summary
    assert not field or f'href="#{field}"' in summary
    assert not field or f'id="{field}"' in html
    form = Page(html).form("/strategies")
    assert form is not None
    assert form.fields["reason"] == "falls at night"
    typable = {name: value for name, value in typed.items() if value != "dawn"}  # a list of choices holds its own alone
    assert {name: form.fields[name] for name in typable} == typable


def test_everything_that_is_wrong_is_said_at_once(person: Person) -> None:
    fields = person.form("strategies", "/strategies") | ASKED
    shown = person.browser.post(f"{person.here}/strategies", fields | {"start": "x", "target": "y", "baseline": "z"})
    assert "3 things to correct" in shown.text


def test_a_question_that_the_chart_overtook_can_be_corrected(person: Person, stage: Stage) -> None:
    person.send("strategies", "/strategies", **ASKED)
    chart = chart_of(stage, MIXED)
    work = work_of(stage.services, chart)
    assert work is not None
    kept = stage.services.drafts.get("demo", MIXED, "plan")
    assert kept is not None
    odd = kept.document.replace(b'"drug":"diazepam"', b'"drug":"water"')
    stage.services.drafts.drop("demo", MIXED, "plan", kept.revision)
    stage.services.drafts.save(type(kept)("demo", MIXED, "plan", 1, odd, kept.by, kept.at))
    shown = person.get("strategies")
    assert shown.status == 200
    assert "it cannot be asked so any more" in shown.text
    assert Page(shown.text).form("/strategies") is not None
