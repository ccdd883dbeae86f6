"""The safety tables load, and a row that is not acceptable is refused with its place."""

import pytest

from fhir_taper.errors import TableError
from fhir_taper.plans.medicines.codes import AWAITS_SIGN_OFF
from fhir_taper.plans.tables.life_rules import load_life_rules
from fhir_taper.plans.tables.reading import text_of
from fhir_taper.plans.tables.safety_tables import FINDINGS, TIERS, load_safety
from fhir_taper.plans.tapers.finding import Severity

ROW = """
[falls]
severity = "Acknowledge"
when = [{ sign = "fact", of = ["falls"], within_days = 28, at_least = 1.50 }]
message = "Falls."
clears = "No falls."
source = "s"
edition = "e"
year = "2025"
state = "default"
"""


def test_the_tables_load_and_name_their_editions() -> None:
    tables = load_safety()
    assert [edition.table for edition in tables.editions] == ["findings.toml", "tiers.csv", "plan_life.csv", "contingency.toml"]
    assert tables.rule("pregnancy").severity is Severity.STOP


def test_every_stop_of_the_design_has_a_row() -> None:
    stops = {rule.id for rule in load_safety().finding_rules if rule.severity is Severity.STOP}
    assert stops >= {
        "antiseizure-indication", "age-under-18", "barbiturate", "withdrawal-seizure-history", "opioid-treatment-not-pain",
        "buprenorphine-not-pain", "pregnancy", "active-suicidality", "active-cancer", "palliative-care", "sickle-cell",
    }  # fmt: skip


def test_stops_stand_first_in_the_table() -> None:
    severities = [rule.severity for rule in load_safety().finding_rules]
    last_stop = max(index for index, severity in enumerate(severities) if severity is Severity.STOP)
    assert set(severities[: last_stop + 1]) == {Severity.STOP}


def test_numbers_of_a_row_keep_their_digits() -> None:
    (rule,) = load_safety(findings_text=ROW).finding_rules
    assert (str(rule.when[0].at_least), rule.when[0].within_days) == ("1.50", 28)


def test_rows_that_await_sign_off_are_listed_with_their_place() -> None:
    waiting = [place for place, source in load_safety().sources() if source.state in AWAITS_SIGN_OFF]
    assert "findings.toml[barbiturate]" in waiting
    assert "findings.toml[naloxone-not-on-record]" not in waiting
    assert {"tiers.csv: meaning of high", "plan_life.csv: window_days"} <= set(waiting)


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ('source = "s"\n', "", "no source"),
        ('state = "default"', 'state = "guessed"', "state 'guessed'"),
        ('"Acknowledge"', '"Warn"', "severity 'Warn'"),
        ('message = "Falls."\n', "", "no message"),
        ('clears = "No falls."\n', "", "no clears"),
        ("[{ sign", "[{ colour = 1, sign", "colour"),
        ('sign = "fact", ', "", "no sign"),
        ("1.50", '"many"', "not a number"),
        ("within_days = 28", "within_days = 2.5", "not a whole number"),
        ("when =", "whenever =", "unknown whenever"),
        ('severity = "Acknowledge"', 'severity = "Acknowledge"\nclasses = ["steroid"]', "steroid"),
        ('when = [{ sign = "fact", of = ["falls"], within_days = 28, at_least = 1.50 }]\n', "", "neither when nor any"),
    ],
)
def test_a_finding_that_is_not_acceptable_is_refused_with_its_place(before: str, after: str, why: str) -> None:
    with pytest.raises(TableError, match=why) as caught:
        load_safety(findings_text=ROW.replace(before, after))
    assert "findings.toml[falls]" in str(caught.value)


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ("factor,dose,benzodiazepine,standard", "factor,dose,benzodiazepine,middling", "tier 'middling'"),
        ("diazepam-mg,,>,10", "diazepam-mg,,~,10", "op '~'"),
        ("means,interval_days,,low", "means,interval,,low", "tier low does not say its interval_days"),
        ("factor,age", "maybe,age", "neither factor nor means"),
        ("factor,dose,benzodiazepine,standard", "factor,dose,steroid,standard", "steroid"),
    ],
)
def test_a_tier_row_that_is_not_acceptable_is_refused(before: str, after: str, why: str) -> None:
    with pytest.raises(TableError, match=why):
        load_safety(tiers_text=text_of(TIERS).replace(before, after))


def test_a_life_rule_that_is_missing_or_unknown_is_refused() -> None:
    text = text_of("plan_life.csv")
    with pytest.raises(TableError, match="window_days is missing"):
        load_life_rules("\n".join(line for line in text.splitlines() if not line.startswith("window_days,")))
    with pytest.raises(TableError, match="window_weeks is not known"):
        load_life_rules(text + "window_weeks,4,wk,,weeks,s,e,2025,default\n")


def test_an_unknown_rule_or_tier_is_no_silent_default() -> None:
    tables = load_safety()
    with pytest.raises(KeyError):
        tables.rule("nothing")
    with pytest.raises(KeyError):
        tables.meaning("middling")


def test_the_text_of_findings_is_the_package_file_unless_given() -> None:
    assert len(load_safety().finding_rules) == text_of(FINDINGS).count("\nseverity = ")
