"""A running demo EHR for the commands that ask one, and how a command is run in this process."""

from collections.abc import Callable, Iterator

import pytest

from fhir_taper.cli import main
from fhir_taper.sandbox.demo import Demo, start_demo

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="session")
def ehr() -> Iterator[Demo]:
    """The demo EHR without the app."""
    with start_demo() as demo:
        yield demo


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """Status, standard output and standard error of one command."""

    def ran(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        out, err = capfd.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, out, err

    return ran
