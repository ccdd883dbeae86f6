"""The running app, for the use cases that need an EHR."""

from tests.web.running import stage
from tests.workflow.followed import followed, ward

__all__ = ["followed", "stage", "ward"]
