"""The running app for the tests of the pages."""

from tests.web.running import stage

__all__ = ["stage"]
