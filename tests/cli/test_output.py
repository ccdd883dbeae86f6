"""The end of a command where its answer cannot go where it should: one line, a status, never half of an answer without a word."""

import subprocess
import sys
from pathlib import Path

import pytest

ELDER = str(Path(__file__).resolve().parents[2] / "fixtures" / "patients" / "lorazepam-elder.json")
REGIMEN = f"{sys.executable} -m fhir_taper regimen {ELDER} --as-of 2026-01-05"


def shell(command: str) -> tuple[int, str, str]:
    """Status of the last program of a pipe or of the first that failed, output, errors."""
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def test_a_reader_that_went_away_is_no_error_of_anybody() -> None:
    assert shell(f"{REGIMEN} | true") == (141, "", "")


@pytest.mark.parametrize(
    ("command", "status", "says"),
    [
        (f"{REGIMEN} > /dev/full", 1, "fhir-taper: standard output cannot be written: No space left on device\n"),
        (f"{REGIMEN} >&-", 1, "fhir-taper: standard output is closed\n"),
        (f"{REGIMEN.replace(ELDER, '-')} <&-", 3, "fhir-taper: standard input: is closed\n"),
    ],
)
def test_a_stream_that_cannot_be_used_is_said_in_one_line(command: str, status: int, says: str) -> None:
    assert shell(command) == (status, "", says)
