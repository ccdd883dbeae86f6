"""What the options offer is what the tables and rooms below hold."""

from fhir_taper.cli.options import BenzoTable, DurationOfUse, PermittedParts
from fhir_taper.plans.tables import load
from fhir_taper.plans.tapers.use import FROM_1_YEAR, UNDER_1_MONTH, UNDER_1_YEAR


def test_every_benzodiazepine_table_can_be_chosen_and_no_other() -> None:
    assert {one.value for one in BenzoTable} == {row.table for row in load().medicines.benzo_table(None)}


def test_durations_of_use_are_those_that_limits_go_by() -> None:
    assert [one.value for one in DurationOfUse] == [UNDER_1_MONTH, UNDER_1_YEAR, FROM_1_YEAR]


def test_a_permitted_part_says_how_many_make_a_unit() -> None:
    assert [(one.value, one.per_unit) for one in PermittedParts] == [("half", 2), ("quarter", 4)]
