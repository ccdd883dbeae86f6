"""The running app for the tests of the pages, over both databases where a test asks for both."""

from tests.web.followed import own, written_to
from tests.web.running import kept_in, on_both_databases, over_postgresql, served, stage

__all__ = ["kept_in", "over_postgresql", "own", "pytest_generate_tests", "served", "stage", "written_to"]
pytest_generate_tests = on_both_databases
