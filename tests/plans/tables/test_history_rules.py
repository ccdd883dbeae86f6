"""How far back doses are drawn."""

import pytest

from fhir_taper.errors import TableError
from fhir_taper.plans.tables.chart_tables import CHART_READING
from fhir_taper.plans.tables.history_rules import load_history_rules, read_history_rules
from fhir_taper.plans.tables.reading import text_of

TEXT = text_of(CHART_READING)


def test_the_windows_of_the_means_stand_in_a_table_with_their_source() -> None:
    rules = load_history_rules()
    assert rules.means == tuple(sorted(rules.means))
    assert max(rules.means) <= rules.days
    assert rules.source.name


@pytest.mark.parametrize(
    ("old", "new"),
    [("[dose-history]", "[other]"), ("means = [30, 60, 90]", "means = [30, 400]"), ("means = [30, 60, 90]", "means = 30")],
)
def test_a_row_that_cannot_be_meant_is_refused(old: str, new: str) -> None:
    assert old in TEXT
    with pytest.raises(TableError):
        read_history_rules(TEXT.replace(old, new))
