"""The running app, for the use cases that need an EHR, over both databases where a test asks for both."""

from tests.web.running import kept_in, on_both_databases, over_postgresql, served, stage
from tests.workflow.followed import followed, ward, ward_on_postgresql, ward_on_sqlite

__all__ = [
    "followed",
    "kept_in",
    "over_postgresql",
    "pytest_generate_tests",
    "served",
    "stage",
    "ward",
    "ward_on_postgresql",
    "ward_on_sqlite",
]
pytest_generate_tests = on_both_databases
