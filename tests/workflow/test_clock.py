"""The clock of the program can be stopped, so that the same input gives the same bytes."""

from datetime import UTC, date, datetime, timedelta

import pytest

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.workflow.clock import EPOCH, now, today
from fhir_taper.workflow.plan import make_plan, plan_output
from tests.workflow.made_readings import asking, methadone


def test_without_a_word_it_is_the_time_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(EPOCH, raising=False)
    before = datetime.now(UTC)
    assert timedelta(0) <= now() - before < timedelta(minutes=1)


def test_the_epoch_of_the_environment_is_the_time_and_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(EPOCH, "1767603600")
    assert now() == datetime(2026, 1, 5, 9, tzinfo=UTC)
    assert today() == date(2026, 1, 5)


@pytest.mark.parametrize("said", ["", "yesterday", "1.5", "1" * 30])
def test_an_epoch_that_is_no_number_of_seconds_is_named(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setenv(EPOCH, said)
    with pytest.raises(WrongUsage, match=EPOCH):
        now()


@pytest.mark.parametrize("form", ["fhir", "json", "table", "text", "svg", "pdf"])
def test_with_a_stopped_clock_a_plan_is_printed_in_the_same_bytes(monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    monkeypatch.setenv(EPOCH, "1767603600")
    reading = methadone()
    plan = make_plan(reading, asking("methadone", strategy="linear", parts=2))
    assert isinstance(plan, TaperPlan)
    assert plan_output(plan, form, reading) == plan_output(plan, form, reading)
