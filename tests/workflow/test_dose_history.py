"""A year of ordered doses from a chart: by the rules of the regimen on each day, with what is not known beside it."""

from datetime import date
from typing import Any

import pytest

from fhir_taper.exact_json import encode
from fhir_taper.plans.medicines.dose import brief
from fhir_taper.plans.medicines.dose_history import DoseHistory
from fhir_taper.plans.tables import load
from fhir_taper.render.charts import Mark
from fhir_taper.render.history import history_view
from fhir_taper.workflow.dose_history import dose_history, thresholds
from fhir_taper.workflow.read_chart import read_chart_bytes
from tests.mappers.charts import PATIENT, bundle
from tests.workflow.made_readings import tablets

DAY = date(2026, 1, 5)
DIAZEPAM = ("197591", "diazepam 5 MG Oral Tablet")
OXYCODONE = ("1049621", "oxycodone hydrochloride 5 MG Oral Tablet")


def order(name: str, medicine: tuple[str, str], times: int, start: str, end: str | None = None, **elements: Any) -> dict[str, Any]:
    made = tablets(*medicine, times) | {"id": name, "authoredOn": start} | elements
    bounds = {"start": start, **({"end": end} if end else {})}
    made["dosageInstruction"][0]["timing"]["repeat"]["boundsPeriod"] = bounds
    return made


def histories(*orders: dict[str, Any], may_lack_orders: bool = False) -> tuple[DoseHistory, DoseHistory]:
    medicines = load().medicines
    chart = read_chart_bytes(encode(bundle(PATIENT, *orders)), "chart")
    return dose_history(chart, medicines, medicines, DAY, may_lack_orders=may_lack_orders)


def told(history: DoseHistory) -> list[tuple[str, str]]:
    return [(one.start.isoformat(), brief(one.maximum)) for one in history.stretches]


def test_an_order_that_is_over_is_drawn_as_it_was() -> None:
    earlier = order("m1", DIAZEPAM, 4, "2025-03-01", "2025-08-31", status="completed")
    later = order("m2", DIAZEPAM, 2, "2025-09-01")
    _, sedatives = histories(earlier, later)
    assert told(sedatives) == [("2025-01-06", "0"), ("2025-03-01", "20"), ("2025-09-01", "10")]
    assert sedatives.rests_on == 2
    assert sedatives.not_drawn == ()
    assert sedatives.mean(90).maximum == 10


def test_opioids_and_benzodiazepines_are_apart_and_scheduled_apart_from_what_may_be_taken() -> None:
    as_needed = order("m1", OXYCODONE, 4, "2025-06-01")
    as_needed["dosageInstruction"][0]["asNeededBoolean"] = True
    opioids, sedatives = histories(as_needed, order("m2", DIAZEPAM, 2, "2024-01-01"))
    assert [(brief(one.scheduled), brief(one.maximum)) for one in opioids.stretches] == [("0", "0"), ("0", "30")]
    assert told(sedatives) == [("2025-01-06", "10")]


@pytest.mark.parametrize(
    ("status", "end", "says"),
    [
        ("stopped", "2025-12-31", "it was stopped, and the chart does not say on which day"),
        ("completed", None, "it is completed, and the chart does not say since when"),
        ("on-hold", None, "it is on-hold, and the chart does not say since when"),
    ],
)
def test_an_order_whose_days_nobody_knows_is_named_and_makes_the_means_at_least(status: str, end: str | None, says: str) -> None:
    gone = order("m1", DIAZEPAM, 4, "2025-03-01", end, status=status)
    _, sedatives = histories(gone, order("m2", DIAZEPAM, 2, "2025-09-01"))
    assert sedatives.not_drawn == (f"diazepam 5 MG Oral Tablet: {says}",)
    assert sedatives.mean(30).at_least
    assert sedatives.rests_on == 1


def test_what_was_never_in_force_is_not_in_it() -> None:
    drafts = [order(f"m{number}", DIAZEPAM, 4, "2025-03-01", status=status) for number, status in enumerate(("draft", "cancelled"))]
    _, sedatives = histories(*drafts, order("m9", DIAZEPAM, 2, "2027-01-01"))
    assert sedatives.is_empty
    assert sedatives.not_drawn == ()


def test_a_renewal_that_began_before_it_was_written_counts_from_its_beginning() -> None:
    renewed = order("m1", DIAZEPAM, 2, "2025-03-01") | {"authoredOn": "2025-12-01"}
    _, sedatives = histories(renewed)
    assert told(sedatives) == [("2025-01-06", "0"), ("2025-03-01", "10")]


def test_an_order_whose_dose_nobody_could_read_makes_its_days_at_least() -> None:
    unclear = order("m1", DIAZEPAM, 2, "2025-12-01")
    unclear["dosageInstruction"] = [{"text": "as discussed", "timing": {"repeat": {"boundsPeriod": {"start": "2025-12-01"}}}}]
    _, sedatives = histories(unclear)
    assert [one.at_least for one in sedatives.stretches] == [False, True]
    assert sedatives.mean(30).at_least


def test_orders_that_the_ehr_did_not_give_are_said_to_be_missing() -> None:
    opioids, sedatives = histories(order("m1", DIAZEPAM, 2, "2025-03-01"), may_lack_orders=True)
    assert opioids.not_drawn == sedatives.not_drawn == ("orders that the EHR did not give",)
    assert sedatives.mean(30).at_least


def test_only_levels_that_a_source_names_are_drawn() -> None:
    marks = thresholds(load().safety, "mme")
    assert [value for value, _ in marks] == [50, 90]
    assert all("CDC" in label for _, label in marks)
    assert thresholds(load().safety, "diazepam_mg") == ()


def test_the_picture_says_itself_in_words_and_a_table_stands_beside() -> None:
    opioids, _ = histories(order("m1", OXYCODONE, 4, "2025-06-01"))
    view = history_view(opioids, (30, 60, 90), [Mark(value, label) for value, label in thresholds(load().safety, "mme")])
    assert 'role="img" aria-labelledby="history-mme-title history-mme-desc"' in view.svg
    assert "scheduled: from 0 MME a day on 2025-01-06 to 30 on 2025-06-01" in view.svg
    assert "A line marks 50 MME a day or more" in view.svg
    assert view.rows[-1] == ("2025-06-01", "2026-01-05", "30", "30", "")
    assert view.means == tuple((f"last {days} days", "30", "30", "") for days in (30, 60, 90))
    assert "what was ordered, not what was taken" in view.says[0]
