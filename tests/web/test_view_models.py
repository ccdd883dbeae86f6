"""Ways to taper beside each other: the letter of a row is that of its line, and the way that was chosen is always drawn."""

from collections.abc import Iterator
from dataclasses import replace
from string import ascii_lowercase, ascii_uppercase

from fhir_taper.plans.tapers.candidates import Candidate, Candidates
from fhir_taper.plans.tapers.finding import Finding, Severity
from fhir_taper.plans.tapers.infeasible import Infeasible
from fhir_taper.web.view_models import MOST_LINES, candidate_rows, charted, shared_findings
from tests.render.sample_plan import sample_plan

TITLES = {name: f"Protocol {name.upper()}" for name in ascii_lowercase}


def ways(count: int) -> Candidates:
    def made() -> Iterator[Candidate]:
        yield Candidate("stepped", None, (), Infeasible("needs-parameter", "bands: needed"))
        for name in ascii_lowercase[:count]:
            yield Candidate("linear", name, (), replace(sample_plan(), protocol=name))

    return Candidates("lorazepam", sample_plan().baseline.mg, tuple(made()))


def test_a_row_has_the_letter_of_its_line_and_a_way_without_a_line_has_none() -> None:
    rows, lines = candidate_rows(ways(7), TITLES), charted(ways(7), TITLES)
    assert [row.letter for row in rows] == [*ascii_uppercase[:MOST_LINES], "", "", ""]
    assert [line.label for line in lines] == [row.name for row in rows[:MOST_LINES]]


def test_the_way_that_was_chosen_is_drawn_however_late_it_stands_in_the_table() -> None:
    rows = candidate_rows(ways(7), TITLES, "protocol g")
    assert {row.key: row.letter for row in rows}["protocol g"] == "E"
    assert [line.label for line in charted(ways(7), TITLES, "protocol g")][-1] == "Protocol G"
    assert len(charted(ways(7), TITLES, "protocol g")) == MOST_LINES


def test_one_way_alone_needs_no_letter() -> None:
    assert [row.letter for row in candidate_rows(ways(1), TITLES)] == ["", ""]


def test_a_protocol_is_called_by_its_title_and_by_its_name_where_it_has_none() -> None:
    assert candidate_rows(ways(1), TITLES)[0].name == "Protocol A"
    assert candidate_rows(ways(1), {})[0].name == "a"


NALOXONE = Finding(Severity.ACKNOWLEDGE, "naloxone-not-on-record", "No naloxone on record.", "design")
FAST = Finding(Severity.ACKNOWLEDGE, "pace-advised", "Faster than advised.", "design")
KNOWN = Finding(Severity.INFORMATION, "zone", "The zone is not known.", "design")


def test_what_every_way_brings_is_said_once_and_beside_each_only_its_own() -> None:
    first, second = (replace(sample_plan(), findings=findings) for findings in ((NALOXONE, FAST, KNOWN), (NALOXONE, KNOWN)))
    found = Candidates("lorazepam", first.baseline.mg, (Candidate("linear", None, (), first), Candidate("stepped", None, (), second)))
    assert shared_findings(found) == ("Acknowledge: no naloxone on record",)
    assert [row.findings for row in candidate_rows(found, {})] == [("Acknowledge: faster than advised",), ()]


def test_what_the_only_way_brings_stands_beside_it() -> None:
    found = ways(1)
    assert shared_findings(found) == ()
    assert candidate_rows(found, {})[0].findings == ("Stop: pregnancy",)
