"""The running app, for the use cases that need an EHR."""

from tests.web.running import stage

__all__ = ["stage"]
