"""The plan on paper: draft until approved, stops first, everything escaped, nothing loaded from elsewhere."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from html import unescape

from fhir_taper.plans.medicines.codes import Form, Release
from fhir_taper.plans.tapers.finding import Finding, Severity
from fhir_taper.plans.tapers.plan import Baseline, GateState, PlanProduct, PlanState, ReviewGate
from fhir_taper.render.cover import Cover, Patient
from fhir_taper.render.pages import banner_of, page_text, title_of, way_of
from fhir_taper.render.plan_rows import rows_of
from fhir_taper.render.print_page import page_html
from fhir_taper.render.terminal_plan import plan_text
from tests.render.sample_plan import sample_plan

COVER = Cover(Patient("p1", "Anna Berg", "1950-03-01", "77"))


def test_a_draft_says_that_it_is_not_approved_and_what_stands_in_the_way() -> None:
    assert banner_of(sample_plan(), COVER) == "Draft – not approved – 1 finding must be resolved before it can be approved"
    assert banner_of(sample_plan(findings=()), COVER) == "Draft – not approved"
    assert banner_of(sample_plan(state=PlanState.ACTIVE), COVER) == ""


def test_a_plan_on_hold_says_to_keep_taking_the_dose() -> None:
    assert banner_of(sample_plan(state=PlanState.ON_HOLD), COVER) == "On hold: pause reductions, keep taking today's dose"


def test_where_a_review_is_overdue_every_paper_says_what_to_go_on_taking() -> None:
    gates = (ReviewGate(1, date(2026, 1, 19), GateState.OPEN),)
    plan = sample_plan(state=PlanState.ACTIVE, gates=gates)
    cover = replace(COVER, day=date(2026, 2, 3))
    assert banner_of(plan, cover) == "Review overdue: pause reductions, keep taking 2 mg a day"
    for paper in (page_text(plan, cover), unescape(page_html(plan, cover)), plan_text(plan, cover)):
        said = " ".join(paper.split())
        assert "on 2026-02-03: step 0, 2 mg a day; the review of step 1 was due on 2026-01-19" in said
        assert "keep taking 2 mg a day until a clinician decides" in said
    rows = rows_of(plan, cover.day)
    assert [row.number for row in rows if row.is_in_force] == ["0"]
    assert rows[0].note == "baseline; in force on 2026-02-03; pause: keep taking this dose"
    assert rows[1].note == "not to begin: reductions pause"
    assert rows[3].note == "smallest cut, beyond a limit"


def test_a_version_that_was_replaced_is_not_said_to_be_in_force() -> None:
    cover = replace(COVER, day=date(2026, 2, 3), replaced_by=4)
    text = page_text(sample_plan(state=PlanState.ACTIVE), cover)
    assert "REPLACED BY VERSION 4: NOT TO BE FOLLOWED" in text
    assert "in force" not in text.lower()


def test_the_text_lists_steps_with_what_to_take_and_stops_before_the_rest() -> None:
    text = page_text(sample_plan(), COVER)
    assert "  3. 2026-02-23 to 2026-03-08: 0.25 mg a day (−1.25 mg, −83.3 %) [smallest cut, beyond a limit]" in text
    assert "     night ½ × 0.5 mg" in text
    assert text.index("Stop: Pregnancy is on record.") < text.index("Information: The zone is not known.")
    assert "It never means stopping." in text


def test_the_html_escapes_what_people_typed() -> None:
    html = page_html(sample_plan(), COVER)
    assert "falls &amp; sedation &lt;by day&gt;" in html
    assert "<by day>" not in html


def test_the_text_names_the_patient_and_when_it_was_printed_and_not_when_the_plan_starts() -> None:
    text = page_text(sample_plan(), replace(COVER, printed=datetime(2025, 12, 24, 9, 30, tzinfo=UTC)))
    assert "Anna Berg · born 1950-03-01 · MRN 77" in text
    assert text.endswith("version 1 · printed 2025-12-24 09:30 UTC\n")
    assert "made" not in text


def test_what_the_chart_does_not_say_of_the_patient_is_said() -> None:
    assert str(Patient("p1")) == "name not in the chart · date of birth not in the chart · id p1"


def test_a_protocol_is_named_by_its_title_and_by_what_is_typed() -> None:
    plan = sample_plan(protocol="asam-2025")
    assert way_of(plan, replace(COVER, protocol="ASAM 2025: 10 %")) == "ASAM 2025: 10 % (protocol asam-2025)"
    edited = replace(plan, findings=(Finding(Severity.INFORMATION, "protocol-edited", "Edited.", "design"),))
    assert way_of(edited, COVER) == "protocol asam-2025, edited: 25 %, every 14 days"


def test_no_line_of_the_text_is_longer_than_a_hundred_columns() -> None:
    text = page_text(sample_plan(reason="as agreed " * 40), COVER)
    assert max(len(line) for line in text.splitlines()) <= 100


def test_a_patch_is_tapered_in_mcg_per_hour() -> None:
    name = "72 HR fentanyl 0.1 MG/HR Transdermal System"
    patch = PlanProduct("245136", name, "lorazepam", Form.PATCH, Release.EXTENDED, Decimal("2.4"), wear_h=72)
    assert title_of(sample_plan(baseline=Baseline(Decimal("2.4")), products=(patch,))) == (
        "lorazepam: taper from 100 mcg/h (2.4 mg a day) to stop"
    )
