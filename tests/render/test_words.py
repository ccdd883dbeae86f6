"""Codes are told in words, and nothing is hidden because it has none."""

import pytest

from fhir_taper.plans.tables import load
from fhir_taper.plans.tapers.infeasible import WayOut
from fhir_taper.plans.tapers.limits_words import limits_in_words
from fhir_taper.render.words import finding_in_words, parameter_in_words, refusal_in_words, way_in_words, way_out_in_words


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("percent", "10", "10 %"),
        ("interval_days", "14", "every 14 days"),
        ("k_mg", "1.5", "curve's shape 1.5 mg"),
        ("floor_mg", "0.125", "smallest dose 0.125 mg"),
        ("some_new_thing", "3", "some new thing 3"),
        (
            "bands",
            "50/3:50/3%b:28,0:50/9%b:28",
            "above 16.7 % of the baseline: 16.7 % of the baseline every 28 days; then 5.6 % of the baseline every 28 days",
        ),
        ("bands", "10:1.25:14:28,0:0.25:7", "above 10 mg: 1.25 mg every 14 days, after a pause of 28 days; then 0.25 mg every 7 days"),
    ],
)
def test_a_parameter_is_told_in_words(name: str, value: str, words: str) -> None:
    assert parameter_in_words(name, value) == words


def test_parameters_are_told_in_the_order_in_which_they_happen() -> None:
    params = (("then", "linear"), ("percent", "10"), ("to", "diazepam"), ("stages", "3"), ("days", "14"))
    assert way_in_words("substitution", params) == "substitution, to diazepam, in 3 stages, over 14 days, then linear, 10 %"


@pytest.mark.parametrize("way", WayOut)
def test_every_way_out_has_words(way: WayOut) -> None:
    assert way_out_in_words(way)


def test_a_finding_without_words_of_its_own_is_told_by_its_code() -> None:
    assert (finding_in_words("pace-advised"), finding_in_words("sickle-cell")) == ("faster than advised", "sickle cell")


def test_what_was_not_given_is_named_in_words_and_other_sentences_stay() -> None:
    assert refusal_in_words("percent: is required") == "how large a cut (percent): is required"
    assert refusal_in_words("no product: none known") == "no product: none known"


def test_limits_are_told_by_class_and_duration_or_as_published() -> None:
    rows = load().limits.rows
    assert limits_in_words(rows["opioid-1y"]) == "default of opioids taken for a year or longer"
    assert limits_in_words(rows["benzodiazepine"]) == "default of benzodiazepines"
    assert limits_in_words(rows["va-slower"]) == "as published (va-slower)"
