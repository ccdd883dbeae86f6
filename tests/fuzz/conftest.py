"""A demo of its own: odd requests approve, write and drop what other tests rely on."""

from collections.abc import Iterator

import pytest

from fhir_taper.cli.demo import running_demo
from tests.web.running import Stage


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """One demo for the tests of a module."""
    with running_demo() as (demo, services):
        yield Stage(demo, services)
