"""The source attributes as a page and as JSON: without a login, under the headers of every answer."""

import json

from fhir_taper.plans.monitoring.rules import load_rules
from fhir_taper.plans.tables import load
from fhir_taper.web.app import create_app
from tests.web.asking import ask
from tests.web.running import Stage

PATH = "/dsi/source-attributes"


def test_every_rule_and_every_protocol_is_listed_with_13_attributes_without_a_login(stage: Stage) -> None:
    answer = ask(create_app(stage.services), "GET", PATH)
    assert (answer.status, answer.header("content-type")) == (200, "application/json")
    listed = json.loads(answer.body)["interventions"]
    assert [one["id"] for one in listed if one["kind"] == "rule"] == [rule.id for rule in load_rules().rules]
    assert [one["id"] for one in listed if one["kind"] == "protocol"] == list(load().limits.protocols)
    assert {len(one["attributes"]) for one in listed} == {13}
    assert all(each["value"] for one in listed for each in one["attributes"])


def test_a_browser_gets_a_page_under_the_headers_of_every_answer(stage: Stage) -> None:
    answer = ask(create_app(stage.services), "GET", PATH, headers=[("Accept", "text/html,*/*")])
    assert answer.status == 200
    assert "Use of race" in answer.text
    assert "The administrative sex of the chart" in answer.text
    assert answer.header("content-security-policy").startswith("default-src 'none'; ")
    assert answer.header("content-security-policy").endswith("frame-ancestors 'none'")
    assert answer.header("x-content-type-options") == "nosniff"
    assert "<script" not in answer.text
