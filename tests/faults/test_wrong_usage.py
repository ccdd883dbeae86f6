"""Options that cannot be meant: status 2, a word about the option on standard error, nothing on standard output."""

from pathlib import Path

import pytest

from tests.faults.charts import chart, order
from tests.faults.command_line import AS_OF, run

LINEAR = ("--strategy", "linear", "--start", AS_OF)
WRONG = {
    "an interval of zero": (*LINEAR, "--param", "interval_days=0"),
    "a negative interval": (*LINEAR, "--param", "interval_days=-7"),
    "an interval in words": (*LINEAR, "--param", "interval_days=weekly"),
    "an interval that is no number": (*LINEAR, "--param", "interval_days=NaN"),
    "a percentage of zero": (*LINEAR, "--param", "percent=0"),
    "a percentage above all": (*LINEAR, "--param", "percent=101"),
    "an endless percentage": (*LINEAR, "--param", "percent=1e999999"),
    "an unknown parameter": (*LINEAR, "--param", "speed=fast"),
    "a parameter without a value": (*LINEAR, "--param", "percent"),
    "an unknown strategy": ("--strategy", "sudden", "--start", AS_OF),
    "an unknown protocol": ("--protocol", "sudden", "--start", AS_OF),
    "neither strategy nor protocol": ("--start", AS_OF),
    "both strategy and protocol": (*LINEAR, "--protocol", "cks-slow"),
    "a day that does not exist": ("--strategy", "linear", "--start", "2026-02-30"),
    "no start": ("--strategy", "linear"),
    "a negative target": (*LINEAR, "--target", "-1"),
    "a baseline that is no number": (*LINEAR, "--baseline", "NaN", "--baseline-by", "Dr. Example"),
    "an endless baseline": (*LINEAR, "--baseline", "Infinity", "--baseline-by", "Dr. Example"),
    "a baseline with an exponent": (*LINEAR, "--baseline", "1e-9", "--baseline-by", "Dr. Example"),
    "a baseline with a vast exponent": (*LINEAR, "--baseline", "1e-99999999", "--baseline-by", "Dr. Example"),
    "a baseline with an underscore": (*LINEAR, "--baseline", "1_0", "--baseline-by", "Dr. Example"),
    "a baseline in other digits": (*LINEAR, "--baseline", "١٠", "--baseline-by", "Dr. Example"),
    "a baseline that no tablets make": (*LINEAR, "--baseline", "1000000", "--baseline-by", "Dr. Example"),
    "a percentage in other digits": (*LINEAR, "--param", "percent=١٠"),
    "a start as a week": ("--strategy", "linear", "--start", "2026-W05-6"),
    "a start without hyphens": ("--strategy", "linear", "--start", "20260131"),
    "a start at the end of time": ("--strategy", "linear", "--start", "9999-12-31"),
    "a start at its beginning": ("--strategy", "linear", "--start", "0001-01-01"),
    "a zone that does not exist": (*LINEAR, "--zone", "Atlantis/Capital"),
    "a zone that is a path": (*LINEAR, "--zone", "../../etc/passwd"),
    "an unknown format": (*LINEAR, "--format", "docx"),
    "an unknown option": (*LINEAR, "--force"),
}


@pytest.mark.parametrize("what", list(WRONG))
def test_an_option_that_cannot_be_meant_ends_with_status_2(what: str, tmp_path: Path) -> None:
    path = tmp_path / "chart.json"
    path.write_bytes(chart(order()))
    outcome = run("plan", str(path), "--drug", "oxycodone", *WRONG[what])
    assert outcome.status == 2, outcome
    assert outcome.out == b""
    assert outcome.err.strip()


def test_the_parameter_that_is_wrong_is_named(tmp_path: Path) -> None:
    path = tmp_path / "chart.json"
    path.write_bytes(chart(order()))
    outcome = run("plan", str(path), "--drug", "oxycodone", *WRONG["an interval of zero"])
    assert "interval_days" in outcome.err


def test_an_unknown_table_is_wrong_usage(tmp_path: Path) -> None:
    path = tmp_path / "chart.json"
    path.write_bytes(chart(order()))
    for words in (("--mme-table", "made-up"), ("--benzo-table", "made-up"), ("--as-of", "today-ish"), ("--as-of", "9999-12-31")):
        outcome = run("regimen", str(path), *words)
        assert (outcome.status, outcome.out) == (2, b"")
