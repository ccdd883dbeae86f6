"""The demo EHR as fixtures, one per test session and kind. Another folder's conftest takes them by importing them from here."""

from collections.abc import Iterator
from datetime import date

import pytest

from fhir_taper.sandbox.charts import WRITTEN
from fhir_taper.sandbox.demo import Demo, start_demo

TODAY: date = WRITTEN


@pytest.fixture(scope="session")
def demo() -> Iterator[Demo]:
    """The EHR alone, with every search parameter and search answers confined to the token's patient; charts as they are written."""
    with start_demo(today=TODAY) as running:
        yield running


@pytest.fixture(scope="session")
def demo_as_it_ships() -> Iterator[Demo]:
    """The same with the FHIR server as it ships: several types have no search by patient, and answer with everybody's resources."""
    with start_demo(today=TODAY, as_it_ships=True) as running:
        yield running
